/* SPDX-License-Identifier: GPL-3.0-or-later */
'use strict';

/* What the charts of a run draw, and how numbers and phases look. */
const run = (() => {
	const data = page.data('data');
	const STRETCH_S = data.interval_s * data.rows_per_stretch;
	const PAIRS = data.rows_per_stretch > 1;
	const FULL = {
		from: data.start_s,
		to: data.start_s + data.rows * data.interval_s,
	};
	/* Where plots begin and end, pixels from the sides of their boxes. */
	const AXIS_PX = 62;
	const GAP_PX = 8;

	/* Numbers with the prefix that fits them. */

	const PREFIXES = [[1e12, 'T'], [1e9, 'G'], [1e6, 'M'], [1e3, 'k'],
		[1, ''], [1e-3, 'm'], [1e-6, '\u00b5'], [1e-9, 'n']];
	const BINARY = [[2 ** 40, 'Ti'], [2 ** 30, 'Gi'], [2 ** 20, 'Mi'],
		[2 ** 10, 'Ki'], [1, '']];

	function trimmed(value, digits) {
		const text = value.toPrecision(digits);

		return text.includes('e') ? String(Number(text)) :
			text.includes('.') ? text.replace(/\.?0+$/, '') : text;
	}

	/* scale: of the largest value beside it, so that an axis has one unit */
	function format(value, unit, digits, scale) {
		if (value === 0)
			return '0';

		const size = Math.abs(scale || value);
		const steps = unit === 'B' ? BINARY : PREFIXES;
		/* Degrees, shares and seconds have no prefixes. */
		const plain = ['\u00b0C', '', 'CPUs', 's'].includes(unit);
		const [factor, prefix] = plain || size === 0 ? [1, ''] :
			steps.find(step => size >= step[0] * 0.9995) ||
			steps[steps.length - 1];

		return trimmed(value / factor, digits) +
			(unit || prefix ? '\u202f' + prefix + unit : '');
	}

	function seconds(t, step) {
		const decimals = Math.max(0, Math.min(6,
			1 - Math.floor(Math.log10(step))));

		return t.toFixed(decimals) + '\u202fs';
	}

	const DASHES = [null, [7, 3], [2, 3]];

	function style(index) {
		return {
			colour: page.colour('series-' + index % 8),
			dash: DASHES[Math.floor(index / 8) % DASHES.length],
		};
	}

	function phaseColour(name) {
		const known = { load: 1, prefill: 1, generation: 1, idle: 1 };
		let hash = 0;

		if (known[name])
			return page.colour('phase-' + name);
		if (name === 'other' || name === 'tail' || name === 'mixed' ||
				name === 'compute')
			return page.colour('phase-other');
		if (name === 'after')
			return page.colour('phase-idle');
		for (const c of name)
			hash = (hash * 31 + c.codePointAt(0)) >>> 0;
		return page.colour('phase-' + hash % 4);
	}

	const phases = data.phases.map(([name, request, from, to, tokens]) =>
		({ name, request, from, to, tokens }));
	const tokens = new Float64Array(data.tokens_us.length);
	data.tokens_us.reduce((t, us, i) => (tokens[i] = t + us / 1e6), 0);

	const allSeries = data.series.map((s, i) => {
		let low = Infinity, high = -Infinity;
		const values = Float64Array.from(s.values,
			v => v === null ? NaN : v);

		for (const v of values) {
			low = v < low ? v : low;
			high = v > high ? v : high;
		}
		/* A total of one channel is that channel. */
		const twin = !s.total && s.name === data.total_name;

		return { ...s, id: 's' + i, values, low, high, shown: !twin };
	});
	data.series = data.tokens_us = null;

	/* The first index whose entry is not below t. */
	function lowerBound(count, at, t) {
		let low = 0, high = count;

		while (low < high) {
			const middle = (low + high) >> 1;

			if (at(middle) < t)
				low = middle + 1;
			else
				high = middle;
		}
		return low;
	}

	function phaseAt(t) {
		const i = lowerBound(phases.length, k => phases[k].to, t);

		return i < phases.length && phases[i].from <= t ? phases[i] : null;
	}

	function phaseText(p) {
		return p.name + (p.request > 0 ? ' of request ' + p.request : '');
	}

	/*
	 * Rows for dygraphs: [t, value of each series].  Between two borders every
	 * stretch, or when there are more than pixels, groups of them, give their
	 * smallest and largest value in the order in which they came.
	 */
	function rowsBetween(series, from, to, pixels) {
		const count = Math.ceil(data.rows / data.rows_per_stretch);
		const first = Math.max(0, Math.floor((from - FULL.from) / STRETCH_S) - 1);
		const last = Math.min(count,
			Math.ceil((to - FULL.from) / STRETCH_S) + 1);
		const group = Math.max(1, Math.ceil((last - first) / pixels));
		const rows = [];

		rows.paired = group > 1 || PAIRS;
		if (!rows.paired) {
			for (let i = first; i < last; i++) {
				const row = [FULL.from + (i + 0.5) * STRETCH_S];

				for (const s of series)
					row.push(s.values[i]);
				rows.push(row);
			}
			return rows;
		}
		for (let i = first - first % group; i < last; i += group) {
			const end = Math.min(i + group, count);
			const t = FULL.from + i * STRETCH_S;
			const width = group * STRETCH_S;
			const a = [t + width / 4], b = [t + width * 3 / 4];

			for (const s of series) {
				const [one, two] = extrema(s.values, i, end);

				a.push(one);
				b.push(two);
			}
			rows.push(a, b);
		}
		return rows;
	}

	function extrema(values, begin, end) {
		const from = PAIRS ? 2 * begin : begin, to = PAIRS ? 2 * end : end;
		let low = -1, high = -1;

		for (let i = from; i < to; i++) {
			const v = values[i];

			if (Number.isNaN(v))
				continue;
			if (low < 0 || v < values[low])
				low = i;
			if (high < 0 || v > values[high])
				high = i;
		}
		if (low < 0)
			return [NaN, NaN];
		return low < high ? [values[low], values[high]] :
			[values[high], values[low]];
	}

	return { data, STRETCH_S, FULL, AXIS_PX, GAP_PX, format, seconds, style,
		phaseColour, phases, tokens, allSeries, lowerBound, phaseAt,
		phaseText, rowsBetween };
})();
