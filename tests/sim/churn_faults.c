/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * churn_faults N: at least N minor page faults, by touching fresh anonymous
 * pages.  Prints what getrusage counted so far.
 */
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/num.h"

#define PAGES_AT_ONCE ((size_t)1024)

static int touch_pages(size_t page_bytes)
{
	size_t bytes = PAGES_AT_ONCE * page_bytes;
	volatile char *block = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (block == MAP_FAILED)
		return -1;
	/* One fault per page, not one per huge page. */
	(void)madvise((void *)(uintptr_t)block, bytes, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < bytes; i += page_bytes)
		block[i] = 1;
	return munmap((void *)(uintptr_t)block, bytes);
}

int main(int argc, char **argv)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	struct rusage ru;
	int64_t wanted;

	if (argc != 2 || ep_num_parse_i64(argv[1], &wanted) < 0 || wanted < 1) {
		fprintf(stderr, "usage: churn_faults N\n");
		return 2;
	}
	for (int64_t done = 0; done < wanted; done += (int64_t)PAGES_AT_ONCE) {
		if (touch_pages(page_bytes) < 0) {
			perror("mmap");
			return 1;
		}
	}
	(void)getrusage(RUSAGE_SELF, &ru);
	printf("{\"self\":{\"nvcsw\":%ld,\"nivcsw\":%ld,\"minflt\":%ld}}\n",
	       ru.ru_nvcsw, ru.ru_nivcsw, ru.ru_minflt);
	return 0;
}
