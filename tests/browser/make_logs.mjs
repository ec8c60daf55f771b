// SPDX-License-Identifier: GPL-3.0-or-later
// node make_logs.mjs DIR: logs of requests that nobody sent, the same bytes
// every time: pairs.csv (two clients, the same prompts), groups.csv (five
// governors, with a shift in the middle of one) and hostile.csv.
import { mkdirSync, writeFileSync } from 'node:fs';

const dir = process.argv[2];
const evil = '</script><script>window.hacked=1</script><img src=x ' +
	'onerror="hacked=1">\'"&<!--\u2028\u202e';
let seed = 11;

// The sum of four is near enough to a bell.
function noise(spread) {
	let sum = 0;

	for (let i = 0; i < 4; i++) {
		seed ^= seed << 13;
		seed ^= seed >>> 17;
		seed ^= seed << 5;
		sum += (seed >>> 0) / 2 ** 32 - 0.5;
	}
	return sum * 1.7 * spread;
}

const quoted = (text) => /[",\n]/.test(text) ?
	'"' + String(text).replace(/"/g, '""') + '"' : String(text);
const write = (name, rows) => writeFileSync(`${dir}/${name}.csv`,
	rows.map((row) => row.map(quoted).join(',')).join('\n') + '\n');

function pairs() {
	const rows = [['client', 'prompt_id', 'total_duration_s',
		'load_duration_s', 'tokens_per_s', 'j_per_token']];

	for (let i = 0; i < 30; i++) {
		const base = 5 + noise(0.9);

		for (const [client, factor] of [['python', 1], ['rust', 0.97]]) {
			const time = base * factor * (1 + noise(0.01));

			rows.push([client, `prompt-${i}`, time, 0.12 + noise(0.01),
				40 / time, 2 * (1 + noise(0.01))]);
		}
	}
	return rows;
}

function groups() {
	const rows = [['governor', 'j_per_token', 'tokens_per_s', 'rss_bytes']];
	const means = { performance: 2.4, ondemand: 2.35, schedutil: 2.38,
		powersave: 1.9, userspace: 2 };

	for (const [name, mean] of Object.entries(means))
		for (let i = 0; i < 12; i++)
			rows.push([name, mean * (1 + noise(0.02)) +
				(name === 'userspace' && i > 5 ? 0.3 : 0),
			20 / mean * (1 + noise(0.02)), 4e8 + noise(2e6)]);
	return rows;
}

function hostile() {
	const rows = [['client', 'prompt', `dur${evil}_s`, 'x']];

	for (const client of ['a' + evil, 'b' + evil + 'n'.repeat(3000)])
		for (let i = 0; i < 6; i++)
			rows.push([client, `k${i}${evil}`, 5 + noise(1), 1 + noise(0.1)]);
	return rows;
}

mkdirSync(dir, { recursive: true });
write('pairs', pairs());
write('groups', groups());
write('hostile', hostile());
