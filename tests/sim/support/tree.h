/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_TESTS_SIM_SUPPORT_TREE_H
#define EP_TESTS_SIM_SUPPORT_TREE_H

/* A file, link or folder with all in it; 0 or -errno.  Links are not followed.
 */
int tree_copy(int from, const char *name, int to, const char *to_name);
/* Files are emptied before they go: descriptors kept open read nothing. */
int tree_remove(int folder, const char *name);

#endif
