/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/attach.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "base/str.h"
#include "drivers/cgroup.h"
#include "drivers/listener.h"
#include "drivers/listener_peer.h"
#include "drivers/proc_find.h"
#include "runners/http_target.h"

#define FOUND_MAX 16
#define CONTAINER "container:"

int ep_attach_parse(const char *text, struct ep_attach_asked *ret,
		    struct ep_err *err)
{
	struct ep_attach_asked a = { .kind = EP_ATTACH_NAME, .name = text };

	if (text[0] == ':') {
		a.kind = EP_ATTACH_PORT;
		if (ep_num_parse_i64(text + 1, &a.number) < 0 || a.number < 1 ||
		    a.number > 65535)
			return ep_err_set(err, -EINVAL,
					  "--attach %.40s: a port is a number "
					  "from 1 to 65535, as in :8080",
					  text);
	} else if (ep_str_starts(text, CONTAINER)) {
		a.kind = EP_ATTACH_CONTAINER;
		a.name = text + strlen(CONTAINER);
		if (!a.name[0])
			return ep_err_set(err, -EINVAL,
					  "--attach container: needs a name or "
					  "an id");
	} else if (strspn(text, "0123456789") == strlen(text)) {
		a.kind = EP_ATTACH_PID;
		if (ep_num_parse_i64(text, &a.number) < 0 || a.number < 1 ||
		    a.number > INT32_MAX)
			return ep_err_set(err, -EINVAL,
					  "--attach %.40s: there is no such "
					  "process number",
					  text);
	} else if (strchr(text, '/')) {
		return ep_err_set(err, -EINVAL,
				  "--attach %.200s: give the program's name "
				  "without folders, a process number, :PORT or "
				  "container:NAME",
				  text);
	}
	*ret = a;
	return 0;
}

/* Whether it can and should be measured by itself. */
static int check(const struct ep_proc_id *id, struct ep_attached *ret,
		 struct ep_err *err)
{
	const bool above = ep_proc_is_above(id->pid);

	if (id->pid == getpid())
		return ep_err_set(err, -EINVAL,
				  "process %d is this edgeprof itself",
				  (int)id->pid);
	if (id->kernel)
		return ep_err_set(err, -EINVAL,
				  "process %d (%s) is a thread of the kernel: "
				  "measure the whole system with --duration",
				  (int)id->pid, id->name);
	if (id->zombie)
		return ep_err_set(err, -ESRCH,
				  "process %d (%s) has ended; its parent has "
				  "not asked for its status yet",
				  (int)id->pid, id->name);
	if (above && id->pid == 1)
		return ep_err_set(err, -EINVAL,
				  "process 1 (%s) has started everything that "
				  "runs here: measure the whole system with "
				  "--duration",
				  id->name);
	if (above)
		(void)ep_str_format(ret->note, sizeof(ret->note),
				    "%s (%d) has started edgeprof: what "
				    "edgeprof and the command cost is part of "
				    "the figures",
				    id->name, (int)id->pid);
	return 0;
}

int ep_attach_take(pid_t pid, struct ep_attached *ret, struct ep_err *err)
{
	char path[4096] = "";
	const char *slash;
	pid_t owner = pid;
	int r = ep_proc_get(pid, &ret->id);

	if (r < 0) {
		ret->id.pid = 0;
		return ep_err_set(err, -ESRCH, "there is no process %d",
				  (int)pid);
	}
	if (ep_proc_of_thread(pid, &owner) == 0 && owner != pid)
		return ep_err_set(err, -EINVAL,
				  "%d is a thread of process %d: attach to "
				  "that",
				  (int)pid, (int)owner);
	r = check(&ret->id, ret, err);
	if (r < 0)
		return r;
	r = ep_proc_exe(pid, path, sizeof(path));
	if (r == -EACCES || r == -EPERM)
		return ep_err_set(err, -EACCES,
				  "process %d (%s) belongs to another user: "
				  "run edgeprof with sudo",
				  (int)pid, ret->id.name);
	slash = strrchr(path, '/');
	if (!ep_str_copy(ret->exe, sizeof(ret->exe), slash ? slash + 1 : path))
		ret->exe[0] = '\0';
	if (!ret->exe[0])
		(void)ep_str_copy(ret->exe, sizeof(ret->exe), ret->id.name);
	ep_str_printable(ret->exe);
	return 0;
}

static int refuse_several(const char *name, const pid_t *pids, int count,
			  struct ep_err *err)
{
	char list[200] = "";

