/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Writes a tiny GGUF v3 model with random Q8_0 weights: llama architecture,
 * SentencePiece-style vocabulary.  It loads in llama.cpp and answers gibberish,
 * the same gibberish every time.
 *
 * usage: make_gguf OUT.gguf [--embd N] [--layers N] [--ff N] [--ctx N]
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"

#define ALIGN 32U
#define BLOCK 32U /* weights per Q8_0 block: f16 scale, then 32 int8 */
#define BYTES_COUNT 256
#define TENSORS_MAX 512
#define VOCAB_MAX 4096

enum { GGUF_U32 = 4, GGUF_I32 = 5, GGUF_F32 = 6, GGUF_BOOL = 7, GGUF_STR = 8 };
enum { GGUF_ARR = 9, TYPE_F32 = 0, TYPE_Q8_0 = 8 };

struct shape {
	uint32_t embd, layers, ff, heads, ctx, vocab;
};

struct tensor {
	char name[48];
	uint32_t dims[2];
	uint32_t dim_count;
	uint32_t type;
	uint64_t offset;
	uint64_t bytes;
};

struct model {
	struct shape shape;
	struct tensor tensors[TENSORS_MAX];
	uint32_t tensor_count;
	uint64_t data_bytes;
	char vocab[VOCAB_MAX][16];
	FILE *out;
	uint64_t random;
};

static uint32_t next_random(struct model *m)
{
	m->random ^= m->random << 13;
	m->random ^= m->random >> 7;
	m->random ^= m->random << 17;
	return (uint32_t)(m->random >> 32);
}

static void put(struct model *m, const void *data, size_t len)
{
	(void)fwrite(data, 1, len, m->out);
}

static void put_u32(struct model *m, uint32_t v)
{
	put(m, &v, sizeof(v));
}

static void put_u64(struct model *m, uint64_t v)
{
	put(m, &v, sizeof(v));
}

static void put_f32(struct model *m, float v)
{
	put(m, &v, sizeof(v));
}

static void put_str(struct model *m, const char *text)
{
	put_u64(m, strlen(text));
	put(m, text, strlen(text));
}

static void key(struct model *m, const char *name, uint32_t type)
{
	put_str(m, name);
	put_u32(m, type);
}

static void key_u32(struct model *m, const char *name, uint32_t v)
{
	key(m, name, GGUF_U32);
	put_u32(m, v);
}

static void key_bool(struct model *m, const char *name, bool v)
{
	uint8_t byte = v;

	key(m, name, GGUF_BOOL);
	put(m, &byte, 1);
}

static void key_array(struct model *m, const char *name, uint32_t type)
{
	key(m, name, GGUF_ARR);
	put_u32(m, type);
	put_u64(m, m->shape.vocab);
}

/* 3 specials, 256 bytes, the space mark, letters, and two-letter syllables. */
static void fill_vocab(struct model *m)
{
	static const char hex[] = "0123456789ABCDEF";
	static const char consonants[] = "bcdfghjklmnprstvwz";
	static const char vowels[] = "aeiou";
	uint32_t n = 3;

	(void)snprintf(m->vocab[0], sizeof(m->vocab[0]), "<unk>");
	(void)snprintf(m->vocab[1], sizeof(m->vocab[0]), "<s>");
	(void)snprintf(m->vocab[2], sizeof(m->vocab[0]), "</s>");
	for (unsigned b = 0; b < BYTES_COUNT; b++) {
		char text[8] = { '<',	      '0', 'x', hex[b >> 4],
				 hex[b & 15], '>', 0,	0 };
		memcpy(m->vocab[n++], text, sizeof(text));
	}
	(void)snprintf(m->vocab[n++], sizeof(m->vocab[0]), "\xe2\x96\x81");
	for (char c = 'a'; c <= 'z'; c++)
		m->vocab[n++][0] = c;
	for (const char *c = consonants; *c; c++) {
		for (const char *v = vowels; *v; v++) {
			m->vocab[n][0] = *c;
			m->vocab[n++][1] = *v;
		}
	}
	m->shape.vocab = n;
}

