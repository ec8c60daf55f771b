/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/marks.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"

#define TOKENS_LIMIT INT64_C(1000000000000)

struct text {
	const char *at;
	size_t left;
};

static bool take_word(struct text *t, const char *word)
{
	size_t len = strlen(word);

	if (t->left < len || memcmp(t->at, word, len) != 0)
		return false;
	t->at += len;
	t->left -= len;
	return true;
}

static bool take_number(struct text *t, int64_t min, int64_t *ret)
{
	int64_t value = 0;
	int used = ep_num_scan_i64(t->at, t->left, &value);

	if (used <= 0 || value < min)
		return false;
	t->at += used;
	t->left -= (size_t)used;
	*ret = value;
	return true;
}

static bool is_name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

static bool take_name(struct text *t, char *ret)
{
	size_t len = 0;

	while (len < t->left && is_name_byte(t->at[len]))
		len++;
	if (len == 0 || len >= EP_PHASE_NAME_BYTES)
		return false;
	memcpy(ret, t->at, len);
	ret[len] = '\0';
	t->at += len;
	t->left -= len;
	return true;
}

bool ep_mark_name_valid(const char *name)
{
	struct text t = { name, strlen(name) };
	char copy[EP_PHASE_NAME_BYTES];

	return take_name(&t, copy) && t.left == 0;
}

int ep_mark_decode(const char *data, size_t len, struct ep_mark *ret)
{
	struct text t = { data, len };
	struct ep_mark m = { .tokens_count = -1 };

	if (len > EP_MARK_BYTES_MAX)
		return -EBADMSG;
	if (len > 0 && data[len - 1] == '\n')
		t.left--;
	if (!take_word(&t, "ep1 ") || !take_number(&t, 0, &m.stream) ||
	    !take_word(&t, " ") || !take_number(&t, 0, &m.sequence) ||
	    !take_word(&t, " ") || !take_number(&t, 1, &m.t_ns) ||
	    !take_word(&t, " "))
		return -EBADMSG;
	if (take_word(&t, "token")) {
		m.kind = EP_MARK_TOKEN;
	} else if (take_word(&t, "end")) {
		m.kind = EP_MARK_END;
	} else if (take_word(&t, "phase ")) {
		m.kind = EP_MARK_PHASE;
		if (!take_name(&t, m.name) || !take_word(&t, " ") ||
		    !take_number(&t, -1, &m.tokens_count) ||
		    m.tokens_count > TOKENS_LIMIT)
			return -EBADMSG;
	} else {
		return -EBADMSG;
	}
	if (t.left != 0)
		return -EBADMSG;
	*ret = m;
	return 0;
}

int ep_mark_encode(const struct ep_mark *mark, char *ret, size_t size)
{
	char what[64] = "token";

	if (mark->kind == EP_MARK_END)
		(void)ep_str_copy(what, sizeof(what), "end");
	if (mark->kind == EP_MARK_PHASE) {
		if (!ep_mark_name_valid(mark->name))
			return -EINVAL;
		(void)ep_str_format(what, sizeof(what), "phase %s %" PRId64,
				    mark->name, mark->tokens_count);
	}
	if (!ep_str_format(ret, size,
			   "ep1 %" PRId64 " %" PRId64 " %" PRId64 " %s",
			   mark->stream, mark->sequence, mark->t_ns, what))
		return -ENOSPC;
	return (int)strlen(ret);
}
