/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runners/marks.h"

#define MS INT64_C(1000000)
#define GATE INT64_C(1000000000)

/* Words: load, prefill=12, generation, end, own, t (a token); every word is
 * 1 ms after the one before, from GATE + 1 ms. */
struct script {
	struct ep_event events[256];
	char names[256][32];
	size_t count;
	int64_t now;
};

static void tell(struct script *s, const char *source, const char *story)
{
	char text[1000];
	char *rest = text, *w;

	(void)snprintf(text, sizeof(text), "%s", story);
	while ((w = strsep(&rest, " "))) {
		struct ep_event *e = &s->events[s->count];
		char *name = s->names[s->count];
		char *number = strchr(w, '=');

		s->now += MS;
		if (!*w)
			continue;
		*e = ep_event_make(s->now,
				   strcmp(w, "t") == 0 ? "token" : "mark");
		if (number)
			e->tokens = strtol(number + 1, NULL, 10);
		(void)snprintf(name, sizeof(s->names[0]), "%.*s",
			       (int)strcspn(w, "="), w);
		if (strcmp(w, "end") != 0 && strcmp(w, "t") != 0)
			e->phase = name;
		e->source = source;
		s->count++;
	}
}

static struct ep_timeline finish(struct script *s)
{
	struct ep_timeline tl;

	ep_timeline_init(&tl);
	assert_int_equal(ep_marks_timeline(s->events, s->count, GATE,
					   s->now + 10 * MS, &tl),
			 0);
	for (size_t i = 0; i < tl.phase_count; i++) {
		assert_true(tl.phases[i].start_ns < tl.phases[i].end_ns);
		assert_true(tl.phases[i].start_ns >=
			    (i ? tl.phases[i - 1].end_ns : GATE));
		assert_int_equal(tl.phases[i].evidence, EP_EVIDENCE_MARKED);
	}
	return tl;
}

static struct ep_timeline of(const char *story)
{
	struct script *s = test_calloc(1, sizeof(*s));
	struct ep_timeline tl;

	s->now = GATE;
	tell(s, "10:1", story);
	tl = finish(s);
	test_free(s);
	return tl;
}

static void is_phase(const struct ep_timeline *tl, size_t i, const char *name,
		     const int64_t v[5])
{
	const struct ep_phase *p = &tl->phases[i];

	assert_true(i < tl->phase_count);
	assert_string_equal(p->name, name);
	assert_int_equal(p->request, v[0]);
	assert_int_equal(p->start_ns, GATE + v[1] * MS);
	assert_int_equal(p->end_ns, GATE + v[2] * MS);
	assert_int_equal(p->tokens_count, v[3]);
	assert_int_equal(p->steps_count, v[4]);
}
/* request, start and end in ms after the gate, tokens, steps */
#define PHASE(tl, i, name, ...) \
	is_phase(tl, i, name, (const int64_t[5]){ __VA_ARGS__ })

static void one_request(void **state)
{
	struct ep_timeline tl = of("load prefill=12 t generation t t end");

	(void)state;
	assert_int_equal(tl.phase_count, 3);
	PHASE(&tl, 0, "load", 1, 0, 2, -1, -1);
	PHASE(&tl, 1, "prefill", 1, 2, 4, 12, -1);
	PHASE(&tl, 2, "generation", 1, 4, 7, 3, 2);
	assert_int_equal(tl.token_count, 3);
	assert_int_equal(tl.tokens[2].index, 3);
	assert_string_equal(tl.note, "");
	ep_timeline_done(&tl);
}

static void requests_follow_each_other(void **state)
{
	struct ep_timeline tl = of("load prefill=12 generation t t end "
				   "prefill=7 generation t t t end load end "
				   "prefill=3 generation t");

	(void)state;
	assert_int_equal(tl.phase_count, 8);
	PHASE(&tl, 3, "prefill", 2, 7, 8, 7, -1);
	PHASE(&tl, 4, "generation", 2, 8, 12, 3, 2);
	PHASE(&tl, 5, "load", 3, 13, 14, -1, -1);
	PHASE(&tl, 6, "prefill", 3, 15, 16, 3, -1);
	/* Nobody ended it: it ends with its last token. */
	PHASE(&tl, 7, "generation", 3, 16, 17, 1, 0);
	assert_int_equal(tl.tokens[2].request, 2);
	assert_int_equal(tl.tokens[2].index, 1);
	ep_timeline_done(&tl);
}

static void a_generation_ends_with_its_last_token(void **state)
{
	struct ep_timeline tl = of("prefill=5 generation t t   prefill=6");

	(void)state;
	assert_int_equal(tl.phase_count, 3);
	PHASE(&tl, 1, "generation", 1, 2, 4, 2, 1);
	PHASE(&tl, 2, "prefill", 2, 7, 17, 6, -1);
	ep_timeline_done(&tl);
}

static void tokens_alone_make_a_generation(void **state)
{
	struct ep_timeline tl = of("t t t");

	(void)state;
	assert_int_equal(tl.phase_count, 1);
	PHASE(&tl, 0, "generation", 1, 1, 3, 3, 2);
	ep_timeline_done(&tl);
	tl = of("prefill=9 t t t end prefill=8 t t");
	assert_int_equal(tl.phase_count, 4);
	PHASE(&tl, 0, "prefill", 1, 1, 2, 9, -1);
	PHASE(&tl, 1, "generation", 1, 2, 4, 3, 2);
	PHASE(&tl, 2, "prefill", 2, 6, 7, 8, -1);
	PHASE(&tl, 3, "generation", 2, 7, 8, 2, 1);
	ep_timeline_done(&tl);
}

