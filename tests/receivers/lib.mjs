// SPDX-License-Identifier: GPL-3.0-or-later
// What the tests of receivers share: edgeprof export, "ok NAME" or "not ok
// NAME: why", and the figures to compare with.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';

export const runs = process.argv[2];
let passed = 0, failed = 0;

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

export function finish() {
	console.log(`${passed} passed, ${failed} failed, 0 skipped`);
	process.exit(failed === 0 ? 0 : 1);
}

export function must(holds, text) {
	if (!holds)
		throw new Error(text);
}

export function equal(is, wanted, what) {
	must(is === wanted, `${what} is ${is}, not ${wanted}`);
}

export function near(is, wanted, what) {
	must(Math.abs(is - wanted) <= 1e-9 * Math.abs(wanted) || is === wanted,
		`${what} is ${is}, not ${wanted}`);
}

// { status, out, err }
export function run(program, args, options = {}) {
	return new Promise((resolve) => {
		const child = execFile(program, args, {
			maxBuffer: 1 << 30, env: { ...process.env, ...options.env },
		}, (error, out, err) => resolve({
			status: error ? error.code ?? -1 : 0, out, err,
		}));

		child.stdin.end(options.input ?? '');
	});
}

// Of a folder in runs.
export async function exported(folder, format, args = [], options = {}) {
	const r = await run(process.env.EDGEPROF,
		['export', `${runs}/${folder}`, '--to', format, ...args], options);

	if (!options.any)
		equal(r.status, 0, `status (${r.err.trim()})`);
	return r;
}

export function report(folder) {
	return JSON.parse(readFileSync(`${runs}/${folder}/report.json`));
}

// Rows of trace.csv, by column.
export function trace(folder) {
	const lines = readFileSync(`${runs}/${folder}/trace.csv`, 'utf8')
		.trimEnd().split('\n').map((l) => l.split(','));
	const names = lines.shift();

	return lines.map((cells) => Object.fromEntries(
		names.map((n, i) => [n, cells[i]])));
}

export const sum = (list) => list.reduce((a, b) => a + b, 0);
