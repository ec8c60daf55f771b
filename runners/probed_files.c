/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/probed_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "drivers/elf.h"
#include "runners/llama_published.h"

#define SEEN_MAX 65536 /* files; more are looked at again */
#define LIBRARIES_MAX 64
#define WAITING_MAX 8
#define FUNCTIONS_MAX 32
#define WAIT_NS (100 * EP_NS_PER_MS)

/* A number is given out anew when a file is gone: its times tell them apart. */
struct seen {
	dev_t dev;
	ino_t ino;
	int64_t ctime_ns;
};

/* A library that got probes; told as a fact once the program has mapped it. */
struct library {
	const struct ep_probed *what;
	struct seen file;
	bool mapped, told, by_texts;
	char path[512];
	int64_t t_ns;	 /* when the last probe was in place */
	int64_t late_ns; /* since it was mapped; 0: before the gate */
};

struct waiting {
	int fd;
	int64_t since_ns, mapped_ns;
	char path[512];
};

struct function {
	struct seen file;
	uint64_t offset;
};

struct ep_probed_files {
	const struct ep_env *env;
	const struct ep_uprobe_published *published;
	struct ep_uprobe_set *probes; /* NULL until a library is found */
	pid_t pid;
	int64_t mapped_ns; /* of the file that is looked at; 0 at the gate */
	struct seen *seen;
	size_t seen_count;
	struct library libraries[LIBRARIES_MAX];
	size_t library_count, better_count; /* better: no fallbacks */
	struct waiting waiting[WAITING_MAX];
	size_t waiting_count;
	struct function functions[FUNCTIONS_MAX];
	size_t function_count;
	char fault[480]; /* why probes failed; told once */
	const char *fault_code;
	bool fault_told;
};

int ep_probed_files_open(const struct ep_env *env,
			 const struct ep_uprobe_published *published,
			 struct ep_probed_files **ret)
{
	struct ep_probed_files *f = calloc(1, sizeof(*f));

	if (!f)
		return -ENOMEM;
	f->env = env;
	f->published = published;
	*ret = f;
	return 0;
}

void ep_probed_files_close(struct ep_probed_files *f)
{
	if (!f)
		return;
	ep_uprobe_set_close(f->probes);
	while (f->waiting_count > 0)
		close(f->waiting[--f->waiting_count].fd);
	free(f->seen);
	free(f);
}

void ep_probed_files_begin(struct ep_probed_files *f, pid_t pid)
{
	f->pid = pid;
}

void ep_probed_files_time(struct ep_probed_files *f, int64_t mapped_ns)
{
	f->mapped_ns = mapped_ns;
}

struct ep_uprobe_set *ep_probed_files_set(const struct ep_probed_files *f)
{
	return f->probes;
}

static struct seen identity(const struct stat *st)
{
	return (struct seen){ st->st_dev, st->st_ino,
			      st->st_ctim.tv_sec * EP_NS_PER_S +
				      st->st_ctim.tv_nsec };
}

static bool is_same(const struct seen *a, const struct seen *b)
{
	return a->ino == b->ino && a->dev == b->dev &&
	       a->ctime_ns == b->ctime_ns;
}

/* Whether this file is new here. */
static bool first_sight(struct ep_probed_files *f, const struct seen *file)
{
	struct seen *bigger;

	for (size_t i = 0; i < f->seen_count; i++)
		if (is_same(&f->seen[i], file))
			return false;
	if (f->seen_count % 64 == 0 && f->seen_count < SEEN_MAX) {
		bigger = realloc(f->seen,
				 (f->seen_count + 64) * sizeof(*bigger));
		if (!bigger)
			return true;
		f->seen = bigger;
	}
	if (f->seen_count < SEEN_MAX)
		f->seen[f->seen_count++] = *file;
	return true;
}

static void note_fault(struct ep_probed_files *f, const char *code,
		       const char *path, const char *why)
{
	if (f->fault[0])
		return;
	f->fault_code = code;
	(void)ep_str_format(f->fault, sizeof(f->fault), "%s: %s", path, why);
}

