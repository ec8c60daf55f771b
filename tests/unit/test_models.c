/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files of models: which, their hashes, and what is kept of them. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/hash_quiet.h"
#include "base/str.h"
#include "profiler/record/models.h"
#include "tests/unit/support_tmp.h"

#define BLOCK ((size_t)4 * 1024 * 1024)
#define S(text) ((char *)(uintptr_t)(text))

static const struct ep_identity nobody_else = { .changes = false };

static void names_of_models(void **state)
{
	(void)state;
	assert_true(ep_model_is_named("a.gguf"));
	assert_true(ep_model_is_named("/x/y.Q4_K_M.GGUF"));
	assert_true(ep_model_is_named("m.safetensors"));
	assert_true(ep_model_is_named("m.rkllm"));
	assert_false(ep_model_is_named(".gguf"));
	assert_false(ep_model_is_named("gguf"));
	assert_false(ep_model_is_named("a.gguf.txt"));
	assert_false(ep_model_is_named(""));
}

static void found_among_arguments(void **state)
{
	struct ep_models m;
	struct ep_tmp tmp;
	char a[160], option[200], folder[160], pipe_path[160];
	char *argv[] = { S("x.gguf"), a, S("-n"),	 option, folder,
			 pipe_path,   a, S("none.gguf"), NULL };
	json_t *list;

	(void)state;
	ep_tmp_make(&tmp);
	ep_tmp_puts(&tmp, "a.gguf", "one");
	ep_tmp_puts(&tmp, "b.onnx", "three");
	ep_tmp_mkdir(&tmp, "dir.gguf");
	(void)ep_str_copy(a, sizeof(a), ep_tmp_path(&tmp, "a.gguf"));
	(void)ep_str_format(option, sizeof(option), "--model=%s",
			    ep_tmp_path(&tmp, "b.onnx"));
	(void)ep_str_copy(folder, sizeof(folder),
			  ep_tmp_path(&tmp, "dir.gguf"));
	(void)ep_str_copy(pipe_path, sizeof(pipe_path),
			  ep_tmp_path(&tmp, "pipe.gguf"));
	assert_int_equal(mkfifo(pipe_path, 0600), 0);
	ep_models_find(argv, a, &m);
	assert_int_equal(m.count, 2);
	assert_string_equal(m.files[0].path, a);
	assert_int_equal(m.files[0].key.size_bytes, 3);
	assert_int_equal(m.files[1].key.size_bytes, 5);
	assert_int_equal(m.left_count, 0);
	list = ep_models_json(&m);
	assert_int_equal(json_array_size(list), 2);
	assert_int_equal(json_integer_value(json_object_get(
				 json_array_get(list, 1), "bytes")),
			 5);
	json_decref(list);
	ep_models_find(NULL, NULL, &m);
	assert_int_equal(m.count, 0);
	ep_models_find(NULL, a, &m);
	assert_int_equal(m.count, 1);
	ep_tmp_remove(&tmp);
}

static bool at_once(void *ctx)
{
	(void)ctx;
	return true;
}

static void hashed_as_any_file(void **state)
{
	static const size_t sizes[] = { 0, 1, 4096, BLOCK, 2 * BLOCK + 4097 };
	const struct ep_hash_stop never = { NULL, NULL },
				  now = { at_once, NULL };
	char quiet[EP_HASH_BYTES], plain[EP_HASH_BYTES];
	uint8_t *data = malloc(2 * BLOCK + 4097);
	struct ep_tmp tmp;

	(void)state;
	assert_non_null(data);
	for (size_t i = 0; i < 2 * BLOCK + 4097; i++)
		data[i] = (uint8_t)(i * 2654435761u >> 13);
	ep_tmp_make(&tmp);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		int fd;

		ep_tmp_write(&tmp, "m.bin", data, sizes[i]);
		fd = ep_tmp_open(&tmp, "m.bin");
		assert_int_equal(
			ep_hash_file_quietly(fd, (off_t)sizes[i], never, quiet),
			0);
		assert_int_equal(ep_hash_file(fd, plain), 0);
		assert_string_equal(quiet, plain);
		if (sizes[i] > 0)
			assert_int_equal(ep_hash_file_quietly(fd,
							      (off_t)sizes[i],
							      now, quiet),
					 -ECANCELED);
		assert_int_equal(ep_hash_file_quietly(fd, (off_t)sizes[i] + 1,
						      never, quiet),
				 -ESTALE);
		assert_string_equal(quiet, plain);
		close(fd);
	}
	free(data);
	ep_tmp_remove(&tmp);
}

static size_t cached_pages(int fd, size_t size)
{
	unsigned char pages[1024];
	size_t page = (size_t)sysconf(_SC_PAGESIZE), count = 0;
	void *map = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);

	assert_true(map != MAP_FAILED);
	assert_true(size / page <= sizeof(pages));
	assert_int_equal(mincore(map, size, pages), 0);
	for (size_t i = 0; i < size / page; i++)
		count += pages[i] & 1;
	munmap(map, size);
	return count;
}

/* A model that the next run would have to load is no warmer than before, and
 * one that is warm stays so. */