	for (int i = 0; i < count && i < FOUND_MAX; i++) {
		size_t used = strlen(list);

		(void)ep_str_format(list + used, sizeof(list) - used, "%s%d",
				    used ? ", " : "", (int)pids[i]);
	}
	return ep_err_set(
		err, -ENOTUNIQ,
		"%d processes are called '%.64s' and none has started "
		"the others: %s%s; name one by its number or :PORT",
		count, name, list, count > FOUND_MAX ? ", ..." : "");
}

static int find_name(const char *name, struct ep_attached *ret,
		     struct ep_err *err)
{
	pid_t pids[FOUND_MAX] = { 0 };
	char near[64] = "";
	int count =
		ep_proc_find_name(name, pids, FOUND_MAX, near, sizeof(near));

	if (count < 0)
		return ep_err_set(err, count, "/proc cannot be read: %s",
				  strerror(-count));
	if (count == 0)
		return ep_err_set(
			err, -ENOENT,
			"no process is called '%.64s'%s%s%s (a script has "
			"its interpreter's name: give its number or :PORT)",
			name, near[0] ? "; did you mean '" : "", near,
			near[0] ? "'?" : "");
	if (count > 1)
		return refuse_several(name, pids, count, err);
	(void)ep_str_format(ret->how, sizeof(ret->how), "is called %.64s",
			    name);
	return ep_attach_take(pids[0], ret, err);
}

static int find_port(unsigned port, struct ep_attached *ret, struct ep_err *err)
{
	char name[256] = "";
	pid_t pid = 0;
	int r = ep_listener_find(port, &pid, name, sizeof(name), err);

	if (r < 0)
		return r;
	ep_str_printable(name);
	if (ep_http_passes_on(name))
		return ep_err_set(err, -ENOENT,
				  "port %u is served by %.64s, which only "
				  "passes connections on: attach to what does "
				  "the work by NAME, PID or container:NAME",
				  port, name);
	(void)ep_str_format(ret->how, sizeof(ret->how), "listens on port %u",
			    port);
	ret->port = port;
	return ep_attach_take(pid, ret, err);
}

static int find_container(const char *name, struct ep_attached *ret,
			  struct ep_err *err)
{
	char cgroup[EP_CGROUP_PATH_BYTES];
	pid_t pid = 0;
	int r = ep_container_find(name, &pid, cgroup, sizeof(cgroup), err);

	if (r < 0)
		return r;
	(void)ep_str_format(ret->how, sizeof(ret->how),
			    "first process of container %.64s", name);
	return ep_attach_take(pid, ret, err);
}

int ep_attach_find(const char *text, struct ep_attached *ret,
		   struct ep_err *err)
{
	struct ep_attached a = { .port = 0 };
	struct ep_attach_asked asked;
	struct ep_err why = { 0 };
	int r = ep_attach_parse(text, &asked, err);

	if (r < 0)
		return r;
	switch (asked.kind) {
	case EP_ATTACH_PID:
		(void)ep_str_copy(a.how, sizeof(a.how), "named by its number");
		r = ep_attach_take((pid_t)asked.number, &a, &why);
		break;
	case EP_ATTACH_NAME:
		r = find_name(asked.name, &a, &why);
		break;
	case EP_ATTACH_PORT:
		r = find_port((unsigned)asked.number, &a, &why);
		break;
	case EP_ATTACH_CONTAINER:
		r = find_container(asked.name, &a, &why);
		break;
	}
	if (r < 0)
		return ep_err_set(err, r, "--attach %.80s: %s", text, why.text);
	*ret = a;
	return 0;
}

/* What stands in the way of measuring, as a sentence for the report. */
static void not_measured(struct ep_attached *ret, const char *why)
{
	memset(&ret->id, 0, sizeof(ret->id));
	ret->exe[0] = ret->note[0] = '\0';
	(void)ep_str_copy(ret->why, sizeof(ret->why), why);
}

int ep_attach_server(const char *url, const char *exe, struct ep_attached *ret,
		     struct ep_err *err)
{
	struct ep_attached a = { .port = 0 };
	struct ep_err why = { 0 };
	char host[256], text[300];
	unsigned port = 0;
	int r = ep_attach_url(url, host, sizeof(host), &port, err);

	if (r == 0)
		r = ep_listener_is_here(host, err);
	if (r < 0)
		return r;
	a.port = port;
	if (r == 0) {
		not_measured(&a, "the server runs on another machine");
	} else if (find_port(port, &a, &why) < 0) {
		not_measured(&a, why.text);
	} else if (exe[0] && strcmp(a.exe, exe) != 0) {
		(void)ep_str_format(text, sizeof(text),
				    "port %u is served by '%.64s', not by %s",
				    port, a.exe, exe);
		not_measured(&a, text);
	}
	*ret = a;
	return 0;
}
