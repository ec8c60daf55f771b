/* SPDX-License-Identifier: GPL-3.0-or-later */
/* loop N: N turns of four instructions each. */
#include <stdlib.h>

int main(int argc, char **argv)
{
	unsigned long n = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;

#if defined(__aarch64__)
	__asm__ volatile("1: nop\n nop\n subs %0, %0, #1\n b.ne 1b\n"
			 : "+r"(n)
			 :
			 : "cc");
#else
	__asm__ volatile("1: nop\n nop\n sub $1, %0\n jnz 1b\n"
			 : "+r"(n)
			 :
			 : "cc");
#endif
	return 0;
}
