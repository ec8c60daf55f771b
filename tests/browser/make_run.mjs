// SPDX-License-Identifier: GPL-3.0-or-later
// node make_run.mjs DIR [hostile]: the raw part of a run folder of a board that
// does not exist, the same bytes every time: rails, counters, clock, temperature
// and memory through two requests, with missed ticks and events.  hostile puts
// markup and quotes wherever a log, a model or a host could.
import { mkdirSync, writeFileSync } from 'node:fs';

const [dir, kind] = process.argv.slice(2);
const evil = kind === 'hostile' ?
	'</script><script>window.hacked=1</script><img src=x onerror="hacked=1">' +
	'\'"&<!--' : '';
const GATE = 1_000_000_000_000;
const STEP = 10_000_000;
const IDLE_S = 3;
const name = (plain) => plain + evil;
let seed = 42;

// xorshift32: the same bytes on every machine.
function noise(spread) {
	seed ^= seed << 13;
	seed ^= seed >>> 17;
	seed ^= seed << 5;
	return ((seed >>> 0) / 2 ** 32 - 0.5) * 2 * spread;
}

// name, from, to (seconds since the gate), W of the cores, of the memory
const phases = [
	['load', 0.02, 1.3, 2.1, 0.9, 0],
	['prefill', 1.35, 2.9, 6.4, 1.5, 78],
	['generation', 2.9, 7.4, 4.3, 2.4, 64],
	['', 7.4, 7.9, 0, 0, 0],
	['prefill', 7.9, 9.2, 6.5, 1.5, 74],
	['generation', 9.2, 13.1, 4.2, 2.3, 56],
];
const EXIT_S = 13.4;
const END_S = 15;
const at = (s) => Math.round(GATE + s * 1e9);
const phaseAt = (t) => phases.find(([, from, to]) => t >= from && t < to);

const gauge = (channel, quantity, more = {}) => ({
	name: channel, quantity, shape: 'gauge', role: 'none', flags: [],
	wrap: '0', refresh_ns: STEP, window_ns: 0, gain_ppm: 0, offset: 0,
	resolution: 1, ...more,
});
const counter = (channel, more = {}) => gauge(channel, 'count',
	{ shape: 'counter', flags: ['event'], refresh_ns: 0, ...more });
const accurate = { gain_ppm: 8000, offset: 5000, resolution: 1000 };
const sensors = [
	{ id: 'pmic', driver: 'replay', channels: [
		gauge('board', 'uw', { role: 'total', ...accurate }),
		gauge('cores', 'uw', { role: 'part', ...accurate }),
		gauge('memory', 'uw', { role: 'part', ...accurate }),
	] },
	{ id: 'counters', driver: 'counters', channels: [
		counter('instructions'), counter('cache-misses'),
		counter('context-switches'), counter('major-faults'),
	] },
	{ id: 'cpu_clock', driver: 'cpu_clock', channels: [gauge('cpu0', 'hz')] },
	{ id: 'thermal', driver: 'thermal', channels: [gauge('soc', 'mc')] },
	{ id: 'memory', driver: 'memory', channels: [gauge('rss', 'bytes')] },
];

function runJson() {
	return {
		schema: 'edgeprof.run/1', version: '0.1.0', build: 'sample',
		command: [name('./infer'), '-m', name('model-q4_k_m.gguf'),
			'-t', '4'],
		started_real_ns: 1,
		host: { name: name('sample'), kernel: name('6.6.31'),
			machine: 'aarch64', cpus_online: 4 },
		governor: name('ondemand'),
		board: {
			name: evil ? '"><script>hacked=1</script>' : 'sample',
			title: name('a board that does not exist, for pictures'),
			source: 'made up', status: 'untested',
			coverage: name('A made-up board: every number of this ' +
				'report comes from a generator.'),
			matched: true,
		},
		interval_ns: STEP, idle_ns: IDLE_S * 1e9, scheduler: 'fifo',
		total: { channels: ['pmic.board'], source: 'board', reason: '',
			coverage: name('A made-up board: every number of this ' +
				'report comes from a generator.') },
		observers: [{ name: 'marks', status: 'ok', reason: '' }],
		sensors: sensors.map((s) => ({
			...s, file: 'sensors/' + s.id + '.csv', status: 'ok',
			reason: '', notes: evil ? [name('note')] : [],
		})),
	};
}