static void pieces_of_a_prompt_add_up(void **state)
{
	struct ep_timeline tl = of("prefill=32 prefill=32 prefill=5 t "
				   "generation=4 end");

	(void)state;
	PHASE(&tl, 0, "prefill", 1, 1, 5, 69, -1);
	PHASE(&tl, 1, "generation", 1, 5, 6, 1, 0);
	ep_timeline_done(&tl);
	/* Without tokens the phase's own count tells. */
	tl = of("prefill generation=4 end");
	PHASE(&tl, 0, "prefill", 1, 1, 2, -1, -1);
	PHASE(&tl, 1, "generation", 1, 2, 3, 4, 3);
	ep_timeline_done(&tl);
}

static void prompts_alone_are_requests(void **state)
{
	struct ep_timeline tl = of("prefill=3 end prefill=4 end prefill=5 end");

	(void)state;
	assert_int_equal(tl.phase_count, 3);
	PHASE(&tl, 2, "prefill", 3, 5, 6, 5, -1);
	ep_timeline_done(&tl);
}

static void other_names_keep_their_name(void **state)
{
	struct ep_timeline tl = of("warmup load prefill=3 t generation t "
				   "sampling end");

	(void)state;
	assert_int_equal(tl.phase_count, 5);
	PHASE(&tl, 0, "warmup", 0, 1, 2, -1, -1);
	PHASE(&tl, 1, "load", 1, 2, 3, -1, -1);
	PHASE(&tl, 4, "sampling", 1, 7, 8, -1, -1);
	ep_timeline_done(&tl);
}

static void tokens_of_another_process_count(void **state)
{
	struct script *s = test_calloc(1, sizeof(*s));
	struct ep_timeline tl;

	(void)state;
	s->now = GATE;
	tell(s, "0:5", "load prefill=9");
	tell(s, "11:1", "t");
	tell(s, "0:5", "generation");
	tell(s, "11:1", "t t");
	tell(s, "0:5", "end");
	tl = finish(s);
	assert_int_equal(tl.phase_count, 3);
	PHASE(&tl, 2, "generation", 1, 4, 7, 3, 2);
	ep_timeline_done(&tl);
	test_free(s);
}

static void processes_one_after_the_other(void **state)
{
	struct script *s = test_calloc(1, sizeof(*s));
	struct ep_timeline tl;

	(void)state;
	s->now = GATE;
	tell(s, "10:1", "load prefill=9 t generation t");
	tell(s, "11:1", "load prefill=8 t generation t t");
	tl = finish(s);
	assert_int_equal(tl.phase_count, 6);
	PHASE(&tl, 0, "load", 1, 0, 2, -1, -1);
	PHASE(&tl, 2, "generation", 1, 4, 5, 2, 1);
	PHASE(&tl, 3, "load", 2, 6, 7, -1, -1);
	PHASE(&tl, 5, "generation", 2, 9, 11, 3, 2);
	assert_int_equal(tl.token_count, 5);
	assert_string_equal(tl.note, "");
	ep_timeline_done(&tl);
	test_free(s);
}

static void processes_at_the_same_time_are_mixed(void **state)
{
	struct script *s = test_calloc(1, sizeof(*s));
	struct ep_timeline tl;

	(void)state;
	s->now = GATE;
	tell(s, "10:1", "prefill=9");
	tell(s, "11:1", "prefill=8");
	tell(s, "10:1", "generation t t end");
	tell(s, "11:1", "generation t t end");
	tell(s, "10:1", "prefill=7 generation t t end");
	tl = finish(s);
	assert_int_equal(tl.phase_count, 2);
	PHASE(&tl, 0, "prefill", 1, 11, 12, 7, -1);
	/* The tokens of the mixed ones are left out. */
	assert_int_equal(tl.token_count, 2);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(tl.tokens[i].request, 1);
		assert_int_equal(tl.tokens[i].index, i + 1);
		assert_int_equal(tl.tokens[i].t_ns, GATE + (13 + i) * MS);
	}
	assert_non_null(strstr(tl.note, "mixed: 2 requests"));
	ep_timeline_done(&tl);
	test_free(s);
}

static void losses_are_noted(void **state)
{
	struct script *s = test_calloc(1, sizeof(*s));
	struct ep_timeline tl;

	(void)state;
	s->now = GATE;
	tell(s, "10:1", "prefill=9 t generation t t");
	s->events[s->count] = ep_event_make(s->now, "fact");
	s->events[s->count++].source = "marks.lost";
	tell(s, "not a source", "prefill=9");
	tl = finish(s);
	assert_int_equal(tl.phase_count, 2);
	assert_non_null(strstr(tl.note, "marks were lost"));
	ep_timeline_done(&tl);
	test_free(s);
	tl = of("");
	assert_int_equal(tl.phase_count, 0);
	ep_timeline_done(&tl);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_request),
		cmocka_unit_test(requests_follow_each_other),
		cmocka_unit_test(a_generation_ends_with_its_last_token),
		cmocka_unit_test(tokens_alone_make_a_generation),
		cmocka_unit_test(pieces_of_a_prompt_add_up),
		cmocka_unit_test(prompts_alone_are_requests),
		cmocka_unit_test(other_names_keep_their_name),
		cmocka_unit_test(tokens_of_another_process_count),
		cmocka_unit_test(processes_one_after_the_other),
		cmocka_unit_test(processes_at_the_same_time_are_mixed),
		cmocka_unit_test(losses_are_noted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
