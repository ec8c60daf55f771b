// SPDX-License-Identifier: GPL-3.0-or-later
// What the tests of pages share: a browser, a page that may ask for nothing, and
// "ok NAME" or "not ok NAME: why".
import { chromium } from 'playwright-core';

let passed = 0, failed = 0;

export const browser = await chromium.launch({
	executablePath: process.env.EP_CHROMIUM,
	args: ['--disable-dev-shm-usage'],
});

export async function check(name, act) {
	try {
		await act();
		passed++;
		console.log(`ok ${name}`);
	} catch (error) {
		failed++;
		console.log(`not ok ${name}: ${String(error.message).split('\n')
			.slice(0, 4).join(' ')}`);
	}
}

export function must(holds, text) {
	if (!holds)
		throw new Error(text);
}

export function equal(is, wanted, what) {
	must(is === wanted, `${what} is ${is}, not ${wanted}`);
}

// Opens a file; what it asked for and complained of is in page.asked and
// page.complaints.
export async function open(file, options = {}) {
	const context = await browser.newContext({
		viewport: { width: 1280, height: 900 }, acceptDownloads: true,
		...options,
	});
	const page = await context.newPage();

	page.asked = [];
	page.complaints = [];
	page.on('request', (r) => page.asked.push(r.url()));
	page.on('console', (m) => {
		const bad = m.type() === 'error' || m.type() === 'warning';

		// Of our own look at the pixels.
		if (bad && !m.text().includes('willReadFrequently'))
			page.complaints.push(m.text());
	});
	page.on('pageerror', (e) => page.complaints.push(e.message));
	await context.setOffline(true);
	await page.goto('file://' + file);
	await page.waitForFunction(() => document.querySelector('[data-ready]'));
	return page;
}

export function quiet(page) {
	equal(page.complaints.length, 0,
		`complaints (${page.complaints[0] ?? ''})`);
	equal(page.asked.length, 1, `requests (${page.asked.join(' ')})`);
}

// Pixels of all canvases in the element that are near the colour "#rrggbb",
// opaque enough to be seen.
export function count(locator, colour, near = 40) {
	return locator.evaluate((element, [wanted, distance]) => {
		const [r, g, b] = [1, 3, 5].map((i) =>
			parseInt(wanted.slice(i, i + 2), 16));
		const canvases = element.matches('canvas') ? [element] :
			[...element.querySelectorAll('canvas')];
		let found = 0;

		for (const canvas of canvases) {
			if (canvas.width === 0 || canvas.height === 0)
				continue;
			const { data } = canvas.getContext('2d').getImageData(0, 0,
				canvas.width, canvas.height);

			for (let i = 0; i < data.length; i += 4)
				if (data[i + 3] > 150 && Math.abs(data[i] - r) < distance &&
						Math.abs(data[i + 1] - g) < distance &&
						Math.abs(data[i + 2] - b) < distance)
					found++;
		}
		return found;
	}, [colour, near]);
}

export const colour = (page, name) =>
	page.evaluate((n) => getComputedStyle(document.documentElement)
		.getPropertyValue('--' + n).trim(), name);

// Through the page once, so that everything is drawn.
export async function scrollThrough(page) {
	await page.evaluate(async () => {
		for (let y = 0; y < document.body.scrollHeight; y += 500) {
			scrollTo(0, y);
			await new Promise((done) => requestAnimationFrame(() =>
				requestAnimationFrame(done)));
		}
		scrollTo(0, 0);
	});
}

export async function finish() {
	await browser.close();
	console.log(`${passed} passed, ${failed} failed, 0 skipped`);
	process.exit(failed === 0 && passed > 0 ? 0 : 1);
}
