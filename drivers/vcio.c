/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/vcio.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/str.h"

/* The size in the number is that of a pointer: 0xc0086400 where it has eight
 * bytes, 0xc0046400 where it has four. */
#define IOCTL_PROPERTY _IOWR(100, 0, char *)

/* Mailbox property interface of the firmware. */
#define TAG_GENCMD_RESULT 0x00030080u
#define REQUEST 0u
#define REPLY_FAILED 0x80000001u

enum word {
	WORD_BYTES,
	WORD_STATE,
	WORD_TAG,
	WORD_VALUE_BYTES,
	WORD_LENGTH,
	WORD_RESULT, /* 0, or the error code of the command */
	WORD_TEXT,
};

/* vcio_gencmd takes nothing but these commands, so it is open to more users
 * where the kernel has it. */
static const char *const nodes[] = { "/dev/vcio_gencmd", "/dev/vcio" };
#define NODE_COUNT (sizeof(nodes) / sizeof(nodes[0]))

static int refuse_open(const char *path, int code, struct ep_err *err)
{
	if (code == -EACCES || code == -EPERM)
		return ep_err_set(err, code,
				  "cannot open %s: permission denied; it is "
				  "for root and group video: sudo usermod -aG "
				  "video $USER, then log in again",
				  path);
	if (code == -ENXIO || code == -ENODEV)
		return ep_err_set(err, code,
				  "%s has no driver behind it: is this kernel "
				  "one for Raspberry Pi (CONFIG_BCM_VCIO)?",
				  path);
	return ep_err_set(err, code, "cannot open %s: %s", path,
			  strerror(-code));
}

static int open_node(struct ep_vcio *v, const char *path)
{
	int fd = ep_root_openat(v->root, path, O_RDONLY);

	if (fd < 0)
		return fd;
	v->fd = fd;
	(void)ep_str_copy(v->path, sizeof(v->path), path);
	return 0;
}

static int open_usual(struct ep_vcio *v, struct ep_err *err)
{
	const char *refused = NULL;
	int why = -ENOENT;

	for (size_t i = 0; i < NODE_COUNT; i++) {
		int r = open_node(v, nodes[i]);

		if (r == 0)
			return 0;
		if (r == -ENOENT || r == -ENOTDIR || refused)
			continue;
		refused = nodes[i];
		why = r;
	}
	if (refused)
		return refuse_open(refused, why, err);
	return ep_err_set(err, -ENOENT,
			  "there is neither %s nor %s: this is no Raspberry "
			  "Pi, or its kernel lacks the firmware mailbox "
			  "(CONFIG_BCM_VCIO)",
			  nodes[0], nodes[1]);
}

int ep_vcio_reopen(struct ep_vcio *v, struct ep_err *err)
{
	int r;

	ep_vcio_close(v);
	if (v->wanted[0] == '\0')
		return open_usual(v, err);
	r = open_node(v, v->wanted);
	return r < 0 ? refuse_open(v->wanted, r, err) : 0;
}

int ep_vcio_open(struct ep_vcio *v, const struct ep_root *root,
		 const char *path, struct ep_err *err)
{
	memset(v, 0, sizeof(*v));
	v->root = root;
	v->wanted = path ? path : "";
	v->fd = -1;
	return ep_vcio_reopen(v, err);
}

void ep_vcio_close(struct ep_vcio *v)
{
	if (v && v->fd >= 0) {
		close(v->fd);
		v->fd = -1;
	}
}

static int refuse_ioctl(const struct ep_vcio *v, int code, struct ep_err *err)
{
	if (code == -ENOTTY)
		return ep_err_set(err, code,
				  "%s is no firmware mailbox: it does not take "
				  "its ioctl",
				  v->path);
	if (code == -EACCES || code == -EPERM)
		return ep_err_set(err, code,
				  "%s does not let this user send commands; "
				  "run as root, or update the kernel to one "
				  "with %s and join group video: sudo usermod "
				  "-aG video $USER",
				  v->path, nodes[0]);
	return ep_err_set(err, code, "%s: the firmware call failed: %s",
			  v->path, strerror(-code));
}

/* The reply's code and text; the length. */
static int judge_reply(const struct ep_vcio *v, const char *command,
		       const char *text, struct ep_err *err)
{
	size_t len = strnlen(text, EP_VCIO_TEXT_BYTES);
	char shown[120];

	if (v->words[WORD_STATE] == REPLY_FAILED)
		return ep_err_set(err, -EPROTO,
				  "%s: the firmware could not read the "
				  "request '%s'",
				  v->path, command);
	if (len == EP_VCIO_TEXT_BYTES)
		return ep_err_set(err, -EMSGSIZE,
				  "%s: the reply to '%s' has no end", v->path,
				  command);
	(void)ep_str_copy(shown, sizeof(shown), text);
	ep_str_printable(shown);
	/* Unknown commands are answered with result 0 or 1, and this text. */
	if (ep_str_starts(text, "error=") &&
	    strstr(text, "Command not registered"))
		return ep_err_set(err, -EOPNOTSUPP,
				  "the firmware of this board does not know "
				  "the command '%s'",
				  command);
	if (ep_str_starts(text, "error="))
		return ep_err_set(err, -EREMOTEIO,
				  "the firmware answers '%s' with: %s", command,
				  shown);
	if (v->words[WORD_RESULT] != 0)
		return ep_err_set(err, -EREMOTEIO,
				  "the firmware answers '%s' with error code "
				  "%u%s%s",
				  command, (unsigned)v->words[WORD_RESULT],
				  shown[0] ? ": " : "", shown);
	if (len == 0)
		return ep_err_set(err, -ENODATA,
				  "%s: the reply to '%s' is empty", v->path,
				  command);
	return (int)len;
}

int ep_vcio_command(struct ep_vcio *v, const char *command, const char **ret,
		    struct ep_err *err)
{
	char *text = (char *)&v->words[WORD_TEXT];
	size_t len = strlen(command);
	int r;

	if (v->fd < 0)
		return ep_err_set(err, -ENODEV,
				  "the firmware mailbox is not "
				  "open");
	if (len >= EP_VCIO_TEXT_BYTES)
		return ep_err_set(err, -EMSGSIZE, "the command is too long");
	memset(v->words, 0, sizeof(v->words));
	v->words[WORD_BYTES] = sizeof(v->words);
	v->words[WORD_STATE] = REQUEST;
	v->words[WORD_TAG] = TAG_GENCMD_RESULT;
	v->words[WORD_VALUE_BYTES] = EP_VCIO_TEXT_BYTES;
	memcpy(text, command, len + 1);
	do {
		r = ioctl(v->fd, IOCTL_PROPERTY, v->words);
	} while (r < 0 && errno == EINTR);
	if (r < 0)
		return refuse_ioctl(v, errno ? -errno : -EIO, err);
	r = judge_reply(v, command, text, err);
	if (r >= 0)
		*ret = text;
	return r;
}
