/* SPDX-License-Identifier: GPL-3.0-or-later */
'use strict';

/* Lanes above the charts: phases, tokens, missed ticks, events. */
Object.assign(run, (() => {
	const { data, view, AXIS_PX, GAP_PX, phases, tokens, phaseColour,
		lowerBound, scale } = run;
	const LANES = [
		{ name: 'phases', height: 22 },
		{ name: 'tokens', height: 14 },
		{ name: 'missed ticks', height: 12 },
		{ name: 'events', height: 14 },
	];
	const lanes = page.element('canvas', { class: 'plot' });
	const lanesBox = page.element('div', { class: 'lanes' }, lanes);
	const LANE_GAP = 3;
	const lanesHeight = LANES.reduce((sum, l) => sum + l.height + LANE_GAP, 2);

	function drawLanes() {
		const width = lanesBox.clientWidth;
		const ratio = devicePixelRatio || 1;
		const context = lanes.getContext('2d');
		const x = scale(AXIS_PX, width - AXIS_PX - GAP_PX);
		const draws = [lanePhases, laneTokens, laneMissed, laneMoments];
		let y = 1;

		lanes.width = Math.round(width * ratio);
		lanes.height = Math.round(lanesHeight * ratio);
		lanes.style.width = width + 'px';
		lanes.style.height = lanesHeight + 'px';
		context.scale(ratio, ratio);
		context.font = '11px system-ui, sans-serif';
		context.textBaseline = 'middle';
		LANES.forEach((lane, i) => {
			context.fillStyle = page.colour('muted');
			context.textAlign = 'right';
			context.fillText(lane.name.replace(' ticks', ''), AXIS_PX - 6,
				y + lane.height / 2);
			context.fillStyle = page.colour('panel');
			context.fillRect(AXIS_PX, y, width - AXIS_PX - GAP_PX,
				lane.height);
			context.save();
			context.beginPath();
			context.rect(AXIS_PX, y, width - AXIS_PX - GAP_PX,
				lane.height);
			context.clip();
			draws[i](context, x, y, lane.height, width);
			context.restore();
			y += lane.height + LANE_GAP;
		});
	}

	function lanePhases(context, x, y, height) {
		const first = lowerBound(phases.length, k => phases[k].to, view.from);
		let drawn = -Infinity;

		context.textAlign = 'left';
		for (let i = first; i < phases.length; i++) {
			const p = phases[i];
			const left = Math.max(x(p.from), AXIS_PX);
			const right = x(p.to);

			if (p.from > view.to)
				break;
			/* One column of pixels shows one phase. */
			if (right < drawn + 0.5)
				continue;
			drawn = right;
			context.fillStyle = phaseColour(p.name);
			context.globalAlpha = 0.45;
			context.fillRect(left, y, Math.max(right - left, 0.7), height);
			context.globalAlpha = 1;
			context.fillRect(left, y, 1, height);
			if (right - left > 30) {
				context.save();
				context.beginPath();
				context.rect(left, y, right - left - 2, height);
				context.clip();
				context.fillStyle = page.colour('text');
				context.fillText(p.name + (p.request > 0 ?
					' ' + p.request : ''), left + 4, y + height / 2);
				context.restore();
			}
		}
	}

	function laneTokens(context, x, y, height) {
		const first = lowerBound(tokens.length, k => tokens[k], view.from);
		let drawn = -Infinity;

		context.fillStyle = page.colour('phase-generation');
		for (let i = first; i < tokens.length && tokens[i] <= view.to; i++) {
			const left = Math.round(x(tokens[i]));

			if (left > drawn)
				context.fillRect(left, y + 2, 1, height - 4);
			drawn = left;
		}
		if (tokens.length === 0)
			say(context, y, height, 'no token was seen');
	}

	function laneMissed(context, x, y, height) {
		context.fillStyle = page.colour('bad');
		for (const [t, count] of data.missed) {
			const left = x(t - count * data.interval_s);

			if (t >= view.from && left <= x(view.to))
				context.fillRect(left, y + 1,
					Math.max(2, x(t) - left), height - 2);
		}
		if (data.missed.length === 0)
			say(context, y, height, 'none');
	}

	function say(context, y, height, text) {
		context.textAlign = 'left';
		context.fillStyle = page.colour('muted');
		context.fillText(text, AXIS_PX + 6, y + height / 2);
	}

	function laneMoments(context, x, y, height) {
		const bad = { error: 1, warning: 1, step: 1, sensor: 1, cpu: 1 };

		for (const [t, kind] of data.moments) {
			const at = x(t), middle = y + height / 2;

			if (t < view.from || t > view.to)
				continue;
			context.fillStyle = page.colour(bad[kind] ? 'bad' : 'accent');
			context.beginPath();
			context.moveTo(at, middle - 5);
			context.lineTo(at + 4, middle);
			context.lineTo(at, middle + 5);
			context.lineTo(at - 4, middle);
			context.fill();
		}
	}

	/* What the lanes have near an instant, in words. */
	function toldAt(t) {
		const near = (view.to - view.from) / 120;
		const texts = [];

		if (t === null)
			return '';
		for (const [at, kind, text] of data.moments)
			if (Math.abs(at - t) < near && texts.length < 3)
				texts.push(kind + (text ? ': ' + text : ''));
		for (const [at, count] of data.missed)
			if (Math.abs(at - t) < near && texts.length < 4)
				texts.push(count + ' missed');
		return texts.join('; ');
	}

	run.onView(drawLanes);
	return { lanesBox, drawLanes, toldAt };
})());
