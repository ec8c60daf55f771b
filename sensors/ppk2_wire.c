/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a PPK2 sends, as known from Nordic's own app (pc-nrfconnect-ppk): words
 * of 32 bits, little-endian: ADC in bits 0-13, range in 14-16, a counter modulo
 * 64 in 18-23, the digital inputs in 24-31.  Nothing frames them: only the
 * counter tells where a word begins.
 */
#include "sensors/ppk2_wire.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"

/* Volts of one ADC count before the shunt; the ADC is shown times four. */
#define ADC_VOLTS (1.8 / 163840)
#define ADC_STEP 4
/* The PPK2 passes 1 A; a surge may go beyond, but not so far. */
#define AMPS_MAX 2.0
#define AMPS_MIN (-0.1)

const struct ep_channel ep_ppk2_wire_channels[EP_PPK2_WIRE_CHANNELS] = {
	{ .name = "current", .quantity = EP_CURRENT_UA },
	{ .name = "range", .quantity = EP_COUNT },
	{ .name = "inputs", .quantity = EP_COUNT },
};

struct ep_ppk2_word ep_ppk2_split(const uint8_t *b)
{
	uint32_t w = (uint32_t)b[0] | (uint32_t)b[1] << 8 |
		     (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
	unsigned range = w >> 14 & 7;

	return (struct ep_ppk2_word){
		.adc = w & 0x3fff,
		.range = range < EP_PPK2_RANGES ? range : EP_PPK2_RANGES - 1,
		.counter = w >> 18 & (EP_PPK2_COUNTER - 1),
		.inputs = w >> 24,
	};
}

bool ep_ppk2_is_run(const uint8_t *bytes)
{
	unsigned first = ep_ppk2_split(bytes).counter;

	for (unsigned i = 1; i < EP_PPK2_RUN_WORDS; i++) {
		struct ep_ppk2_word w =
			ep_ppk2_split(bytes + (size_t)i * EP_PPK2_WORD_BYTES);

		if (w.counter != (first + i) % EP_PPK2_COUNTER)
			return false;
	}
	return true;
}

void ep_ppk2_default(struct ep_ppk2_about *ret)
{
	static const double ohms[EP_PPK2_RANGES] = { 1031.64, 101.65, 10.15,
						     0.94, 0.043 };

	memset(ret, 0, sizeof(*ret));
	for (int i = 0; i < EP_PPK2_RANGES; i++) {
		ret->r[i] = ohms[i];
		ret->gs[i] = ret->gi[i] = ret->ug[i] = 1;
	}
}

/* "R0" .. "UG4" of about; NULL: another key. */
static double *find_term(struct ep_ppk2_about *a, const char *key)
{
	const struct {
		const char *name;
		double *terms;
	} known[] = { { "R", a->r },  { "GS", a->gs }, { "GI", a->gi },
		      { "O", a->o },  { "S", a->s },   { "I", a->i },
		      { "UG", a->ug } };
	size_t len = strlen(key);

	if (len < 2 || key[len - 1] < '0' ||
	    key[len - 1] >= '0' + EP_PPK2_RANGES)
		return NULL;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strlen(known[i].name) == len - 1 &&
		    strncmp(known[i].name, key, len - 1) == 0)
			return &known[i].terms[key[len - 1] - '0'];
	return NULL;
}

static bool is_factor(const char *key)
{
	return key[0] == 'R' || strncmp(key, "GI", 2) == 0 ||
	       strncmp(key, "UG", 2) == 0;
}

static void take_key(struct ep_ppk2_about *a, const char *key,
		     const char *value)
{
	double *term = find_term(a, key), number = 0;

	/* "-nan" stands for what was never set, and so does a shunt or a gain
	 * of 0. */
	if (ep_num_parse_f64(value, &number) < 0 || !isfinite(number))
		return;
	if (term && (number > 0 || !is_factor(key)))
		*term = number;
	else if (strcmp(key, "VDD") == 0 && number >= 800 && number <= 5000)
		a->vdd_mv = number;
	else if (strcmp(key, "HW") == 0 && number >= 0 && number < 1e6)
		a->hw = (int)number;
	else if (strcmp(key, "mode") == 0 && fabs(number - 1) < 0.5)
		a->mode = EP_PPK2_AMPERE;
	else if (strcmp(key, "mode") == 0 && fabs(number - 2) < 0.5)
		a->mode = EP_PPK2_SOURCE;
}