static void put_vocab(struct model *m)
{
	uint32_t n = m->shape.vocab;

	key(m, "tokenizer.ggml.model", GGUF_STR);
	put_str(m, "llama");
	key(m, "tokenizer.ggml.pre", GGUF_STR);
	put_str(m, "default");
	key_array(m, "tokenizer.ggml.tokens", GGUF_STR);
	for (uint32_t i = 0; i < n; i++)
		put_str(m, m->vocab[i]);
	key_array(m, "tokenizer.ggml.scores", GGUF_F32);
	for (uint32_t i = 0; i < n; i++)
		put_f32(m, i < 3 + BYTES_COUNT ? 0.0F : -(float)i);
	key_array(m, "tokenizer.ggml.token_type", GGUF_I32);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t kind = i >= 3 + BYTES_COUNT ? 1 : 6;

		put_u32(m, i == 0 ? 2 : i < 3 ? 3 : kind);
	}
	key_u32(m, "tokenizer.ggml.bos_token_id", 1);
	key_u32(m, "tokenizer.ggml.eos_token_id", 2);
	key_u32(m, "tokenizer.ggml.unknown_token_id", 0);
	key_bool(m, "tokenizer.ggml.add_bos_token", true);
	key_bool(m, "tokenizer.ggml.add_eos_token", false);
}

#define KEY_COUNT 24

static void put_keys(struct model *m)
{
	const struct shape *s = &m->shape;

	key(m, "general.architecture", GGUF_STR);
	put_str(m, "llama");
	key(m, "general.name", GGUF_STR);
	put_str(m, "edgeprof test model");
	key_u32(m, "general.file_type", 7);
	key_u32(m, "general.quantization_version", 2);
	key_u32(m, "llama.vocab_size", s->vocab);
	key_u32(m, "llama.context_length", s->ctx);
	key_u32(m, "llama.embedding_length", s->embd);
	key_u32(m, "llama.block_count", s->layers);
	key_u32(m, "llama.feed_forward_length", s->ff);
	key_u32(m, "llama.rope.dimension_count", s->embd / s->heads);
	key(m, "llama.rope.freq_base", GGUF_F32);
	put_f32(m, 10000.0F);
	key_u32(m, "llama.attention.head_count", s->heads);
	key_u32(m, "llama.attention.head_count_kv", s->heads);
	key(m, "llama.attention.layer_norm_rms_epsilon", GGUF_F32);
	put_f32(m, 1e-5F);
	put_vocab(m);
}

static void add(struct model *m, const char *name, uint32_t cols, uint32_t rows)
{
	struct tensor *t = &m->tensors[m->tensor_count++];

	(void)snprintf(t->name, sizeof(t->name), "%s.weight", name);
	t->dims[0] = cols;
	t->dims[1] = rows;
	t->dim_count = rows ? 2 : 1;
	t->type = rows ? TYPE_Q8_0 : TYPE_F32;
	t->offset = m->data_bytes;
	t->bytes =
		rows ? (uint64_t)cols / BLOCK * 34 * rows : (uint64_t)cols * 4;
	m->data_bytes += (t->bytes + ALIGN - 1) / ALIGN * ALIGN;
}

static void add_block(struct model *m, uint32_t block)
{
	const struct shape *s = &m->shape;
	const struct {
		const char *name;
		uint32_t cols, rows;
	} parts[] = {
		{ "attn_norm", s->embd, 0 },
		{ "attn_q", s->embd, s->embd },
		{ "attn_k", s->embd, s->embd },
		{ "attn_v", s->embd, s->embd },
		{ "attn_output", s->embd, s->embd },
		{ "ffn_norm", s->embd, 0 },
		{ "ffn_gate", s->embd, s->ff },
		{ "ffn_up", s->embd, s->ff },
		{ "ffn_down", s->ff, s->embd },
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		char name[40];

		(void)snprintf(name, sizeof(name), "blk.%" PRIu32 ".%s", block,
			       parts[i].name);
		add(m, name, parts[i].cols, parts[i].rows);
	}
}

