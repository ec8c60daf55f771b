/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_LISTENER_PARTS_H
#define EP_DRIVERS_LISTENER_PARTS_H

#include <stdbool.h>
#include <stddef.h>

/* Only for drivers/listener*.c: the words of a line of /proc/net/tcp.
 * sl local remote st queues timer retransmits uid timeout inode ... */
#define EP_TCP_LOCAL_WORD 1
#define EP_TCP_REMOTE_WORD 2
#define EP_TCP_STATE_WORD 3
#define EP_TCP_INODE_WORD 9

/* False where there is no such word, or no room for it. */
bool ep_listener_word(const char *line, int index, char *ret, size_t size);

#endif
