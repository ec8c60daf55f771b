/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/marks.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/spawn.h"
#include "base/str.h"
#include "runners/observers.h"

#define SOURCES_MAX 4096
#define DRAIN_MAX 4096 /* datagrams in one drain */

struct source {
	int64_t pid, stream;
	int64_t last; /* highest sequence number seen */
	int64_t missing;
};

struct ep_observer {
	const struct ep_env *env;
	uid_t uid; /* whose marks count */
	int fd;
	int dir_fd;
	char dir[80];
	char variable[128]; /* "EDGEPROF_SOCKET=..." */
	int64_t since_ns;   /* no mark can be older */
	struct source *sources;
	size_t source_count;
	int64_t lost_count, lost_told;
	int64_t refused_count, refused_told;
	char refused_why[160];
};

static void marks_close(struct ep_observer *o)
{
	if (!o)
		return;
	if (o->fd >= 0)
		close(o->fd);
	if (o->dir_fd >= 0) {
		(void)unlinkat(o->dir_fd, EP_MARKS_SOCKET_NAME, 0);
		close(o->dir_fd);
	}
	if (o->dir[0])
		(void)rmdir(o->dir);
	free(o->sources);
	free(o);
}

/* A private folder that the program's user can reach. */
static int make_folder(struct ep_observer *o, struct ep_err *err)
{
	const char *base = secure_getenv("XDG_RUNTIME_DIR");

	/* Below root's own folder nobody else can reach it. */
	if (!base || base[0] != '/' || o->uid != geteuid() ||
	    strlen(base) > 40 || access(base, W_OK | X_OK) < 0)
		base = "/tmp";
	ep_marks_sweep(base);
	(void)ep_str_format(o->dir, sizeof(o->dir), "%s/edgeprof-XXXXXX", base);
	if (!mkdtemp(o->dir)) {
		int r = -errno;

		o->dir[0] = '\0';
		return ep_err_set(err, r,
				  "cannot make a folder for the mark socket in "
				  "%s: %s",
				  base, strerror(-r));
	}
	o->dir_fd =
		open(o->dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (o->dir_fd < 0)
		return ep_err_set(err, -errno, "cannot open %s: %s", o->dir,
				  strerror(errno));
	return 0;
}

static int make_socket(struct ep_observer *o, struct ep_err *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const int on = 1;

	(void)ep_str_format(address.sun_path, sizeof(address.sun_path), "%s/%s",
			    o->dir, EP_MARKS_SOCKET_NAME);
	(void)ep_str_format(o->variable, sizeof(o->variable), "%s=%s",
			    EP_MARK_ENV, address.sun_path);
	o->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (o->fd < 0 ||
	    setsockopt(o->fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0 ||
	    bind(o->fd, (const struct sockaddr *)(const void *)&address,
		 sizeof(address)) < 0 ||
	    fchmodat(o->dir_fd, EP_MARKS_SOCKET_NAME, 0600, 0) < 0)
		return ep_err_set(err, -errno,
				  "cannot make the mark socket %s: %s",
				  address.sun_path, strerror(errno));
	return 0;
}

static int marks_open(const struct ep_env *env, struct ep_observer **ret,
		      struct ep_err *err)
{
	struct ep_identity id;
	struct ep_observer *o;
	int r = ep_identity_get(&id, err);

	if (r < 0)
		return r;
	o = calloc(1, sizeof(*o));
	if (!o)
		return ep_err_set(err, -ENOMEM, "out of memory");
	o->env = env;
	o->uid = id.uid;
	o->fd = o->dir_fd = -1;
	o->since_ns = env->now_ns();
	r = make_folder(o, err);
	if (r == 0)
		r = make_socket(o, err);
	if (r < 0) {
		marks_close(o);
		return r;
	}
	*ret = o;
	return 0;
}

static const char *marks_setenv(const struct ep_observer *o)
{
	return o->variable;
}

static int marks_attach(struct ep_observer *o, pid_t pid, uid_t uid,
			struct ep_err *err)
{
	(void)pid;
	o->uid = uid;
	if (uid == geteuid())
		return 0;
	/* The socket first: the folder is then no longer ours. */
	if (fchownat(o->dir_fd, EP_MARKS_SOCKET_NAME, uid, (gid_t)-1,
		     AT_SYMLINK_NOFOLLOW) < 0 ||
	    fchown(o->dir_fd, uid, (gid_t)-1) < 0)
		return ep_err_set(err, -errno,
				  "cannot give the mark socket in %s to user "
				  "%u: %s",
				  o->dir, (unsigned)uid, strerror(errno));
	return 0;
}

static int marks_fd(const struct ep_observer *o)
{
	return o->fd;
}

static void refuse(struct ep_observer *o, const char *why)
{
	if (o->refused_count++ == 0)
		(void)ep_str_copy(o->refused_why, sizeof(o->refused_why), why);
}

static struct source *find_source(struct ep_observer *o, int64_t pid,
				  int64_t stream)
{
	for (size_t i = o->source_count; i-- > 0;)
		if (o->sources[i].pid == pid && o->sources[i].stream == stream)
			return &o->sources[i];
	if (!o->sources)
		o->sources = calloc(SOURCES_MAX, sizeof(*o->sources));
	if (!o->sources || o->source_count == SOURCES_MAX)
		return NULL;
	o->sources[o->source_count] =
		(struct source){ .pid = pid, .stream = stream };
	return &o->sources[o->source_count++];
}

/* Threads of one process may overtake each other. */
static void count_sequence(struct ep_observer *o, int64_t pid,
			   const struct ep_mark *m)
{
	struct source *s = find_source(o, pid, m->stream);
	int64_t gap = 0;

	if (!s)
		return;
	if (m->sequence > s->last) {
		gap = m->sequence - s->last - 1;
		s->last = m->sequence;
	} else if (s->missing > 0) {
		gap = -1;
	}
	/* A hostile number must not overflow the sum. */
	if (gap > INT32_MAX)
		gap = INT32_MAX;
	s->missing += gap;
	o->lost_count += gap;
}

static void take_mark(struct ep_observer *o, const struct ucred *sender,
		      const struct ep_mark *m, const struct ep_event_sink *sink)
{
	struct ep_event e = ep_event_make(
		m->t_ns, m->kind == EP_MARK_TOKEN ? "token" : "mark");
	char source[64];

	if (m->t_ns < o->since_ns || m->t_ns > o->env->now_ns()) {
		refuse(o, "its time is not of this run: send CLOCK_MONOTONIC "
			  "in nanoseconds");
		return;
	}
	if (m->sequence > 0)
		count_sequence(o, sender->pid, m);
	(void)ep_str_format(source, sizeof(source), "%d:%" PRId64,
			    m->sequence > 0 ? (int)sender->pid : 0, m->stream);
	e.source = source;
	e.phase = m->name;
	e.tokens = m->tokens_count;
	e.evidence = EP_EVIDENCE_MARKED;
	sink->emit(sink->ctx, &e);
}

static const struct ucred *sender_of(struct msghdr *h)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(h);

	if (!c || c->cmsg_level != SOL_SOCKET ||
	    c->cmsg_type != SCM_CREDENTIALS ||
	    c->cmsg_len < CMSG_LEN(sizeof(struct ucred)))
		return NULL;
	return (const struct ucred *)(const void *)CMSG_DATA(c);
}

/* 1: one was there, 0: none, -errno. */
static int receive(struct ep_observer *o, const struct ep_event_sink *sink)
{
	char data[EP_MARK_BYTES_MAX + 1];
	/* No room for more than credentials: descriptors that come along are
	 * closed by the kernel. */
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(struct ucred))];
	} control;
	struct iovec iov = { data, sizeof(data) };
	struct msghdr h = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = &control,
			    .msg_controllen = sizeof(control) };
	const struct ucred *sender;
	struct ep_mark m;
	ssize_t n = recvmsg(o->fd, &h, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (n < 0)
		return errno == EAGAIN ? 0 : errno == EINTR ? 1 : -errno;
	sender = sender_of(&h);
	if (!sender || sender->uid != o->uid)
		refuse(o, "it comes from another user");
	else if ((h.msg_flags & MSG_TRUNC) ||
		 ep_mark_decode(data, (size_t)n, &m) < 0)
		refuse(o, "it is not understood: see docs/marks.md");
	else
		take_mark(o, sender, &m, sink);
	return 1;
}