/* Spaces and carriage returns around it are none of it. */
static void cut(const char *from, size_t len, char *ret, size_t size)
{
	while (len > 0 && strchr(" \t\r", *from)) {
		from++;
		len--;
	}
	while (len > 0 && strchr(" \t\r", from[len - 1]))
		len--;
	if (len >= size || memchr(from, '\0', len))
		len = 0;
	memcpy(ret, from, len);
	ret[len] = '\0';
}

int ep_ppk2_parse(const char *text, size_t len, struct ep_ppk2_about *ret)
{
	const char *end = text + len;
	struct ep_ppk2_about a;
	int known = 0;

	ep_ppk2_default(&a);
	while (text < end) {
		const char *nl = memchr(text, '\n', (size_t)(end - text));
		size_t n = (size_t)((nl ? nl : end) - text);
		const char *colon = memchr(text, ':', n);
		char key[24] = "", value[40] = "";

		cut(text, n, key, sizeof(key));
		if (strcmp(key, "END") == 0) {
			if (known == 0)
				return -EBADMSG;
			*ret = a;
			return 0;
		}
		if (colon) {
			cut(text, (size_t)(colon - text), key, sizeof(key));
			cut(colon + 1, n - (size_t)(colon - text) - 1, value,
			    sizeof(value));
			known += find_term(&a, key) != NULL;
			take_key(&a, key, value);
		}
		text += nl ? n + 1 : n;
	}
	return -EBADMSG;
}

double ep_ppk2_amps(const struct ep_ppk2_about *a,
		    const struct ep_ppk2_word *word)
{
	unsigned r = word->range;
	double x = ((double)(word->adc * ADC_STEP) - a->o[r]) *
		   (ADC_VOLTS / a->r[r]);

	return a->ug[r] * (x * (a->gs[r] * x + a->gi[r]) +
			   (a->s[r] * (a->vdd_mv / 1000) + a->i[r]));
}

bool ep_ppk2_is_possible(double amps)
{
	return amps >= AMPS_MIN && amps <= AMPS_MAX;
}

static void emit(const struct ep_sink *sink, int64_t t_ns, uint16_t channel,
		 int64_t value)
{
	struct ep_sample s = { .t_ns = t_ns,
			       .value = value,
			       .channel = channel };

	sink->emit(sink->ctx, &s);
}

/* A frame is a run of words, one packet of the USB: with the calibration of a
 * device that tells none. */
int ep_ppk2_decode(const uint8_t *bytes, size_t len, int64_t t_ns,
		   const struct ep_sink *sink)
{
	struct ep_ppk2_about a;

	if (len < EP_PPK2_RUN_BYTES)
		return 0;
	if (!ep_ppk2_is_run(bytes))
		return -EBADMSG;
	ep_ppk2_default(&a);
	for (size_t i = 0; i < EP_PPK2_RUN_WORDS; i++) {
		struct ep_ppk2_word w =
			ep_ppk2_split(bytes + i * EP_PPK2_WORD_BYTES);
		double amps = ep_ppk2_amps(&a, &w);

		if (ep_ppk2_is_possible(amps))
			emit(sink, t_ns, 0, llround(amps * 1e6));
		else
			sink->emit(sink->ctx,
				   &(struct ep_sample){
					   .t_ns = t_ns,
					   .flags = EP_SAMPLE_ERROR });
		emit(sink, t_ns, 1, w.range);
		emit(sink, t_ns, 2, w.inputs);
	}
	return EP_PPK2_RUN_BYTES;
}