static void keep_library(struct ep_probed_files *f, const struct seen *file,
			 const struct ep_uprobe_library *found,
			 const struct ep_probed *what)
{
	bool by_texts = what->by_texts && what->by_texts(found->fd);
	struct library *l;

	f->better_count += !what->fallback;
	if (f->library_count == LIBRARIES_MAX)
		return;
	l = &f->libraries[f->library_count++];
	l->what = what;
	l->file = *file;
	(void)ep_str_copy(l->path, sizeof(l->path), found->path);
	l->t_ns = f->env->now_ns();
	l->mapped = f->mapped_ns > 0 || f->env->target_runs;
	l->late_ns = f->mapped_ns > 0 ? l->t_ns - f->mapped_ns : 0;
	l->by_texts = by_texts;
}

/* A file that is deleted changes its time, and is the same. */
static void note_mapped(struct ep_probed_files *f, const struct seen *file)
{
	for (size_t i = 0; f->mapped_ns > 0 && i < f->library_count; i++)
		if (f->libraries[i].file.ino == file->ino &&
		    f->libraries[i].file.dev == file->dev)
			f->libraries[i].mapped = true;
}

static bool is_probed(const struct ep_probed_files *f, const struct seen *file)
{
	for (size_t i = 0; i < f->library_count; i++)
		if (f->libraries[i].file.ino == file->ino &&
		    f->libraries[i].file.dev == file->dev)
			return true;
	return false;
}

static int add_probes(struct ep_probed_files *f,
		      const struct ep_uprobe_library *l, struct ep_err *err)
{
	int r = 0;

	if (f->published)
		return ep_llama_add_published(f->published, f->pid, l,
					      &f->probes, err);
	if (!f->probes)
		r = ep_uprobe_set_open(true, &f->probes, err);
	return r < 0 ? r
		     : ep_uprobe_set_add(f->probes, l->fd, l->points,
					 l->point_count, err);
}

/* The file is kept open, since its path may lead elsewhere by then. */
static void wait_with(struct ep_probed_files *f, int fd, const char *path)
{
	struct waiting *w = &f->waiting[f->waiting_count];

	if (f->waiting_count == WAITING_MAX || f->published)
		return;
	w->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (w->fd < 0)
		return;
	w->since_ns = f->env->now_ns();
	w->mapped_ns = f->mapped_ns;
	(void)ep_str_copy(w->path, sizeof(w->path), path);
	f->waiting_count++;
}

static const struct ep_probed *library_of(int fd, const char *path,
					  struct ep_uprobe_library *ret)
{
	struct ep_probed_hit hit;

	if (ep_llama_library(fd, path, ret) < 0 ||
	    !ep_probed_hit_of(ret->points[0].probe, &hit))
		return NULL;
	return hit.library;
}

static void look_for_strangers(struct ep_probed_files *f, int fd,
			       const char *path)
{
	char why[200];

	for (size_t i = 0; ep_probed_table[i]; i++) {
		const struct ep_probed *p = ep_probed_table[i];
		struct ep_err err = { 0 };

		if (p->hidden && p->hidden(fd, &err))
			note_fault(f, "probes-unknown", path, err.text);
		if (!ep_probed_is_strange(p, fd))
			continue;
		(void)ep_str_format(why, sizeof(why),
				    "%s without %s is not understood, so it "
				    "gets no probes",
				    p->title, p->key);
		note_fault(f, "probes-unknown", path, why);
	}
}

static void set_probes(struct ep_probed_files *f, const struct seen *file,
		       const struct ep_uprobe_library *l,
		       const struct ep_probed *what)
{
	struct ep_err err = { 0 };
	int r = add_probes(f, l, &err);

	/* What was not set up is told when the program maps it. */
	if (r < 0 && f->published && f->mapped_ns == 0)
		f->seen_count--;
	else if (r < 0)
		note_fault(f, "probes-failed", l->path, err.text);
	else
		keep_library(f, file, l, what);
}

