/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/setup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"

#define NAME "setup"
#define HEAD "edgeprof-setup 1\n"
#define BYTES_MAX (256 * 1024)

static const struct ep_setup_ops *const kinds[] = {
	&ep_setup_file, &ep_setup_folder, &ep_setup_link,   &ep_setup_value,
	&ep_setup_mode, &ep_setup_group,  &ep_setup_member, &ep_setup_probes,
};

/* "KIND\tTARGET\tBEFORE\tAFTER" */
static int parse_line(char *line, struct ep_setup_act *a)
{
	char *word[4] = { line, NULL, NULL, NULL };

	for (size_t i = 1; i < 4; i++) {
		word[i] = strchr(word[i - 1], '\t');
		if (!word[i])
			return -EBADMSG;
		*word[i]++ = '\0';
	}
	memset(a, 0, sizeof(*a));
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i]->name, word[0]) == 0)
			a->ops = kinds[i];
	if (!a->ops || !ep_str_copy(a->target, sizeof(a->target), word[1]) ||
	    !ep_str_copy(a->before, sizeof(a->before), word[2]) ||
	    !ep_str_copy(a->after, sizeof(a->after), word[3]))
		return -EBADMSG;
	return 0;
}

static int parse(struct ep_setup_journal *j, char *text)
{
	int r = 0;

	if (!ep_str_starts(text, HEAD))
		return -EBADMSG;
	text += strlen(HEAD);
	while (r == 0 && *text) {
		char *end = strchr(text, '\n');

		if (!end || j->list->count == EP_SETUP_ACTS_MAX)
			return -EBADMSG;
		*end = '\0';
		r = parse_line(text, &j->list->acts[j->list->count++]);
		text = end + 1;
	}
	return r;
}

static int load(struct ep_setup_journal *j, struct ep_err *err)
{
	struct ep_buf text;
	int fd = ep_state_openat(&j->state, NAME, O_RDONLY);
	int r = fd;

	if (fd == -ENOENT)
		return 0;
	ep_buf_init(&text, BYTES_MAX);
	if (fd >= 0) {
		close(fd);
		r = ep_file_read(j->state.dir_fd, NAME, &text);
	}
	if (r >= 0)
		r = parse(j, text.data ? text.data : (char[]){ "" });
	ep_buf_done(&text);
	return r < 0 ? ep_err_set(err, r,
				  "%s/" NAME ", the list of what setup made, "
				  "cannot be read: %s",
				  j->state.path, strerror(-r))
		     : 0;
}

static int save(struct ep_setup_journal *j, struct ep_err *err)
{
	struct ep_buf text;
	int r;

	ep_buf_init(&text, BYTES_MAX);
	r = ep_buf_adds(&text, HEAD);
	for (size_t i = 0; r == 0 && i < j->list->count; i++) {
		const struct ep_setup_act *a = &j->list->acts[i];

		r = ep_buf_addf(&text, "%s\t%s\t%s\t%s\n", a->ops->name,
				a->target, a->before, a->after);
	}
	if (r == 0)
		r = ep_file_put(j->state.dir_fd, NAME, &text, 0600, true);
	ep_buf_done(&text);
	return r < 0 ? ep_err_set(err, r, "%s/" NAME ": %s", j->state.path,
				  strerror(-r))
		     : 0;
}

int ep_setup_journal_open(struct ep_setup_journal *j, const struct ep_env *env,
			  bool create, struct ep_err *err)
{
	int r;

	j->state.dir_fd = -1;
	j->list = calloc(1, sizeof(*j->list));
	if (!j->list)
		return ep_err_set(err, -ENOMEM, "out of memory");
	r = ep_state_open(&j->state, &env->root, create, err);
	if (r == -ENOENT && !create) {
		err->text[0] = '\0';
		return 0;
	}
	if (r == 0 && flock(j->state.dir_fd, LOCK_EX | LOCK_NB) < 0)
		r = ep_err_set(
			err, -errno,
			"another edgeprof setup is at work: wait for it");
	if (r == 0)
		r = load(j, err);
	j->tidy &= r == 0;
	return r;
}

static bool is_of(const struct ep_setup_act *a, const struct ep_setup_act *b)
{
	return a->ops == b->ops && strcmp(a->target, b->target) == 0;
}

int ep_setup_journal_add(struct ep_setup_journal *j,
			 const struct ep_setup_act *a, struct ep_err *err)
{
	int r;

	for (size_t i = 0; i < j->list->count; i++)
		if (is_of(&j->list->acts[i], a) &&
		    strcmp(j->list->acts[i].after, a->after) == 0)
			return 0;
	if (j->list->count == EP_SETUP_ACTS_MAX || strpbrk(a->target, "\t\n"))
		return ep_err_set(err, -EFBIG, "%s: cannot be noted",
				  a->target);
	j->list->acts[j->list->count++] = *a;
	r = save(j, err);
	if (r < 0)
		j->list->count--;
	return r;
}

int ep_setup_journal_remove(struct ep_setup_journal *j, size_t n,
			    struct ep_err *err)
{
	struct ep_setup_list *l = j->list;

	l->count--;
	memmove(&l->acts[n], &l->acts[n + 1],
		(l->count - n) * sizeof(l->acts[0]));
	return save(j, err);
}

bool ep_setup_journal_wrote(const struct ep_setup_journal *j,
			    const struct ep_root *root,
			    const struct ep_setup_act *a)
{
	for (size_t i = 0; j->list && i < j->list->count; i++)
		if (is_of(&j->list->acts[i], a) &&
		    a->ops->state(root, &j->list->acts[i]) == EP_SETUP_DONE)
			return true;
	return false;
}

void ep_setup_journal_close(struct ep_setup_journal *j,
			    const struct ep_env *env)
{
	struct ep_setup_act folder = { .ops = &ep_setup_folder };

	if (j->tidy && j->state.dir_fd >= 0 && j->list->count == 0) {
		ep_file_put_clean(j->state.dir_fd, NAME);
		(void)unlinkat(j->state.dir_fd, NAME, 0);
		(void)fsync(j->state.dir_fd);
		if (ep_str_copy(folder.target, sizeof(folder.target),
				j->state.path))
			(void)folder.ops->undo(&env->root, &folder, NULL);
	}
	ep_state_close(&j->state);
	free(j->list);
	j->list = NULL;
}