static void the_page_cache_stays_as_it_was(void **state)
{
	const struct ep_hash_stop never = { NULL, NULL };
	char hash[EP_HASH_BYTES];
	uint8_t *data = calloc(1, BLOCK);
	struct ep_tmp tmp;
	size_t all, cold;
	int fd;

	(void)state;
	assert_non_null(data);
	ep_tmp_make(&tmp);
	ep_tmp_write(&tmp, "m.bin", data, BLOCK);
	fd = open(ep_tmp_path(&tmp, "m.bin"), O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	all = cached_pages(fd, BLOCK);
	assert_true(all > 0);
	assert_int_equal(ep_hash_file_quietly(fd, BLOCK, never, hash), 0);
	assert_int_equal(cached_pages(fd, BLOCK), all);
	assert_int_equal(fdatasync(fd), 0);
	assert_int_equal(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
	cold = cached_pages(fd, BLOCK);
	assert_int_equal(ep_hash_file_quietly(fd, BLOCK, never, hash), 0);
	assert_true(cached_pages(fd, BLOCK) <= cold);
	close(fd);
	free(data);
	ep_tmp_remove(&tmp);
}

/* A key whose file was changed long ago. */
static struct ep_model_key old_key(void)
{
	return (struct ep_model_key){ .device = 0xfe00,
				      .inode = 12,
				      .size_bytes = 5,
				      .mtime_ns = 7,
				      .ctime_ns = 8 };
}

static void hashes_are_kept(void **state)
{
	struct ep_model_key key = old_key(), other;
	char wanted[EP_HASH_BYTES], got[EP_HASH_BYTES] = "untouched";
	struct ep_tmp tmp;
	struct stat st;

	(void)state;
	ep_hash_bytes("x", 1, wanted);
	ep_tmp_make(&tmp);
	assert_int_equal(setenv("XDG_CACHE_HOME", tmp.path, 1), 0);
	assert_int_equal(ep_model_cache_get(&nobody_else, &key, got), -ENOENT);
	assert_int_equal(ep_model_cache_put(&nobody_else, &key, wanted), 0);
	assert_int_equal(ep_model_cache_get(&nobody_else, &key, got), 0);
	assert_string_equal(got, wanted);
	assert_int_equal(stat(ep_tmp_path(&tmp, "edgeprof"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	/* Whatever changes of the file makes it another. */
	for (int i = 0; i < 5; i++) {
		other = key;
		other.device += i == 0;
		other.inode += i == 1;
		other.size_bytes += i == 2;
		other.mtime_ns += i == 3;
		other.ctime_ns += i == 4;
		assert_int_equal(ep_model_cache_get(&nobody_else, &other, got),
				 -ENOENT);
	}
	/* One state for each file: the newest. */
	other = key;
	other.mtime_ns++;
	assert_int_equal(ep_model_cache_put(&nobody_else, &other, wanted), 0);
	assert_int_equal(ep_model_cache_get(&nobody_else, &key, got), -ENOENT);
	/* Written this moment: it may change within the same time stamp. */
	key.ctime_ns = ep_clock_realtime_ns();
	assert_int_equal(ep_model_cache_put(&nobody_else, &key, wanted),
			 -EAGAIN);
	ep_tmp_remove(&tmp);
	assert_int_equal(unsetenv("XDG_CACHE_HOME"), 0);
}

static void rubbish_in_the_cache_is_no_hash(void **state)
{
	static const char *const rubbish[] = {
		"",
		"5 7 8 ",
		"5 7 8 zz",
		"5 7 8 0123\n",
		"5 7 8 "
		"xyz3456789abcdef0123456789abcdef0123456789abcdef0123456789ab"
		"cdef\n",
	};
	struct ep_model_key key = old_key();
	char got[EP_HASH_BYTES] = "untouched";
	struct ep_tmp tmp;

	(void)state;
	ep_tmp_make(&tmp);
	assert_int_equal(setenv("XDG_CACHE_HOME", tmp.path, 1), 0);
	for (size_t i = 0; i < sizeof(rubbish) / sizeof(rubbish[0]); i++) {
		ep_tmp_puts(&tmp, "edgeprof/model-fe00-12", rubbish[i]);
		assert_int_equal(chmod(ep_tmp_path(&tmp, "edgeprof"), 0700), 0);
		assert_int_equal(ep_model_cache_get(&nobody_else, &key, got),
				 -ENOENT);
		assert_string_equal(got, "untouched");
	}
	/* Others may write there: nothing in it counts. */
	assert_int_equal(chmod(ep_tmp_path(&tmp, "edgeprof"), 0777), 0);
	assert_int_equal(ep_model_cache_get(&nobody_else, &key, got), -EPERM);
	assert_int_equal(ep_model_cache_put(&nobody_else, &key, got), -EPERM);
	ep_tmp_remove(&tmp);
	assert_int_equal(setenv("XDG_CACHE_HOME", "not/absolute", 1), 0);
	assert_int_equal(unsetenv("HOME"), 0);
	assert_int_equal(ep_model_cache_get(&nobody_else, &key, got), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_models),
		cmocka_unit_test(found_among_arguments),
		cmocka_unit_test(hashed_as_any_file),
		cmocka_unit_test(the_page_cache_stays_as_it_was),
		cmocka_unit_test(hashes_are_kept),
		cmocka_unit_test(rubbish_in_the_cache_is_no_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