static void put_tensor_data(struct model *m, const struct tensor *t)
{
	/* 0.0005 as f16, so that weights spread over +-0.06 */
	static const uint8_t scale[2] = { 0x19, 0x10 };
	static const uint8_t zeros[ALIGN];
	uint64_t done = 0;

	while (done < t->bytes && t->type == TYPE_F32) {
		put_f32(m, 1.0F);
		done += 4;
	}
	while (done < t->bytes) {
		uint8_t block[BLOCK];

		for (unsigned i = 0; i < BLOCK; i++)
			block[i] = (uint8_t)next_random(m);
		put(m, scale, sizeof(scale));
		put(m, block, sizeof(block));
		done += 34;
	}
	put(m, zeros, (ALIGN - done % ALIGN) % ALIGN);
}

static void put_model(struct model *m)
{
	static const uint8_t zeros[ALIGN];
	const struct shape *s = &m->shape;

	add(m, "token_embd", s->embd, s->vocab);
	add(m, "output_norm", s->embd, 0);
	add(m, "output", s->embd, s->vocab);
	for (uint32_t b = 0; b < s->layers; b++)
		add_block(m, b);
	put(m, "GGUF", 4);
	put_u32(m, 3);
	put_u64(m, m->tensor_count);
	put_u64(m, KEY_COUNT);
	put_keys(m);
	for (uint32_t i = 0; i < m->tensor_count; i++) {
		const struct tensor *t = &m->tensors[i];

		put_str(m, t->name);
		put_u32(m, t->dim_count);
		for (uint32_t d = 0; d < t->dim_count; d++)
			put_u64(m, t->dims[d]);
		put_u32(m, t->type);
		put_u64(m, t->offset);
	}
	put(m, zeros, (ALIGN - (size_t)ftell(m->out) % ALIGN) % ALIGN);
	for (uint32_t i = 0; i < m->tensor_count; i++)
		put_tensor_data(m, &m->tensors[i]);
}

static int parse(struct shape *s, int argc, char **argv)
{
	const struct {
		const char *name;
		uint32_t *value;
		int64_t min, max;
	} options[] = {
		{ "--embd", &s->embd, 64, 4096 },
		{ "--layers", &s->layers, 1, 48 },
		{ "--ff", &s->ff, 64, 16384 },
		{ "--ctx", &s->ctx, 64, 65536 },
	};

	for (int a = 2; a < argc; a += 2) {
		int64_t v = 0;
		size_t i = 0;

		while (i < 4 && strcmp(argv[a], options[i].name) != 0)
			i++;
		if (i == 4 || a + 1 == argc ||
		    ep_num_parse_i64(argv[a + 1], &v) < 0 ||
		    v < options[i].min || v > options[i].max ||
		    (i != 1 && v % 64 != 0))
			return -1;
		*options[i].value = (uint32_t)v;
	}
	return argc < 2 ? -1 : 0;
}

int main(int argc, char **argv)
{
	struct model *m = calloc(1, sizeof(*m));
	bool good;

	if (!m)
		return 1;
	m->shape = (struct shape){
		.embd = 256, .layers = 4, .ff = 704, .heads = 4, .ctx = 4096
	};
	m->random = 0x9e3779b97f4a7c15ULL;
	if (parse(&m->shape, argc, argv) < 0) {
		(void)fprintf(stderr,
			      "usage: make_gguf OUT.gguf [--embd N] "
			      "[--layers N] [--ff N] [--ctx N] (multiples of "
			      "64)\n");
		free(m);
		return 2;
	}
	fill_vocab(m);
	m->out = fopen(argv[1], "wb");
	if (!m->out) {
		perror(argv[1]);
		free(m);
		return 1;
	}
	put_model(m);
	good = !ferror(m->out);
	good = fclose(m->out) == 0 && good;
	free(m);
	return good ? 0 : 1;
}
