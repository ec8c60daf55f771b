/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/record/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"

/* pread until the end: the offset is shared with the guardian. */
static int read_all(int fd, struct ep_buf *b)
{
	off_t at = 0;
	ssize_t got;
	int r;

	for (;;) {
		r = ep_buf_reserve(b, 65536);
		if (r < 0)
			return r;
		got = pread(fd, b->data + b->len, 65536, at);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return 0;
		b->len += (size_t)got;
		at += got;
	}
}

int ep_journal_reload(struct ep_journal *j, struct ep_err *err)
{
	struct ep_buf text;
	int r;

	ep_buf_init(&text, EP_JOURNAL_BYTES_MAX);
	r = read_all(j->fd, &text);
	if (r == 0)
		r = ep_journal_parse(j, text.data, text.len);
	ep_buf_done(&text);
	if (r == -EBADMSG || r == -EFBIG)
		return ep_err_set(err, r,
				  "%s/%s is no journal of this edgeprof: what "
				  "it says must be put back by hand; then "
				  "remove it",
				  j->state.path, j->name);
	if (r < 0)
		return ep_err_set(err, r, "cannot read %s/%s: %s",
				  j->state.path, j->name, strerror(-r));
	return 0;
}

bool ep_journal_other_boot(const struct ep_journal *j)
{
	return strcmp(j->boot_id, j->boot_now) != 0;
}

static int refused(const struct ep_journal *j, int code, struct ep_err *err)
{
	return ep_err_set(err, code,
			  "%s/%s: cannot be written: %s: without a journal "
			  "nothing is changed",
			  j->state.path, j->name, strerror(-code));
}

static int append(struct ep_journal *j, const char *const *fields, bool sync)
{
	struct ep_buf line;
	int r;

	if (j->fd < 0)
		return -EBADF;
	ep_buf_init(&line, EP_JOURNAL_LINE_BYTES_MAX);
	r = ep_journal_format(&line, fields);
	/* A torn end, of a writer that was killed or of a full disk. */
	if (r == 0 && lseek(j->fd, 0, SEEK_END) != j->good_bytes &&
	    ftruncate(j->fd, j->good_bytes) < 0)
		r = -errno;
	if (r == 0 && j->good_bytes + (int64_t)line.len > EP_JOURNAL_BYTES_MAX)
		r = -EFBIG;
	if (r == 0)
		r = ep_file_write_all(j->fd, line.data, line.len);
	if (r == 0 && sync && fdatasync(j->fd) < 0)
		r = -errno;
	if (r == 0)
		j->good_bytes += (int64_t)line.len;
	else if (j->write_errno == 0)
		j->write_errno = -r;
	ep_buf_done(&line);
	return r;
}

int ep_journal_begin(struct ep_journal *j, struct ep_err *err)
{
	char pid[24], ticks[24];
	const char *fields[] = { "begin",	   "1", j->boot_now, pid, ticks,
				 j->owner.command, NULL };
	/* What was found may have been of a host with another name. */
	int r = ep_state_name("journal", j->name, sizeof(j->name));

	if (r < 0)
		return refused(j, r, err);
	(void)ep_str_format(pid, sizeof(pid), "%ld", (long)j->owner.pid);
	(void)ep_str_format(ticks, sizeof(ticks), "%llu", j->owner.start_ticks);
	j->fd = ep_state_openat(&j->state, j->name,
				O_RDWR | O_CREAT | O_EXCL | O_APPEND);
	if (j->fd < 0) {
		r = j->fd;
		j->fd = -1;
		return refused(j, r, err);
	}
	j->count = j->damaged_count = 0;
	j->good_bytes = 0;
	j->write_errno = 0;
	(void)ep_str_copy(j->boot_id, sizeof(j->boot_id), j->boot_now);
	r = append(j, fields, true);
	if (r == 0 && fsync(j->state.dir_fd) < 0)
		r = -errno;
	if (r < 0) {
		(void)unlinkat(j->state.dir_fd, j->name, 0);
		close(j->fd);
		j->fd = -1;
		return refused(j, r, err);
	}
	return 0;
}

int ep_journal_finish(struct ep_journal *j, struct ep_err *err)
{
	int r = 0;

	if (j->fd < 0)
		return 0;
	if (unlinkat(j->state.dir_fd, j->name, 0) < 0 && errno != ENOENT)
		r = -errno;
	if (r == 0 && fsync(j->state.dir_fd) < 0)
		r = -errno;
	if (r < 0)
		return ep_err_set(err, r,
				  "%s/%s: cannot be removed: %s: everything is "
				  "back; remove it by hand",
				  j->state.path, j->name, strerror(-r));
	close(j->fd);
	j->fd = -1;
	j->count = 0;
	return 0;
}

static bool put_number(char text[24], int64_t number)
{
	return ep_str_format(text, 24, "%lld", (long long)number);
}

int ep_journal_add(struct ep_journal *j, const struct ep_change *change,
		   bool keep, struct ep_err *err)
{
	struct ep_journal_entry *e = ep_journal_grow(j);
	char number[24];
	const char *fields[] = { keep ? "keep" : "set",
				 number,
				 change->ops->name,
				 change->target,
				 change->what,
				 change->was,
				 keep ? NULL : change->asked,
				 NULL };
	int r;

	if (!e)
		return ep_err_set(err, -ENOMEM,
				  "too many settings to be changed at once");
	e->number = j->count > 0 ? j->entries[j->count - 1].number + 1 : 1;
	(void)put_number(number, e->number);
	(void)ep_str_copy(e->kind, sizeof(e->kind), change->ops->name);
	(void)ep_str_copy(e->target, sizeof(e->target), change->target);
	(void)ep_str_copy(e->what, sizeof(e->what), change->what);
	(void)ep_str_copy(e->was, sizeof(e->was), change->was);
	(void)ep_str_copy(e->is, sizeof(e->is), change->was);
	if (!keep)
		(void)ep_str_copy(e->asked, sizeof(e->asked), change->asked);
	e->kept = e->settled = keep;
	e->state = EP_CHANGE_SET;
	r = append(j, fields, true);
	if (r < 0)
		return refused(j, r, err);
	return (int)j->count++;
}

/* Only what outlives a reboot must also survive a power cut. */
static bool outlives(const struct ep_journal_entry *e)
{
	const struct ep_setting_ops *ops = ep_setting_find(e->kind);

	return ops && ops->outlives_reboot;
}

int ep_journal_is(struct ep_journal *j, size_t index, const char *value)
{
	struct ep_journal_entry *e = &j->entries[index];
	char number[24];
	const char *fields[] = { "is", number, value, NULL };

	(void)put_number(number, e->number);
	(void)ep_str_copy(e->is, sizeof(e->is), value);
	e->settled = true;
	return append(j, fields, outlives(e));
}

int ep_journal_undo(struct ep_journal *j, size_t index)
{
	struct ep_journal_entry *e = &j->entries[index];
	char number[24];
	const char *fields[] = { "undo", number, NULL };

	(void)put_number(number, e->number);
	e->undoing = true;
	return append(j, fields, outlives(e));
}

int ep_journal_end(struct ep_journal *j, size_t index,
		   enum ep_change_state state, const char *note)
{
	struct ep_journal_entry *e = &j->entries[index];
	char number[24];
	const char *fields[] = { "end", number, ep_change_state_name(state),
				 note, NULL };

	(void)put_number(number, e->number);
	e->state = state;
	e->undoing = false;
	(void)ep_str_copy(e->note, sizeof(e->note), note);
	return append(j, fields, outlives(e));
}
