// SPDX-License-Identifier: GPL-3.0-or-later
// The pages of `edgeprof compare`, which run.sh made of the logs of
// make_logs.mjs.
import { readFileSync, statSync } from 'node:fs';
import { check, colour, count, equal, must, open, quiet, scrollThrough } from
	'./checks.mjs';

const charts = (page) => page.locator('.study-chart canvas');
const settled = (page) => page.evaluate(() => new Promise((done) =>
	requestAnimationFrame(() => requestAnimationFrame(done))));

// What the tooltip says at the point `index` of a data set of a chart.
async function hover(page, chart, set, index) {
	const canvas = charts(page).nth(chart);

	await canvas.scrollIntoViewIfNeeded();
	await settled(page);
	const box = await canvas.boundingBox();
	const at = await page.evaluate(([c, s, i]) => {
		const { x, y } = document.body.edgeprof.charts[c].graph
			.getDatasetMeta(s).data[i];

		return { x, y };
	}, [chart, set, index]);

	await page.mouse.move(box.x + at.x - 3, box.y + at.y);
	await page.mouse.move(box.x + at.x, box.y + at.y);
	await settled(page);
	return page.evaluate((c) => document.body.edgeprof.charts[c].graph.tooltip
		.body?.map((b) => b.lines.join(' ')).join(' ') ?? 'no tooltip', chart);
}

function rowsOf(file) {
	const [head, ...lines] = readFileSync(file, 'utf8').trim().split('\n')
		.map((line) => line.split(','));

	return lines.map((cells) => Object.fromEntries(head.map((name, i) =>
		[name, cells[i]])));
}

async function pairsPage(at, shot) {
	const page = await open(at('pairs.html'));
	const rows = rowsOf(at('runs/logs/pairs.csv'));

	await check('pairs: the verdicts stand on top, in words', async () => {
		const texts = await page.locator('.verdicts li').allInnerTexts();

		equal(texts.length, 4, 'verdicts');
		must(/^different: B is lower than A by [\d.]+ %/.test(texts[0]),
			texts[0]);
		must(texts[3].startsWith('equivalent within 2 %'), texts[3]);
		equal(await page.locator('main h2').first().innerText(), 'Verdicts',
			'the first section');
	});
	await check('pairs: every chart is drawn, in pixels', async () => {
		await scrollThrough(page);
		const all = await charts(page).count();

		must(all >= 9, `only ${all} charts`);
		equal(all, await page.locator('.study-chart').count(), 'charts');
		for (let i = 0; i < all; i++)
			must(await count(charts(page).nth(i),
				await colour(page, i === 0 ? 'text' : 'series-1'), 60) > 60,
			`chart ${i} is empty`);
		must(await count(charts(page).first(),
			await colour(page, 'series-0')) > 40, 'no lower ratio');
		await shot(page, 'compare-pairs');
	});
	await check('pairs: dots are the observations', async () => {
		const drawn = await page.evaluate(() => document.body.edgeprof
			.charts[1].graph.data.datasets[1].data.map((d) => d.y));
		const wanted = ['python', 'rust'].flatMap((client) => rows
			.filter((r) => r.client === client)
			.map((r) => Number(r.total_duration_s)));
		const sorted = (list) => [...list].sort((a, b) => a - b).join(' ');

		equal(sorted(drawn.map((v) => v.toPrecision(12))),
			sorted(wanted.map((v) => v.toPrecision(12))), 'the dots');
	});
	await check('pairs: hover reads ratio, mean and pair', async () => {
		must(/total_duration_s: 0\.9\d+, 95 %: [\d.]+ to [\d.]+, lower/
			.test(await hover(page, 0, 0, 0)), await hover(page, 0, 0, 0));
		must(/python, mean: [\d.]+ s, 95 %: [\d.]+ to [\d.]+, n = 30/
			.test(await hover(page, 1, 0, 0)), await hover(page, 1, 0, 0));
		const text = await hover(page, 2, 1, 0);
		const key = /, (prompt-\d+): /.exec(text)?.[1];
		const [a, b] = ['python', 'rust'].map((client) => Number(rows.find(
			(r) => r.client === client && r.prompt_id === key)
			?.total_duration_s));

		must(Math.abs(parseFloat(text.replace(/.*: /, '')) - (b - a)) < 1e-3,
			`${text} where the log has ${b - a}`);
	});
	await check('pairs: tests unfold; tables and observations as CSV',
		async () => {
			const section = page.locator('section', { has: page.locator(
				'h2', { hasText: 'j_per_token' }) });

			await section.locator('summary', { hasText: 'All tests' }).click();
			must(await section.getByText('Shapiro-Wilk').first().isVisible(),
				'no tests');
			const [ratios] = await Promise.all([
				page.waitForEvent('download'), page.locator('section', {
					has: page.locator('#s-ratio-to-the-baseline') })
					.getByRole('button', { name: 'CSV' }).click()]);
			const text = readFileSync(await ratios.path(), 'utf8');

			must(text.startsWith('metric,B,verdict,B / A'), text.slice(0, 60));
			must(/\ntotal_duration_s,rust,different,0\.9\d{6,},/.test(text),
				text);
			const [list] = await Promise.all([page.waitForEvent('download'),
				section.getByRole('button', { name: 'observations as CSV' })
					.click()]);

			equal(readFileSync(await list.path(), 'utf8').trim().split('\n')
				.length, 61, 'lines of the observations');
		});
	await check('pairs: paper', async () => {
		await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
		await settled(page);
		equal(await page.evaluate(() => getComputedStyle(document.body)
			.backgroundColor), 'rgb(255, 255, 255)', 'the paper');
		await page.emulateMedia({ media: null, colorScheme: 'light' });
		await page.pdf({ path: at('compare.pdf'), format: 'A4',
			printBackground: true });
		must(statSync(at('compare.pdf')).size > 20000, 'the PDF is empty');
	});
	await check('pairs: no request, no complaint', async () => quiet(page));
	await page.context().close();
}

