// SPDX-License-Identifier: GPL-3.0-or-later
// OTLP/HTTP JSON sent to a server that decodes it by OpenTelemetry's own
// definitions: what they do not know would be lost on the way through protobuf.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { check, equal, exported, must, near, report, sum, trace } from './lib.mjs';

const require = createRequire(import.meta.url);
const { collector } = require('@opentelemetry/otlp-transformer/' +
	'build/src/generated/root.js').opentelemetry.proto;
const services = {
	'/v1/traces': collector.trace.v1.ExportTraceServiceRequest,
	'/v1/metrics': collector.metrics.v1.ExportMetricsServiceRequest,
};
const ids = ['traceId', 'spanId', 'parentSpanId'];

// OTLP's JSON writes ids in hex where protobuf's has base64.
function recode(value, from, to) {
	if (Array.isArray(value))
		return value.map((v) => recode(v, from, to));
	if (value === null || typeof value !== 'object')
		return value;
	return Object.fromEntries(Object.entries(value).map(([k, v]) => [k,
		ids.includes(k) ? Buffer.from(v, from).toString(to)
			: recode(v, from, to)]));
}

// Deep equality, whatever the order of keys; the path where it ends.
function differs(a, b, path = '') {
	if (typeof a !== 'object' || a === null || typeof b !== 'object')
		return Object.is(a, b) ? '' : `${path}: ${a} and ${b}`;
	for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
		const d = differs(a[key], b[key], `${path}.${key}`);

		if (d)
			return d;
	}
	return '';
}

function decode(path, body) {
	const type = services[path];

	must(type, `nobody is at ${path}`);
	const message = type.fromObject(recode(JSON.parse(body), 'hex', 'base64'));
	const wrong = type.verify(message);

	must(!wrong, wrong);
	const back = recode(type.toObject(type.decode(type.encode(message).finish()),
		{ longs: String, bytes: String, json: true }), 'base64', 'hex');
	const lost = differs(JSON.parse(body, (k, v) =>
		Array.isArray(v) && v.length === 0 ? undefined : v), back);

	must(!lost, `the definitions have it otherwise: ${lost}`);
	return back;
}

// Listens while act runs; what came in, decoded.
async function receive(act) {
	const came = { '/v1/traces': [], '/v1/metrics': [] };
	let wrong = '';
	const server = createServer((request, response) => {
		const pieces = [];

		request.on('data', (d) => pieces.push(d));
		request.on('end', () => {
			try {
				equal(request.headers['content-type'], 'application/json',
					'the content type');
				came[request.url].push(decode(request.url,
					Buffer.concat(pieces).toString()));
			} catch (error) {
				wrong ||= error.message;
			}
			response.writeHead(200, { 'content-type': 'application/json' });
			response.end('{}');
		});
	});

	await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
	try {
		await act(`http://127.0.0.1:${server.address().port}`);
	} finally {
		server.close();
		server.closeAllConnections();
	}
	must(!wrong, wrong);
	return {
		spans: came['/v1/traces'].flatMap((m) => m.resourceSpans)
			.flatMap((r) => r.scopeSpans).flatMap((s) => s.spans),
		metrics: came['/v1/metrics'].flatMap((m) => m.resourceMetrics)
			.flatMap((r) => r.scopeMetrics).flatMap((s) => s.metrics),
		resources: [...came['/v1/traces'].flatMap((m) => m.resourceSpans),
			...came['/v1/metrics'].flatMap((m) => m.resourceMetrics)]
			.map((r) => r.resource),
	};
}

const attribute = (o, key) =>
	Object.values(o.attributes.find((a) => a.key === key)?.value ?? {})[0];

export default async function otlp() {
	await check('otlp: a key that nobody knows is found', async () => {
		let found = '';

		try {
			decode('/v1/traces', '{"resourceSpans": [{"nobody": 1}]}');
		} catch (error) {
			found = error.message;
		}
		must(/nobody/.test(found), 'it was not');
	});
	for (const folder of ['run', 'study'])
		await check(`otlp: ${folder} is what the definitions say`, async () => {
			const got = await receive((url) =>
				exported(folder, 'otlp', ['--url', url]));

			must(got.spans.length > 3 && got.metrics.length > 10, 'little');
		});
	await check('otlp: spans lie in each other', async () => {
		const { spans } = await receive((url) =>
			exported('run', 'otlp', ['--url', url]));
		const by = new Map(spans.map((s) => [s.spanId, s]));

		equal(by.size, spans.length, 'different ids');
		for (const s of spans) {
			const p = by.get(s.parentSpanId);

			must(/^[0-9a-f]{32}$/.test(s.traceId) &&
				/^[0-9a-f]{16}$/.test(s.spanId), 'an id');
			must(s.name === 'run' ? !s.parentSpanId : p, 'no parent');
			must(!p || (BigInt(s.startTimeUnixNano) >=
				BigInt(p.startTimeUnixNano) - 1000n &&
				BigInt(s.endTimeUnixNano) <=
				BigInt(p.endTimeUnixNano) + 1000n),
			`${s.name} lies outside of ${p?.name}`);
		}
	});
	await check('otlp: figures are those of the report', async () => {
		const { metrics, resources } = await receive((url) =>
			exported('run', 'otlp', ['--url', url]));
		const { totals } = report('run');
		const points = (name) => metrics.filter((m) => m.name === name)
			.flatMap((m) => m.gauge.dataPoints);

		for (const name of ['energy_j', 'duration_s', 'j_per_token']) {
			const list = points(`edgeprof.${name}`);
			const measured = Object.entries(totals).filter(([, t]) =>
				t[name] && t[name].value !== null);

			equal(list.length, measured.length, `points of ${name}`);
			for (const p of list)
				near(p.asDouble, totals[attribute(p, 'phase')][name].value,
					name);
		}
		must(resources.every((r) => attribute(r, 'edgeprof.board') === 'demo' &&
			attribute(r, 'service.name') === 'edgeprof'), 'the resource');
	});
	await check('otlp: sums of the trace are its sums', async () => {
		const { metrics } = await receive((url) =>
			exported('run', 'otlp', ['--url', url]));
		const points = metrics.filter((m) =>
			m.name === 'edgeprof.trace.estimate.total')
			.flatMap((m) => m.sum.dataPoints);

		must(points.every((p) => attribute(p, 'status') === 'estimated'),
			'an estimate that does not say so');
		near(Number(sum(points.map((p) => p.asDouble)).toFixed(6)),
			Number(sum(trace('run').map((r) =>
				Number(r['estimate.total_j']))).toFixed(6)), 'the energy');
	});
	await check('otlp: anonymous tells no host', async () => {
		const { resources } = await receive((url) =>
			exported('run', 'otlp', ['--url', url, '--anonymous']));

		must(resources.every((r) => !attribute(r, 'host.name')), 'a host');
	});
}
