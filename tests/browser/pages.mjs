// SPDX-License-Identifier: GPL-3.0-or-later
// node pages.mjs DIR: opens the pages that run.sh made in DIR.  Screenshots go
// there, for people to look at.
import { readFileSync, statSync } from 'node:fs';
import { check, colour, count, equal, finish, must, open, quiet,
	scrollThrough } from './checks.mjs';
import { comparePages } from './compare.mjs';

const dir = process.argv[2];
const at = (name) => `${dir}/${name}`;
const shot = (page, name, fullPage = true) =>
	page.screenshot({ path: at(name + '.png'), fullPage });
const view = (page) => page.evaluate(() =>
	({ ...document.getElementById('charts').edgeprof.view }));
const plots = (page) => page.locator('#charts > .chart .plot');
const settled = (page) => page.evaluate(() => new Promise((done) =>
	requestAnimationFrame(() => requestAnimationFrame(done))));

// trace.csv as objects.
function trace(run) {
	const [head, ...lines] = readFileSync(at(`runs/${run}/trace.csv`), 'utf8')
		.trim().split('\n').map((line) => line.split(','));

	return lines.map((cells) => Object.fromEntries(
		head.map((name, i) => [name, cells[i]])));
}

async function toChart(page, index = 0) {
	const plot = plots(page).nth(index);

	await plot.scrollIntoViewIfNeeded();
	await settled(page);
	return { plot, box: await plot.boundingBox() };
}

async function drag(page, plot, from, to) {
	const box = await plot.boundingBox();
	const x = (share) => box.x + 62 + (box.width - 70) * share;

	await page.mouse.move(x(from), box.y + 60);
	await page.mouse.down();
	await page.mouse.move(x((from + to) / 2), box.y + 60);
	await page.mouse.move(x(to), box.y + 60);
	await page.mouse.up();
	await settled(page);
}

