/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support_llama.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runners/llama.h"

void script_hit(struct script *s, const char *text, int64_t value)
{
	struct ep_event e = ep_event_make(s->now, "probe");

	assert_true(s->count < 4096);
	e.request = s->thread;
	e.tokens = value;
	e.source = s->sources[s->context];
	e.text = text;
	s->events[s->count++] = e;
}

static void call(struct script *s, const char *in, const char *out,
		 const int64_t values[2])
{
	script_hit(s, in, values[0]);
	s->now += CALL;
	if (out)
		script_hit(s, out, values[1]);
	s->now += GAP;
}

static void word(struct script *s, const char *w)
{
	const int64_t none[2] = { -1, -1 }, made[2] = { -1, 1 };
	int64_t number = strtol(w + (w[0] == 'x' || w[0] == 'L'), NULL, 10);
	const int64_t eval[2] = { number, w[0] == 'x' };

	/* Evaluations wander between threads, as in node. */
	s->thread = 100 + s->context * 10 + (int)(s->count % 3);
	if (w[0] == '@')
		s->context = w[1] - '0';
	else if (w[0] == 'M')
		call(s, "llama_model_load_from_file:in",
		     "llama_model_load_from_file:out", made);
	else if (w[0] == 'C')
		call(s, "llama_init_from_model:in", "llama_init_from_model:out",
		     made);
	else if (w[0] == 's')
		call(s, "llama_synchronize:in", "llama_synchronize:out", none);
	else if (w[0] == 'L')
		call(s, "llama_get_logits_ith:in", "llama_get_logits_ith:out",
		     (const int64_t[2]){ w[1] ? number : -1, -1 });
	else if (w[0] == 'V')
		call(s, "llama_get_embeddings_seq:in",
		     "llama_get_embeddings_seq:out",
		     (const int64_t[2]){ 0, -1 });
	else if (w[0] == 'K')
		call(s, "llama_memory_clear:in", NULL, none);
	else if (w[0] == '<')
		call(s, "llama_memory_seq_rm:in:0", NULL,
		     (const int64_t[2]){ strtol(w + 1, NULL, 10), 0 });
	else if (w[0] == '>')
		call(s, "llama_memory_seq_add:in:0", NULL,
		     (const int64_t[2]){ strtol(w + 1, NULL, 10), 0 });
	else if (w[0] == 'R')
		call(s, "llama_perf_context_reset:in", NULL, none);
	else if (w[0] == 'F')
		call(s, "llama_free:in", NULL, none);
	else if (w[0] == '?')
		call(s, "llama_decode:in", NULL, (const int64_t[2]){ 1, 0 });
	else if (w[0] == 'E')
		call(s, "llama_encode:in", "llama_encode:out",
		     (const int64_t[2]){ strtol(w + 1, NULL, 10), 0 });
	else
		call(s, "llama_decode:in", "llama_decode:out", eval);
}

struct script *script_begin(void)
{
	struct script *s = test_calloc(1, sizeof(*s));

	s->now = GATE + CALL;
	for (int i = 0; i < 4; i++)
		(void)snprintf(s->sources[i], sizeof(s->sources[i]),
			       "llama:77:7f00%d", i);
	return s;
}

void script_tell(struct script *s, const char *story)
{
	char text[2048];
	char *rest = text, *w;

	(void)snprintf(text, sizeof(text), "%s", story);
	while ((w = strsep(&rest, " ")))
		if (*w)
			word(s, w);
}

struct ep_timeline script_end(struct script *s)
{
	struct ep_timeline tl;

	ep_timeline_init(&tl);
	assert_int_equal(ep_llama_timeline(s->events, s->count, GATE,
					   s->now + CALL, &tl),
			 0);
	for (size_t i = 0; i < tl.phase_count; i++) {
		const struct ep_phase *p = &tl.phases[i];

		assert_true(p->start_ns < p->end_ns);
		assert_true(p->start_ns >=
			    (i ? tl.phases[i - 1].end_ns : GATE));
		assert_int_equal(p->evidence, EP_EVIDENCE_PROBED);
	}
	for (size_t i = 1; i < tl.token_count; i++)
		assert_true(tl.tokens[i].t_ns >= tl.tokens[i - 1].t_ns);
	test_free(s);
	return tl;
}

struct ep_timeline script_of(const char *story)
{
	struct script *s = script_begin();

	script_tell(s, story);
	return script_end(s);
}

void script_is_phase(const struct ep_timeline *tl, size_t i, const char *name,
		     const int64_t counts[3])
{
	assert_true(i < tl->phase_count);
	assert_string_equal(tl->phases[i].name, name);
	assert_int_equal(tl->phases[i].request, counts[0]);
	assert_int_equal(tl->phases[i].tokens_count, counts[1]);
	assert_int_equal(tl->phases[i].steps_count, counts[2]);
}
