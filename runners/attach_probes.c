/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/attach.h"

#include <errno.h>
#include <stdlib.h>

#define TREE_MAX 1024
#define LOOKS_MAX 10

/* Adds the tree as it is now; how many of it were new. */
static int add_tree(struct ep_uprobe_track *t, pid_t pid,
		    struct ep_proc_id *tree)
{
	int count = ep_proc_descendants(pid, true, tree, TREE_MAX), fresh = 0;

	for (int i = 0; i < count; i++) {
		fresh += !ep_uprobe_track_has(t, tree[i].pid);
		ep_uprobe_track_add(t, tree[i].pid);
	}
	return count < 0 ? count : fresh;
}

int ep_attach_track(pid_t pid, struct ep_uprobe_track **ret, struct ep_err *err)
{
	struct ep_proc_id *tree = calloc(TREE_MAX, sizeof(*tree));
	struct ep_uprobe_track *t = NULL;
	int r, fresh = 1;

	if (!tree)
		return ep_err_set(err, -ENOMEM, "out of memory");
	r = ep_uprobe_track_open_running(&t, err);
	/* A child made between the listing of its parent and now is told by
	 * no record if the parent was not known yet. */
	for (int i = 0; r == 0 && fresh > 0 && i < LOOKS_MAX; i++)
		fresh = add_tree(t, pid, tree);
	free(tree);
	if (r < 0)
		return r;
	*ret = t;
	return 0;
}

void ep_attach_maps(pid_t pid,
		    void (*map)(void *ctx, const struct ep_uprobe_map *m),
		    void *ctx)
{
	struct ep_proc_id *tree = calloc(TREE_MAX, sizeof(*tree));
	int count = tree ? ep_proc_descendants(pid, true, tree, TREE_MAX) : 0;

	for (int i = 0; i < count; i++)
		(void)ep_uprobe_maps(tree[i].pid, map, ctx);
	free(tree);
}
