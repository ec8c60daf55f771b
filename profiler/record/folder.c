/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/record/writer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/str.h"

#define EVENTS_HEADER \
	"t_ns,span_ns,event,request,phase,tokens,evidence,source,text\n"

static int is_empty(int dir_fd)
{
	int copy = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;
	int empty = 1;

	if (!dir) {
		int code = -errno;

		if (copy >= 0)
			close(copy);
		return code;
	}
	while ((entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			empty = 0;
	closedir(dir);
	return empty;
}

/*
 * The folder is made with the caller's rights, not root's: under sudo it must
 * not appear where the caller could not have made it.
 */
static int make_folder(struct ep_writer *w, bool fresh, struct ep_err *err)
{
	size_t len = strlen(w->dir);
	int r;

	w->made = mkdir(w->dir, 0755) == 0;
	/* Named by us: two runs may begin in the same second. */
	for (int n = 2; fresh && !w->made && errno == EEXIST && n < 1000; n++)
		w->made = ep_str_format(w->dir + len, sizeof(w->dir) - len,
					"-%d", n) &&
			  mkdir(w->dir, 0755) == 0;
	if (!w->made && errno != EEXIST)
		return ep_err_set(err, -errno,
				  "cannot make the folder %s: %s; choose "
				  "another with -o DIR",
				  w->dir, strerror(errno));
	w->dir_fd = open(w->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (w->dir_fd < 0)
		return ep_err_set(err, -errno, "cannot open the folder %s: %s",
				  w->dir, strerror(errno));
	r = is_empty(w->dir_fd);
	if (r < 0)
		return ep_err_set(err, r, "cannot list the folder %s: %s",
				  w->dir, strerror(-r));
	if (r == 0)
		return ep_err_set(err, -EEXIST,
				  "%s already holds %s; choose another "
				  "folder with -o DIR, or remove it",
				  w->dir,
				  faccessat(w->dir_fd, "run.json", F_OK, 0) == 0
					  ? "a run"
					  : "files");
	if (mkdirat(w->dir_fd, "sensors", 0755) < 0)
		return ep_err_set(err, -errno, "cannot write in %s: %s", w->dir,
				  strerror(errno));
	w->began = true;
	return 0;
}

static int create_here(struct ep_writer *w, const char *name)
{
	int fd = openat(w->dir_fd, name,
			O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW |
				O_CLOEXEC,
			0644);

	return fd < 0 ? -errno : fd;
}

int ep_writer_create(struct ep_writer *w, const char *name)
{
	int r;

	/* The folder belongs to the caller of sudo, who may change it under
	 * our feet: nothing is created in it with root's rights. */
	if (geteuid() != 0 || !w->owner->changes)
		return create_here(w, name);
	r = ep_identity_enter(w->owner, NULL);
	if (r < 0)
		return r;
	r = create_here(w, name);
	ep_identity_leave(w->owner);
	return r;
}

static int open_file(struct ep_writer *w, struct ep_outfile *f,
		     const char *name, const char *header, struct ep_err *err)
{
	ep_buf_init(&f->pending, EP_OUTFILE_BYTES_MAX);
	f->early_bytes = EP_OUTFILE_EARLY_BYTES;
	(void)ep_str_copy(f->name, sizeof(f->name), name);
	f->fd = ep_writer_create(w, name);
	if (f->fd < 0)
		return ep_err_set(err, f->fd, "cannot create %s in %s: %s",
				  name, w->dir, strerror(-f->fd));
	if (ep_buf_adds(&f->pending, header) < 0)
		return ep_err_set(err, -ENOMEM, "out of memory");
	return 0;
}

static int open_all(struct ep_writer *w, bool fresh, struct ep_err *err)
{
	int r = make_folder(w, fresh, err);

	if (r == 0)
		r = open_file(w, &w->events, "events.csv", EVENTS_HEADER, err);
	if (r == 0)
		r = open_file(w, &w->ticks, "ticks.csv",
			      "due_ns,late_ns,missed\n", err);
	return r;
}

int ep_writer_open(struct ep_writer *w, const char *dir,
		   const struct ep_identity *owner, struct ep_err *err)
{
	char stamp[32];
	int r;

	memset(w, 0, sizeof(*w));
	pthread_mutex_init(&w->lock, NULL);
	w->owner = owner;
	w->dir_fd = w->events.fd = w->ticks.fd = -1;
	ep_clock_utc_stamp(ep_clock_realtime_ns(), stamp, sizeof(stamp));
	if (!ep_str_format(w->dir, sizeof(w->dir), "%s%s",
			   dir ? dir : "./edgeprof-", dir ? "" : stamp))
		return ep_err_set(err, -ENAMETOOLONG,
				  "the folder name after -o is too long");
	r = ep_identity_enter(owner, err);
	if (r < 0)
		return r;
	r = open_all(w, dir == NULL, err);
	ep_identity_leave(owner);
	return r;
}

static int sensor_header(struct ep_buf *b, const struct ep_channel *channels,
			 size_t count)
{
	int r = ep_buf_adds(b, "t_ns,span_ns,flags");

	for (size_t i = 0; r >= 0 && i < count; i++)
		r = ep_buf_addf(b, ",%s_%s", channels[i].name,
				ep_quantity_unit(channels[i].quantity));
	return r < 0 ? r : ep_buf_adds(b, "\n");
}

int ep_writer_add_sensor(struct ep_writer *w, const char *id,
			 const struct ep_channel *channels, size_t count,
			 struct ep_err *err)
{
	struct ep_outrow *row = &w->rows[w->sensor_count];
	struct ep_buf header;
	char name[160];
	int r;

	if (w->sensor_count == EP_OUTFILES_MAX)
		return ep_err_set(err, -E2BIG, "more than %d sensors",
				  EP_OUTFILES_MAX);
	while (count > 0 && (channels[count - 1].flags & EP_CHANNEL_PRODUCT))
		count--;
	(void)ep_str_format(name, sizeof(name), "sensors/%s.csv", id);
	row->channels = channels;
	row->channel_count = count;
	row->values = calloc(count + 1, sizeof(*row->values));
	row->present = calloc(count + 1, sizeof(*row->present));
	ep_buf_init(&header, EP_OUTFILE_BYTES_MAX);
	if (!row->values || !row->present ||
	    sensor_header(&header, channels, count) < 0)
		r = ep_err_set(err, -ENOMEM, "out of memory");
	else
		r = open_file(w, &w->sensors[w->sensor_count], name,
			      header.data, err);
	ep_buf_done(&header);
	if (r < 0) {
		free(row->values);
		free(row->present);
		memset(row, 0, sizeof(*row));
		return r;
	}
	return (int)w->sensor_count++;
}

void ep_writer_discard(struct ep_writer *w)
{
	static const char *const names[] = { "run.json", "events.csv",
					     "ticks.csv", "stdout.log",
					     "stderr.log" };

	if (ep_identity_enter(w->owner, NULL) < 0)
		return;
	for (size_t i = 0; w->began && i < sizeof(names) / sizeof(names[0]);
	     i++)
		unlinkat(w->dir_fd, names[i], 0);
	for (size_t i = 0; i < w->sensor_count; i++)
		unlinkat(w->dir_fd, w->sensors[i].name, 0);
	if (w->began)
		unlinkat(w->dir_fd, "sensors", AT_REMOVEDIR);
	if (w->made)
		rmdir(w->dir);
	ep_identity_leave(w->owner);
}

static void close_file(struct ep_outfile *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
	ep_buf_done(&f->pending);
}

void ep_writer_close(struct ep_writer *w)
{
	for (size_t i = 0; i < w->sensor_count; i++) {
		close_file(&w->sensors[i]);
		free(w->rows[i].values);
		free(w->rows[i].present);
	}
	close_file(&w->events);
	close_file(&w->ticks);
	if (w->dir_fd >= 0)
		close(w->dir_fd);
	w->dir_fd = -1;
	pthread_mutex_destroy(&w->lock);
}
