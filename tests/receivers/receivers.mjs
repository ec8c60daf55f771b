// SPDX-License-Identifier: GPL-3.0-or-later
// receivers.mjs RUNS: every export, by what reads it.
import { check, equal, exported, finish, must, near, report, run } from './lib.mjs';
import influx from './influx.mjs';
import otlp from './otlp.mjs';
import perfetto from './perfetto.mjs';

await perfetto();
for (const folder of ['run', 'study', 'hostile'])
	await check(`prometheus: promtool takes ${folder}`, async () => {
		const { out } = await exported(folder, 'prometheus');
		const r = await run(process.env.PROMTOOL, ['check', 'metrics'],
			{ input: out });

		must(out.length > 100, 'nothing was exported');
		equal(r.status, 0, `status (${r.out}${r.err})`);
		equal((r.out + r.err).trim(), '', 'what promtool says');
	});
await check('prometheus: figures are those of the report', async () => {
	const { out } = await exported('run', 'prometheus');
	const line = out.split('\n').find((l) =>
		/^edgeprof_energy_joules\{.*phase="generation"/.test(l));

	near(Number(line.split('} ')[1]),
		report('run').totals.generation.energy_j.value, 'energy_j');
});
await otlp();
await influx();
finish();
