/* SPDX-License-Identifier: GPL-3.0-or-later */
'use strict';

/*
 * The charts of a study: a figure of every configuration as grouped bars with
 * its interval, and cost against gain with the Pareto front.  Drawn by
 * Chart.js; the figures come from the page.
 */
(() => {
	const data = page.data('data');
	const { PAGE_MAX, add, around, axis, bytes, charts, cut, narrow, options, pages,
		redraw, select, short, text, whiskers } = plot;
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

	function valueText(figure, i) {
		const u = figure.u95[i];

		return text(figure.mean[i], figure.unit) +
			(u === null ? '' : ' \u00b1 ' + (figure.unit === 'bytes' ?
				bytes(u) : short(u)));
	}

	function title(figure) {
		return figure.label + (figure.unit && figure.unit !== 'bytes' ?
			' (' + figure.unit + (data.estimated &&
				/[JW]/.test(figure.unit) ? ', estimated' : '') + ')' : '');
	}

	/* Two figures of a section may have one label. */
	function named(figure) {
		return figure.label + (/^(per|at) /.test(figure.unit) ?
			' ' + figure.unit : '');
	}

	/* Steps of an axis in bytes. */
	function steps(unit, most) {
		return unit === 'bytes' && most > 0 ?
			{ stepSize: 2 ** Math.ceil(Math.log2(most / 6)) } : {};
	}

	/* One bar for each configuration; colours by the levels of one factor, or
	 * with `together` by the figures. */
	function bars(section, figures, from) {
		const names = [...new Set(data.configs
			.filter((c, i) => !section.partial ||
				section.figures.some(f => f.mean[i] !== null))
			.map(section.together ? configName : groupName))]
			.slice(from, from + PAGE_MAX);
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
						/* The whole name is in the tooltip. */
						callback: v => names[v].split(' \u00b7 ')
							.map(part => cut(part, 20)).join(' \u00b7 '),
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
						...steps(figures[0].unit, largest(sets)),
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
		return Math.max(most, ...sets.flatMap(set => set.data));
	}

	/* The whiskers belong to the picture. */
	function reach(figure) {
		const ends = figure.mean.flatMap((mean, i) =>
			around(mean, figure.u95[i]) || []);

		return ends.length === 0 ? {} : {
			suggestedMin: Math.min(...ends), suggestedMax: Math.max(...ends),
		};
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
					{ grace: '5%', ...reach(cost) }),
				y: axis(title(gain) + ', more is better',
					{ grace: '5%', ...reach(gain) }),
			}, item => {
				const k = item.dataset.configs?.[item.dataIndex];

				return k === undefined ? '' : ' ' +
					configName(data.configs[k]) + ': ' +
					valueText(cost, k) + ', ' + valueText(gain, k);
			}),
		};
	}

	/* The resident set of one run of each configuration, in the colours of
	 * the levels. */
	function memory() {
		const levels = state.factor < 0 ? [] : levelsOf(state.factor);
		const nameOf = line => data.configs[line.config].number + ': ' +
			configName(data.configs[line.config]);
		const place = (line, k) => state.factor < 0 ? k :
			levels.indexOf(data.configs[line.config].levels[state.factor]);
		const chart = options({
			x: axis('seconds since the program was let go', {
				type: 'linear',
				min: Math.min(0, ...data.memory.map(firstTime)),
			}),
			y: axis('resident set', {
				beginAtZero: true,
				ticks: { color: page.colour('muted'),
					...steps('bytes', Math.max(...data.memory.flatMap(
						line => line.values))),
					callback: v => bytes(v) },
			}),
		}, item => ' ' + item.dataset.name + ': ' + bytes(item.raw.y) +
			' at ' + short(item.raw.x) + ' s');
		const sets = data.memory.map((line, k) => ({
			name: nameOf(line),
			label: state.factor < 0 ? nameOf(line) :
				data.factors[state.factor] + ' ' +
				levels[place(line, k)],
			showLine: true, borderWidth: 1.6, pointRadius: 0,
			pointHitRadius: 6, spanGaps: true,
			borderColor: page.colour('series-' + place(line, k) % 8),
			backgroundColor: page.colour('series-' + place(line, k) % 8),
			data: line.values.map((y, i) =>
				({ x: line.start + i * line.step, y }))
				.filter(p => p.y !== null),
		}));

		/* One entry for all lines of a level. */
		chart.plugins.legend.display = state.factor >= 0 || sets.length <= 12;
		chart.plugins.legend.onClick = null;
		chart.plugins.legend.labels.filter = (item, { datasets }) => datasets
			.findIndex(d => d.label === item.text) === item.datasetIndex;
		return { type: 'scatter', data: { datasets: sets }, options: chart };
	}

	function firstTime(line) {
		const i = line.values.findIndex(v => v !== null);

		return i < 0 ? 0 : line.start + i * line.step;
	}

	function addMemory(box) {
		add(box, memory, null, true);
		box.append(page.csvButton('memory.csv', () => [
			['configuration', 'run', 'time_s', 'rss_bytes'],
			...data.memory.flatMap(line => line.values.map((v, i) =>
				[data.configs[line.config].number, line.run,
					line.start + i * line.step, v])
				.filter(row => row[3] !== null)),
		], 'course as CSV'));
	}

	function addSection(box) {
		const section = data.sections[box.dataset.section];
		const shown = { figure: section.show ?? 0, from: 0 };
		const controls = page.element('div', { class: 'choose' });
		const count = () => new Set(data.configs.map(section.together ?
			configName : groupName)).size;
		let chart = null;

		if (!section.together && section.figures.length > 1)
			controls.append(select('show', section.figures.map((f, i) =>
				[i, named(f)]), shown.figure, value => {
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
		else if (box.dataset.memory)
			addMemory(box);
		else
			addSection(box);
	}
	document.body.dataset.ready = 'yes';
	document.body.edgeprof = { charts };
})();
