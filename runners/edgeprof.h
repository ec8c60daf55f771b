/* SPDX-License-Identifier: MIT */
/*
 * edgeprof.h: tell edgeprof where the phases and tokens of a program are.
 *
 *	edgeprof_phase("load", 0);
 *	... load the model ...
 *	edgeprof_phase("prefill", n_prompt);
 *	... evaluate the prompt ...
 *	edgeprof_token();                      first token: its logits are there
 *	edgeprof_phase("generation", 0);
 *	... evaluate a token ...               once per further token:
 *	edgeprof_token();
 *	edgeprof_phase("", 0);                 nothing of that any more
 *
 * The next "load" or "prefill" begins the next request; other names are shown
 * under their own name.  n_tokens <= 0 means "not known".
 *
 * A call costs nanoseconds when the program does not run under edgeprof, and
 * about a microsecond when it does.  It never fails, keeps errno, and may be
 * used from any thread and after fork().  When edgeprof reads too slowly a call
 * waits for at most 3 ms and then gives up; edgeprof counts what is missing.
 *
 * One file, no library: C99 or later, C++11 or later, GCC or Clang, Linux.
 */
#ifndef EDGEPROF_H
#define EDGEPROF_H

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#ifndef CLOCK_MONOTONIC /* strict C99 hides it */
#include <sched.h>
int clock_gettime(int clock, struct timespec *now);
#define CLOCK_MONOTONIC 1
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define EDGEPROF_WAIT_MS 3

/* One per source file that includes this; all of it is zero at first. */
struct edgeprof_state {
	int state; /* 0 not looked yet, 1 off, 2 being set up, 3 on */
	int fd;
	int pid; /* whose sequence this is: fork() starts a new one */
	unsigned long sequence;
	dev_t device; /* of the socket, since programs close what they do not */
	ino_t inode;  /* know, and the number may then mean another file */
};

static inline struct edgeprof_state *edgeprof_get_state(void)
{
	static struct edgeprof_state state;

	return &state;
}

static inline int edgeprof_connect(struct edgeprof_state *s)
{
	const char *path = getenv("EDGEPROF_SOCKET");
	struct sockaddr_un address;
	struct stat st;
	size_t len = path ? strlen(path) : 0;

	memset(&address, 0, sizeof(address));
	if (len == 0 || len >= sizeof(address.sun_path))
		return -1;
	address.sun_family = AF_UNIX;
	memcpy(address.sun_path, path, len);
	s->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd < 0)
		return -1;
	if (connect(s->fd, (const struct sockaddr *)(const void *)&address,
		    (socklen_t)sizeof(address)) < 0 ||
	    fstat(s->fd, &st) < 0) {
		(void)close(s->fd);
		return -1;
	}
	s->device = st.st_dev;
	s->inode = st.st_ino;
	return 0;
}

/* Non-zero when marks are wanted.  Of several first callers one sets up; the
 * others' first marks would have no place in the sequence, so they wait. */
static inline int edgeprof_ready(struct edgeprof_state *s)
{
	int state = __atomic_load_n(&s->state, __ATOMIC_ACQUIRE);
	int unset = 0, tries = 100;

	if (state == 1)
		return 0;
	if (state == 3)
		return 1;
	if (state == 0 &&
	    __atomic_compare_exchange_n(&s->state, &unset, 2, 0,
					__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
		state = edgeprof_connect(s) == 0 ? 3 : 1;
		__atomic_store_n(&s->pid, (int)getpid(), __ATOMIC_RELAXED);
		__atomic_store_n(&s->state, state, __ATOMIC_RELEASE);
		return state == 3;
	}
	/* For ever only in a fork() of just this moment. */
	while (__atomic_load_n(&s->state, __ATOMIC_ACQUIRE) == 2 && tries-- > 0)
		(void)poll(NULL, 0, 1);
	return __atomic_load_n(&s->state, __ATOMIC_ACQUIRE) == 3;
}

static inline unsigned long edgeprof_next(struct edgeprof_state *s)
{
	int pid = (int)getpid();

	if (__atomic_load_n(&s->pid, __ATOMIC_RELAXED) != pid) {
		__atomic_store_n(&s->sequence, 0UL, __ATOMIC_RELAXED);
		__atomic_store_n(&s->pid, pid, __ATOMIC_RELAXED);
	}
	return __atomic_add_fetch(&s->sequence, 1UL, __ATOMIC_RELAXED);
}

static inline void edgeprof_deliver(struct edgeprof_state *s, const char *text,
				    size_t len)
{
	struct stat st;
	int left_ms = EDGEPROF_WAIT_MS;

	if (fstat(s->fd, &st) < 0 || st.st_ino != s->inode ||
	    st.st_dev != s->device) {
		/* Closed by the program: not ours any more. */
		__atomic_store_n(&s->state, 1, __ATOMIC_RELEASE);
		return;
	}
	while (send(s->fd, text, len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
		struct pollfd wait;

		if (errno == EINTR)
			continue;
		if (errno == ECONNREFUSED)
			__atomic_store_n(&s->state, 1, __ATOMIC_RELEASE);
		/* Linux queues ten datagrams (net.unix.max_dgram_qlen). */
		if (errno != EAGAIN || left_ms-- == 0)
			return;
		wait.fd = s->fd;
		wait.events = POLLOUT;
		wait.revents = 0;
		(void)poll(&wait, 1, 1);
	}
}

/* "ep1 STREAM SEQUENCE NANOSECONDS WHAT": docs/marks.md. */
static inline void edgeprof_send(const char *what)
{
	struct edgeprof_state *s = edgeprof_get_state();
	struct timespec now;
	char text[128];
	int saved = errno, len;

	if (clock_gettime(CLOCK_MONOTONIC, &now) == 0 && edgeprof_ready(s)) {
		len = snprintf(text, sizeof(text), "ep1 %lu %lu %lld%09ld %s",
			       (unsigned long)((uintptr_t)s & 0x7fffffffUL),
			       edgeprof_next(s), (long long)now.tv_sec,
			       (long)now.tv_nsec, what);
		if (len > 0 && (size_t)len < sizeof(text))
			edgeprof_deliver(s, text, (size_t)len);
	}
	errno = saved;
}

static inline int edgeprof_off(void)
{
	return __atomic_load_n(&edgeprof_get_state()->state,
			       __ATOMIC_ACQUIRE) == 1;
}

/* A phase begins now and the one before ends; "" or NULL: only ends it.
 * name: at most 31 letters, digits, '_', '-' and '.'; others become '_'. */
static inline void edgeprof_phase(const char *name, long n_tokens)
{
	char what[80], clean[32];
	size_t i = 0;

	if (edgeprof_off())
		return;
	for (; name && name[i] && i < sizeof(clean) - 1; i++) {
		char c = name[i];

		clean[i] = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
					   (c >= '0' && c <= '9') || c == '-' ||
					   c == '.'
				   ? c
				   : '_';
	}
	clean[i] = '\0';
	if (i == 0)
		(void)snprintf(what, sizeof(what), "end");
	else
		(void)snprintf(what, sizeof(what), "phase %s %ld", clean,
			       n_tokens > 0 ? n_tokens : -1L);
	edgeprof_send(what);
}

/* An output token is there: once for each, the first when the logits of the
 * whole prompt are. */
static inline void edgeprof_token(void)
{
	if (!edgeprof_off())
		edgeprof_send("token");
}

#ifdef __cplusplus
}
#endif

#endif
