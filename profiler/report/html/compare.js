/* SPDX-License-Identifier: GPL-3.0-or-later */
'use strict';

/*
 * The charts of a comparison: the ratios to the baseline on one axis, every
 * observation of each metric beside its mean, and the differences of pairs.
 * The figures come from the page.
 */
(() => {
	const data = page.data('data');
	const { PAGE_MAX, add, axis, bytes, charts, cut, narrow, options, pages,
		short, text, whiskers } = plot;
	const SPREAD = 0.44; /* how wide the dots of a group lie */
	const BOX_MIN = 5; /* observations */
	const LINKS_MAX = 400;

	function colour(group) {
		return page.colour('series-' + group % 8);
	}

	function unitText(value, unit) {
		return unit === 'bytes' ? bytes(value) : short(value);
	}

	function interval(from) {
		return from.low === null || from.low === undefined ? null :
			[from.low, from.high];
	}

	/* What lies below the dots: quartiles, links of pairs, lines of reference
	 * and bands. */
	const below = {
		id: 'below',
		beforeDatasetsDraw(chart) {
			const { ctx: context, chartArea: area, scales } = chart;
			const { boxes, links, lines, band } = chart.config.options.below;
			const x = v => scales.x.getPixelForValue(v);
			const y = v => scales.y.getPixelForValue(v);

			context.save();
			context.beginPath();
			context.rect(area.left, area.top, area.width, area.height);
			context.clip();
			if (band) {
				context.fillStyle = page.colour('series-2') + '22';
				context.fillRect(x(band[0]), area.top,
					x(band[1]) - x(band[0]), area.height);
			}
			context.strokeStyle = page.colour('muted');
			context.lineWidth = 1.4;
			for (const line of lines || []) {
				context.setLineDash([5, 4]);
				context.beginPath();
				if (line.x !== undefined) {
					context.moveTo(x(line.x), area.top);
					context.lineTo(x(line.x), area.bottom);
				} else {
					context.moveTo(area.left, y(line.y));
					context.lineTo(area.right, y(line.y));
				}
				context.stroke();
			}
			context.setLineDash([]);
			context.lineWidth = 1;
			context.strokeStyle = page.colour('muted') + '70';
			context.beginPath();
			for (const [x1, y1, x2, y2] of links || []) {
				context.moveTo(x(x1), y(y1));
				context.lineTo(x(x2), y(y2));
			}
			context.stroke();
			for (const b of boxes || [])
				drawBox(context, b, x, y);
			context.restore();
		},
	};

	function drawBox(context, b, x, y) {
		const left = x(b.x - SPREAD / 2 - 0.04);
		const width = x(b.x + SPREAD / 2 + 0.04) - left;

		context.fillStyle = colour(b.group) + '20';
		context.strokeStyle = colour(b.group) + 'a0';
		context.lineWidth = 1;
		context.fillRect(left, y(b.q3), width, y(b.q1) - y(b.q3));
		context.strokeRect(left, y(b.q3), width, y(b.q1) - y(b.q3));
		context.lineWidth = 2;
		context.beginPath();
		context.moveTo(left, y(b.median));
		context.lineTo(left + width, y(b.median));
		context.stroke();
	}

	/* Dots in their order from left to right; those of a sorted choice lie
	 * anywhere. */
	function place(at, i, n, sorted) {
		const share = sorted ? i * 0.618034 % 1 : (i + 0.5) / n;

		return at + (share - 0.5) * SPREAD;
	}

	/* groups: { name, group, values, keys, sorted, mean, low, high, q1, ... } */
	function dots(groups, title, unit, extra) {
		const points = [], colours = [], told = [], boxes = [], means = [];
		const dense = groups.some(g => g.values.length > 60);

		groups.forEach((g, at) => {
			const n = g.values.length;

			g.values.forEach((value, i) => {
				if (value === null)
					return;
				points.push({ x: place(at, i, n, g.sorted), y: value });
				colours.push(colour(g.group) + (dense ? '90' : 'd0'));
				told.push(g.name + (g.keys?.[i] ? ', ' + g.keys[i] : '') +
					': ' + text(value, unit));
			});
			if (g.n >= BOX_MIN)
				boxes.push({ x: at, group: g.group, q1: g.q1,
					median: g.median, q3: g.q3 });
			if (g.mean !== undefined && g.mean !== null)
				means.push({ at, g });
		});
		return {
			type: 'scatter',
			data: { datasets: [{
				label: 'mean and its 95 % interval', order: 0,
				data: means.map(m => ({ x: m.at + 0.36, y: m.g.mean })),
				intervals: means.map(m => ({ y: interval(m.g) })),
				told: means.map(m => m.g.name + ', mean: ' +
					meanText(m.g, unit)),
				backgroundColor: page.colour('text'),
				pointStyle: 'rectRot', pointRadius: 6,
				pointHoverRadius: 8, pointHitRadius: 6,
			}, {
				label: 'observation', order: 1, data: points, told,
				backgroundColor: colours, borderColor: colours,
				pointRadius: dense ? 2.5 : 4, pointHoverRadius: 7,
				pointHitRadius: 4,
			}] },
			plugins: [below, whiskers],
			options: {
				...options({
					x: groupAxis(groups),
					y: axis(title, {
						grace: '6%',
						...reach(groups),
						ticks: {
							color: page.colour('muted'),
							callback: v => unitText(v, unit),
						},
					}),
				}, item => ' ' + item.dataset.told[item.dataIndex]),
				below: { boxes, ...extra },
			},
		};
	}

	function meanText(g, unit) {
		const both = interval(g);

		return text(g.mean, unit) + (both === null ? '' : ', 95 %: ' +
			both.map(v => unitText(v, unit)).join(' to ')) + ', n = ' + g.n;
	}

	/* The intervals belong to the picture. */
	function reach(groups) {
		const ends = groups.flatMap(g => interval(g) || []);

		return ends.length === 0 ? {} : {
			suggestedMin: Math.min(...ends), suggestedMax: Math.max(...ends),
		};
	}

	function groupAxis(groups) {
		const most = narrow() ? 12 : groups.length > 12 ? 16 : 28;

		/* Few groups stay as narrow as many. */
		const room = Math.max(0, (4 - groups.length) / 2);

		return axis('', {
			type: 'linear', min: -0.5 - room,
			max: groups.length - 0.4 + room,
			grid: { display: false },
			afterBuildTicks: scale => (scale.ticks = groups.map((g, i) =>
				({ value: i }))),
			ticks: {
				color: page.colour('text'), autoSkip: false,
				maxRotation: 60,
				callback: v => groups[v] ? cut(groups[v].name, most) : '',
			},
		});
	}

	function unitOf(metric, prefix) {
		return prefix + (metric.unit && metric.unit !== 'bytes' ?
			' (' + metric.unit + ')' : '');
	}

	/* Of two paired groups the pairs, linked; else every observation. */
	function observations(metric, from) {
		const linked = data.paired !== '' && data.groups.length === 2;
		const pairs = metric.pairs[0];
		const groups = metric.groups.map((g, i) => ({
			...g, name: data.groups[i], group: i,
			...(linked ? {
				values: i === data.baseline ? pairs.a : pairs.b,
				keys: data.keys[pairs.group], sorted: false,
			} : {}),
		})).slice(from, from + PAGE_MAX);
		const links = [];
		const n = linked ? pairs.a.length : 0;

		for (let i = 0; i < n && n <= LINKS_MAX; i++) {
			const [a, b] = groups.map(g => g.values[i]);

			if (a !== null && b !== null)
				links.push([place(0, i, n), a, place(1, i, n), b]);
		}
		return dots(groups, unitOf(metric, cut(metric.name, 40)), metric.unit,
			{ links });
	}

	function differences(metric, from) {
		const groups = metric.pairs.map(p => ({
			...p, name: data.groups.length === 2 ? 'B \u2212 A' :
				data.groups[p.group],
			values: p.b.map((b, i) => b === null || p.a[i] === null ? null :
				b - p.a[i]),
			n: p.a.length, keys: data.keys[p.group],
		})).slice(from, from + PAGE_MAX);

		return dots(groups, unitOf(metric, 'difference of each pair'),
			metric.unit, { lines: [{ y: 0 }] });
	}

	/* In the order of measurement, with the mean of each segment. */
	function drift(metric) {
		const { values, means, starts } = metric.drift;
		const borders = [0, ...starts, values.length];
		const steps = means.flatMap((mean, i) => [
			{ x: borders[i] + 0.5, y: mean },
			{ x: borders[i + 1] + 0.5, y: mean }]);

		return {
			type: 'scatter',
			data: { datasets: [{
				label: 'mean of a stretch', type: 'line', order: 0,
				data: steps, borderColor: page.colour('series-1'),
				backgroundColor: page.colour('series-1'),
				borderWidth: 2.5, pointRadius: 0, pointHitRadius: 0,
			}, {
				label: 'observation', order: 1,
				data: values.map((y, i) => ({ x: i + 1, y })),
				backgroundColor: page.colour('series-0') + 'b0',
				pointRadius: values.length > 200 ? 2 : 3.5,
			}] },
			options: options({
				x: axis('observation, in the order of measurement',
					{ type: 'linear', min: 0, max: values.length + 1 }),
				y: axis(cut(unitOf(metric, 'off the mean'), 40), {
					grace: '5%', ticks: {
						color: page.colour('muted'),
						callback: v => unitText(v, metric.unit),
					},
				}),
			}, item => ' ' + item.raw.x + ': ' +
				text(item.raw.y, metric.unit)),
		};
	}

	/* Rows of the forest: a metric of a group against the baseline. */
	const rows = data.metrics.flatMap(metric => metric.contrasts
		.filter(c => c.ratio !== null).map(c => ({
			...c,
			name: data.groups.length === 2 ? metric.name :
				metric.name + ' \u00b7 ' + data.groups[c.group],
		})));

	const KINDS = [
		['lower', 'series-0', 'circle'], ['higher', 'series-1', 'circle'],
		['equivalent', 'series-2', 'rect'],
		['cannot tell', 'series-7', 'triangle'],
	];

	function kind(row) {
		return row.verdict === 'cannot_tell' ? 'cannot tell' :
			row.verdict === 'equivalent' ? 'equivalent' :
				row.ratio < 1 ? 'lower' : 'higher';
	}

	/* Names of rows inside the plot, where there is no room beside it. */
	const inside = {
		id: 'inside',
		afterDatasetsDraw(chart) {
			const { ctx: context, chartArea: area, scales } = chart;
			const { names } = chart.config.options.inside;

			context.save();
			context.fillStyle = page.colour('text');
			context.font = '12px ' + getComputedStyle(document.body)
				.fontFamily;
			names.forEach((name, i) => context.fillText(name,
				area.left + 4, scales.y.getPixelForValue(i) - 10,
				area.width - 8));
			context.restore();
		},
	};

	function forest(from) {
		const shown = rows.slice(from, from + PAGE_MAX);
		const ends = [1, ...shown.flatMap(r => [r.ratio,
			...(interval(r) || [])])];
		const least = Math.min(...ends), most = Math.max(...ends);
		const log = least > 0 && most / least > 8;
		const margin = data.margin;
		const small = narrow();

		return {
			type: 'scatter',
			height: shown.length * (small ? 46 : 30) + 110,
			data: { datasets: KINDS.map(([name, of, pointStyle]) => {
				const mine = shown.map((row, i) => ({ row, i }))
					.filter(m => kind(m.row) === name);

				return {
					label: name,
					data: mine.map(m => ({ x: m.row.ratio, y: m.i })),
					intervals: mine.map(m => ({ x: interval(m.row) })),
					told: mine.map(m => m.row.name + ': ' +
						ratioText(m.row)),
					backgroundColor: page.colour(of),
					borderColor: page.colour(of), pointStyle,
					pointRadius: 6, pointHoverRadius: 8,
					pointHitRadius: 8,
				};
			}).filter(s => s.data.length > 0) },
			plugins: small ? [below, whiskers, inside] : [below, whiskers],
			options: {
				...options({
					x: axis('B / A', {
						type: log ? 'logarithmic' : 'linear',
						suggestedMin: log ? least / 1.1 :
							least - (most - least) * 0.05,
						suggestedMax: log ? most * 1.1 :
							most + (most - least) * 0.05,
						ticks: { color: page.colour('muted'),
							callback: v => short(v) },
					}),
					y: axis('', {
						type: 'linear', reverse: true, min: -0.8,
						max: shown.length - 0.5,
						grid: { display: false },
						afterBuildTicks: scale => (scale.ticks =
							shown.map((r, i) => ({ value: i }))),
						ticks: {
							display: !small, autoSkip: false,
							color: page.colour('text'),
							callback: v => shown[v] ?
								cut(shown[v].name, 44) : '',
						},
					}),
				}, item => ' ' + item.dataset.told[item.dataIndex]),
				below: {
					lines: [{ x: 1 }],
					band: margin === null ? null :
						[1 - margin, 1 / (1 - margin)],
				},
				inside: { names: shown.map(r => cut(r.name, 44)) },
			},
		};
	}

	function ratioText(row) {
		const both = interval(row);

		return short(row.ratio) + (both === null ? '' : ', 95 %: ' +
			both.map(short).join(' to ')) + ', ' + kind(row);
	}

	function addPaged(box, count, make) {
		const shown = { from: 0 };
		let chart = null;
		const controls = count > PAGE_MAX ? page.element('div',
			{ class: 'choose' }, pages(shown, () => count,
			() => chart.draw())) : null;

		chart = add(box, () => make(shown.from), controls, false);
	}

	/* Every observation of a metric: what the dots are. */
	function addList(box, metric) {
		const dropped = metric.groups.reduce((sum, g) => sum +
			(g.sorted ? 1 : 0), 0);
		const list = () => [['group', metric.name],
			...metric.groups.flatMap((g, i) => g.values.map(v =>
				[data.groups[i], v]))];

		box.append(page.csvButton('observations.csv', list,
			'observations as CSV'));
		if (dropped > 0)
			box.append(page.element('span', { class: 'note' },
				'Too many for a page: evenly chosen by their size, the ' +
				'least and the most among them.'));
	}

	for (const box of document.querySelectorAll('.study-chart')) {
		const metric = data.metrics[box.dataset.metric ?? box.dataset.pairs ??
			box.dataset.drift];

		if (box.dataset.forest && rows.length > 0) {
			addPaged(box, rows.length, forest);
		} else if (box.dataset.metric) {
			addPaged(box, data.groups.length, from =>
				observations(metric, from));
			addList(box, metric);
		} else if (box.dataset.pairs) {
			box.prepend(page.element('h3', {}, 'Differences of the pairs'));
			addPaged(box, metric.pairs.length, from =>
				differences(metric, from));
		} else if (box.dataset.drift) {
			add(box, () => drift(metric), null, false);
		}
	}
	document.body.dataset.ready = 'yes';
	document.body.edgeprof = { charts };
})();
