/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_BASE_TREE_H
#define EP_BASE_TREE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A folder with all that is in it: ordinary files and folders, nothing else.
 * Links are not followed.
 */
#define EP_TREE_DEPTH_MAX 16
#define EP_TREE_ENTRIES_MAX 100000

struct ep_tree_entry {
	char *path; /* relative, "sensors/pmic.csv" */
	bool folder;
	int64_t size_bytes; /* of a file */
	int64_t changed_ns; /* CLOCK_REALTIME */
};
struct ep_tree {
	struct ep_tree_entry *entries; /* sorted: a folder before its content */
	size_t count;
};

/* -ELOOP too deep, -EFBIG too many, -ENOTSUP a thing that is neither file nor
 * folder. */
int ep_tree_list(int dir_fd, struct ep_tree *ret) EP_MUST_CHECK;
void ep_tree_done(struct ep_tree *t);
/* Same names, sizes and times of change: nobody wrote between two lists. */
bool ep_tree_same(const struct ep_tree *a, const struct ep_tree *b);
/* What is listed of from_fd into to_fd, which is empty; -errno. */
int ep_tree_copy(const struct ep_tree *t, int from_fd, int to_fd) EP_MUST_CHECK;
/* parent_fd/name with all that is in it; nothing there is fine. */
int ep_tree_remove(int parent_fd, const char *name) EP_MUST_CHECK;
/* A relative path without "." and "..", as ep_tree_list() makes them. */
bool ep_tree_path_is_plain(const char *path);

#endif
