/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_TESTS_FUZZ_FUZZ_H
#define EP_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* libFuzzer's entry: one input, always 0.  A fault aborts. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
