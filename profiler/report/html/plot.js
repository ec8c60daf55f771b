/* SPDX-License-Identifier: GPL-3.0-or-later */
'use strict';

/* What the charts of studies and comparisons have in common, around Chart.js. */
const plot = (() => {
	const PAGE_MAX = 40; /* groups of bars, or rows, on one chart */
	const LAZY_MIN = 12; /* of so many charts those off the screen wait */
	const charts = [];

	function cut(name, most) {
		const letters = [...name];

		return letters.length > most ?
			letters.slice(0, most - 1).join('') + '\u2026' : name;
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

	/* Whiskers of the intervals, over bars and points alike. */
	const whiskers = {
		id: 'whiskers',
		afterDatasetsDraw(chart) {
			const context = chart.ctx;

			const area = chart.chartArea;

			context.save();
			context.beginPath();
			context.rect(area.left, area.top, area.width, area.height);
			context.clip();
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

	const lazy = document.querySelectorAll('.study-chart').length >= LAZY_MIN;
	const near = new IntersectionObserver(seen => seen.forEach(entry => {
		const chart = charts.find(c => c.canvas === entry.target);

		if (!entry.isIntersecting)
			return;
		near.unobserve(entry.target);
		if (!chart.graph)
			chart.draw();
	}), { rootMargin: '1000px' });

	/* A chart that can be drawn again, in other colours or of another figure.
	 * make() may set `height` beside what Chart.js takes. */
	function add(box, make, controls, tall) {
		const canvas = page.element('canvas', { role: 'img',
			'aria-label': 'chart; its figures are in the table below' });
		const frame = page.element('div',
			{ class: tall ? 'canvas-box tall' : 'canvas-box' }, canvas);
		const chart = {
			canvas, graph: null,
			draw() {
				const { height, ...what } = make();

				chart.graph?.destroy();
				if (height)
					frame.style.height = height + 'px';
				chart.graph = new Chart(canvas, what);
			},
		};

		if (controls)
			box.append(controls);
		box.append(frame);
		charts.push(chart);
		if (lazy)
			near.observe(canvas);
		else
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
		charts.filter(chart => chart.graph).forEach(chart => chart.draw());
	}

	page.onColours(() => {
		/* All of them are printed. */
		if (page.isPaper())
			charts.forEach(chart => chart.draw());
		else
			redraw();
	});
	return { PAGE_MAX, add, around, axis, bytes, charts, cut, narrow, options,
		pages, redraw, select, short, text, whiskers };
})();
