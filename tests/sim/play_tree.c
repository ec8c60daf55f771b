/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * play_tree DIR SCRIPT EPOCH_FILE: makes files below DIR change while a test
 * runs, until its standard input ends or a signal comes.
 *
 * Once every file was written for the first time, the instant that the times
 * of the script count from (CLOCK_MONOTONIC, ns) is in EPOCH_FILE: the sign
 * that a test may begin, and what profile_energy needs.
 *
 *   # comment
 *   profile NAME = square 2 8 0.5             tests/sim/support/profile.h
 *   every 7ms PATH = power of NAME unit=uw
 *   every 7ms PATH = volts 5.0 unit=mv step=8
 *   every 7ms PATH = amps of NAME at 5.0 unit=ma
 *   every 7ms PATH = pair of NAME at 5.0      "mV mA" in one text
 *   every 1ms PATH = energy of NAME unit=uj start=5 wrap=262143328850
 *   every 1s  PATH = "one text for ever\n"
 *   every 20ms PATH = values "1200\n" "garbage\n" "" "-5\n"   in turn
 *   at 2s write PATH "text\n"     once; made when it is not there
 *   at 2s delete PATH             a file or folder with all in it
 *   at 3s return PATH             as it was when it was deleted
 *   at 2s move PATH TO            into other files, as when a device comes
 *                                 back under another number
 *   at 2s link PATH TARGET        a symbolic link, in place of an older one
 *   at 2s chmod 0000 PATH
 *
 * Channels below a folder that moves go with it: name them by their real path.
 * A value is the profile's at the instant of the write.  Writes go to the same
 * file each time, so that a descriptor kept open sees them.  Files that are
 * deleted or moved are emptied first: such a descriptor then reads nothing, as
 * that of a device that is gone.  An empty file stands for "no data".
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/root.h"
#include "tests/sim/support/device_pace.h"
#include "tests/sim/support/script.h"
#include "tests/sim/support/tree.h"

struct player {
	struct ep_root root;
	struct script script;
	int fds[SCRIPT_LINES_MAX]; /* of the channels; -1 not there now */
	int64_t epoch_ns;
	int attic; /* folder for what was deleted; its names are hidden */
	char attic_path[64];
};

static int fail(const char *what, int error)
{
	fprintf(stderr, "play_tree: %s: %s\n", what, strerror(-error));
	return -1;
}

static int put(int fd, const struct script_text *text)
{
	char padded[SCRIPT_TEXT_BYTES + 1];
	struct stat st;
	size_t len = text->len;

	memcpy(padded, text->bytes, len);
	/* A reader between a shorter write and ftruncate would see the end of
	 * the old value: blank it in the same write. */
	if (len > 0 && fstat(fd, &st) == 0)
		while (len < sizeof(padded) && (off_t)len < st.st_size)
			padded[len++] = '\n';
	if (pwrite(fd, padded, len, 0) != (ssize_t)len)
		return -errno;
	return ftruncate(fd, (off_t)text->len) < 0 ? -errno : 0;
}

/* Of "/sys/a/b" the folder "/sys/a" opened, *ret_name "b". */
static int open_parent(const struct player *p, const char *path,
		       const char **ret_name)
{
	char folder[256];
	const char *slash = strrchr(path, '/');
	size_t len = (size_t)(slash - path);

	memcpy(folder, path, len);
	folder[len] = '\0';
	*ret_name = slash + 1;
	return ep_root_openat(&p->root, len > 0 ? folder : "/",
			      O_RDONLY | O_DIRECTORY);
}

/* What was moved may be reached through a link too: all are opened anew. */
static void open_channels(struct player *p)
{
	for (size_t i = 0; i < p->script.channel_count; i++) {
		if (p->fds[i] >= 0)
			close(p->fds[i]);
		p->fds[i] = ep_root_openat(&p->root, p->script.channels[i].path,
					   O_WRONLY);
	}
}

/* Channels at or below path are below "to" from now on. */
static void move_channels(struct player *p, const char *path, const char *to)
{
	size_t len = strlen(path);

	for (size_t i = 0; i < p->script.channel_count; i++) {
		struct script_channel *c = &p->script.channels[i];
		char moved[512];

		if (strncmp(c->path, path, len) != 0 ||
		    (c->path[len] != '/' && c->path[len] != '\0'))
			continue;
		snprintf(moved, sizeof(moved), "%s%s", to, c->path + len);
		if (strlen(moved) < sizeof(c->path))
			memcpy(c->path, moved, strlen(moved) + 1);
	}
}

/* The name something has while it is deleted. */
static void attic_name(const char *path, char ret[256])
{
	snprintf(ret, 256, "%s", path + 1);
	for (char *at = ret; *at; at++)
		if (*at == '/')
			*at = '!';
}

