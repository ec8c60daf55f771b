/* SPDX-License-Identifier: GPL-3.0-or-later */
'use strict';

/* What every page has: contents, tables as CSV, colours of the present theme. */
const page = (() => {
	const root = document.documentElement;
	const dark = matchMedia('(prefers-color-scheme: dark)');
	const paper = matchMedia('print');
	const listeners = [];

	/* A colour of page.css: page.colour('muted'). */
	function colour(name) {
		return getComputedStyle(root).getPropertyValue('--' + name).trim();
	}

	function element(tag, attributes, ...children) {
		const made = document.createElement(tag);

		for (const [name, value] of Object.entries(attributes || {})) {
			if (name === 'class')
				made.className = value;
			else if (name.startsWith('on'))
				made.addEventListener(name.slice(2), value);
			else
				made.setAttribute(name, value);
		}
		made.append(...children);
		return made;
	}

	/* The data of <script type="application/json" id=...>. */
	function data(id) {
		return JSON.parse(document.getElementById(id).textContent);
	}

	/* A spreadsheet must not take text for a formula. */
	function csvCell(text) {
		const value = String(text === null || text === undefined ? '' : text);
		const safe = /^[=+@\t\r-]/.test(value) && !/^-?[\d.]/.test(value) ?
			"'" + value : value;

		return /[",\n\r]/.test(safe) ? '"' + safe.replace(/"/g, '""') + '"' :
			safe;
	}

	function csv(rows) {
		return rows.map(row => row.map(csvCell).join(',')).join('\n') + '\n';
	}

	function download(name, text) {
		const url = URL.createObjectURL(new Blob([text],
			{ type: 'text/csv;charset=utf-8' }));
		const link = element('a', { href: url, download: name });

		document.body.append(link);
		link.click();
		link.remove();
		setTimeout(() => URL.revokeObjectURL(url), 10000);
	}

	/* Cells may have all digits in data-v, and a half-width in data-u, which
	 * gets a column of its own. */
	function tableRows(table) {
		const rows = [...table.rows].map(row => [...row.cells]);
		const wide = rows[0].map((head, i) => rows.some(row =>
			row[i]?.dataset.u !== undefined));
		const text = cell => cell.dataset.v ?? cell.textContent.trim();

		return rows.map((row, k) => row.flatMap((cell, i) => !wide[i] ?
			[text(cell)] : [text(cell), k === 0 ? '\u00b1 95 %' :
				cell.dataset.u ?? '']));
	}

	function csvButton(name, rows, label = 'CSV') {
		return element('button', {
			type: 'button', class: 'small',
			onclick: () => download(name, csv(rows())),
		}, label);
	}

	function addTableButtons() {
		document.querySelectorAll('table.figures').forEach((table, i) => {
			const heading = table.closest('section')?.querySelector('h2');
			const name = (heading?.id || 's-table').slice(2) + '-' +
				(i + 1) + '.csv';

			table.closest('.scroll').after(
				csvButton(name, () => tableRows(table)));
		});
	}

	function addContents() {
		const nav = document.getElementById('contents');

		for (const heading of document.querySelectorAll('main h2[id]')) {
			const link = element('a', { href: '#' + heading.id },
				heading.textContent);
			const count = heading.id === 's-warnings' ? heading.parentNode
				.querySelectorAll('.warnings > li').length : 0;

			if (count > 0)
				link.append(' (' + count + ')');
			nav.append(link);
		}
	}

	function changed() {
		listeners.forEach(listener => listener());
	}

	/* Paper is white, whatever the screen is. */
	function print(begin) {
		root.classList.toggle('paper', begin);
		changed();
	}

	dark.addEventListener('change', changed);
	paper.addEventListener('change', event => print(event.matches));
	addEventListener('beforeprint', () => print(true));
	addEventListener('afterprint', () => print(false));

	addContents();
	addTableButtons();
	return {
		colour, csv, csvButton, data, download, element,
		isPaper: () => root.classList.contains('paper'),
		/* Called when the colours have changed. */
		onColours: listener => listeners.push(listener),
	};
})();
