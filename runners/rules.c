/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/rules.h"

#include <errno.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "runners/text.h"

#define TOKENS_MAX (INT64_C(1) << 40)

static int refuse(struct ep_err *err, const char *text, const char *why)
{
	return ep_err_set(err, -EINVAL,
			  "--phase-rule %.60s: %s; write it like "
			  "'prefill:end=/^prompt done ([0-9]+)/'",
			  text, why);
}

/* NAME[:start|:end]; where the expression begins. */
static const char *parse_head(const char *text, struct ep_rule *r,
			      struct ep_err *err)
{
	const char *equals = strstr(text, "=/");
	size_t len = equals ? (size_t)(equals - text) : 0;
	const char *colon = equals ? memchr(text, ':', len) : NULL;
	size_t suffix;

	if (!equals) {
		refuse(err, text, "there is no =/EXPRESSION/ in it");
		return NULL;
	}
	suffix = colon ? (size_t)(equals - colon) : 0;
	if (suffix == 4 && memcmp(colon, ":end", 4) == 0) {
		r->end = true;
	} else if (suffix > 0 &&
		   (suffix != 6 || memcmp(colon, ":start", 6) != 0)) {
		refuse(err, text, "a phase has only :start and :end");
		return NULL;
	}
	len -= suffix;
	if (len == 0 || len >= sizeof(r->name)) {
		refuse(err, text, "the phase's name is empty or too long");
		return NULL;
	}
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] <= ' ' || strchr(",\"'", text[i])) {
			refuse(err, text,
			       "the phase's name has a blank, a comma or a "
			       "quote in it");
			return NULL;
		}
	memcpy(r->name, text, len);
	r->name[len] = '\0';
	return equals + 2;
}

/* What follows the last slash says the stream. */
static int parse_tail(const char *text, const char *from, const char **ret_end,
		      struct ep_rule *r, struct ep_err *err)
{
	const char *slash = strrchr(from, '/');

	if (!slash)
		return refuse(err, text, "the expression has no / at its end");
	if (slash == from)
		return refuse(err, text,
			      "the expression is empty and would match every "
			      "line");
	r->stream = 1;
	if (strcmp(slash + 1, "@stderr") == 0)
		r->stream = 2;
	else if (slash[1] != '\0' && strcmp(slash + 1, "@stdout") != 0)
		return refuse(err, text,
			      "after the last / only @stderr may follow");
	*ret_end = slash;
	return 0;
}

/* The first number of "{n" or "{n,m", or the second; 0 at a plain brace. */
static int64_t repeats(const char *at)
{
	int64_t first = 0, second = 0;
	int n = ep_num_scan_i64(at, strlen(at), &first);

	if (n <= 0)
		return n == -ERANGE ? EP_RULE_REPEATS_MAX + 1 : 0;
	if (at[n] == ',') {
		const char *next = at + n + 1;
		int m = ep_num_scan_i64(next, strlen(next), &second);

		if (m == -ERANGE)
			second = EP_RULE_REPEATS_MAX + 1;
	}
	return first > second ? first : second;
}

/* Back references and huge repetitions take time or memory without bounds. */
static const char *too_costly(const char *regex)
{
	int64_t product = 1;

	for (const char *at = regex; *at; at++) {
		int64_t times;

		if (*at == '\\' && at[1] >= '1' && at[1] <= '9')
			return "back references are not allowed";
		if (*at == '\\' && at[1]) {
			at++;
			continue;
		}
		if (*at != '{')
			continue;
		times = repeats(at + 1);
		if (times > EP_RULE_REPEATS_MAX)
			return "it repeats too much in {...}";
		product *= times > 1 ? times : 1;
		if (product > EP_RULE_REPEATS_MAX)
			return "it repeats too much in {...}";
	}
	return NULL;
}

/* regcomp() does not say where: the first character after the longest part
 * from the beginning that is good. */
static size_t find_fault(const char *regex)
{
	char part[EP_RULE_BYTES_MAX];
	regex_t compiled;

	for (size_t len = strlen(regex); len > 0; len--) {
		memcpy(part, regex, len);
		part[len] = '\0';
		if (regcomp(&compiled, part, REG_EXTENDED) == 0) {
			regfree(&compiled);
			return len + 1;
		}
	}
	return 1;
}

static int compile(const char *text, const char *regex, struct ep_rule *r,
		   struct ep_err *err)
{
	const char *costly = too_costly(regex);
	char why[96];
	int code;

	if (costly)
		return refuse(err, text, costly);
	code = regcomp(&r->regex, regex, REG_EXTENDED);
	if (code != 0) {
		(void)regerror(code, &r->regex, why, sizeof(why));
		return ep_err_set(err, code == REG_ESPACE ? -ENOMEM : -EINVAL,
				  "--phase-rule %.60s: %s at character %zu of "
				  "the expression",
				  text, why, find_fault(regex));
	}
	r->compiled = true;
	return 0;
}

int ep_rule_parse(const char *text, struct ep_rule *ret, struct ep_err *err)
{
	struct ep_rule r = { .stream = 1 };
	char copy[EP_RULE_BYTES_MAX];
	const char *from, *end = text;
	int code;

	if (!ep_str_copy(copy, sizeof(copy), text))
		return refuse(err, text, "it is longer than 599 bytes");
	ep_str_printable(copy);
	if (strcmp(copy, text) != 0)
		return refuse(err, text,
			      "it has control characters, or is not UTF-8");
	from = parse_head(text, &r, err);
	if (!from)
		return -EINVAL;
	code = parse_tail(text, from, &end, &r, err);
	if (code < 0)
		return code;
	copy[end - text] = '\0';
	code = compile(text, copy + (from - text), &r, err);
	if (code < 0)
		return code;
	*ret = r;
	return 0;
}

void ep_rule_done(struct ep_rule *r)
{
	if (r->compiled)
		regfree(&r->regex);
	r->compiled = false;
}

int ep_rules_add(struct ep_rules *rules, const char *text, struct ep_err *err)
{
	int r;

	if (rules->count == EP_RULES_MAX)
		return ep_err_set(err, -E2BIG, "more than %d phase rules",
				  EP_RULES_MAX);
	r = ep_rule_parse(text, &rules->items[rules->count], err);
	if (r == 0)
		rules->count++;
	return r;
}

void ep_rules_done(struct ep_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++)
		ep_rule_done(&rules->items[i]);
	rules->count = 0;
}

bool ep_rule_match(const struct ep_rule *r, int stream, const char *line,
		   int64_t *ret_tokens, bool *odd)
{
	regmatch_t groups[2];
	char digits[24];
	size_t len;

	if (stream != r->stream ||
	    regexec(&r->regex, line, r->regex.re_nsub > 0 ? 2 : 0, groups, 0) !=
		    0)
		return false;
	*ret_tokens = -1;
	if (r->regex.re_nsub == 0 || groups[1].rm_so < 0)
		return true;
	len = (size_t)(groups[1].rm_eo - groups[1].rm_so);
	if (len < sizeof(digits)) {
		memcpy(digits, line + groups[1].rm_so, len);
		digits[len] = '\0';
		if (ep_num_parse_i64(digits, ret_tokens) == 0 &&
		    *ret_tokens >= 0 && *ret_tokens <= TOKENS_MAX)
			return true;
	}
	*ret_tokens = -1;
	*odd = true;
	return true;
}
