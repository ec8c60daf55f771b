/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Plays a story on a libllama, a real one or a fake, that it loads itself.
 *
 * usage: drive_llama LOG WORD...
 *	lib:PATH      loads it; what follows is of this library
 *	backends:DIR  loads a real one's compute kernels
 *	model:PATH    loads a model;  ctx:N,BATCH makes a context and selects it
 *	@2            selects the second context
 *	15            evaluates fifteen tokens, 300/32 in batches of up to 32,
 *	enc:40        encodes forty,
 *	bad           evaluates what cannot be
 *	s             waits, L reads the logits of the last row, L3 of row 3,
 *	V             reads an embedding, R resets, F frees
 *	clear         empties the memory, cut:5 from position 5 on, cut:5,1 of
 *		      sequence 1, add:5 moves what is behind it
 *	thread        evaluates in a new thread each time from here on
 *	jump          evaluations do not return from here on (the fake's)
 *	wait:FILE     until there is such a file
 *	stop, cont    stops its parent, and lets it go on
 *	rename:A=B    files; rename:A= removes A
 *	N*{ ... }     N times
 *
 * LOG: "WORD START_NS END_NS RESULT" of each call, CLOCK_MONOTONIC.
 */
#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/str.h"

#define TOKENS_MAX 4096
#define CONTEXTS_MAX 8

struct llama_batch {
	int32_t n_tokens;
	int32_t *token;
	void *embd, *pos, *n_seq_id, *seq_id, *logits;
};
/* Larger than the library's: passed on the stack, or by reference, it reads
 * what it knows. */
struct parameters {
	unsigned char bytes[512];
};

struct library {
	struct parameters (*model_params)(void);
	struct parameters (*context_params)(void);
	void *(*load)(const char *path, struct parameters p);
	void *(*init)(void *model, struct parameters p);
	int32_t (*decode)(void *ctx, struct llama_batch batch);
	int32_t (*encode)(void *ctx, struct llama_batch batch);
	void (*synchronize)(void *ctx);
	float *(*logits)(void *ctx, int32_t i);
	float *(*embeddings)(void *ctx, int32_t i);
	void (*reset)(void *ctx);
	void (*free)(void *ctx);
	void *(*memory)(void *ctx);
	void (*clear)(void *memory, int data);
	int (*cut)(void *memory, int32_t seq, int32_t from, int32_t to);
	void (*add)(void *memory, int32_t seq, int32_t from, int32_t to,
		    int32_t by);
	void (*jump)(jmp_buf *to);
	void (*log)(void (*to)(int, const char *, void *), void *data);
	void (*backends)(const char *path);
};

struct player {
	struct library lib;
	void *model;
	void *contexts[CONTEXTS_MAX];
	struct library libs[CONTEXTS_MAX];
	int count, now;
	bool threads, jumps;
	FILE *log;
};

static jmp_buf back;

static void *ctx(struct player *p)
{
	return p->contexts[p->now];
}

static void be_silent(int level, const char *text, void *data)
{
	(void)level, (void)text, (void)data;
}

/* ISO C forbids to convert what dlsym() returns. */
#define TAKE(field, name)                                     \
	do {                                                  \
		void *found = dlsym(h, name);                 \
		memcpy(&p->lib.field, &found, sizeof(found)); \
	} while (0)

static int open_library(struct player *p, const char *path)
{
	void *h = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	if (!h)
		return -ENOENT;
	TAKE(model_params, "llama_model_default_params");
	TAKE(context_params, "llama_context_default_params");
	TAKE(load, "llama_model_load_from_file");
	TAKE(init, "llama_init_from_model");
	TAKE(decode, "llama_decode");
	TAKE(encode, "llama_encode");
	TAKE(synchronize, "llama_synchronize");
	TAKE(logits, "llama_get_logits_ith");
	TAKE(embeddings, "llama_get_embeddings_seq");
	TAKE(reset, "llama_perf_context_reset");
	TAKE(free, "llama_free");
	TAKE(memory, "llama_get_memory");
	TAKE(clear, "llama_memory_clear");
	TAKE(cut, "llama_memory_seq_rm");
	TAKE(add, "llama_memory_seq_add");
	TAKE(jump, "fake_llama_jump");
	TAKE(log, "llama_log_set");
	TAKE(backends, "ggml_backend_load_all_from_path");
	if (p->lib.log)
		p->lib.log(be_silent, NULL);
	return 0;
}

/* n_threads and n_threads_batch are 4 by default, wherever a version has
 * them; more threads than CPUs wait for each other. */
static void use_one_thread(struct parameters *params)
{
	int32_t numbers[16];

	memcpy(numbers, params->bytes, sizeof(numbers));
	for (int i = 4; i < 15; i++) {
		if (numbers[i] != 4 || numbers[i + 1] != 4)
			continue;
		numbers[i] = numbers[i + 1] = 1;
		break;
	}
	memcpy(params->bytes, numbers, sizeof(numbers));
}

static int new_context(struct player *p, const char *numbers)
{
	/* n_ctx, n_batch, n_ubatch, n_seq_max: the first of all versions */
	uint32_t sizes[4] = { 512, 512, 512, 1 };
	struct parameters params;
	size_t len = strcspn(numbers, ",");
	int64_t n = 0;
	char first[16];

	if (p->count == CONTEXTS_MAX || !p->lib.init ||
	    !ep_str_format(first, sizeof(first), "%.*s", (int)len, numbers) ||
	    ep_num_parse_i64(first, &n) < 0)
		return -EINVAL;
	sizes[0] = (uint32_t)n;
	if (numbers[len] && ep_num_parse_i64(numbers + len + 1, &n) == 0)
		sizes[1] = sizes[2] = (uint32_t)n;
	params = p->lib.context_params();
	memcpy(params.bytes, sizes, sizeof(sizes));
	use_one_thread(&params);
	p->contexts[p->count] = p->lib.init(p->model, params);
	p->libs[p->count] = p->lib;
	p->now = p->count++;
	return ctx(p) != NULL;
}

struct evaluation {
	struct player *p;
	bool encodes;
	int32_t count, result, first;
};

static void *evaluate(void *arg)
{
	static int32_t tokens[TOKENS_MAX];
	struct evaluation *e = arg;
	struct player *p = e->p;
	struct llama_batch batch = { .n_tokens = e->count, .token = tokens };

	for (int i = 0; i < TOKENS_MAX; i++)
		tokens[i] = e->first + i % 90;
	if (p->jumps && setjmp(back))
		return NULL;
	e->result = e->encodes ? p->libs[p->now].encode(ctx(p), batch)
			       : p->libs[p->now].decode(ctx(p), batch);
	return NULL;
}

static int run_evaluation(struct player *p, struct evaluation e)
{
	pthread_t thread;

	if (!p->threads) {
		evaluate(&e);
		return e.result;
	}
	if (pthread_create(&thread, NULL, evaluate, &e) != 0)
		return -EAGAIN;
	pthread_join(thread, NULL);
	return e.result;
}

static int wait_for(const char *path)
{
	const struct timespec pause = { .tv_nsec = 2000000 };

	for (int i = 0; i < 15000 && access(path, F_OK) < 0; i++)
		nanosleep(&pause, NULL);
	return access(path, F_OK);
}

static int move_file(const char *word)
{
	char from[1024];
	size_t len = strcspn(word, "=");

	if (!word[len] ||
	    !ep_str_format(from, sizeof(from), "%.*s", (int)len, word))
		return -EINVAL;
	return word[len + 1] ? rename(from, word + len + 1) : unlink(from);
}

static int change_memory(struct player *p, const char *word)
{
	const struct library *l = &p->libs[p->now];
	const char *comma = strchr(word, ',');
	int64_t position = 0, seq = 0;
	void *memory = l->memory(ctx(p));
	char text[16];

	if (ep_str_starts(word, "clear")) {
		l->clear(memory, 1);
		return 0;
	}
	if (!ep_str_format(text, sizeof(text), "%.*s",
			   (int)strcspn(word + 4, ","), word + 4) ||
	    ep_num_parse_i64(text, &position) < 0 ||
	    (comma && ep_num_parse_i64(comma + 1, &seq) < 0))
		return -EINVAL;
	if (ep_str_starts(word, "cut"))
		return l->cut(memory, (int32_t)seq, (int32_t)position, -1);
	l->add(memory, (int32_t)seq, (int32_t)position, -1, -1);
	return 0;
}

/* What is no call of a context. */
static bool prepare(struct player *p, const char *w, int *ret)
{
	*ret = 0;
	if (ep_str_starts(w, "lib:"))
		*ret = open_library(p, w + 4);
	else if (ep_str_starts(w, "backends:") && p->lib.backends)
		p->lib.backends(w + 9);
	else if (ep_str_starts(w, "model:") && p->lib.load)
		p->model = p->lib.load(w + 6, p->lib.model_params());
	else if (ep_str_starts(w, "ctx:"))
		*ret = new_context(p, w + 4);
	else if (w[0] == '@')
		p->now = w[1] - '1';
	else if (strcmp(w, "thread") == 0)
		p->threads = true;
	else if (strcmp(w, "jump") == 0 && p->lib.jump) {
		p->jumps = true;
		p->lib.jump(&back);
	} else if (ep_str_starts(w, "wait:"))
		*ret = wait_for(w + 5);
	else if (strcmp(w, "stop") == 0)
		*ret = kill(getppid(), SIGSTOP);
	else if (strcmp(w, "cont") == 0)
		*ret = kill(getppid(), SIGCONT);
	else if (ep_str_starts(w, "rename:"))
		*ret = move_file(w + 7);
	else
		return false;
	return true;
}

/* "300/32" */
static int evaluate_in_pieces(struct player *p, const char *w)
{
	int64_t left = 0, piece = 0;
	char text[16];
	int r = 0;

	if (!ep_str_format(text, sizeof(text), "%.*s", (int)strcspn(w, "/"),
			   w) ||
	    ep_num_parse_i64(text, &left) < 0 ||
	    ep_num_parse_i64(strchr(w, '/') + 1, &piece) < 0 || piece < 1)
		return -EINVAL;
	for (; r == 0 && left > 0; left -= piece) {
		int32_t count = (int32_t)(left < piece ? left : piece);

		r = run_evaluation(
			p, (struct evaluation){ p, false, count, 0, 260 });
	}
	return r;
}

static int call(struct player *p, const char *w)
{
	const struct library *l = &p->libs[p->now];
	int64_t n = 0;

	if (strchr(w, '/'))
		return evaluate_in_pieces(p, w);
	if (strcmp(w, "s") == 0)
		l->synchronize(ctx(p));
	else if (w[0] == 'L')
		(void)l->logits(ctx(p), w[1] ? w[1] - '0' : -1);
	else if (strcmp(w, "V") == 0)
		(void)l->embeddings(ctx(p), 0);
	else if (strcmp(w, "R") == 0)
		l->reset(ctx(p));
	else if (strcmp(w, "F") == 0)
		l->free(ctx(p));
	else if (strcmp(w, "bad") == 0)
		return run_evaluation(p, (struct evaluation){ p, false, 4, 0,
							      INT32_MAX / 2 });
	else if (ep_str_starts(w, "enc:") && ep_num_parse_i64(w + 4, &n) == 0)
		return run_evaluation(
			p, (struct evaluation){ p, true, (int32_t)n, 0, 260 });
	else if (ep_num_parse_i64(w, &n) == 0)
		return run_evaluation(
			p, (struct evaluation){ p, false, (int32_t)n, 0, 260 });
	else
		return change_memory(p, w);
	return 0;
}

static void play(struct player *p, const char *word)
{
	int64_t start = ep_clock_monotonic_ns(), end;
	int result = 0;

	if (!prepare(p, word, &result)) {
		if (!ctx(p)) {
			fprintf(stderr, "%s: there is no context\n", word);
			exit(2);
		}
		start = ep_clock_monotonic_ns();
		result = call(p, word);
	}
	end = ep_clock_monotonic_ns();
	fprintf(p->log, "%s %" PRId64 " %" PRId64 " %d\n", word, start, end,
		result);
}

/* "5*{ 1 s L }": the index behind the brace. */
static int play_all(struct player *p, char **words, int count)
{
	for (int i = 0; i < count; i++) {
		const char *star = strstr(words[i], "*{");
		int64_t times = 0;
		char number[16];
		int last = i + 1;

		if (!star) {
			play(p, words[i]);
			continue;
		}
		while (last < count && strcmp(words[last], "}") != 0)
			last++;
		if (!ep_str_format(number, sizeof(number), "%.*s",
				   (int)(star - words[i]), words[i]) ||
		    ep_num_parse_i64(number, &times) < 0)
			return -EINVAL;
		while (times-- > 0)
			for (int k = i + 1; k < last; k++)
				play(p, words[k]);
		i = last;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct player *p = calloc(1, sizeof(*p));
	int r;

	if (p && argc > 2)
		p->log = fopen(argv[1], "we");
	if (!p || !p->log)
		return 2;
	r = play_all(p, argv + 2, argc - 2);
	if (fclose(p->log) != 0)
		r = -EIO;
	free(p);
	return r < 0 ? 1 : 0;
}
