/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/setup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/num.h"
#include "base/str.h"

#define CAPS "security.capability"
#define CAPS_BYTES 24 /* struct vfs_ns_cap_data */

/* Owner, group, mode and capabilities of a file. */
struct mode {
	int64_t uid, gid, bits;
	unsigned char caps[CAPS_BYTES];
	size_t caps_bytes;
};

static int open_path(const struct ep_root *root, const char *path, char *ret,
		     size_t size)
{
	int fd = ep_root_openat(root, path, O_PATH);

	if (fd >= 0)
		(void)ep_str_format(ret, size, "/proc/self/fd/%d", fd);
	return fd;
}

static int read_mode(const struct ep_root *root, const char *path,
		     struct mode *ret)
{
	char link[48];
	struct stat st;
	ssize_t n;
	int fd = open_path(root, path, link, sizeof(link));

	if (fd < 0)
		return fd;
	memset(ret, 0, sizeof(*ret));
	if (fstat(fd, &st) < 0) {
		close(fd);
		return -errno;
	}
	ret->uid = st.st_uid;
	ret->gid = st.st_gid;
	ret->bits = st.st_mode & 07777;
	n = getxattr(link, CAPS, ret->caps, sizeof(ret->caps));
	ret->caps_bytes = n > 0 ? (size_t)n : 0;
	close(fd);
	return 0;
}

static int put_mode(const struct mode *m, char *ret, size_t size)
{
	size_t len;

	if (!ep_str_format(ret, size, "%lld %lld %llo %s", (long long)m->uid,
			   (long long)m->gid, (unsigned long long)m->bits,
			   m->caps_bytes ? "" : "-"))
		return -EFBIG;
	for (size_t i = 0; i < m->caps_bytes; i++) {
		len = strlen(ret);
		if (!ep_str_format(ret + len, size - len, "%02x",
				   (unsigned)m->caps[i]))
			return -EFBIG;
	}
	return 0;
}

static int take_caps(const char *text, struct mode *m)
{
	size_t len = strlen(text);
	char pair[5] = "0x";
	uint64_t byte;

	m->caps_bytes = 0;
	if (strcmp(text, "-") == 0)
		return 0;
	if (len % 2 != 0 || len / 2 > CAPS_BYTES)
		return -EBADMSG;
	for (size_t i = 0; i < len / 2; i++) {
		memcpy(pair + 2, text + 2 * i, 2);
		if (ep_num_parse_hex_or_dec(pair, &byte) < 0)
			return -EBADMSG;
		m->caps[m->caps_bytes++] = (unsigned char)byte;
	}
	return 0;
}

static int take_octal(const char *text, int64_t *ret)
{
	int64_t value = 0;

	if (!*text || strlen(text) > 4 ||
	    strspn(text, "01234567") != strlen(text))
		return -EBADMSG;
	for (; *text; text++)
		value = value * 8 + (*text - '0');
	*ret = value;
	return 0;
}

/* -ESRCH: there is no such group yet. */
static int parse_mode(const struct ep_root *root, const char *text,
		      struct mode *ret)
{
	char copy[128], *word[4];
	gid_t gid = 0;
	int r = 0;

	memset(ret, 0, sizeof(*ret));
	(void)ep_str_copy(copy, sizeof(copy), text);
	word[0] = copy;
	for (size_t i = 1; i < 4; i++) {
		word[i] = strchr(word[i - 1], ' ');
		if (!word[i])
			return -EBADMSG;
		*word[i]++ = '\0';
	}
	if (word[1][0] == '@') {
		if (!ep_setup_has_group(root, word[1] + 1, &gid))
			return -ESRCH;
		ret->gid = gid;
	} else {
		r = ep_num_parse_i64(word[1], &ret->gid);
	}
	if (r < 0 || ep_num_parse_i64(word[0], &ret->uid) < 0 ||
	    take_octal(word[2], &ret->bits) < 0 || take_caps(word[3], ret) < 0)
		return -EBADMSG;
	return 0;
}

static bool same(const struct mode *a, const struct mode *b)
{
	return a->uid == b->uid && a->gid == b->gid && a->bits == b->bits &&
	       a->caps_bytes == b->caps_bytes &&
	       memcmp(a->caps, b->caps, a->caps_bytes) == 0;
}

static bool between(const struct mode *m, const struct mode *a,
		    const struct mode *b)
{
	return (m->uid == a->uid || m->uid == b->uid) &&
	       (m->gid == a->gid || m->gid == b->gid) &&
	       (m->bits == a->bits || m->bits == b->bits);
}

static int mode_state(const struct ep_root *root, const struct ep_setup_act *a)
{
	struct mode now, before, after;
	int r = read_mode(root, a->target, &now);

	if (r == -ENOENT) /* unplugged */
		return EP_SETUP_BEFORE;
	if (r == 0)
		r = parse_mode(root, a->before, &before);
	if (r != 0)
		return r;
	r = parse_mode(root, a->after, &after);
	if (r == -ESRCH)
		return same(&now, &before) ? EP_SETUP_BEFORE : EP_SETUP_FOREIGN;
	if (r != 0)
		return r;
	if (same(&now, &after))
		return EP_SETUP_DONE;
	if (same(&now, &before))
		return EP_SETUP_BEFORE;
	return between(&now, &before, &after) ? EP_SETUP_HALF
					      : EP_SETUP_FOREIGN;
}

