/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/text.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"

/* Far beyond any run, and far from the ends of int64. */
#define TOLD_NS_MAX (INT64_C(1) << 60)
#define TOLD_COUNT_MAX (INT64_C(1) << 40)

static const char *skip_blanks(const char *at)
{
	return at + strspn(at, " ");
}

/* A decimal number and what follows it; NULL: there is none. */
static const char *scan_scaled(const char *at, int scale, int64_t *ret)
{
	size_t len = strspn(at, "0123456789.");
	char text[32];

	if (len == 0 || len >= sizeof(text))
		return NULL;
	memcpy(text, at, len);
	text[len] = '\0';
	if (ep_num_parse_scaled(text, scale, ret) < 0 || *ret < 0)
		return NULL;
	return at + len;
}

static struct ep_text_told nothing(const char *decoder, enum ep_text_what what)
{
	return (struct ep_text_told){
		.decoder = decoder,
		.what = what,
		.task = -1,
		.ns = -1,
		.count = -1,
		.prompt_rate = (double)NAN,
		.eval_rate = (double)NAN,
		.load_start_ns = -1,
		.load_end_ns = -1,
		.start_ns = -1,
		.prompt_end_ns = -1,
		.first_ns = -1,
		.end_ns = -1,
		.prompt_count = -1,
		.output_count = -1,
	};
}

/* Time stamp "0.00.085.251 " and level "I " of llama.cpp's logger. */
static const char *skip_prefix(const char *at)
{
	size_t len;

	at = skip_blanks(at);
	len = strspn(at, "0123456789.:");
	if (len > 0 && at[len] == ' ')
		at = skip_blanks(at + len);
	if (at[0] && strchr("IWED", at[0]) && at[1] == ' ')
		at = skip_blanks(at + 1);
	return at;
}

/* "WORD time = 1.79 ms / 7 tokens"; without the rest the count is not told. */
static bool scan_time(const char *at, struct ep_text_told *ret)
{
	static const struct {
		const char *word;
		enum ep_text_what what;
	} words[] = {
		{ "load time", EP_TEXT_LOAD },
		{ "prompt eval time", EP_TEXT_PROMPT },
		{ "generation eval time", EP_TEXT_EVAL },
		{ "eval time", EP_TEXT_EVAL },
		{ "total time", EP_TEXT_TOTAL },
		{ "sample time", EP_TEXT_SAMPLE },
		{ "sampling time", EP_TEXT_SAMPLE },
	};
	size_t i = 0;

	at = skip_blanks(at);
	while (i < sizeof(words) / sizeof(words[0]) &&
	       !ep_str_starts(at, words[i].word))
		i++;
	if (i == sizeof(words) / sizeof(words[0]))
		return false;
	at = skip_blanks(at + strlen(words[i].word));
	if (*at != '=')
		return false;
	at = scan_scaled(skip_blanks(at + 1), 6, &ret->ns);
	if (!at || ret->ns > TOLD_NS_MAX || !ep_str_starts(at, " ms"))
		return false;
	ret->what = words[i].what;
	at = skip_blanks(at + 3);
	if (*at != '/')
		return true;
	at = scan_scaled(skip_blanks(at + 1), 0, &ret->count);
	if (!at || ret->count > TOLD_COUNT_MAX) {
		ret->count = -1;
		return true;
	}
	ret->output = ep_str_starts(skip_blanks(at), "tokens");
	return true;
}

static bool decode_named(const char *line, const char *name,
			 const char *decoder, struct ep_text_told *ret)
{
	struct ep_text_told told = nothing(decoder, EP_TEXT_LOAD);
	const char *at = skip_prefix(line);

	if (!ep_str_starts(at, name))
		return false;
	at += strlen(name);
	if (*at != ':' || !scan_time(at + 1, &told))
		return false;
	*ret = told;
	return true;
}

static bool decode_print_timings(const char *line, struct ep_text_told *ret)
{
	return decode_named(line, "llama_print_timings", "llama_print_timings",
			    ret);
}

