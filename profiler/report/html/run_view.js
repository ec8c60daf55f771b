/* SPDX-License-Identifier: GPL-3.0-or-later */
'use strict';

/* The window of time that all charts show, and what moves it. */
Object.assign(run, (() => {
	const { data, FULL, AXIS_PX, GAP_PX, format, seconds, phaseAt,
		phaseText } = run;
	const SPAN_MIN_S = 4 * data.interval_s;
	const view = { from: FULL.from, to: FULL.to };
	const listeners = [];
	const readout = page.element('div',
		{ class: 'readout', 'aria-live': 'off' });
	let frame = 0;

	function setView(from, to) {
		const span = Math.min(FULL.to - FULL.from,
			Math.max(SPAN_MIN_S, to - from));

		from = Math.min(Math.max(FULL.from, (from + to - span) / 2),
			FULL.to - span);
		if (!Number.isFinite(from))
			return;
		view.from = from;
		view.to = from + span;
		if (!frame)
			frame = requestAnimationFrame(show);
	}

	function show() {
		frame = 0;
		listeners.forEach(listener => listener());
		tell(null);
	}

	function zoom(factor, at) {
		const middle = at === undefined ? (view.from + view.to) / 2 : at;

		setView(middle - (middle - view.from) * factor,
			middle + (view.to - middle) * factor);
	}

	function move(share) {
		const span = view.to - view.from;
		const by = Math.min(Math.max(share * span, FULL.from - view.from),
			FULL.to - view.to);

		setView(view.from + by, view.to + by);
	}

	/* Pixels of an instant. */
	function scale(left, width) {
		return t => left + (t - view.from) / (view.to - view.from) * width;
	}

	/* t: what the mouse is at, or null */
	function tell(t, extra) {
		const p = t === null ? null : phaseAt(t);
		const span = view.to - view.from;

		readout.replaceChildren();
		if (t === null) {
			readout.append(seconds(view.from, span / 100) + ' to ' +
				seconds(view.to, span / 100) + ' (' +
				format(span, 's', 4) + ')');
			return;
		}
		readout.append(page.element('b', {}, seconds(t, span / 1000)),
			p ? ', ' + phaseText(p) : '', extra ? ', ' + extra : '');
	}

	/* Gestures: drag to zoom, with shift or by touch to move, two fingers or
	 * ctrl and wheel to zoom, double click for the whole run. */
	function listen(target, hover) {
		const fingers = new Map();
		const brush = page.element('div', { class: 'brush' });
		let start = null, pinch = null;

		const width = () => Math.max(1,
			target.clientWidth - AXIS_PX - GAP_PX);
		const timeAt = x => view.from + (view.to - view.from) *
			Math.min(1, Math.max(0, (x - AXIS_PX) / width()));
		const xOf = event => event.clientX -
			target.getBoundingClientRect().left;

		function begin(event) {
			if (event.button > 0)
				return;
			fingers.set(event.pointerId, xOf(event));
			if (fingers.size === 2) {
				const [a, b] = [...fingers.values()];

				pinch = { a: timeAt(a), b: timeAt(b) };
				start = null;
				brush.remove();
				return;
			}
			start = {
				x: xOf(event), from: view.from, to: view.to,
				pans: event.shiftKey || event.pointerType === 'touch',
			};
			target.setPointerCapture(event.pointerId);
		}

		function drag(event) {
			const x = xOf(event);

			if (fingers.has(event.pointerId))
				fingers.set(event.pointerId, x);
			if (pinch && fingers.size === 2) {
				pinched();
				return;
			}
			if (!start) {
				if (event.pointerType !== 'touch')
					hover(timeAt(x), x);
				return;
			}
			if (start.pans) {
				const by = (start.x - x) / width() *
					(start.to - start.from);
				const stop = Math.min(Math.max(by,
					FULL.from - start.from), FULL.to - start.to);

				setView(start.from + stop, start.to + stop);
				return;
			}
			if (Math.abs(x - start.x) > 3) {
				const left = Math.max(AXIS_PX, Math.min(x, start.x));
				const right = Math.min(AXIS_PX + width(),
					Math.max(x, start.x));

				brush.style.left = left + 'px';
				brush.style.width = Math.max(0, right - left) + 'px';
				target.append(brush);
			}
		}

		/* The two instants stay under the two fingers. */
		function pinched() {
			const [xa, xb] = [...fingers.values()].map(x =>
				(x - AXIS_PX) / width());
			const span = (pinch.b - pinch.a) / (xb - xa);

			if (Number.isFinite(span) && span > 0)
				setView(pinch.a - xa * span, pinch.a + (1 - xa) * span);
		}

		function end(event) {
			const x = xOf(event);

			fingers.delete(event.pointerId);
			brush.remove();
			if (start && !start.pans && Math.abs(x - start.x) > 3) {
				const a = timeAt(start.x), b = timeAt(x);

				setView(Math.min(a, b), Math.max(a, b));
			} else if (start && Math.abs(x - start.x) <= 3) {
				hover(timeAt(x), x);
			}
			start = null;
			if (fingers.size < 2)
				pinch = null;
		}

		target.addEventListener('pointerdown', begin);
		target.addEventListener('pointermove', drag);
		target.addEventListener('pointerup', end);
		target.addEventListener('pointercancel', event => {
			fingers.delete(event.pointerId);
			brush.remove();
			start = pinch = null;
		});
		target.addEventListener('pointerleave', () => hover(null));
		target.addEventListener('dblclick', () =>
			setView(FULL.from, FULL.to));
		target.addEventListener('wheel', event => {
			if (!event.ctrlKey)
				return;
			event.preventDefault();
			zoom(event.deltaY > 0 ? 1.25 : 0.8, timeAt(xOf(event)));
		}, { passive: false });
	}

	return { view, readout, setView, zoom, move, scale, tell, listen,
		onView: listener => listeners.push(listener) };
})());
