// SPDX-License-Identifier: GPL-3.0-or-later
// InfluxDB 1 itself, on ports of its own: what was sent must be in it.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { check, equal, exported, must, near, report, sum, trace } from './lib.mjs';

const password = 'p"4 ss\\word';

// { url, query(text), stop() }; resolves when it listens.
function start(auth) {
	const dir = mkdtempSync(`${tmpdir()}/influx-`);

	writeFileSync(`${dir}/conf`, `reporting-disabled = true
bind-address = "127.0.0.1:0"
[meta]
dir = "${dir}/meta"
[data]
dir = "${dir}/data"
wal-dir = "${dir}/wal"
[http]
bind-address = "127.0.0.1:0"
auth-enabled = ${auth}
[monitor]
store-enabled = false
`);
	const child = spawn(process.env.INFLUXD, ['-config', `${dir}/conf`],
		{ stdio: ['ignore', 'pipe', 'pipe'] });
	let log = '';

	return new Promise((resolve, reject) => {
		const read = (data) => {
			log += data;
			const at = /Listening on HTTP.*?addr=(127\.0\.0\.1:\d+)/.exec(log);

			if (at)
				resolve(server(`http://${at[1]}`));
		};
		const server = (url) => ({
			url,
			async query(q) {
				const form = new URLSearchParams({ q, db: 'lab', epoch: 'ns' });
				const headers = auth ? { authorization: 'Basic ' +
					Buffer.from(`admin:${password}`).toString('base64') } : {};
				const r = await fetch(`${url}/query`,
					{ method: 'POST', body: form, headers });
				const o = await r.json();

				must(r.ok && !o.results?.[0].error,
					`${q}: ${JSON.stringify(o).slice(0, 200)}`);
				return o.results[0].series ?? [];
			},
			stop() {
				return new Promise((done) => {
					child.on('exit', () => {
						rmSync(dir, { recursive: true });
						done();
					});
					child.kill('SIGTERM');
				});
			},
		});

		child.stdout.on('data', read);
		child.stderr.on('data', read);
		child.on('error', reject);
		child.on('exit', () =>
			reject(new Error(`influxd ended: ${log.slice(-300)}`)));
	});
}

const values = (series) => series.flatMap((s) => s.values.map((v) =>
	Object.fromEntries(s.columns.map((c, i) => [c, v[i]]))));

async function open(db) {
	await db.query('CREATE DATABASE lab');
	await check('influx: a run is taken', async () => {
		const r = await exported('run', 'influx', ['--url', db.url, '--db', 'lab']);

		must(/points sent/.test(r.err), r.err);
	});
	await check('influx: every value of the trace is there', async () => {
		const got = values(await db.query(
			'SELECT power_w, tokens FROM edgeprof_trace'));
		const rows = trace('run');
		const power = rows.filter((r) => r.power_w !== '');

		equal(got.filter((g) => g.power_w !== null).length, power.length,
			'points with a power');
		near(sum(got.map((g) => g.power_w ?? 0)),
			sum(power.map((r) => Number(r.power_w))), 'the sum of powers');
	});
	await check('influx: figures are those of the report', async () => {
		const [got] = values(await db.query('SELECT energy_j, energy_j_u95, ' +
			'energy_j_status, j_per_token FROM edgeprof_total ' +
			"WHERE phase = 'generation'"));
		const g = report('run').totals.generation;

		near(got.energy_j, g.energy_j.value, 'energy_j');
		near(got.energy_j_u95, g.energy_j.u95, 'its u95');
		near(got.j_per_token, g.j_per_token.value, 'j_per_token');
		equal(got.energy_j_status, g.energy_j.status, 'its status');
	});
	await check('influx: a label comes through, but for backslashes', async () => {
		const got = values(await db.query(
			'SHOW TAG VALUES FROM edgeprof_trace WITH KEY = "odd"'));

		equal(got.length, 1, 'values');
		equal(got[0].value, 'a "b/c", d=e', 'the label');
	});
	await check('influx: sent again it is the same', async () => {
		const count = async () => values(await db.query(
			'SELECT count(*) FROM edgeprof_trace'))[0].count_tokens;
		const before = await count();

		await exported('run', 'influx', ['--url', db.url, '--db', 'lab']);
		equal(await count(), before, 'the points');
	});
	await check('influx: tokens one by one', async () => {
		const [got] = values(await db.query(
			'SELECT count("index") FROM edgeprof_token'));

		equal(got.count, 20, 'tokens');
	});
	await check('influx: a study by its factors', async () => {
		await exported('study', 'influx', ['--url', db.url, '--db', 'lab']);
		const got = await db.query('SELECT count(duration_s) FROM edgeprof_total ' +
			"WHERE phase = 'run' AND study =~ /./ GROUP BY threads");

		equal(got.length, 2, 'levels');
		for (const s of got)
			equal(s.values[0][1], 2, `runs at threads=${s.tags.threads}`);
	});
	await check('influx: there is no such database', async () => {
		const r = await exported('run', 'influx',
			['--url', db.url, '--db', 'none'], { any: true });

		equal(r.status, 1, 'status');
		must(/404.*database not found/.test(r.err), r.err);
	});
	await check('influx: what it does not take is counted', async () => {
		await db.query('CREATE DATABASE clash');
		const at = report('run').run.started_real_ns;
		const r = await fetch(`${db.url}/write?db=clash`, { method: 'POST',
			body: `edgeprof_token index="text" ${at}` });

		equal(r.status, 204, 'status of the first point');
		const e = await exported('run', 'influx',
			['--url', db.url, '--db', 'clash'], { any: true });

		equal(e.status, 1, 'status');
		must(/20 refused: partial write/.test(e.err), e.err);
	});
}

async function locked(db) {
	await db.query(`CREATE USER admin WITH PASSWORD '${password
		.replaceAll('\\', '\\\\')}' WITH ALL PRIVILEGES`).catch(() => {});
	await db.query('CREATE DATABASE lab');
	const args = ['--url', db.url, '--db', 'lab'];

	await check('influx: without a password', async () => {
		const r = await exported('run', 'influx', args, { any: true });

		equal(r.status, 1, 'status');
		must(/401/.test(r.err), r.err);
	});
	await check('influx: with a user and password', async () => {
		await exported('run', 'influx', [...args, '--user', 'admin'],
			{ env: { EDGEPROF_EXPORT_TOKEN: password } });
		const got = values(await db.query(
			'SELECT count("index") FROM edgeprof_token'));

		equal(got[0].count, 20, 'tokens');
	});
}

export default async function influx() {
	for (const [auth, act] of [[false, open], [true, locked]]) {
		let db;

		await check(`influx: a database ${auth ? 'with' : 'without'} log-in`,
			async () => {
				db = await start(auth);
			});
		if (!db)
			continue;
		await act(db);
		await db.stop();
	}
}
