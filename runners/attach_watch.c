/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/attach.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/str.h"
#include "drivers/listener_peer.h"
#include "drivers/proc_find.h"
#include "drivers/proc_list.h"

#define TREE_MAX 256
#define SOCKETS_MAX 256
/* A look takes at most 1 % of the time. */
#define REST 100

/* The port of a scheme without one. */
static unsigned scheme_port(const char *url, const char **ret_rest)
{
	static const struct {
		const char *prefix;
		unsigned port;
	} schemes[] = { { "http://", 80 }, { "https://", 443 } };

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (ep_str_starts(url, schemes[i].prefix)) {
			*ret_rest = url + strlen(schemes[i].prefix);
			return schemes[i].port;
		}
	*ret_rest = url;
	return strstr(url, "://") ? 0 : 80;
}

int ep_attach_url(const char *url, char *host, size_t size, unsigned *ret_port,
		  struct ep_err *err)
{
	const char *at, *end, *colon, *port_text = NULL;
	unsigned scheme = scheme_port(url, &at);
	int64_t port = scheme;
	char number[8];
	bool ok = scheme > 0;

	end = at + strcspn(at, "/?#");
	if (*at == '[') {
		colon = memchr(at, ']', (size_t)(end - at));
		ok &= colon && ep_str_format(host, size, "%.*s",
					     (int)(colon - at - 1), at + 1);
		if (colon && colon[1] == ':')
			port_text = colon + 2;
		else
			ok &= colon && colon + 1 == end;
	} else {
		colon = memchr(at, ':', (size_t)(end - at));
		ok &= ep_str_format(host, size, "%.*s",
				    (int)((colon ? colon : end) - at), at);
		port_text = colon ? colon + 1 : NULL;
	}
	if (ok && port_text)
		ok = ep_str_format(number, sizeof(number), "%.*s",
				   (int)(end - port_text), port_text) &&
		     ep_num_parse_i64(number, &port) == 0 && port > 0 &&
		     port <= 65535;
	if (!ok || !host[0] || memchr(at, '@', (size_t)(end - at)))
		return ep_err_set(err, -EINVAL,
				  "--url: write it like http://127.0.0.1:8080, "
				  "without a name or password in it");
	*ret_port = (unsigned)port;
	return 0;
}

/* The sockets of the command and of what it started. */
static int tree_sockets(pid_t pid, uint64_t *ret, int max)
{
	struct ep_proc_id *list;
	pid_t pids[TREE_MAX];
	int count = ep_proc_quick_tree(pid, pids, TREE_MAX), found = 0;

	if (count < 0) {
		list = calloc(TREE_MAX, sizeof(*list));
		count = list ? ep_proc_descendants(pid, true, list, TREE_MAX)
			     : 0;
		for (int i = 0; i < count; i++)
			pids[i] = list[i].pid;
		free(list);
	}
	for (int i = 0; i < count && found < max; i++) {
		int more =
			ep_listener_sockets(pids[i], ret + found, max - found);

		found += more > 0 ? more : 0;
	}
	return found;
}

void ep_attach_watch_start(struct ep_attach_watch *w, unsigned port)
{
	const int max = sizeof(w->inherited) / sizeof(w->inherited[0]);
	int count =
		port > 0 ? ep_listener_sockets(getpid(), w->inherited, max) : 0;

	w->port = port;
	w->inherited_count = count > 0 ? count : 0;
}

static bool holds(const uint64_t *list, int count, uint64_t inode)
{
	for (int i = 0; i < count; i++)
		if (list[i] == inode)
			return true;
	return false;
}

/* Its sockets without those it was given; how many are left. */
static int drop_inherited(const struct ep_attach_watch *w, uint64_t *own,
			  int count)
{
	int left = 0;

	for (int i = 0; i < count; i++)
		if (!holds(w->inherited, w->inherited_count, own[i]))
			own[left++] = own[i];
	return left;
}

/* The table is read only for whoever holds a socket: it is long to walk. */
static bool is_connected(const struct ep_attach_watch *w, pid_t pid)
{
	uint64_t own[SOCKETS_MAX], peers[EP_LISTENER_PEERS_MAX];
	int own_count =
		drop_inherited(w, own, tree_sockets(pid, own, SOCKETS_MAX));
	int count;

	if (own_count == 0)
		return false;
	count = ep_listener_peers(w->port, peers, EP_LISTENER_PEERS_MAX);
	for (int i = 0; i < own_count; i++)
		if (holds(peers, count, own[i]))
			return true;
	return false;
}

bool ep_attach_watch_look(struct ep_attach_watch *w, pid_t pid, int64_t now_ns)
{
	int64_t begin_ns, rest_ns;

	if (w->port == 0 || now_ns < w->due_ns)
		return false;
	begin_ns = ep_clock_thread_cpu_ns();
	if (is_connected(w, pid))
		return true;
	rest_ns = (ep_clock_thread_cpu_ns() - begin_ns) * REST;
	w->last_ns = now_ns;
	w->due_ns =
		now_ns +
		(rest_ns > EP_ATTACH_LOOK_NS ? rest_ns : EP_ATTACH_LOOK_NS / 2);
	return false;
}
