/* SPDX-License-Identifier: GPL-3.0-or-later */
'use strict';

/* The charts: lines by dygraphs, legends and what lies behind the lines. */
Object.assign(run, (() => {
	/* The legends are ours: that of dygraphs sets styles by attributes, which
	 * the page's policy forbids. */
	Dygraph.PLUGINS = Dygraph.PLUGINS.filter(
		plugin => plugin !== Dygraph.Plugins.Legend);

	const { data, view, AXIS_PX, GAP_PX, phases, tokens, phaseColour, format,
		seconds, style, lowerBound, rowsBetween, scale, tell,
		listen } = run;
	/* So many points and more are drawn as bars. */
	const BARS_MIN = 500;
	const charts = [];

	function addLegend(chart, index) {
		const s = chart.series[index];
		const line = document.createElementNS('http://www.w3.org/2000/svg',
			'svg');
		const stroke = document.createElementNS(line.namespaceURI, 'line');
		const at = page.element('span', { class: 'at' });
		const button = page.element('button', {
			type: 'button', 'aria-pressed': String(s.shown),
			title: 'show or hide ' + s.name,
			onclick: () => {
				s.shown = !s.shown;
				button.setAttribute('aria-pressed', String(s.shown));
				chart.stale = true;
				draw(chart);
			},
		}, line, chart.low ? '' : label(s), at);

		line.setAttribute('viewBox', '0 0 18 10');
		for (const [name, value] of Object.entries({ x1: 0, x2: 18, y1: 5,
			y2: 5, 'stroke-width': s.total ? 3 : 2 }))
			stroke.setAttribute(name, value);
		line.append(stroke);
		s.stroke = stroke;
		s.at = at;
		return button;
	}

	function label(s) {
		return (s.total ? 'total' : s.name) +
			(s.estimated ? ' (estimated)' : '');
	}

	function paint(chart) {
		chart.series.forEach((s, i) => {
			const { colour, dash } = style(i);

			s.stroke.setAttribute('stroke', colour);
			s.stroke.setAttribute('stroke-dasharray',
				dash ? dash.join(' ') : 'none');
		});
	}

	/* Behind the lines: phases, ticks of tokens, missed ticks, idle power. */
	function underlay(chart, context, area, graph) {
		const x = scale(area.x, area.w);
		const first = lowerBound(phases.length, k => phases[k].to, view.from);
		let drawn = -Infinity;

		context.save();
		for (let i = first; i < phases.length; i++) {
			const p = phases[i], left = x(p.from), right = x(p.to);

			if (p.from > view.to)
				break;
			if (right < drawn + 0.5)
				continue;
			drawn = right;
			context.globalAlpha = 0.13;
			context.fillStyle = phaseColour(p.name);
			context.fillRect(left, area.y, right - left, area.h);
		}
		context.globalAlpha = 1;
		underTokens(context, area, x);
		context.fillStyle = page.colour('bad');
		for (const [t] of data.missed)
			if (t >= view.from && t <= view.to)
				context.fillRect(x(t), area.y, 1, area.h);
		if (chart.group.idle && data.idle_w !== null)
			underIdle(context, area, graph);
		context.restore();
	}

	/* Ticks only where they can be told apart; the lane shows them all. */
	function underTokens(context, area, x) {
		const first = lowerBound(tokens.length, k => tokens[k], view.from);
		const last = lowerBound(tokens.length, k => tokens[k], view.to);

		if (last - first > area.w / 3)
			return;
		context.fillStyle = page.colour('phase-generation');
		for (let i = first; i < last; i++)
			context.fillRect(Math.round(x(tokens[i])),
				area.y + area.h - 6, 1, 6);
	}

	function underIdle(context, area, graph) {
		const y = Math.round(graph.toDomYCoord(data.idle_w)) + 0.5;

		if (!(y > area.y && y < area.y + area.h))
			return;
		context.strokeStyle = context.fillStyle = page.colour('muted');
		context.setLineDash([5, 4]);
		context.beginPath();
		context.moveTo(area.x, y);
		context.lineTo(area.x + area.w, y);
		context.stroke();
		context.font = '11px system-ui, sans-serif';
		context.textAlign = 'right';
		context.fillText('idle ' + format(data.idle_w, 'W', 3),
			area.x + area.w - 4, y - 5);
	}

	/*
	 * Many pairs of smallest and largest values as upright bars that touch
	 * their neighbours: the same picture as their zigzag line, which takes ten
	 * times as long without a graphics processor.
	 */
	function plot(chart, event) {
		const { points, drawingContext: context } = event;
		const half = event.strokeWidth / 2;
		let lower = NaN, upper = NaN, right = NaN; /* of the bar before */

		if (!chart.paired || points.length < BARS_MIN) {
			Dygraph.Plotters.linePlotter(event);
			return;
		}
		context.fillStyle = event.color;
		for (let i = 0; i < points.length;) {
			const a = points[i];
			const paired = a.idx % 2 === 0 && i + 1 < points.length;
			const b = paired ? points[i + 1] : a;
			let top = Math.min(a.canvasy, b.canvasy);
			let bottom = Math.max(a.canvasy, b.canvasy);

			i += paired ? 2 : 1;
			if (Number.isNaN(top)) {
				lower = upper = right = NaN;
				continue;
			}
			const width = Math.max(1, 2 * (b.canvasx - a.canvasx));

			[top, bottom, upper, lower] = [
				lower < top ? lower : top,
				upper > bottom ? upper : bottom, top, bottom];
			/* Whole pixels: half covered ones would make a pattern. */
			const begin = Math.floor(a.canvasx - width / 4);
			const left = Math.abs(begin - right) < 2 ? right : begin;

			right = Math.floor(a.canvasx + width * 3 / 4);

			context.fillRect(left, top - half, Math.max(1, right - left),
				bottom - top + 2 * half);
		}
	}

	function options(chart) {
		const unit = chart.unit;
		const zero = chart.group.zero;
		const styles = {};

		chart.series.forEach((s, i) => {
			const { dash } = style(i);

			styles[s.id] = {
				strokeWidth: s.total ? 2 : 1.2,
				...(dash ? { strokePattern: dash } : {}),
			};
		});
		return {
			colors: chart.series.map((s, i) => style(i).colour),
			series: styles,
			includeZero: zero,
			gridLineColor: page.colour('grid'),
			axisLineColor: page.colour('line'),
			axes: {
				x: {
					drawAxis: true,
					axisLabelFormatter: t => seconds(t,
						(view.to - view.from) / 5),
				},
				y: {
					pixelsPerLabel: chart.low ? 26 : 38,
					labelsKMG2: unit === 'B',
					/* Ticks take six pixels beside it. */
					axisLabelWidth: AXIS_PX - 6,
					axisLabelFormatter: (v, g, o, graph) => {
						const [a, b] = graph.yAxisRange();

						return format(v, unit, 4, Math.max(
							Math.abs(a), Math.abs(b)));
					},
				},
			},
		};
	}

	function rowsOf(chart) {
		const rows = rowsBetween(chart.series, view.from, view.to,
			Math.max(50, chart.plot.clientWidth - AXIS_PX - GAP_PX));

		chart.paired = rows.paired;
		return rows;
	}

	function create(chart) {
		chart.graph = new Dygraph(chart.plot, rowsOf(chart), {
			...options(chart),
			labels: ['t', ...chart.series.map(s => s.id)],
			visibility: chart.series.map(s => s.shown),
			dateWindow: [view.from, view.to],
			interactionModel: {},
			animatedZooms: false,
			plotter: event => plot(chart, event),
			rightGap: GAP_PX,
			xRangePad: 0,
			yRangePad: 14,
			highlightCircleSize: 3,
			axisLabelFontSize: 11,
			pixelsPerLabel: 70,
			xAxisHeight: 18,
			underlayCallback: (context, area, graph) =>
				underlay(chart, context, area, graph),
		});
		chart.stale = false;
	}

	function draw(chart) {
		if (!chart.graph) {
			create(chart);
			return;
		}
		if (!chart.stale)
			return;
		chart.stale = false;
		chart.graph.updateOptions({
			file: rowsOf(chart),
			dateWindow: [view.from, view.to],
			visibility: chart.series.map(s => s.shown),
		});
	}

	/* Marks the row nearest to t and writes its values into the legend. */
	function select(chart, t) {
		const graph = chart.graph, count = graph.numRows();
		let row;

		if (t === null || count === 0) {
			graph.clearSelection();
			chart.series.forEach(s => (s.at.textContent = ''));
			return;
		}
		row = Math.min(count - 1,
			lowerBound(count, i => graph.getValue(i, 0), t));
		if (row > 0 && t - graph.getValue(row - 1, 0) <
				graph.getValue(row, 0) - t)
			row--;
		graph.setSelection(row);
		chart.series.forEach((s, i) => {
			s.at.textContent = !s.shown ? '' :
				valueText(chart, row, i + 1);
		});
	}

	/* Rows come in pairs where one stands for several. */
	function valueText(chart, row, column) {
		const { graph, paired, unit } = chart;
		const partner = row ^ 1;
		const v = graph.getValue(row, column);
		const w = paired && partner < graph.numRows() ?
			graph.getValue(partner, column) : v;

		if (Number.isNaN(v) || v === null)
			return 'no value';
		if (v === w || Number.isNaN(w))
			return format(v, unit, 4);
		return format(Math.min(v, w), unit, 4) + ' to ' +
			format(Math.max(v, w), unit, 4);
	}

	const seen = new IntersectionObserver(entries => {
		for (const entry of entries) {
			const chart = entry.target.chart;

			chart.visible = entry.isIntersecting;
			if (chart.visible)
				draw(chart);
		}
	}, { rootMargin: '200px' });

	function addChart(into, group, title, series, unit, low) {
		const chart = { group, series, unit, low, stale: false,
			visible: false };

		chart.plot = page.element('div', { class: 'plot' });
		chart.plot.chart = chart;
		chart.legend = page.element('span', { class: 'legend' });
		chart.box = page.element('div',
			{ class: low ? 'chart low' : 'chart' },
			page.element('h3', {}, title), chart.legend, chart.plot);
		series.forEach((s, i) => chart.legend.append(addLegend(chart, i)));
		paint(chart);
		into.append(chart.box);
		charts.push(chart);
		listen(chart.plot, t => hoverAll(t));
		seen.observe(chart.plot);
	}

	/* The same instant in every chart that is on screen. */
	function hoverAll(t, extra) {
		tell(t, extra);
		for (const chart of charts)
			if (chart.graph && chart.visible)
				select(chart, t);
	}

	function redraw() {
		for (const chart of charts) {
			chart.stale = true;
			if (chart.visible || page.isPaper())
				draw(chart);
		}
	}

	/* In the colours of the present theme. */
	function recolour() {
		for (const chart of charts) {
			paint(chart);
			if (chart.graph || page.isPaper()) {
				draw(chart);
				chart.graph.updateOptions(options(chart));
			}
		}
	}

	run.onView(redraw);
	return { charts, addChart, hoverAll, recolour };
})());