/* Least is allowed in between: the new owner first, which takes capabilities
 * away, then the mode. */
static int set_mode(const struct ep_root *root, const char *path,
		    const char *text, struct ep_err *err)
{
	struct mode m, now;
	char link[48];
	int fd, r = parse_mode(root, text, &m);

	if (r == -ESRCH)
		return ep_err_set(err, r,
				  "there is no group %.*s: take the step "
				  "group as well",
				  (int)strcspn(strchr(text, '@') + 1, " "),
				  strchr(text, '@') + 1);
	if (r == 0)
		r = read_mode(root, path, &now);
	if (r < 0)
		return ep_err_set(err, r, "%s: %s", path, strerror(-r));
	fd = open_path(root, path, link, sizeof(link));
	if (fd < 0)
		return ep_err_set(err, fd, "%s: %s", path, strerror(-fd));
	if ((now.uid != m.uid || now.gid != m.gid) &&
	    chown(link, (uid_t)m.uid, (gid_t)m.gid) < 0)
		r = -errno;
	if (r == 0 && chmod(link, (mode_t)m.bits) < 0)
		r = -errno;
	if (r == 0 && m.caps_bytes > 0 &&
	    setxattr(link, CAPS, m.caps, m.caps_bytes, 0) < 0)
		r = -errno;
	if (r == 0 && m.caps_bytes == 0 && now.caps_bytes > 0 &&
	    removexattr(link, CAPS) < 0 && errno != ENODATA)
		r = -errno;
	close(fd);
	return r < 0 ? ep_err_set(err, r, "%s: %s", path, strerror(-r)) : 0;
}

static int mode_make(const struct ep_root *root, const struct ep_setup_act *a,
		     struct ep_err *err)
{
	return set_mode(root, a->target, a->after, err);
}

static int mode_undo(const struct ep_root *root, const struct ep_setup_act *a,
		     struct ep_err *err)
{
	return set_mode(root, a->target, a->before, err);
}

static void mode_tell(const struct ep_setup_act *a, char *ret, size_t size)
{
	char copy[128], *group = copy, *bits, *caps;

	(void)ep_str_copy(copy, sizeof(copy), a->after);
	group += strcspn(group, " ");
	group += *group == ' ';
	bits = group + strcspn(group, " ");
	if (*bits)
		*bits++ = '\0';
	caps = bits + strcspn(bits, " ");
	if (*caps)
		*caps++ = '\0';
	(void)ep_str_format(ret, size, "%s: group %s, mode %s%s", a->target,
			    group + (*group == '@'), bits,
			    *caps && strcmp(caps, "-") != 0
				    ? ", CAP_PERFMON and CAP_SYS_NICE"
				    : "");
}

const struct ep_setup_ops ep_setup_mode = {
	.name = "mode",
	.state = mode_state,
	.make = mode_make,
	.undo = mode_undo,
	.tell = mode_tell,
};

static int value_state(const struct ep_root *root, const struct ep_setup_act *a)
{
	char text[128];
	int r = ep_root_read_text(root, a->target, text, sizeof(text));

	if (r < 0)
		return r;
	return strcmp(text, a->after) == 0    ? EP_SETUP_DONE
	       : strcmp(text, a->before) == 0 ? EP_SETUP_BEFORE
					      : EP_SETUP_FOREIGN;
}

static int put_value(const struct ep_root *root, const char *path,
		     const char *value, struct ep_err *err)
{
	int fd = ep_root_openat(root, path, O_WRONLY);
	struct stat st;
	char text[130];
	int r = fd < 0 ? fd : 0;

	(void)ep_str_format(text, sizeof(text), "%s\n", value);
	if (r == 0 && write(fd, text, strlen(text)) < 0)
		r = -errno;
	/* A fixture's ordinary file; the kernel's have no length. */
	if (r == 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_size > (off_t)strlen(text) &&
	    ftruncate(fd, (off_t)strlen(text)) < 0)
		r = -errno;
	if (fd >= 0)
		close(fd);
	return r < 0 ? ep_err_set(err, r, "%s: %s", path, strerror(-r)) : 0;
}

static int value_make(const struct ep_root *root, const struct ep_setup_act *a,
		      struct ep_err *err)
{
	return put_value(root, a->target, a->after, err);
}

static int value_undo(const struct ep_root *root, const struct ep_setup_act *a,
		      struct ep_err *err)
{
	return put_value(root, a->target, a->before, err);
}

static void value_tell(const struct ep_setup_act *a, char *ret, size_t size)
{
	(void)ep_str_format(ret, size, "%s: %s, was %s", a->target, a->after,
			    a->before);
}

const struct ep_setup_ops ep_setup_value = {
	.name = "value",
	.state = value_state,
	.make = value_make,
	.undo = value_undo,
	.tell = value_tell,
};

int ep_setup_look(const struct ep_root *root, struct ep_setup_act *a)
{
	struct mode m;
	int r;

	if (a->ops == &ep_setup_mode) {
		r = read_mode(root, a->target, &m);
		return r < 0 ? r : put_mode(&m, a->before, sizeof(a->before));
	}
	r = ep_root_read_text(root, a->target, a->before, sizeof(a->before));
	return r < 0 ? r : 0;
}
