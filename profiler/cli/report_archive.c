/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/report_archive.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/str.h"
#include "base/version.h"
#include "profiler/cli/cli.h"
#include "profiler/export/unpack.h"
#include "profiler/export/verify.h"

static int complain(const char *named, int r, struct ep_err *err)
{
	ep_str_printable(err->text);
	(void)fprintf(stderr, "edgeprof report: %s: %s\n", named, err->text);
	return r == -ENOMEM || r == -EIO || r == -ENOSPC ? EP_EXIT_INTERNAL
							 : EP_EXIT_USAGE;
}

#if EP_WITH_ARCHIVE
static int unpack(struct ep_report_place *p)
{
	char top[EP_UNPACK_NAME_BYTES];
	struct ep_err err = { 0 };
	int r = ep_private_open(&p->temporary, &err);

	if (r == 0)
		r = ep_unpack(p->named, p->temporary.fd, top, &err);
	if (r == 0 && !ep_str_format(p->dir, sizeof(p->dir), "%s/%s",
				     p->temporary.path, top))
		r = ep_err_set(&err, -ENAMETOOLONG, "TMPDIR is too long");
	return r == 0 ? EP_EXIT_OK : complain(p->named, r, &err);
}
#else
static int unpack(struct ep_report_place *p)
{
	struct ep_err err = { 0 };

	return complain(p->named,
			ep_err_set(&err, -ENOTSUP,
				   "not a folder; this edgeprof was built "
				   "without archives (WITH_ARCHIVE=0): unpack "
				   "it with tar and name the folder"),
			&err);
}
#endif

int ep_report_place_open(struct ep_report_place *p, const char *named)
{
	struct stat st;
	int r = EP_EXIT_OK;

	*p = (struct ep_report_place){ .named = named };
	p->temporary.fd = p->temporary.parent_fd = -1;
	p->unpacked = stat(named, &st) == 0 && S_ISREG(st.st_mode);
	if (p->unpacked) {
		ep_hold_begin(&p->held);
		r = unpack(p);
	} else if (!ep_str_copy(p->dir, sizeof(p->dir), named)) {
		struct ep_err err = { 0 };

		r = complain("",
			     ep_err_set(&err, -ENAMETOOLONG,
					"the name of the folder is too "
					"long"),
			     &err);
	}
	if (r != EP_EXIT_OK)
		ep_report_place_close(p);
	return r;
}

void ep_report_place_close(struct ep_report_place *p)
{
	if (!p->unpacked)
		return;
	ep_private_close(&p->temporary);
	/* What is in the buffer is said before a signal ends us. */
	(void)fflush(stdout);
	ep_hold_end(&p->held);
	p->unpacked = false;
}

static void print_line(void *ctx, const char *line)
{
	(void)ctx;
	(void)printf("%s\n", line);
}

static void print_files(const struct ep_verify *v)
{
	if (!v->has_manifest)
		(void)printf("files: there is no MANIFEST, so nobody can say "
			     "whether one was changed\n");
	else if (v->file_differ_count == 0)
		(void)printf("files: all %zu are those of the MANIFEST\n",
			     v->file_count);
	else
		(void)printf("files: %zu differ from the MANIFEST of %zu\n",
			     v->file_differ_count, v->file_count);
}

static void print_figures(const struct ep_verify *v)
{
	(void)printf("figures: %zu of %zu differ (%zu run%s)\n",
		     v->figure_differ_count, v->figure_count, v->run_count,
		     v->run_count == 1 ? "" : "s");
	if (v->new_count > 0)
		(void)printf("figures: %zu more are computed today; they are "
			     "not in report.json\n",
			     v->new_count);
	if (v->unreported_count > 0)
		(void)printf("runs without a report.json, which are not "
			     "checked: %zu\n",
			     v->unreported_count);
	if (v->other_build)
		(void)printf("report.json was computed by another build than "
			     "this one (%s), so its texts are not compared\n",
			     ep_build);
}

int ep_report_verify(const struct ep_report_place *p, int dir_fd, bool study)
{
	struct ep_verify v = {
		.dir_fd = dir_fd,
		.study = study,
		.packed = p->unpacked,
		.tell = print_line,
	};
	struct ep_err err = { 0 };
	int r = ep_verify(&v, &err);

	if (r < 0)
		return complain(p->named, r, &err);
	print_files(&v);
	print_figures(&v);
	if (fflush(stdout) != 0)
		return complain(
			p->named,
			ep_err_set(&err, -EIO, "cannot write the result"),
			&err);
	return ep_verify_good(&v) ? EP_EXIT_OK : EP_EXIT_NO;
}