async function runPage() {
	const page = await open(at('sample.html'));

	await check('run: every chart is drawn, in pixels', async () => {
		await scrollThrough(page);
		const blue = await colour(page, 'series-0');
		const all = await plots(page).count();

		must(all >= 7, `only ${all} charts`);
		for (let i = 0; i < all; i++) {
			const found = await count(plots(page).nth(i), blue);

			must(found > 200, `chart ${i} has ${found} pixels of its line`);
		}
		must(await count(plots(page).first(),
			await colour(page, 'series-2')) > 200, 'no line of a rail');
	});
	await check('run: lanes of phases, tokens, missed ticks and events',
		async () => {
			const lanes = page.locator('.lanes canvas');

			for (const name of ['phase-generation', 'bad', 'accent'])
				must(await count(lanes, await colour(page, name)) > 10,
					`nothing in the colour ${name}`);
			await shot(page, 'run-light');
		});
	await check('run: dragging zooms, all charts together', async () => {
		const { plot } = await toChart(page);
		const before = await view(page);

		await drag(page, plot, 0.25, 0.5);
		const after = await view(page);
		const span = before.to - before.from;

		must(Math.abs(after.from - (before.from + span * 0.25)) < span * 0.01,
			`it begins at ${after.from}`);
		must(Math.abs(after.to - (before.from + span * 0.5)) < span * 0.01,
			`it ends at ${after.to}`);
		const windows = await page.evaluate(() => document
			.getElementById('charts').edgeprof.charts
			.filter((c) => c.graph && c.visible)
			.map((c) => c.graph.xAxisRange().join(' ')));

		must(windows.length > 1, 'only one chart is on screen');
		equal(new Set(windows).size, 1, 'count of different windows');
		await shot(page, 'run-zoomed', false);
	});
	await check('run: buttons, phases and double click', async () => {
		const { plot, box } = await toChart(page);
		const span = async () => {
			const v = await view(page);

			return v.to - v.from;
		};
		const zoomed = await span();

		await page.getByRole('button', { name: 'zoom in' }).click();
		await settled(page);
		must(Math.abs(await span() - zoomed / 2) < 0.01, 'zoom in');
		await page.getByRole('button', { name: 'later' }).click();
		await page.getByLabel('zoom to a phase').selectOption({ index: 3 });
		await settled(page);
		const inside = await view(page);

		must(inside.from < 1.35 && inside.from > 1.2 && inside.to > 2.9 &&
			inside.to < 3.1, `prefill is ${inside.from} to ${inside.to}`);
		await page.mouse.dblclick(box.x + 300, box.y + 50);
		await settled(page);
		must(Math.abs(await span() - 18) < 0.05, 'double click');
		must(await plot.isVisible(), 'the chart is gone');
	});
	await check('run: hover reads what trace.csv says', async () => {
		await page.getByLabel('zoom to a phase').selectOption({ index: 4 });
		await settled(page);
		const { plot, box } = await toChart(page);

		await page.mouse.move(box.x + box.width / 2, box.y + 80);
		await settled(page);
		const readout = await page.locator('.readout').innerText();
		const seconds = parseFloat(readout);
		const legend = await plot.locator('xpath=..').locator('.legend button')
			.first().innerText();
		const value = parseFloat(legend.replace('total', ''));
		const row = trace('sample').reduce((best, r) =>
			Math.abs(r.time_s - seconds + 0.005) <
				Math.abs(best.time_s - seconds + 0.005) ? r : best);

		must(/^[\d.]+\ss, generation of request 1$/.test(readout), readout);
		must(Math.abs(value - row.power_w) < 0.006,
			`${legend} where trace.csv has ${row.power_w} at ${row.time_s}`);
		await shot(page, 'run-hover', false);
	});
	await check('run: a name hides its line', async () => {
		await page.getByRole('button', { name: 'show the whole run' })
			.click();
		const { plot } = await toChart(page);
		const green = await colour(page, 'series-2');
		const before = await count(plot, green);

		await page.getByRole('button', { name: 'pmic.cores' }).click();
		await settled(page);
		const after = await count(plot, green);

		must(after < before / 2, `${before} pixels before, ${after} after`);
		await page.getByRole('button', { name: 'pmic.cores' }).click();
	});
	await check('run: no extremum of trace.csv is missing', async () => {
		const drawn = await page.evaluate(() => document
			.getElementById('charts').edgeprof.charts[0].series
			.map((s) => [s.name, s.low, s.high]));
		const rows = trace('sample');

		for (const [name, low, high] of drawn) {
			const column = name === 'power' ? 'power_w' : name + '_w';
			const values = rows.map((r) => r[column]).filter((v) => v !== '')
				.map(Number);

			equal(low, Math.min(...values), `the smallest of ${name}`);
			equal(high, Math.max(...values), `the largest of ${name}`);
		}
	});
	await check('run: tables as CSV', async () => {
		const button = page.locator('section', { has: page.locator(
			'#s-time-and-energy') }).getByRole('button', { name: 'CSV' });
		const [download] = await Promise.all([page.waitForEvent('download'),
			button.first().click()]);
		const text = readFileSync(await download.path(), 'utf8');

		must(text.startsWith('phase,'), text.slice(0, 60));
		must(/\ngeneration,/.test(text), 'no line of generation');
		equal(text.trim().split('\n').length, await page.locator('section', {
			has: page.locator('#s-time-and-energy') }).locator('tr').count(),
		'count of lines');
	});
	await check('run: uncertainty budgets unfold', async () => {
		const group = page.locator('details.group', { hasText: 'generation' })
			.first();

		await group.locator('summary').first().click();
		await group.locator('details summary').first().click();
		must(await group.locator('table.terms').first().isVisible(),
			'no table of terms');
		must(await group.locator('table.terms th').filter({ hasText: 'gain' })
			.count() > 0, 'no term "gain"');
	});
	await check('run: warnings, coverage and health are there', async () => {
		const text = await page.locator('main').innerText();

		for (const part of ['every number of this report comes from a ' +
			'generator', 'Warnings', 'Sensors: how often', 'idle'])
			must(text.includes(part), `"${part}" is missing`);
		must(await page.locator('.warnings li').count() > 0, 'no warning');
	});
	await check('run: paper', async () => {
		await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
		await settled(page);
		equal(await page.evaluate(() => getComputedStyle(document.body)
			.backgroundColor), 'rgb(255, 255, 255)', 'the paper');
		must(!await page.locator('nav').isVisible(), 'the contents are printed');
		await page.emulateMedia({ media: null, colorScheme: 'light' });
		await page.pdf({ path: at('run.pdf'), format: 'A4',
			printBackground: true });
		must(statSync(at('run.pdf')).size > 20000, 'the PDF is empty');
	});
	await check('run: no request, no complaint', async () => quiet(page));
	await page.context().close();
}

async function darkPage() {
	const page = await open(at('sample.html'), { colorScheme: 'dark' });

	await check('run: dark', async () => {
		await scrollThrough(page);
		equal(await page.evaluate(() => getComputedStyle(document.body)
			.backgroundColor), 'rgb(20, 24, 29)', 'the background');
		must(await count(plots(page).first(),
			await colour(page, 'series-0')) > 200, 'no line');
		await shot(page, 'run-dark');
	});
	await check('run: from dark to light while it is open', async () => {
		await page.emulateMedia({ colorScheme: 'light' });
		await settled(page);
		must(await count(plots(page).first(),
			await colour(page, 'series-2'), 12) > 200,
		'lines keep their dark colours');
		quiet(page);
	});
	await page.context().close();
}