static int write_once(struct player *p, const struct script_event *e)
{
	const char *name;
	int parent = open_parent(p, e->path, &name);
	int fd, r;

	if (parent < 0)
		return parent;
	fd = openat(parent, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	r = fd < 0 ? -errno : put(fd, &e->text);
	if (fd >= 0)
		close(fd);
	close(parent);
	return r;
}

/* Copies, then empties and removes the original. */
static int carry(struct player *p, const struct script_event *e)
{
	const char *name, *to_name = "";
	char hidden[256];
	int from = open_parent(p, e->path, &name);
	int to = e->act == SCRIPT_MOVE ? open_parent(p, e->to, &to_name)
				       : p->attic;
	int r = from < 0 ? from : to < 0 ? to : 0;

	attic_name(e->path, hidden);
	if (r == 0 && e->act == SCRIPT_RETURN)
		r = tree_copy(to, hidden, from, name);
	else if (r == 0)
		r = tree_copy(from, name, to,
			      e->act == SCRIPT_MOVE ? to_name : hidden);
	if (r == 0)
		r = e->act == SCRIPT_RETURN ? tree_remove(to, hidden)
					    : tree_remove(from, name);
	if (r == 0 && e->act == SCRIPT_MOVE)
		move_channels(p, e->path, e->to);
	if (from >= 0)
		close(from);
	if (to >= 0 && to != p->attic)
		close(to);
	open_channels(p);
	return r;
}

static int change_mode(struct player *p, const struct script_event *e)
{
	const char *name;
	int parent = open_parent(p, e->path, &name);
	int r;

	if (parent < 0)
		return parent;
	r = fchmodat(parent, name, e->mode, 0) < 0 ? -errno : 0;
	close(parent);
	return r;
}

static int make_link(struct player *p, const struct script_event *e)
{
	const char *name;
	int parent = open_parent(p, e->path, &name);
	int r;

	if (parent < 0)
		return parent;
	(void)unlinkat(parent, name, 0);
	r = symlinkat(e->to, parent, name) < 0 ? -errno : 0;
	close(parent);
	open_channels(p);
	return r;
}

static int act(struct player *p, struct script_event *e)
{
	int r;

	e->done = true;
	if (e->act == SCRIPT_WRITE)
		r = write_once(p, e);
	else if (e->act == SCRIPT_CHMOD)
		r = change_mode(p, e);
	else if (e->act == SCRIPT_LINK)
		r = make_link(p, e);
	else
		r = carry(p, e);
	return r < 0 ? fail(e->path, r) : 0;
}

static int write_channel(struct player *p, size_t i, int64_t now_ns)
{
	struct script_channel *c = &p->script.channels[i];
	struct script_text text;

	if (p->fds[i] < 0)
		return 0;
	script_value(c, (double)(now_ns - p->epoch_ns) / 1e9, &text);
	return put(p->fds[i], &text);
}

/* All that is due; *ret_next is when the next is. */
static int play(struct player *p, int64_t *ret_next)
{
	int64_t next_ns = INT64_MAX;

	for (size_t i = 0; i < p->script.event_count; i++) {
		struct script_event *e = &p->script.events[i];
		int64_t due_ns = p->epoch_ns + e->at_ns;

		if (!e->done && due_ns <= ep_clock_monotonic_ns() &&
		    act(p, e) < 0)
			return -1;
		if (!e->done && due_ns < next_ns)
			next_ns = due_ns;
	}
	for (size_t i = 0; i < p->script.channel_count; i++) {
		struct script_channel *c = &p->script.channels[i];
		int64_t now_ns = ep_clock_monotonic_ns();
		int r = c->due_ns <= now_ns ? write_channel(p, i, now_ns) : 0;

		if (r < 0)
			return fail(c->path, r);
		while (c->due_ns <= now_ns)
			c->due_ns += c->period_ns;
		if (c->due_ns < next_ns)
			next_ns = c->due_ns;
	}
	*ret_next = next_ns;
	return 0;
}

/* Whole or not there, so that a test may wait for it. */
static int tell_epoch(const struct player *p, const char *file)
{
	char partial[512];
	FILE *f;

	snprintf(partial, sizeof(partial), "%s.new", file);
	f = fopen(partial, "we");
	if (!f)
		return fail(partial, -errno);
	fprintf(f, "%lld\n", (long long)p->epoch_ns);
	if (fclose(f) != 0 || rename(partial, file) < 0)
		return fail(file, -errno);
	return 0;
}

static int run(struct player *p, const char *epoch_file)
{
	struct pollfd in = { .fd = 0, .events = POLLIN };
	int64_t next_ns;

	sim_keep_pace();
	p->epoch_ns = ep_clock_monotonic_ns();
	for (size_t i = 0; i < p->script.channel_count; i++) {
		p->script.channels[i].due_ns = p->epoch_ns;
		p->fds[i] = -1;
	}
	open_channels(p);
	for (size_t i = 0; i < p->script.channel_count; i++)
		if (p->fds[i] < 0)
			return fail(p->script.channels[i].path, p->fds[i]);
	if (play(p, &next_ns) < 0 || tell_epoch(p, epoch_file) < 0)
		return -1;
	for (;;) {
		int64_t left_ns = next_ns - ep_clock_monotonic_ns();
		struct timespec wait = { left_ns / EP_NS_PER_S,
					 left_ns % EP_NS_PER_S };
		char ignored[256];

		if (left_ns < 0)
			wait = (struct timespec){ 0, 0 };
		if (ppoll(&in, 1, &wait, NULL) > 0 &&
		    read(0, ignored, sizeof(ignored)) <= 0)
			return 0;
		if (play(p, &next_ns) < 0)
			return -1;
	}
}

int main(int argc, char **argv)
{
	static struct player p = { .attic_path = "/tmp/play_tree-XXXXXX" };
	struct ep_err err;
	int r = 1;

	if (argc != 4) {
		fputs("usage: play_tree DIR SCRIPT EPOCH_FILE\n", stderr);
		return 2;
	}
	if (script_load(argv[2], &p.script) < 0)
		return 1;
	if (ep_root_open(&p.root, argv[1], &err) < 0) {
		fprintf(stderr, "play_tree: %s\n", err.text);
	} else if (!mkdtemp(p.attic_path)) {
		(void)fail(p.attic_path, -errno);
	} else {
		p.attic =
			open(p.attic_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		r = run(&p, argv[3]) < 0 ? 1 : 0;
		(void)tree_remove(AT_FDCWD, p.attic_path);
		close(p.attic);
	}
	ep_root_close(&p.root);
	script_done(&p.script);
	return r;
}
