/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/http.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

int ep_http_url_check(const char *url, struct ep_err *err)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789.-_:[]%";
	const char *host = url;
	size_t len;

	if (ep_str_starts(url, "http://"))
		host = url + strlen("http://");
	else if (ep_str_starts(url, "https://"))
		host = url + strlen("https://");
	/* What follows may be a password: not a word of it is repeated. */
	if (strchr(url, '@'))
		return ep_err_set(err, -EINVAL,
				  "the address must not hold a user or "
				  "password; use user= and password-file=FILE");
	if (host == url)
		return ep_err_set(err, -EINVAL,
				  "the address must begin with http:// or "
				  "https://, as in http://192.0.2.7");
	len = strspn(host, plain);
	if (len == 0 || host[len + strspn(host + len, "/")] != '\0')
		return ep_err_set(err, -EINVAL,
				  "the address must end after the host and "
				  "port, as in http://192.0.2.7:80");
	if (strlen(url) > 255)
		return ep_err_set(err, -EINVAL,
				  "the address is longer than 255 bytes");
	return 0;
}

bool ep_http_escape(const char *text, char *ret, size_t size)
{
	static const char hex[] = "0123456789ABCDEF";
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789-._~";
	size_t n = 0;

	if (size == 0)
		return false;
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		size_t need = strchr(plain, c) ? 1 : 3;

		if (n + need >= size)
			break;
		if (need == 1) {
			ret[n++] = (char)c;
			continue;
		}
		ret[n++] = '%';
		ret[n++] = hex[c >> 4];
		ret[n++] = hex[c & 15];
	}
	ret[n] = '\0';
	return *text == '\0';
}

/* Others than the owner and the group must not reach it. */
static int check_mode(int fd, const char *path, struct ep_err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return ep_err_set(err, -errno, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return ep_err_set(err, -EINVAL, "%s: this is no file", path);
	if (st.st_mode & (S_IROTH | S_IWOTH))
		return ep_err_set(
			err, -EPERM,
			"%s: everybody can %s this file; protect it: "
			"chmod 600 %s",
			path, st.st_mode & S_IROTH ? "read" : "change", path);
	return 0;
}

/* One line, its end cut; the length or -errno. */
static int check_text(char *text, size_t len, const char *path,
		      struct ep_err *err)
{
	size_t used;

	if (len == EP_HTTP_SECRET_BYTES)
		return ep_err_set(err, -EINVAL, "%s: longer than %d bytes",
				  path, EP_HTTP_SECRET_BYTES - 1);
	text[len] = '\0';
	used = strlen(text);
	if (used == len && used > 0 && text[used - 1] == '\n')
		used--;
	if (used > 0 && text[used - 1] == '\r')
		used--;
	for (size_t i = 0; i < used; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			used = 0;
	if (used == 0 || (strlen(text) != len))
		return ep_err_set(err, -EINVAL,
				  "%s: must hold one line of text, the secret "
				  "alone",
				  path);
	text[used] = '\0';
	return 0;
}

int ep_http_secret_read(const struct ep_root *root, const char *path,
			char ret[EP_HTTP_SECRET_BYTES], struct ep_err *err)
{
	char text[EP_HTTP_SECRET_BYTES + 1];
	size_t len = 0;
	ssize_t n = 1;
	/* A FIFO must not hold us up. */
	int fd = ep_root_openat(root, path, O_RDONLY | O_NONBLOCK), r;

	if (fd < 0)
		return ep_err_set(err, fd, "%s: cannot be read: %s", path,
				  strerror(-fd));
	r = check_mode(fd, path, err);
	while (r == 0 && n > 0 && len < EP_HTTP_SECRET_BYTES) {
		n = read(fd, text + len, EP_HTTP_SECRET_BYTES - len);
		if (n < 0)
			r = ep_err_set(err, -errno, "%s: cannot be read: %s",
				       path, strerror(errno));
		len += n > 0 ? (size_t)n : 0;
	}
	close(fd);
	if (r == 0)
		r = check_text(text, len, path, err);
	if (r == 0)
		memcpy(ret, text, strlen(text) + 1);
	explicit_bzero(text, sizeof(text));
	return r;
}