async function phonePage(name) {
	const page = await open(at(name + '.html'), {
		viewport: { width: 390, height: 844 }, deviceScaleFactor: 2,
		hasTouch: true, isMobile: true,
	});

	await check(`${name}: fits a phone`, async () => {
		await scrollThrough(page);
		const wide = await page.evaluate(() =>
			document.scrollingElement.scrollWidth - innerWidth);

		must(wide <= 0, `it is ${wide} pixels too wide`);
		await shot(page, name + '-phone');
		quiet(page);
	});
	if (name === 'sample')
		await check('run: fingers zoom and move', () => fingers(page));
	await page.context().close();
}

// Two fingers apart, then one to the left.
async function fingers(page) {
	const { box } = await toChart(page);
	const touch = await page.context().newCDPSession(page);
	const y = box.y + 60, middle = box.x + 62 + (box.width - 70) / 2;
	const send = (type, ...xs) => touch.send('Input.dispatchTouchEvent', {
		type, touchPoints: xs.map((x, id) => ({ x, y, id })) });
	const before = await view(page);

	await send('touchStart', middle - 20, middle + 20);
	await send('touchMove', middle - 40, middle + 40);
	await send('touchMove', middle - 80, middle + 80);
	await send('touchEnd');
	await settled(page);
	const near = await view(page);

	must(near.to - near.from < (before.to - before.from) / 2,
		`the window is ${near.from} to ${near.to}`);
	await send('touchStart', middle);
	await send('touchMove', middle - 10);
	await send('touchMove', middle - 60);
	await send('touchEnd');
	await settled(page);
	must((await view(page)).from > near.from + 0.1, 'it did not move');
}

async function studyPage() {
	const page = await open(at('sample-study.html'));
	const charts = page.locator('.study-chart canvas');

	await check('study: every chart is drawn, in pixels', async () => {
		const blue = await colour(page, 'series-0');
		const all = await charts.count();

		await scrollThrough(page);
		must(all >= 8, `only ${all} charts`);
		for (let i = 0; i < all; i++)
			must(await count(charts.nth(i), blue, 70) > 50,
				`chart ${i} is empty`);
		await shot(page, 'study-light');
	});
	await check('study: bars show the means of results.csv', async () => {
		const lines = readFileSync(at('runs/sample-study/results.csv'),
			'utf8').trim().split('\n').map((l) => l.split(','));
		const column = lines[0].indexOf('j_per_token');
		const values = lines.filter((l) => l[1] === '1' && l[4] === '1' &&
			l[12] === 'generation').map((l) => Number(l[column]));
		const mean = values.reduce((a, b) => a + b) / values.length;
		const drawn = await page.evaluate(() => document.body.edgeprof
			.charts[0].graph.data.datasets[0].data[0]);

		equal(values.length, 4, 'runs that count');
		must(Math.abs(drawn / mean - 1) < 1e-12, `${drawn}, not ${mean}`);
	});
	await check('study: the knee is marked', async () => {
		const pareto = page.locator('[data-pareto] canvas');

		must(await count(pareto, await colour(page, 'series-1')) > 60,
			'no knee in the chart');
		await page.locator('section', { has: page.locator('#s-pareto-front') })
			.locator('summary').click();
		equal(await page.locator('section', { has: page.locator(
			'#s-pareto-front') }).locator('tr.best').count(), 1,
		'knees in the table');
	});
	await check('study: colours by another factor, another figure',
		async () => {
			await page.getByLabel('colours by').selectOption('governor');
			equal(await page.evaluate(() => document.body.edgeprof.charts[0]
				.graph.data.datasets.length), 3, 'governors');
			await page.getByLabel('show').first().selectOption(
				'per prompt token');
			equal(await page.evaluate(() => document.body.edgeprof.charts[0]
				.graph.options.scales.y.title.text),
			'per prompt token (J/token)', 'the axis');
			await page.locator('.canvas-box').first()
				.scrollIntoViewIfNeeded();
			await shot(page, 'study-governors', false);
		});
	await check('study: hover tells mean, interval and runs', async () => {
		const box = await charts.first().boundingBox();

		for (let share = 0.1; share < 0.3; share += 0.01)
			await page.mouse.move(box.x + box.width * share,
				box.y + box.height * 0.6);
		const text = await page.evaluate(() => document.body.edgeprof
			.charts[0].graph.tooltip.body.map((b) => b.lines.join(' '))
			.join(' '));

		must(/governor \w+: [\d.]+ J\/token \u00b1 [\d.]+, 4 runs/.test(text),
			text);
	});
	await check('study: memory over time, one line for each configuration',
		async () => {
			const canvas = page.locator('[data-memory] canvas');
			const lines = await page.evaluate(() => document.body.edgeprof
				.charts.find((c) => c.canvas.closest('[data-memory]'))
				.graph.data.datasets.map((d) => d.data.length));

			equal(lines.length, 36, 'lines');
			must(Math.min(...lines) > 20, `${Math.min(...lines)} values`);
			must(await count(canvas, await colour(page, 'series-0')) > 100,
				'nothing is drawn');
		});
	await check('study: battery, cost and the best, as asked', async () => {
		const titles = await page.locator('main h2').allInnerTexts();

		for (const wanted of [/^Battery/, /^Cost of energy/, /^Best$/])
			must(titles.some((t) => wanted.test(t)), `no ${wanted}`);
		const section = page.locator('section', {
			has: page.locator('h2', { hasText: /^Battery/ }) }).first();
		const hours = await section.locator('td[data-v]').count();

		must(hours >= 36, `${hours} figures`);
		await section.locator('canvas').scrollIntoViewIfNeeded();
		await settled(page);
		must(await count(section.locator('canvas'),
			await colour(page, 'series-0'), 70) > 50, 'no bars');
	});
	await check('study: tables as CSV have means and intervals apart',
		async () => {
			const section = page.locator('section', {
				has: page.locator('#s-energy-per-token') });

			await section.locator('summary').click();
			const [download] = await Promise.all([
				page.waitForEvent('download'),
				section.getByRole('button', { name: 'CSV' }).click()]);
			const [head, line] = readFileSync(await download.path(), 'utf8')
				.split('\n').map((l) => l.split(','));
			const at = head.findIndex((h) => h.startsWith('per generated'));

			must(head[at + 1].startsWith('\u00b1'), head.join(' '));
			must(/^[\d.]{8,}$/.test(line[at]), line[at]);
			must(Number(line[at + 1]) > 0, line[at + 1]);
		});
	await check('study: no request, no complaint', async () => quiet(page));
	await page.context().close();
}

