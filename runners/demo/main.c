/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runners/demo/check.h"
#include "runners/demo/options.h"
#include "runners/demo/place.h"
#include "runners/demo/session.h"
#include "runners/demo/weights.h"

/* The same on every machine, so that figures compare. */
#define MODEL_SEED 20261120

enum { EXIT_GOOD = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

static int make(const char *path, const struct infer_shape *shape,
		struct infer_err *err)
{
	(void)fprintf(stderr, "infer: making the model %s\n", path);
	return infer_weights_make(path, shape, MODEL_SEED, err);
}

/* What r says of the file at path: makes it where nothing of worth is lost. */
static int make_again(const char *path, int r, const struct infer_shape *shape,
		      struct infer_err *err)
{
	if (r != -ENOENT && r != -EBADMSG && r != -ENODATA)
		return r;
	if (r != -ENOENT)
		(void)fprintf(stderr, "infer: %s; it is written anew\n",
			      err->text);
	return make(path, shape, err);
}

static int make_model(const struct infer_options *o, struct infer_err *err)
{
	int r = infer_weights_verify(o->make_model, err);

	if (r == 0) {
		(void)fprintf(stderr, "infer: %s is there and good\n",
			      o->make_model);
		return 0;
	}
	return make_again(o->make_model, r,
			  o->tiny ? &infer_shape_tiny : &infer_shape_default,
			  err);
}

static int self_check(const char *path, struct infer_err *err)
{
	struct infer_weights w = { .map = NULL };
	int r = infer_weights_map(&w, path, err);

	if (r < 0)
		return r;
	r = infer_check_run(&w, stdout, err);
	infer_weights_done(&w);
	if (r > 0)
		return infer_err_set(err, -EIO, "%d checks failed", r);
	return r;
}

static int answer(const struct infer_options *o, const char *path,
		  struct infer_err *err)
{
	struct infer_record record;
	int r = infer_session_run(o, path, stdout, &record, err);

	if (r < 0)
		return r;
	if (!o->quiet)
		infer_record_print(&record, o->threads, stderr);
	if (o->times)
		infer_record_print_times(&record, stderr);
	infer_record_done(&record);
	return 0;
}

static int use(const struct infer_options *o, const char *path,
	       struct infer_err *err)
{
	return o->self_check ? self_check(path, err) : answer(o, path, err);
}

/* Without -m: the file is ours to make, and to make again. */
static int answer_by_default(const struct infer_options *o,
			     struct infer_err *err)
{
	struct infer_place place;
	int r = infer_place_find(&place, err);

	if (r < 0)
		return r;
	if (access(place.path, F_OK) < 0)
		r = make(place.path, &infer_shape_default, err);
	if (r == 0)
		r = use(o, place.path, err);
	if (r == -EBADMSG || r == -ENODATA) {
		r = make_again(place.path, r, &infer_shape_default, err);
		if (r == 0)
			r = use(o, place.path, err);
	}
	infer_place_done(&place);
	return r;
}

static int run(const struct infer_options *o, struct infer_err *err)
{
	int r;

	if (o->help)
		return fputs(infer_help, stdout) < 0 ? -EIO : 0;
	if (o->make_model)
		return make_model(o, err);
	if (!o->model)
		return answer_by_default(o, err);
	r = use(o, o->model, err);
	if (r == -EBADMSG || r == -ENODATA) {
		struct infer_err was = *err;

		return infer_err_set(err, r,
				     "%s; \"infer --make-model %s\" writes it "
				     "anew",
				     was.text, o->model);
	}
	return r;
}

int main(int argc, char **argv)
{
	struct infer_options options;
	struct infer_err err = { .text = "" };
	int r = infer_options_parse(&options, argc, argv, &err);

	if (r < 0) {
		(void)fprintf(stderr, "infer: %s\n", err.text);
		return EXIT_USAGE;
	}
	r = run(&options, &err);
	if (r == 0 && fflush(stdout) == EOF)
		r = infer_err_set(&err, -errno, "standard output: %s",
				  strerror(errno));
	if (r < 0) {
		(void)fprintf(stderr, "infer: %s\n", err.text);
		return EXIT_FAILED;
	}
	return EXIT_GOOD;
}
