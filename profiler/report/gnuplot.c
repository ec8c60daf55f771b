/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/report/gnuplot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/num.h"
#include "base/str.h"
#include "profiler/report/width.h"

#define FILE_BYTES_MAX ((size_t)256 * 1024 * 1024)
#define MARK "# figures by edgeprof report --gnuplot\n"
#define ALL "all.gp"
#define WIDTH_MM 85 /* a column of most journals */
#define HEIGHT_MM 60
#define DOTS_PER_MM 11.811   /* 300 dpi */
#define PIXELS_PER_MM 3.7795 /* of a browser */

void ep_plots_init(struct ep_plots *p)
{
	memset(p, 0, sizeof(*p));
	ep_buf_init(&p->all, FILE_BYTES_MAX);
}

void ep_plots_done(struct ep_plots *p)
{
	for (size_t i = 0; i < p->count; i++)
		ep_buf_done(&p->files[i].text);
	ep_buf_done(&p->all);
	p->count = 0;
}

struct ep_buf *ep_plots_file(struct ep_plots *p, const char *name,
			     const char *suffix)
{
	struct ep_plot_file *f = &p->files[p->count];

	if (p->error < 0)
		return NULL;
	if (p->count == EP_PLOT_FILES_MAX) {
		p->error = -E2BIG;
		return NULL;
	}
	(void)ep_str_format(f->name, sizeof(f->name), "%s%s", name, suffix);
	ep_buf_init(&f->text, FILE_BYTES_MAX);
	p->count++;
	return &f->text;
}

void ep_plots_add(struct ep_plots *p, struct ep_buf *b, const char *format, ...)
{
	char text[1200];
	va_list args;

	if (!b || p->error < 0)
		return;
	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	p->error = ep_buf_adds(b, text);
}

void ep_plots_quote(struct ep_plots *p, struct ep_buf *b, const char *text)
{
	char clean[400], piece[2] = "";

	ep_width_clean(clean, sizeof(clean), text);
	ep_plots_add(p, b, "'");
	for (const char *c = clean; *c; c++) {
		piece[0] = *c;
		/* A quote is written twice.  gnuplot runs what stands between
		 * backticks, if not in single quotes: there shall be none. */
		ep_plots_add(p, b, "%s",
			     *c == '\''	 ? "''"
			     : *c == '`' ? "\xe2\x80\x98"
					 : piece);
	}
	ep_plots_add(p, b, "'");
}

void ep_plots_number(struct ep_plots *p, struct ep_buf *b, double value)
{
	char text[32] = "?";

	if (isfinite(value))
		(void)ep_num_put_f64(text, value);
	ep_plots_add(p, b, "%s", text);
}

struct ep_buf *ep_plots_figure(struct ep_plots *p, const char *name)
{
	struct ep_buf *b = ep_plots_file(p, name, ".gp");

	if (p->figure_count == 0)
		ep_plots_add(p, &p->all,
			     MARK "# gnuplot " ALL
				  " makes a .png and a .svg of each figure.\n"
				  "folder = ''\n"
				  "do for [i = 1:strlen(ARG0)] {\n"
				  "\tif (ARG0[i:i] eq '/') "
				  "{ folder = ARG0[1:i] }\n"
				  "}\n"
				  "if (folder ne '') { cd folder }\n");
	ep_plots_add(p, &p->all, "load '%s.gp'\n", name);
	p->figure_count++;
	ep_plots_add(
		p, b,
		"# gnuplot %s.gp, in its folder: %s.png and %s.svg, %d mm by "
		"%d mm\n"
		"reset\n"
		"set encoding utf8\n"
		"set datafile missing '?'\n"
		"set terminal pngcairo noenhanced size %d,%d font "
		"'DejaVu Sans,8' fontscale 3 linewidth 3 pointscale 2.5\n"
		"set output '%s.png'\n"
		"set border 3 lw 0.75\n"
		"set tics nomirror out scale 0.5\n"
		"set key top outside horizontal left Left reverse font ',7' "
		"samplen 1.5\n"
		"set style fill solid 0.8 noborder\n",
		name, name, name, WIDTH_MM, HEIGHT_MM,
		(int)(WIDTH_MM * DOTS_PER_MM), (int)(HEIGHT_MM * DOTS_PER_MM),
		name);
	return b;
}

void ep_plots_figure_end(struct ep_plots *p, struct ep_buf *b)
{
	const struct ep_plot_file *f = NULL;

	for (size_t i = 0; b && i < p->count; i++)
		if (&p->files[i].text == b)
			f = &p->files[i];
	if (!f || p->error < 0)
		return;
	ep_plots_add(p, b,
		     "set terminal svg noenhanced size %d,%d fixed font "
		     "'DejaVu Sans,8' linewidth 1 background 'white'\n"
		     "set output '%.*s.svg'\n"
		     "replot\n"
		     "set output\n",
		     (int)(WIDTH_MM * PIXELS_PER_MM),
		     (int)(HEIGHT_MM * PIXELS_PER_MM),
		     (int)(strlen(f->name) - 3), f->name);
}

/* Nothing in it but what this wrote before. */
static int check_folder(int fd, const char *dir, struct ep_err *err)
{
	char head[sizeof(MARK)] = "";
	int all =
		openat(fd, ALL, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	const struct dirent *entry;
	bool other = false;
	ssize_t got;
	DIR *d;
	int copy;

	if (all >= 0) {
		got = read(all, head, sizeof(MARK) - 1);
		(void)close(all);
		if (got == (ssize_t)sizeof(MARK) - 1 && strcmp(head, MARK) == 0)
			return 0;
	}
	copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	d = copy < 0 ? NULL : fdopendir(copy);
	if (!d) {
		if (copy >= 0)
			(void)close(copy);
		return ep_err_set(err, -EIO, "%s: %s", dir, strerror(errno));
	}
	for (entry = readdir(d); entry && !other; entry = readdir(d))
		other = strcmp(entry->d_name, ".") != 0 &&
			strcmp(entry->d_name, "..") != 0;
	(void)closedir(d);
	return other ? ep_err_set(err, -EEXIST,
				  "%s: has files that are not from here; give "
				  "a folder that is new or empty",
				  dir)
		     : 0;
}

int ep_plots_write(const struct ep_plots *p, const char *dir,
		   struct ep_err *err)
{
	int fd, r;

	if (p->figure_count == 0)
		return ep_err_set(err, -ENODATA,
				  "there is nothing to draw: no figure that "
				  "the charts show was measured");
	r = ep_file_mkdir(dir, err);
	if (r < 0)
		return r;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return ep_err_set(err, -errno, "%s: %s", dir, strerror(errno));
	r = check_folder(fd, dir, err);
	/* What marks the folder comes first: a second try may go on. */
	if (r == 0) {
		r = ep_file_replace(fd, ALL, p->all.data, p->all.len);
		for (size_t i = 0; r == 0 && i < p->count; i++)
			r = ep_file_replace(fd, p->files[i].name,
					    p->files[i].text.data,
					    p->files[i].text.len);
		if (r < 0)
			(void)ep_err_set(err, r, "cannot write into %s: %s",
					 dir, strerror(-r));
	}
	(void)close(fd);
	return r;
}
