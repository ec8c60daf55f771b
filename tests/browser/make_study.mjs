// SPDX-License-Identifier: GPL-3.0-or-later
// node make_study.mjs DIR [hostile]: study.json and results.csv of a study that
// nobody ran, the same bytes every time: models, quantisations, threads and
// governors, five runs each, of which the first warms up.
import { mkdirSync, writeFileSync } from 'node:fs';

const [dir, kind] = process.argv.slice(2);
const evil = kind === 'hostile' ?
	'</script><script>window.hacked=1</script><img src=x onerror="hacked=1">' +
	'\'"&<!--' : '';
const ID = '0123456789abcdef0123456789abcdef';
let seed = 7;

function noise(spread) {
	seed ^= seed << 13;
	seed ^= seed >>> 17;
	seed ^= seed << 5;
	return ((seed >>> 0) / 2 ** 32 - 0.5) * 2 * spread;
}

const factors = {
	model: { 'qwen2-0.5b': 1, ['llama3.2-1b' + evil]: 2.1 },
	quant: { q4_0: 1, q4_k_m: 1.12 },
	threads: { 1: 1, 2: 1.85, 4: 3.1 },
	governor: { powersave: 0.62, ondemand: 0.93, performance: 1 },
};
const metrics = ['duration_s', 'tokens', 'tokens_per_s', 'energy_j',
	'j_per_token', 'net_j_per_token', 'j_per_output_token',
	'action_j_s_per_token', 'power_mean_w', 'ttft_s', 'rss_peak_bytes',
	'cache_misses_per_token', 'context_switches_per_token'];
const exact = new Set(['tokens', 'rss_peak_bytes', 'ttft_s']);
const quoted = (text) => /[",]/.test(text) ?
	'"' + String(text).replace(/"/g, '""') + '"' : String(text);

function figures(model, quant, threads, clock) {
	const rate = 9.5 / model / quant * threads * clock * (1 + noise(0.02));
	const watts = (1.6 + 1.3 * threads * clock ** 3) * (1 + noise(0.015));
	const fast = rate * 6, n = 100, prompt = 80;
	const load = 0.8 * model * quant * (1 + noise(0.1));
	const phase = (tokens, speed, power) => ({
		duration_s: tokens / speed, tokens, tokens_per_s: speed,
		energy_j: power * tokens / speed, j_per_token: power / speed,
		net_j_per_token: (power - 1.4) / speed,
		action_j_s_per_token: power * tokens / speed / speed,
		power_mean_w: power, rss_peak_bytes: 3.9e8 * model * quant,
		cache_misses_per_token: 21000 * model * quant / clock ** 0.3 *
			(1 + noise(0.05)),
		context_switches_per_token: 3 * threads * (1 + noise(0.2)),
	});
	const prefill = phase(prompt, fast, watts * 1.1);
	const generation = phase(n, rate, watts);

	return {
		load: { duration_s: load, energy_j: load * 3.4,
			power_mean_w: 3.4 },
		prefill, generation,
		request: { ttft_s: prefill.duration_s + 0.01,
			j_per_output_token: (prefill.energy_j +
				generation.energy_j) / n },
		run: { duration_s: load + prefill.duration_s +
			generation.duration_s,
		energy_j: load * 3.4 + prefill.energy_j + generation.energy_j,
		power_mean_w: watts, rss_peak_bytes: 3.9e8 * model * quant },
	};
}

function rows() {
	const out = [];
	let config = 0, order = 0;

	for (const [model, m] of Object.entries(factors.model))
		for (const [quant, q] of Object.entries(factors.quant))
			for (const [threads, t] of Object.entries(factors.threads))
				for (const [governor, g] of
					Object.entries(factors.governor)) {
					config++;
					for (let run = 0; run < 5; run++)
						add(out, [config, run, ++order], [model, quant,
							threads, governor], figures(m, q, t, g));
				}
	return out;
}

function add(out, [config, run, order], levels, phases) {
	const rejected = config === 17 && run === 3;
	const valid = run > 0 && !rejected;
	const reasons = rejected ? 'rejected: other programs used the CPUs for ' +
		'24 %, more than 10 %' + evil : run === 0 ? 'warm-up' : '';

	if (run === 1)
		writeRun(order, phases);
	for (const [phase, values] of Object.entries(phases))
		out.push([ID, config, run === 0 ? 'w1' : run, order, valid ? 1 : 0,
			reasons, 'sample', '', ...levels, phase, folder(order),
			...metrics.flatMap((name) => {
				const v = values[name];

				return exact.has(name) ? [v ?? ''] :
					[v ?? '', v === undefined ? '' : v * 0.016];
			})]);
}

const folder = (order) => String(order).padStart(4, '0');

// The memory of one run: it loads, then grows with its context.
function writeRun(order, { load, run }) {
	const at = `${dir}/runs/${folder(order)}`;
	const lines = [];

	for (let k = -2; k * 0.1 < run.duration_s; k++) {
		const t = k / 10;

		lines.push(`${t},,,0,` + (t < 0 ? '' : Math.round(
			run.rss_peak_bytes * (t < load.duration_s ?
				0.9 * t / load.duration_s : 0.9 + 0.1 *
					(t - load.duration_s) /
					(run.duration_s - load.duration_s)))));
	}
	mkdirSync(at, { recursive: true });
	writeFileSync(at + '/run.json', JSON.stringify({
		schema: 'edgeprof.run/1', interval_ns: 1e8, sensors: [],
	}) + '\n');
	writeFileSync(at + '/trace.csv', 'time_s,phase,request,tokens,' +
		'memory.rss_bytes\n' + lines.join('\n') + '\n');
}

mkdirSync(dir, { recursive: true });
writeFileSync(dir + '/study.json', JSON.stringify({
	schema: 'edgeprof.study/1', id: ID,
	study: { title: 'a study that nobody ran' + evil },
}) + '\n');
writeFileSync(dir + '/results.csv', [
	['study_id', 'config', 'run', 'order', 'valid', 'reasons', 'host',
		'board_serial', ...Object.keys(factors), 'phase', 'folder',
		...metrics.flatMap((name) => exact.has(name) ? [name] :
			[name, name + '_u95'])],
	...rows(),
].map((row) => row.map(quoted).join(',')).join('\n') + '\n');
