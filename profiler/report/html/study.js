/* SPDX-License-Identifier: GPL-3.0-or-later */
'use strict';

/*
 * The charts of a study: a figure of every configuration as grouped bars with
 * its interval, and cost against gain with the Pareto front.  Drawn by
 * Chart.js; the figures come from the page.
 */
(() => {
	const data = page.data('data');
	const PAGE_MAX = 40; /* groups of bars side by side */
	const charts = [];
	/* The factor whose levels stand side by side in different colours. */
	const state = { factor: bestFactor() };

	function levelsOf(factor) {
		return [...new Set(data.configs.map(c => c.levels[factor]))];
	}

	/* Few levels, but more than one, are easiest to tell apart. */
	function bestFactor() {
		let best = -1, fewest = Infinity;

		if (data.factors.length < 2)
			return -1;
		data.factors.forEach((name, i) => {
			const count = levelsOf(i).length;

			if (count > 1 && count <= fewest && count <= 8) {
				best = i;
				fewest = count;
			}
		});
		return best;
	}

	function configName(config) {
		return config.levels.join(' \u00b7 ') || 'all';
	}

	function groupName(config) {
		return config.levels.filter((l, i) => i !== state.factor)
			.join(' \u00b7 ') || 'all';
	}

	function short(value) {
		return Number(value.toPrecision(4)).toLocaleString('en-US',
			{ maximumSignificantDigits: 4 });
	}

	function bytes(value) {
		const steps = [[2 ** 40, 'TiB'], [2 ** 30, 'GiB'],
			[2 ** 20, 'MiB'], [2 ** 10, 'KiB'], [1, 'B']];
		const [factor, unit] = steps.find(s => Math.abs(value) >= s[0]) ||
			[1, 'B'];

		return short(value / factor) + '\u202f' + unit;
	}

	function text(value, unit) {
		return unit === 'bytes' ? bytes(value) : short(value) + ' ' + unit;
	}

	function valueText(figure, i) {
		const u = figure.u95[i];

		return text(figure.mean[i], figure.unit) +
			(u === null ? '' : ' \u00b1 ' + (figure.unit === 'bytes' ?
				bytes(u) : short(u)));
	}

	/* Whiskers of the intervals, over bars and points alike. */
	const whiskers = {
		id: 'whiskers',
		afterDatasetsDraw(chart) {
			const context = chart.ctx;

			context.save();
			context.strokeStyle = page.colour('text');
			context.lineWidth = 1.2;
			chart.data.datasets.forEach((set, k) => {
				if (!set.intervals || !chart.isDatasetVisible(k))
					return;
				chart.getDatasetMeta(k).data.forEach((point, i) =>
					whisker(chart, set.intervals[i], point));
			});
			context.restore();
		},
	};

	/* interval: { y: [low, high], x: [low, high] }, either may be missing */
	function whisker(chart, interval, point) {
		const context = chart.ctx, cap = 3;

		if (!interval)
			return;
		context.beginPath();
		if (interval.y) {
			const [a, b] = interval.y.map(v =>
				chart.scales.y.getPixelForValue(v));

			context.moveTo(point.x, a);
			context.lineTo(point.x, b);
			for (const y of [a, b]) {
				context.moveTo(point.x - cap, y);
				context.lineTo(point.x + cap, y);
			}
		}
		if (interval.x) {
			const [a, b] = interval.x.map(v =>
				chart.scales.x.getPixelForValue(v));

			context.moveTo(a, point.y);
			context.lineTo(b, point.y);
			for (const x of [a, b]) {
				context.moveTo(x, point.y - cap);
				context.lineTo(x, point.y + cap);
			}
		}
		context.stroke();
	}

	function around(mean, u) {
		return mean === null || u === null ? null : [mean - u, mean + u];
	}

	function narrow() {
		return document.documentElement.clientWidth < 640;
	}

	function axis(title, extra) {
		return {
			title: { display: title !== '' && !narrow(), text: title,
				color: page.colour('muted') },
			grid: { color: page.colour('grid') },
			ticks: { color: page.colour('muted') },
			...extra,
		};
	}

	function options(scales, label) {
		return {
			animation: false,
			responsive: true,
			maintainAspectRatio: false,
			scales,
			plugins: {
				legend: {
					labels: {
						color: page.colour('text'), boxWidth: 14,
						/* The line joins points that have an entry. */
						filter: item => item.text !== '',
					},
				},
				tooltip: { callbacks: { label } },
			},
		};
	}

	function title(figure) {
		return figure.label + (figure.unit && figure.unit !== 'bytes' ?
			' (' + figure.unit + (data.estimated &&
				/[JW]/.test(figure.unit) ? ', estimated' : '') + ')' : '');
	}

	/* One bar for each configuration; colours by the levels of one factor, or
	 * with `together` by the figures. */
	function bars(section, figures, from) {
		const names = [...new Set(data.configs.map(section.together ?
			configName : groupName))].slice(from, from + PAGE_MAX);
		const colour = i => page.colour('series-' + i % 8);
		const sets = [];
		const add = (label, i, wanted, figure) => {
			const of = names.map(name => data.configs.findIndex(c =>
				wanted(c) && (section.together ? configName(c) :
					groupName(c)) === name));

			sets.push({
				label,
				backgroundColor: colour(i) + 'c0',
				borderColor: colour(i),
				borderWidth: 1,
				data: of.map(k => k < 0 ? null : figure.mean[k]),
				intervals: of.map(k => k < 0 ? null : {
					y: around(figure.mean[k], figure.u95[k]),
				}),
				configs: of,
				figure,
			});
		};

		if (section.together)
			figures.forEach((f, i) => add(f.label, i, () => true, f));
		else if (state.factor < 0)
			add(figures[0].label, 0, () => true, figures[0]);
		else
			levelsOf(state.factor).forEach((level, i) =>
				add(data.factors[state.factor] + ' ' + level, i,
					c => c.levels[state.factor] === level,
					figures[0]));
		return {
			type: 'bar',
			data: { labels: names, datasets: sets },
			plugins: [whiskers],
			options: options({
				x: axis(data.factors.filter((f, i) => section.together ||
					i !== state.factor).join(' \u00b7 '), {
					grid: { display: false },
					ticks: {
						color: page.colour('muted'),
						autoSkip: narrow(),
						maxRotation: 70,
						font: { size: names.length > 24 ? 10 : 12 },
					},
				}),
				y: axis(section.together ? figures[0].unit :
					title(figures[0]), {
					beginAtZero: true,
					/* The whiskers belong to the picture. */
					suggestedMax: largest(sets),
					ticks: {
						color: page.colour('muted'),
						callback: v => figures[0].unit === 'bytes' ?
							bytes(v) : short(v),
					},
				}),
			}, item => {
				const set = item.dataset;
				const k = set.configs[item.dataIndex];

				return ' ' + set.label + ': ' +
					valueText(set.figure, k) + ', ' +
					data.configs[k].runs + ' runs';
			}),
		};
	}

	function largest(sets) {
		let most = 0;

		for (const set of sets)
			for (const interval of set.intervals)
				if (interval?.y && interval.y[1] > most)
					most = interval.y[1];
		return most;
	}

	function scatter() {
		const all = data.sections.flatMap(s => s.figures);
		const cost = all.find(f => f.metric === data.cost);
		const gain = all.find(f => f.metric === data.gain);
		const point = i => ({ x: cost.mean[i], y: gain.mean[i] });
		const interval = i => ({ x: around(cost.mean[i], cost.u95[i]),
			y: around(gain.mean[i], gain.u95[i]) });
		const rest = data.configs.map((c, i) => i).filter(i =>
			cost.mean[i] !== null && gain.mean[i] !== null &&
			!data.front.includes(i));
		const front = data.front.filter(i => i !== data.knee);
		const set = (label, indices, colour, extra) => ({
			label, data: indices.map(point),
			intervals: indices.map(interval), configs: indices,
			backgroundColor: colour, borderColor: colour,
			pointRadius: 5, pointHoverRadius: 7, ...extra,
		});
		const sets = [
			set('others', rest, page.colour('series-7')),
			set('Pareto front', front, page.colour('series-0')),
		];

		if (data.knee !== null)
			sets.push(set('knee', [data.knee], page.colour('series-1'),
				{ pointStyle: 'rectRot', pointRadius: 9,
					pointHoverRadius: 11 }));
		sets.push({
			label: '', type: 'line', data: data.front.map(point),
			borderColor: page.colour('series-0'), borderWidth: 1.5,
			borderDash: [6, 4], pointRadius: 0, pointHitRadius: 0,
			stepped: false, fill: false,
		});
		return {
			type: 'scatter',
			data: { datasets: sets.filter(s => s.data.length > 0) },
			plugins: [whiskers],
			options: options({
				x: axis('energy ' + title(cost) + ', less is better',
					{ grace: '5%' }),
				y: axis(title(gain) + ', more is better',
					{ grace: '5%' }),
			}, item => {
				const k = item.dataset.configs?.[item.dataIndex];

				return k === undefined ? '' : ' ' +
					configName(data.configs[k]) + ': ' +
					valueText(cost, k) + ', ' + valueText(gain, k);
			}),
		};
	}

	/* A chart that can be drawn again, in other colours or of another figure. */
	function add(box, make, controls, tall) {
		const canvas = page.element('canvas', { role: 'img',
			'aria-label': 'chart; its figures are in the table below' });
		const chart = {
			canvas, graph: null,
			draw() {
				chart.graph?.destroy();
				chart.graph = new Chart(canvas, make());
			},
		};

		if (controls)
			box.append(controls);
		box.append(page.element('div',
			{ class: tall ? 'canvas-box tall' : 'canvas-box' }, canvas));
		charts.push(chart);
		chart.draw();
		return chart;
	}

	function select(label, entries, value, change) {
		const made = page.element('select', {
			onchange: () => change(made.value),
		});

		entries.forEach(([key, name]) => made.append(page.element('option',
			{ value: key, ...(String(key) === String(value) ?
				{ selected: '' } : {}) }, name)));
		return page.element('label', {}, label + ' ', made);
	}

	function addSection(box) {
		const section = data.sections[box.dataset.section];
		const shown = { figure: 0, from: 0 };
		const controls = page.element('div', { class: 'choose' });
		const count = () => new Set(data.configs.map(section.together ?
			configName : groupName)).size;
		let chart = null;

		if (!section.together && section.figures.length > 1)
			controls.append(select('show', section.figures.map((f, i) =>
				[i, f.label]), 0, value => {
				shown.figure = Number(value);
				chart.draw();
			}));
		if (count() > PAGE_MAX)
			controls.append(pages(shown, count, () => chart.draw()));
		chart = add(box, () => bars(section, section.together ?
			section.figures : [section.figures[shown.figure]],
		shown.from), controls.children.length > 0 ? controls : null,
		count() > 24);
	}

	function pages(shown, count, draw) {
		const note = page.element('span', {});
		const turn = by => {
			shown.from = Math.min(Math.max(0, shown.from + by),
				Math.floor((count() - 1) / PAGE_MAX) * PAGE_MAX);
			tell();
			draw();
		};
		const tell = () => (note.textContent = ' ' + (shown.from + 1) +
			' to ' + Math.min(shown.from + PAGE_MAX, count()) + ' of ' +
			count() + ' ');

		tell();
		return page.element('span', {},
			page.element('button', { type: 'button',
				'aria-label': 'earlier', onclick: () =>
					turn(-PAGE_MAX) }, '\u25c0'), note,
			page.element('button', { type: 'button',
				'aria-label': 'later', onclick: () =>
					turn(PAGE_MAX) }, '\u25b6'));
	}

	function redraw() {
		charts.forEach(chart => chart.draw());
	}

	if (data.factors.length > 1) {
		const entries = data.factors.map((name, i) => [i, name])
			.filter(([i]) => levelsOf(i).length <= 8);

		document.getElementById('choose').append(page.element('div',
			{ class: 'choose' }, select('colours by', [...entries,
				[-1, 'none']], state.factor, value => {
				state.factor = Number(value);
				redraw();
			})));
	}
	for (const box of document.querySelectorAll('.study-chart')) {
		if (box.dataset.pareto)
			add(box, scatter, null, true);
		else
			addSection(box);
	}
	page.onColours(redraw);
	document.body.dataset.ready = 'yes';
	document.body.edgeprof = { charts };
})();
