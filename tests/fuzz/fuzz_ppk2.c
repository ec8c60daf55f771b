/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a PPK2 tells of itself, and its stream with all its memory: any bytes in
 * any pieces, late, after silence, started anew. */
#include "sensors/ppk2_stream.h"
#include "tests/fuzz/fuzz.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int64_t last_ns;

static void look(void *ctx, const struct ep_sample *s)
{
	(void)ctx;
	if (s->channel > EP_PPK2_FIRST_INPUT || s->t_ns < last_ns)
		abort();
	if ((s->flags & EP_SAMPLE_ERROR) && s->value != 0)
		abort();
	last_ns = s->t_ns;
}

static void about(const uint8_t *data, size_t size)
{
	struct ep_ppk2_word w = { .adc = 77, .range = 2 };
	struct ep_ppk2_about a;

	if (ep_ppk2_parse((const char *)data, size, &a) < 0)
		return;
	for (int i = 0; i < EP_PPK2_RANGES; i++)
		if (!isfinite(a.r[i]) || !(a.r[i] > 0))
			abort();
	(void)ep_ppk2_is_possible(ep_ppk2_amps(&a, &w));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ep_ppk2_stream s;
	const struct ep_sink sink = { look, NULL };
	struct ep_ppk2_about a;
	int64_t t_ns = INT64_C(1000000000000);
	size_t at = 0;

	about(data, size);
	ep_ppk2_default(&a);
	ep_ppk2_stream_init(&s, &a);
	s.begin_ns = t_ns;
	s.row_samples = size % 2 ? 1 : EP_PPK2_ROW_SAMPLES;
	s.volts = 5;
	s.named = 1;
	s.input_channels[0] = EP_PPK2_FIRST_INPUT;
	last_ns = 0;
	while (at < size) {
		uint8_t how = data[at];
		size_t n = 1 + how % 97U;

		n = n < size - at ? n : size - at;
		if (how == 200)
			ep_ppk2_stream_was_silent(&s);
		if (how == 201) {
			ep_ppk2_stream_restart(&s);
			s.begin_ns = t_ns;
			last_ns = 0;
		}
		t_ns += (int64_t)how * how * 5000;
		(void)ep_ppk2_stream_feed(&s, data + at, n, t_ns, &sink);
		at += n;
	}
	return 0;
}
