/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/file.h"
#include "runners/drive.h"
#include "runners/workflow.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Files of prompts and workflows: what is taken is whole, what is not says why
 * and leaves nothing. */

static void judge_prompts(int r, struct ep_prompts *p, const struct ep_err *err)
{
	if (r < 0) {
		if (err->text[0] == '\0' || p->items || p->count > 0)
			abort();
		return;
	}
	if (p->count == 0 || p->count > EP_PROMPTS_MAX)
		abort();
	for (size_t i = 0; i < p->count; i++)
		if (!p->items[i].id[0] || !p->items[i].text[0] ||
		    !p->items[i].tag || p->items[i].max_token_count < 0)
			abort();
	ep_prompts_done(p);
}

static void judge_workflow(struct ep_workflow *w)
{
	char *results[EP_WORKFLOW_STEPS_MAX];
	struct ep_buf b;

	if (w->step_count == 0 || w->step_count > EP_WORKFLOW_STEPS_MAX ||
	    ep_workflow_calls(w) == 0)
		abort();
	for (size_t i = 0; i < w->step_count; i++)
		results[i] = w->steps[i].id;
	for (size_t i = 0; i < w->step_count; i++) {
		const struct ep_template *t = &w->steps[i].text;

		for (size_t k = 0; k < t->count; k++)
			if (!t->parts[k].text && t->parts[k].step >= i)
				abort();
		ep_buf_init(&b, 1 << 20);
		(void)!ep_template_fill(t, results, &b);
		ep_buf_done(&b);
	}
}

static void load_workflow(const uint8_t *data, size_t size)
{
	struct ep_workflow *w = NULL;
	struct ep_err err = { 0, "" };
	char path[64];
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0)
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (ep_file_write_all(fd, data, size) == 0) {
		if (ep_workflow_load(path, &w, &err) == 0)
			judge_workflow(w);
		else if (err.text[0] == '\0' || w)
			abort();
		ep_workflow_free(w);
	}
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ep_prompts p = { 0 };
	struct ep_err err = { 0, "" };
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	judge_prompts(ep_prompts_parse_csv("f", text, &p, &err), &p, &err);
	memset(&p, 0, sizeof(p));
	memset(&err, 0, sizeof(err));
	judge_prompts(ep_prompts_parse_jsonl("f", text, &p, &err), &p, &err);
	load_workflow(data, size);
	free(text);
	return 0;
}
