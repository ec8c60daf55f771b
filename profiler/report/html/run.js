/* SPDX-License-Identifier: GPL-3.0-or-later */
'use strict';

/*
 * The charts of one run: every series of trace.csv on one time axis.  The page
 * holds the whole run; what a window shows is reduced to about two points for
 * each pixel, so that zooming stays fast.
 */
(() => {
	const { data, FULL, view, phases, allSeries, seconds, phaseText,
		phaseColour, rowsBetween, setView, zoom, move, readout,
		addChart } = run;
	const box = document.getElementById('charts');

	/* What is drawn together, in this order. */

	const GROUPS = [
		{ title: 'Power', unit: 'W', zero: true, idle: true,
			takes: s => s.quantity === 'w' ||
				(s.quantity === 'j' && s.rate) },
		{ title: 'Counters', unit: '/s', zero: true, apart: true,
			takes: s => s.quantity === 'count' && s.rate },
		{ title: 'Frequency', unit: 'Hz', zero: true,
			takes: s => s.quantity === 'hz' },
		{ title: 'Temperature', unit: '\u00b0C', zero: false,
			takes: s => s.quantity === 'c' },
		{ title: 'Memory of the program', unit: 'B', zero: true,
			takes: s => s.quantity === 'bytes' && !s.rate &&
				!/available|system|free/.test(s.name) },
		{ title: 'CPUs busy', unit: 'CPUs', zero: true,
			takes: s => s.quantity === 's' && s.rate &&
				!/^pressure\./.test(s.name) },
		{ title: 'Waiting (pressure), share of time', unit: '', zero: true,
			folded: true, takes: s => s.quantity === 's' && s.rate },
		{ title: 'Memory of the machine', unit: 'B', zero: true,
			folded: true, takes: s => s.quantity === 'bytes' && !s.rate },
		{ title: 'Voltage', unit: 'V', zero: false, folded: true,
			takes: s => s.quantity === 'v' },
		{ title: 'Current', unit: 'A', zero: true, folded: true,
			takes: s => s.quantity === 'a' },
		{ title: 'Others', unit: '', zero: true, folded: true,
			takes: () => true },
	];

	const choice = page.element('select',
		{ 'aria-label': 'zoom to a phase', onchange: zoomToPhase });

	function zoomToPhase() {
		const p = phases[choice.value];
		const edge = p ? (p.to - p.from) * 0.05 + data.interval_s : 0;

		if (p)
			setView(p.from - edge, p.to + edge);
		else
			setView(FULL.from, FULL.to);
	}

	function toolbar() {
		const button = (text, label, act, kind) => page.element('button',
			{ type: 'button', 'aria-label': label, title: label,
				class: kind || '', onclick: act }, text);

		choice.append(page.element('option', { value: '' }, 'Whole run'));
		/* Long lists are of no use in a menu. */
		phases.slice(0, 500).forEach((p, i) =>
			choice.append(page.element('option', { value: i },
				phaseText(p) + ', ' + seconds(p.to - p.from, 1))));
		return page.element('div', { class: 'bar' }, choice,
			button('+', 'zoom in', () => zoom(0.5)),
			button('\u2212', 'zoom out', () => zoom(2)),
			button('\u25c0', 'earlier', () => move(-0.5), 'move'),
			button('\u25b6', 'later', () => move(0.5), 'move'),
			button('Reset', 'show the whole run', () => {
				choice.value = '';
				setView(FULL.from, FULL.to);
			}),
			page.csvButton('timeline.csv', visibleCsv), readout);
	}

	function visibleCsv() {
		const rows = rowsBetween(allSeries, view.from, view.to, 1e9);

		return [['time_s', ...allSeries.map(s => s.name + '_' +
			s.quantity + (s.rate ? '_per_s' : ''))],
		...rows.map(row => row.map(v => Number.isNaN(v) ? '' : v))];
	}

	function hasValue(s) {
		return s.high >= s.low;
	}

	/* Counters differ by orders of magnitude: each has a chart of its own,
	 * those that never counted share a line. */
	function addCounters(into, group, series) {
		const still = series.filter(s => s.high === 0 && s.low === 0);
		const moving = series.filter(s => !still.includes(s));
		const rest = page.element('details', { class: 'panels' },
			page.element('summary', {},
				(moving.length - 6) + ' more counters'));

		moving.forEach((s, i) => addChart(i < 6 ? into : rest, group,
			s.name.replace(/_/g, ' '), [s], group.unit, true));
		if (moving.length > 6)
			into.append(rest);
		if (still.length > 0)
			into.append(page.element('p', { class: 'note' },
				'Zero throughout: ' +
				still.map(s => s.name.replace(/_/g, ' ')).join(', ') + '.'));
	}

	function addGroups() {
		let rest = allSeries.filter(hasValue);
		const empty = allSeries.filter(s => !hasValue(s));

		for (const group of GROUPS) {
			const mine = rest.filter(group.takes);
			let into = box;

			rest = rest.filter(s => !mine.includes(s));
			if (mine.length === 0)
				continue;
			if (group.folded) {
				into = page.element('details', { class: 'panels' },
					page.element('summary', {}, group.title));
				box.append(into);
			}
			mine.sort((a, b) => b.total - a.total);
			if (group.apart)
				addCounters(into, group, mine);
			else
				addChart(into, group, group.title, mine, group.unit);
		}
		if (empty.length > 0)
			box.append(page.element('p', { class: 'note' },
				'Without any value: ' +
				empty.map(s => s.name).join(', ') + '.'));
	}

	function swatches() {
		const names = [...new Set(phases.map(p => p.name))].slice(0, 12);

		return page.element('div', { class: 'swatches' },
			...names.map(name => {
				const svg = document.createElementNS(
					'http://www.w3.org/2000/svg', 'svg');
				const rect = document.createElementNS(svg.namespaceURI,
					'rect');

				svg.setAttribute('viewBox', '0 0 12 12');
				rect.setAttribute('width', 12);
				rect.setAttribute('height', 12);
				rect.setAttribute('fill', phaseColour(name));
				rect.setAttribute('opacity', 0.6);
				svg.append(rect);
				return page.element('span', {}, svg, name);
			}));
	}

	function limits() {
		const texts = [];

		if (data.tokens_more > 0)
			texts.push(data.tokens_more + ' more tokens');
		if (data.missed_more > 0)
			texts.push(data.missed_more + ' more missed ticks');
		if (data.moments_more > 0)
			texts.push(data.moments_more + ' more events');
		return texts.length === 0 ? '' : page.element('p',
			{ class: 'note' }, 'Not drawn: ' + texts.join(', ') + '.');
	}

	let legend = swatches();

	function recolour() {
		const fresh = swatches();

		legend.replaceWith(fresh);
		legend = fresh;
		run.recolour();
		run.drawLanes();
	}

	let width = 0;

	new ResizeObserver(() => {
		if (box.clientWidth === width)
			return;
		width = box.clientWidth;
		/* dygraphs resizes by itself; the rows must fit the new width. */
		setView(view.from, view.to);
	}).observe(box);

	box.append(toolbar(), page.element('p', { class: 'note hint' },
		'Drag to zoom, shift and drag to move, two fingers or ctrl and wheel ' +
		'to zoom, double click for the whole run. Click a name to hide it.'),
	run.lanesBox, legend, limits());
	addGroups();
	run.listen(run.lanesBox, t => run.hoverAll(t, run.toldAt(t)));
	page.onColours(recolour);
	run.drawLanes();
	run.tell(null);
	/* For tests: what the charts show now. */
	box.dataset.ready = 'yes';
	box.edgeprof = { view, charts: run.charts, setView, FULL };
})();