async function groupsPage(at, shot) {
	const page = await open(at('groups.html'), { colorScheme: 'dark' });

	await check('groups: five of them, dark', async () => {
		await scrollThrough(page);
		for (const name of [0, 1, 2, 3, 4])
			must(await count(charts(page).nth(1),
				await colour(page, 'series-' + name), 50) > 60,
			`no group in the colour ${name}`);
		equal(await page.locator('.verdicts li').count(), 12, 'verdicts');
		must(await page.getByText('Each two groups').first().isVisible(),
			'no table of each two groups');
		await shot(page, 'compare-groups');
		quiet(page);
	});
	await check('groups: from dark to light while it is open', async () => {
		await page.emulateMedia({ colorScheme: 'light' });
		await settled(page);
		await charts(page).nth(1).scrollIntoViewIfNeeded();
		await settled(page);
		must(await count(charts(page).nth(1),
			await colour(page, 'series-0'), 40) > 60,
		'dots keep their dark colours');
	});
	await page.context().close();
}

async function phonePage(at, shot, name) {
	const page = await open(at(name + '.html'), {
		viewport: { width: 360, height: 780 }, deviceScaleFactor: 2,
		hasTouch: true, isMobile: true,
	});

	await check(`${name}: fits a phone`, async () => {
		await scrollThrough(page);
		const wide = await page.evaluate(() =>
			document.scrollingElement.scrollWidth - innerWidth);

		must(wide <= 0, `it is ${wide} pixels too wide`);
		await shot(page, `compare-${name}-phone`);
		quiet(page);
	});
	await page.context().close();
}

async function hostilePage(at, shot) {
	const page = await open(at('hostile-log.html'));

	await check('hostile log: markup stays text', async () => {
		await scrollThrough(page);
		equal(await page.evaluate(() => window.hacked), undefined,
			'what its script sets');
		equal(await page.locator('img').count(), 0, 'images');
		const text = await page.locator('body').innerText();

		must(text.includes('</script><script>window.hacked=1</script>'),
			'the text is not shown');
		must(!/[\u2028\u202e]/.test(text), 'the line can be turned around');
		equal(await page.evaluate(() => [...document.querySelectorAll('*')]
			.filter((e) => [...e.attributes].some((a) =>
				a.name.startsWith('on'))).length), 0, 'handlers');
		const wide = await page.evaluate(() =>
			document.scrollingElement.scrollWidth - innerWidth);

		must(wide <= 0, `it is ${wide} pixels too wide`);
		quiet(page);
		await shot(page, 'compare-hostile');
	});
	await page.context().close();
}

// The picture in docs/examples, see sample.sh.
async function picture(at, shot) {
	const page = await open(at('pairs.html'),
		{ viewport: { width: 1100, height: 1340 } });

	await check('pairs: the picture of the documents', async () => {
		await page.locator('#s-verdicts').scrollIntoViewIfNeeded();
		await page.evaluate(() => document.getElementById('s-verdicts')
			.scrollIntoView());
		await settled(page);
		await shot(page, 'compare', false);
		must(statSync(at('compare.png')).size < 300e3, 'it is too large');
	});
	await page.context().close();
}

// at(name): a file of the folder; shot(page, name): a screenshot there.
export async function comparePages(at, shot) {
	await pairsPage(at, shot);
	await groupsPage(at, shot);
	for (const name of ['pairs', 'groups', 'hostile-log'])
		await phonePage(at, shot, name);
	await hostilePage(at, shot);
	await picture(at, shot);
}