// An event's line; text may hold anything.
function line(s, event, fields = {}) {
	const quoted = (text) => /[",]/.test(text) ?
		'"' + text.replace(/"/g, '""') + '"' : text;

	return [at(s), 0, event, '', fields.phase ?? '', fields.tokens ?? '',
		fields.evidence ?? '', fields.source ?? '',
		fields.text ?? ''].map((v) => quoted(String(v))).join(',');
}

function eventLines() {
	const lines = [];
	const add = (s, event, fields) => lines.push([s, line(s, event, fields)]);
	const mark = { evidence: 'MARKED', source: '7:1' };

	add(-IDLE_S, 'start');
	add(-IDLE_S, 'idle', { text: 'begin' });
	add(-0.002, 'idle', { text: 'end' });
	add(0, 'gate');
	for (const [phase, from, to, , , tokens] of phases) {
		add(from, 'mark', { ...mark, phase: phase === 'load' ? name(phase) :
			phase, tokens: phase === 'prefill' ? tokens : '' });
		if (phase === 'generation')
			for (let i = 0; i < tokens; i++)
				add(from + (to - from) * (i + 0.5) / tokens, 'token',
					mark);
	}
	add(13.1, 'mark', { ...mark });
	add(5.2, 'setting', { source: name('cpu0.governor'),
		text: 'was=ondemand asked=performance is=performance' });
	add(10.4, 'warning', { source: name('throttled'),
		text: name('the processor was throttled for 0.2 s') });
	add(EXIT_S, 'exit', { text: 'exit 0' });
	add(END_S, 'end');
	lines.sort((a, b) => a[0] - b[0]);
	return 't_ns,span_ns,event,request,phase,tokens,evidence,source,text\n' +
		lines.map((l) => l[1]).join('\n') + '\n';
}

function tickLines() {
	const rows = ['due_ns,late_ns,missed'];

	for (let k = -IDLE_S * 100; k < END_S * 100; k++) {
		const late = k === 640 ? 38_000_000 :
			Math.round(25_000 + Math.abs(noise(60_000)));

		rows.push([GATE + k * STEP, late, k === 641 ? 3 : 0].join(','));
	}
	return rows.join('\n') + '\n';
}

function samples() {
	const rows = Object.fromEntries(sensors.map((s) => [s.id,
		['t_ns,span_ns,flags,' + s.channels.map((c) => c.name + '_' +
			c.quantity).join(',')]]));
	const counts = [0, 0, 0, 0];
	let celsius = 47, resident = 4e7, hertz = 1.5e9;

	for (let k = -IDLE_S * 100; k < END_S * 100; k++) {
		const t = k / 100, p = phaseAt(t);
		const busy = p && p[3] > 0 && t >= 0;
		// Tokens breathe: the memory is busy in between.
		const wave = p?.[0] === 'generation' ?
			Math.sin(t / (4.5 / 64) * 2 * Math.PI) : 0;
		const throttled = t > 10.4 && t < 10.6;
		const cores = (busy ? p[3] + 0.5 * wave : 0.35) *
			(throttled ? 0.6 : 1) + noise(0.12);
		const memory = (busy ? p[4] - 0.3 * wave : 0.25) + noise(0.05);
		const board = cores + memory + 2.1 + noise(0.05);
		const stamp = GATE + k * STEP + 30_000;

		celsius += ((busy ? 71 : 46) - celsius) * 0.0014;
		hertz += ((throttled ? 1.8e9 : busy ? 2.4e9 : 1.5e9) - hertz) * 0.5;
		if (p?.[0] === 'load')
			resident += 6.2e6;
		if (p?.[0] === 'generation')
			resident += 4e4;
		counts[0] += busy ? cores * 4.1e6 : 20_000;
		counts[1] += busy ? memory * 21_000 : 300;
		counts[2] += busy ? 1 + Math.round(Math.abs(noise(4))) : 1;
		const put = (id, ...values) => rows[id].push([stamp, 21_000, 0,
			...values.map(Math.round)].join(','));

		put('pmic', board * 1e6, cores * 1e6, memory * 1e6);
		if (t >= 0 && t <= EXIT_S) {
			put('counters', ...counts);
			if (k % 20 === 0)
				put('memory', resident);
		}
		put('cpu_clock', Math.round(hertz / 1e8) * 1e8);
		if (k % 10 === 0)
			put('thermal', Math.round(celsius * 10) * 100);
	}
	return rows;
}

mkdirSync(dir + '/sensors', { recursive: true });
writeFileSync(dir + '/run.json', JSON.stringify(runJson(), null, 1) + '\n');
writeFileSync(dir + '/events.csv', eventLines());
writeFileSync(dir + '/ticks.csv', tickLines());
for (const [id, rows] of Object.entries(samples()))
	writeFileSync(`${dir}/sensors/${id}.csv`, rows.join('\n') + '\n');
writeFileSync(dir + '/stdout.log', name('hello') + '\n');
writeFileSync(dir + '/stderr.log', '');