static int tell(struct ep_observer *o, const char *name, int64_t count,
		const struct ep_event_sink *sink)
{
	struct ep_event e = ep_event_make(o->env->now_ns(), "fact");
	char text[32];

	(void)ep_str_format(text, sizeof(text), "%" PRId64, count);
	e.source = name;
	e.text = text;
	sink->emit(sink->ctx, &e);
	return 1;
}

static int warn(struct ep_observer *o, const char *code, const char *text,
		const struct ep_event_sink *sink)
{
	struct ep_event e = ep_event_make(o->env->now_ns(), "warning");

	e.source = code;
	e.text = text;
	sink->emit(sink->ctx, &e);
	return 1;
}

static int tell_faults(struct ep_observer *o, const struct ep_event_sink *sink)
{
	char text[240];
	int count = 0;

	if (o->lost_count != o->lost_told) {
		count += tell(o, "marks.lost", o->lost_count, sink);
		if (o->lost_told == 0)
			count += warn(o, "marks-lost",
				      "marks were lost because they came "
				      "faster than they could be read: phases "
				      "and token counts may be wrong",
				      sink);
		o->lost_told = o->lost_count;
	}
	if (o->refused_count != o->refused_told) {
		count += tell(o, "marks.refused", o->refused_count, sink);
		(void)ep_str_format(text, sizeof(text),
				    "a mark was refused: %s", o->refused_why);
		if (o->refused_told == 0)
			count += warn(o, "marks-refused", text, sink);
		o->refused_told = o->refused_count;
	}
	return count;
}

static int marks_drain(struct ep_observer *o, const struct ep_event_sink *sink)
{
	int count = 0, r = 1;

	while (r > 0 && count < DRAIN_MAX) {
		r = receive(o, sink);
		count += r > 0;
	}
	count += tell_faults(o, sink);
	return r < 0 ? r : count;
}

const struct ep_observer_ops ep_observer_marks = {
	.name = "marks",
	.evidence = EP_EVIDENCE_MARKED,
	.open = marks_open,
	.setenv = marks_setenv,
	.attach = marks_attach,
	.fd = marks_fd,
	.drain = marks_drain,
	.close = marks_close,
	.timeline = ep_marks_timeline,
};