// The picture in docs/examples, see sample.sh.
async function picture() {
	const page = await open(at('sample.html'),
		{ viewport: { width: 1100, height: 1500 } });

	await check('run: the picture of the documents', async () => {
		const { box } = await toChart(page);

		await page.evaluate(() => scrollTo(0, 0));
		await page.mouse.move(box.x + 380, box.y + 100);
		await settled(page);
		await shot(page, 'report', false);
		must(statSync(at('report.png')).size < 300e3, 'it is too large');
		must(statSync(at('sample.html')).size < 1e6, 'the page is too large');
	});
	await page.context().close();
}

async function hostilePages() {
	for (const name of ['hostile', 'hostile-study']) {
		const page = await open(at(name + '.html'));

		await check(`${name}: markup stays text`, async () => {
			await scrollThrough(page);
			equal(await page.evaluate(() => window.hacked), undefined,
				'what its script sets');
			equal(await page.locator('img').count(), 0, 'images');
			must((await page.locator('body').innerText()).includes(
				'</script><script>window.hacked=1</script>'),
			'the text is not shown');
			equal(await page.evaluate(() => [...document.querySelectorAll('*')]
				.filter((e) => [...e.attributes].some((a) =>
					a.name.startsWith('on'))).length), 0, 'handlers');
			quiet(page);
			await shot(page, name);
		});
		await page.context().close();
	}
}

// Speeds are told, not judged: machines differ.
async function hourPage() {
	await check('hour: 32 channels at 10 ms are below 15 MB', async () => {
		const bytes = statSync(at('hour.html')).size;

		must(bytes < 15e6, `${bytes} bytes`);
		console.log(`# hour: ${(bytes / 1e6).toFixed(1)} MB`);
	});
	await check('hour: draws and zooms', async () => {
		const page = await open(at('hour.html'));
		const paint = await page.evaluate(() => performance
			.getEntriesByName('first-contentful-paint')[0]?.startTime);

		await page.locator('#timeline').scrollIntoViewIfNeeded();
		await settled(page);
		const zooms = await page.evaluate(async () => {
			const { setView } = document.getElementById('charts').edgeprof;
			const times = [];

			for (const [from, to] of [[0, 600], [100, 200], [0, 3000],
				[1000, 1010], [-10, 3590]]) {
				const begin = performance.now();

				setView(from, to);
				await new Promise((done) => requestAnimationFrame(() =>
					requestAnimationFrame(done)));
				times.push(performance.now() - begin);
			}
			return times;
		});

		must(await count(plots(page).first(),
			await colour(page, 'series-2')) > 1000, 'nothing is drawn');
		console.log(`# hour: first paint ${Math.round(paint)} ms, zoom ` +
			`${Math.round(Math.max(...zooms))} ms at most`);
		await shot(page, 'hour', false);
		quiet(page);
		await page.context().close();
	});
}

await runPage();
await darkPage();
await phonePage('sample');
await studyPage();
await phonePage('sample-study');
await comparePages(at, shot);
await picture();
await hostilePages();
await hourPage();
await finish();