static bool decode_perf_context(const char *line, struct ep_text_told *ret)
{
	return decode_named(line, "llama_perf_context_print",
			    "llama_perf_context_print", ret);
}

/* Printed just before the context's lines, and by the same program. */
static bool decode_perf_sampler(const char *line, struct ep_text_told *ret)
{
	return decode_named(line, "llama_perf_sampler_print",
			    "llama_perf_context_print", ret);
}

static bool decode_common_perf(const char *line, struct ep_text_told *ret)
{
	return decode_named(line, "common_perf_print", "common_perf_print",
			    ret);
}

/*
 * "slot print_timing: id  0 | task 0 | prompt eval time = ...", or the first
 * line of such a record, or (February 2025) a line of it without any prefix.
 */
static bool decode_slot(const char *line, struct ep_text_told *ret)
{
	struct ep_text_told told = nothing("slot print_timing", EP_TEXT_LOAD);
	const char *at = skip_prefix(line);
	const char *task = strstr(at, "| task "), *bar = NULL;

	if (ep_str_starts(at, "slot print_timing")) {
		bar = strrchr(at, '|');
		if (!bar)
			return false;
		if (task &&
		    !scan_scaled(task + strlen("| task "), 0, &told.task))
			told.task = -1;
		at = bar + 1;
	}
	if (!scan_time(at, &told))
		return false;
	/* Other programs print such words, too; a server counts tokens. */
	if (!bar && (told.count < 0 || !told.output ||
		     told.what == EP_TEXT_LOAD || told.what == EP_TEXT_SAMPLE))
		return false;
	told.wall = told.output = true;
	*ret = told;
	return true;
}

/* "[ Prompt: 3798.9 t/s | Generation: 1485.6 t/s ]" */
static bool decode_rates(const char *line, struct ep_text_told *ret)
{
	static const char *const words[] = { "[ Prompt:", " t/s | Generation:",
					     " t/s ]" };
	struct ep_text_told told = nothing("llama-cli", EP_TEXT_RATES);
	const char *at = strstr(line, words[0]);
	int64_t milli[2] = { -1, -1 };

	for (int i = 0; i < 2; i++) {
		size_t inf;

		if (!at || !ep_str_starts(at, words[i]))
			return false;
		at = skip_blanks(at + strlen(words[i]));
		inf = strspn(at, "infa-");
		if (inf > 0)
			at += inf;
		else
			at = scan_scaled(at, 3, &milli[i]);
	}
	if (!at || !ep_str_starts(at, words[2]))
		return false;
	if (milli[0] > 0)
		told.prompt_rate = (double)milli[0] * 1e-3;
	if (milli[1] > 0)
		told.eval_rate = (double)milli[1] * 1e-3;
	*ret = told;
	return true;
}

/* Units of 1/scale second since 1970. */
static int64_t instant(const json_t *o, const char *key, int64_t scale)
{
	const json_t *value = json_object_get(o, key);
	int64_t units = json_is_integer(value) ? json_integer_value(value) : 0;

	if (units <= 0 || scale <= 0 || scale > 1000000000 ||
	    units / scale > TOLD_NS_MAX / 1000000000 * 4)
		return -1;
	return units / scale * 1000000000 +
	       units % scale * (1000000000 / scale);
}

static int64_t told_count(const json_t *o, const char *key)
{
	const json_t *value = json_object_get(o, key);
	int64_t count = json_is_integer(value) ? json_integer_value(value) : -1;

	return count < 0 || count > TOLD_COUNT_MAX ? -1 : count;
}