void ep_probed_files_look(void *ctx, int fd, const char *path)
{
	struct ep_probed_files *f = ctx;
	const struct ep_probed *what = NULL;
	struct ep_uprobe_library l;
	struct seen file;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return;
	file = identity(&st);
	note_mapped(f, &file);
	if (is_probed(f, &file) || !first_sight(f, &file))
		return;
	what = library_of(fd, path, &l);
	if (!what)
		look_for_strangers(f, fd, path);
	else if (what->fallback)
		wait_with(f, fd, path);
	else
		set_probes(f, &file, &l, what);
}

bool ep_probed_files_settle(struct ep_probed_files *f, bool now)
{
	int64_t now_ns = f->env->now_ns(), mapped_ns = f->mapped_ns;
	size_t kept = 0;

	for (size_t i = 0; i < f->waiting_count; i++) {
		struct waiting w = f->waiting[i];
		const struct ep_probed *what = NULL;
		struct ep_uprobe_library l;
		struct seen file;
		struct stat st;

		if (!now && f->better_count == 0 &&
		    now_ns - w.since_ns < WAIT_NS) {
			f->waiting[kept++] = w;
			continue;
		}
		f->mapped_ns = w.mapped_ns;
		if (f->better_count == 0 && fstat(w.fd, &st) == 0 &&
		    (what = library_of(w.fd, w.path, &l)) != NULL) {
			file = identity(&st);
			if (!is_probed(f, &file))
				set_probes(f, &file, &l, what);
		}
		close(w.fd);
	}
	f->waiting_count = kept;
	f->mapped_ns = mapped_ns;
	return kept > 0;
}

void ep_probed_files_function(struct ep_probed_files *f, pid_t pid,
			      uint64_t address, int number)
{
	struct ep_uprobe_point point = { .probe = number };
	struct ep_elf_symbol code = { .found = true };
	struct ep_err err = { 0 };
	struct ep_elf elf;
	struct stat st;
	struct seen file;
	int fd = ep_uprobe_function_open(pid, address, &code.file_offset);

	if (fd < 0 || !f->probes || fstat(fd, &st) < 0 ||
	    pread(fd, code.first, sizeof(code.first),
		  (off_t)code.file_offset) != (ssize_t)sizeof(code.first)) {
		note_fault(f, "probes-callback", "a function of the program",
			   "it lies in no file, so its calls are not seen");
		if (fd >= 0)
			close(fd);
		return;
	}
	file = identity(&st);
	for (size_t i = 0; i < f->function_count; i++)
		if (is_same(&f->functions[i].file, &file) &&
		    f->functions[i].offset == code.file_offset)
			number = -1;
	if (number >= 0 && f->function_count < FUNCTIONS_MAX &&
	    ep_elf_init(&elf, fd) == 0) {
		f->functions[f->function_count++] =
			(struct function){ file, code.file_offset };
		point.offset = ep_elf_probe_offset(&elf, &code);
		if (ep_uprobe_set_add(f->probes, fd, &point, 1, &err) < 0)
			note_fault(f, "probes-failed",
				   "a function of the program", err.text);
	}
	close(fd);
}

void ep_probed_files_tell(struct ep_probed_files *f,
			  const struct ep_event_sink *sink)
{
	struct ep_event e;
	char source[64];

	for (size_t i = 0; i < f->library_count; i++) {
		struct library *l = &f->libraries[i];

		if (!l->mapped || l->told)
			continue;
		l->told = true;
		e = ep_event_make(l->t_ns, "fact");
		(void)ep_str_format(source, sizeof(source), "%s.library",
				    l->what->name);
		e.source = source;
		e.text = l->path;
		e.tokens = l->late_ns;
		sink->emit(sink->ctx, &e);
		if (!l->by_texts)
			continue;
		(void)ep_str_format(source, sizeof(source), "%s.by_texts",
				    l->what->name);
		e.tokens = -1;
		sink->emit(sink->ctx, &e);
	}
	if (f->fault[0] && !f->fault_told) {
		e = ep_event_make(f->env->now_ns(), "warning");
		e.source = f->fault_code;
		e.text = f->fault;
		sink->emit(sink->ctx, &e);
		f->fault_told = true;
	}
}
