// SPDX-License-Identifier: GPL-3.0-or-later
// Against the documented JSON trace format ("Trace Event Format", of which
// Perfetto documents what it reads).
import { check, equal, exported, must, report, trace } from './lib.mjs';

const is = {
	text: (v) => typeof v === 'string',
	number: (v) => typeof v === 'number' && Number.isFinite(v),
	count: (v) => Number.isInteger(v) && v >= 0,
	object: (v) => v !== null && typeof v === 'object' && !Array.isArray(v),
};

// What each type of event needs and may have, with ph, ts and pid.
const types = {
	M: { needs: { tid: is.count, name: is.text, args: is.object } },
	X: { needs: { tid: is.count, name: is.text, cat: is.text,
		dur: (v) => is.number(v) && v >= 0 }, may: { args: is.object } },
	i: { needs: { tid: is.count, name: is.text, cat: is.text,
		s: (v) => ['g', 'p', 't'].includes(v) }, may: { args: is.object } },
	C: { needs: { name: is.text, args: (v) => is.object(v) &&
		Object.keys(v).length > 0 && Object.values(v).every(is.number) } },
	b: { needs: { tid: is.count, name: is.text, cat: is.text, id: is.text } },
	e: { needs: { tid: is.count, name: is.text, cat: is.text, id: is.text } },
};
const metadata = {
	process_name: 'name', process_labels: 'labels', thread_name: 'name',
};

function validate(file) {
	must(is.object(file), 'the file is no object');
	for (const key of Object.keys(file))
		must(['traceEvents', 'displayTimeUnit', 'otherData'].includes(key),
			`unknown key ${key}`);
	must(['ms', 'ns'].includes(file.displayTimeUnit), 'displayTimeUnit');
	must(is.object(file.otherData), 'otherData');
	must(Array.isArray(file.traceEvents), 'traceEvents');
	for (const e of file.traceEvents) {
		const type = types[e.ph];
		const text = JSON.stringify(e).slice(0, 200);

		must(type, `ph of ${text}`);
		must(is.number(e.ts) && e.ts >= 0, `ts of ${text}`);
		must(is.count(e.pid), `pid of ${text}`);
		for (const [key, right] of Object.entries(type.needs))
			must(right(e[key]), `${key} of ${text}`);
		for (const key of Object.keys(e))
			must(['ph', 'ts', 'pid'].includes(key) || type.needs[key] ||
				type.may?.[key]?.(e[key]), `${key} of ${text}`);
		if (e.ph === 'M')
			must(is.text(e.args[metadata[e.name]]), `args of ${text}`);
	}
	return file.traceEvents;
}

// Complete events of one thread lie in each other or beside each other.
function nested(events) {
	const threads = Map.groupBy
		? Map.groupBy(events, (e) => `${e.pid}.${e.tid}`)
		: events.reduce((m, e) => m.set(`${e.pid}.${e.tid}`,
			[...(m.get(`${e.pid}.${e.tid}`) ?? []), e]), new Map());

	for (const list of threads.values()) {
		const open = [];

		list.sort((a, b) => a.ts - b.ts || b.dur - a.dur);
		for (const e of list) {
			while (open.length && open.at(-1) <= e.ts + 0.001)
				open.pop();
			must(!open.length || e.ts + e.dur <= open.at(-1) + 0.001,
				`${e.name} at ${e.ts} overlaps`);
			open.push(e.ts + e.dur);
		}
	}
}

// Every gap that begins ends, in turn.
function paired(events) {
	const open = new Set();

	for (const e of events.filter((x) => x.ph === 'b' || x.ph === 'e')) {
		must(open.has(e.id) === (e.ph === 'e'), `${e.ph} of ${e.id}`);
		if (e.ph === 'b')
			open.add(e.id);
		else
			open.delete(e.id);
	}
	equal(open.size, 0, 'gaps that are open');
}

export default async function perfetto() {
	for (const folder of ['run', 'study', 'hostile'])
		await check(`perfetto: ${folder} is a valid trace`, async () => {
			const r = await exported(folder, 'perfetto');
			const events = validate(JSON.parse(r.out));

			nested(events.filter((e) => e.ph === 'X'));
			paired(events);
			must(events.some((e) => e.ph === 'C'), 'no counter');
		});
	await check('perfetto: a counter holds what the trace has', async () => {
		const r = await exported('run', 'perfetto');
		const events = JSON.parse(r.out).traceEvents;
		const begin = events.find((e) => e.name === 'begin');
		const unix = BigInt(begin.args.unix_ns);
		const gate = events.find((e) => e.name === 'gate');
		const counters = events.filter((e) => e.ph === 'C' &&
			e.name === 'memory.rss' && 'bytes' in e.args);
		let checked = 0;

		must(unix > 1500000000000000000n, `begins at ${unix}`);
		for (const row of trace('run')) {
			const ts = gate.ts + Number(row.time_s) * 1e6;
			const held = counters.filter((c) => c.ts <= ts + 1).at(-1);

			if (row['memory.rss_bytes'] === '')
				continue;
			equal(held?.args.bytes, Number(row['memory.rss_bytes']),
				`memory.rss at ${row.time_s}`);
			checked++;
		}
		must(checked > 10, `only ${checked} rows`);
		equal(events.filter((e) => e.cat === 'phase').length,
			report('run').phases.length, 'phases');
	});
}