/* ExecuTorch's runner. */
static bool decode_observer(const char *line, struct ep_text_told *ret)
{
	struct ep_text_told told = nothing("PyTorchObserver", EP_TEXT_BORDERS);
	const char *at = strstr(line, "PyTorchObserver {");
	int64_t scale;
	json_t *o;

	if (!at)
		return false;
	o = json_loads(strchr(at, '{'), JSON_DISABLE_EOF_CHECK, NULL);
	if (!o)
		return false;
	scale = told_count(o, "SCALING_FACTOR_UNITS_PER_SECOND");
	if (scale <= 0)
		scale = 1000;
	told.load_start_ns = instant(o, "model_load_start_ms", scale);
	told.load_end_ns = instant(o, "model_load_end_ms", scale);
	told.start_ns = instant(o, "inference_start_ms", scale);
	told.prompt_end_ns = instant(o, "prompt_eval_end_ms", scale);
	told.first_ns = instant(o, "first_token_ms", scale);
	told.end_ns = instant(o, "inference_end_ms", scale);
	told.prompt_count = told_count(o, "prompt_tokens");
	told.output_count = told_count(o, "generated_tokens");
	json_decref(o);
	if (told.start_ns < 0 || told.end_ns < 0)
		return false;
	*ret = told;
	return true;
}

/* "I rkllm:  Prefill  373.42  21  17.78  56.24": ms, tokens, ms each, per s. */
static bool decode_rkllm(const char *line, struct ep_text_told *ret)
{
	static const struct {
		const char *word;
		enum ep_text_what what;
	} words[] = {
		{ "Prefill ", EP_TEXT_PROMPT },
		{ "Generate ", EP_TEXT_EVAL },
		{ "Model init time (ms) ", EP_TEXT_LOAD },
	};
	struct ep_text_told told = nothing("rkllm", EP_TEXT_LOAD);
	const char *at = strstr(line, "rkllm:");
	size_t i = 0;

	if (!at)
		return false;
	at = skip_blanks(at + strlen("rkllm:"));
	while (i < sizeof(words) / sizeof(words[0]) &&
	       !ep_str_starts(at, words[i].word))
		i++;
	if (i == sizeof(words) / sizeof(words[0]))
		return false;
	told.what = words[i].what;
	told.output = told.wall = true;
	at = scan_scaled(skip_blanks(at + strlen(words[i].word)), 6, &told.ns);
	if (!at || told.ns > TOLD_NS_MAX)
		return false;
	at = skip_blanks(at);
	if (told.what != EP_TEXT_LOAD &&
	    (!scan_scaled(at, 0, &told.count) || told.count > TOLD_COUNT_MAX))
		return false;
	*ret = told;
	return true;
}

const struct ep_text_decoder ep_text_decoders[] = {
	{ "llama_print_timings", decode_print_timings },
	{ "llama_perf_context_print", decode_perf_context },
	{ "llama_perf_sampler_print", decode_perf_sampler },
	{ "common_perf_print", decode_common_perf },
	{ "slot print_timing", decode_slot },
	{ "llama-cli", decode_rates },
	{ "PyTorchObserver", decode_observer },
	{ "rkllm", decode_rkllm },
};
const size_t ep_text_decoder_count =
	sizeof(ep_text_decoders) / sizeof(ep_text_decoders[0]);

static bool ask_all(const char *line, struct ep_text_told *ret)
{
	for (size_t i = 0; i < ep_text_decoder_count; i++)
		if (ep_text_decoders[i].decode(line, ret))
			return true;
	return false;
}

/* llama.cpp's --log-jsonl: {"type":"log","time":..,"level":..,"msg":".."} */
static bool ask_message(const char *line, struct ep_text_told *ret)
{
	json_t *o = json_loads(line, JSON_ALLOW_NUL, NULL);
	const char *text = json_string_value(json_object_get(o, "msg"));
	char message[EP_TEXT_LINE_BYTES];
	bool known = false;

	if (text) {
		(void)ep_str_copy(message, sizeof(message), text);
		ep_text_clean(message, strlen(message));
		known = ask_all(message, ret);
	}
	json_decref(o);
	return known;
}

bool ep_text_decode(const char *line, struct ep_text_told *ret)
{
	/* Nearly all lines a program prints are none of these. */
	if (!strstr(line, " time") && !strstr(line, "PyTorchObserver") &&
	    !strstr(line, "rkllm") && !strstr(line, "[ Prompt:"))
		return false;
	if (ep_str_starts(line, "{\"type\":\"log\""))
		return ask_message(line, ret);
	return ask_all(line, ret);
}
