/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * make_tree TREE_FILE DIR: expands one text file into a folder of sysfs and
 * procfs files, for EDGEPROF_ROOT.  DIR is made when it is not there; what is
 * in it already is never replaced.
 *
 *   /path = value             a file; \0 \n \t \\ \xNN are bytes, a newline is
 *                             added unless the value ends in \c
 *   /path mode 0400 = value   the same with a mode (else 0644)
 *   /path/                    an empty folder; "/path/ mode 0500" with a mode
 *   /path -> target           a symbolic link; an absolute target is one below
 *                             DIR and is written relative
 *   # comment                 at the begin of a line
 *
 * Parents are made.  A path is written by its real name: never through a link.
 * Every mistake ends it with file:line.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_BYTES 65536
#define FOLDER_MODES_MAX 64

struct tree {
	const char *file;
	int line;
	int dir;
	/* Given to folders last, since a user could not fill them then. */
	struct {
		char *path;
		mode_t mode;
	} modes[FOLDER_MODES_MAX];
	size_t mode_count;
};

static int fail(const struct tree *t, const char *path, const char *why)
{
	fprintf(stderr, "%s:%d: %s: %s\n", t->file, t->line, path, why);
	return -1;
}

/* "/a/b-c:d": no "", "." or ".." in it. */
static bool path_ok(const char *path)
{
	for (const char *at = path; *at; at += strcspn(at, "/")) {
		size_t len;

		if (*at++ != '/')
			return false;
		len = strcspn(at, "/");
		if (len == 0 || (len == 1 && at[0] == '.') ||
		    (len == 2 && strncmp(at, "..", 2) == 0))
			return false;
	}
	return path[0] == '/';
}

/*
 * The folder that holds path, made as needed; *ret_name is its last part.
 * Links are not followed.
 */
static int open_parent(struct tree *t, const char *path, const char **ret_name)
{
	char name[NAME_MAX + 1];
	int fd = dup(t->dir);

	path++;
	for (const char *end; (end = strchr(path, '/')); path = end + 1) {
		int next;

		if (fd < 0)
			break;
		if ((size_t)(end - path) >= sizeof(name)) {
			close(fd);
			return fail(t, path, "too long a name");
		}
		memcpy(name, path, (size_t)(end - path));
		name[end - path] = '\0';
		if (mkdirat(fd, name, 0755) < 0 && errno != EEXIST)
			next = -1;
		else
			next = openat(fd, name,
				      O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
		if (next < 0) {
			(void)fail(t, name,
				   errno == ENOTDIR || errno == ELOOP
					   ? "no folder: write the path by its "
					     "real name, not through a link"
					   : strerror(errno));
			close(fd);
			return -1;
		}
		close(fd);
		fd = next;
	}
	*ret_name = path;
	return fd;
}

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef";
	const char *at = c ? strchr(digits, c | 0x20) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* In place; the length, or -1 for an escape that is none. */
static long unescape(char *text)
{
	static const char from[] = "0nt\\", to[] = "\0\n\t\\";
	char *out = text;

	for (char *in = text; *in;) {
		const char *known;

		if (*in != '\\') {
			*out++ = *in++;
			continue;
		}
		in++;
		if (*in == 'c' && in[1] == '\0')
			return out - text;
		if (*in == 'x' && hex_digit(in[1]) >= 0 &&
		    hex_digit(in[2]) >= 0) {
			*out++ = (char)(hex_digit(in[1]) * 16 +
					hex_digit(in[2]));
			in += 3;
			continue;
		}
		known = *in ? strchr(from, *in) : NULL;
		if (!known)
			return -1;
		*out++ = to[known - from];
		in++;
	}
	*out++ = '\n';
	return out - text;
}

static const char *reason(void)
{
	return errno == EEXIST ? "is there already: written twice, or the "
				 "folder was not empty"
			       : strerror(errno);
}

static int make_file(struct tree *t, const char *path, char *value, mode_t mode)
{
	long len = unescape(value);
	const char *name;
	int parent, fd;
	bool good;

	if (len < 0)
		return fail(t, path,
			    "unknown escape; there are \\0 \\n \\t \\\\ \\xNN, "
			    "and \\c at the end");
	parent = open_parent(t, path, &name);
	if (parent < 0)
		return -1;
	fd = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL, 0600);
	good = fd >= 0 && write(fd, value, (size_t)len) == len &&
	       fchmod(fd, mode) == 0;
	if (!good)
		(void)fail(t, path, reason());
	if (fd >= 0)
		close(fd);
	close(parent);
	return good ? 0 : -1;
}

static int make_folder(struct tree *t, char *path, const char *mode_text,
		       mode_t mode)
{
	const char *name;
	bool good;
	int parent;

	path[strlen(path) - 1] = '\0';
	if (!path_ok(path))
		return fail(t, path, "no absolute path without . and ..");
	parent = open_parent(t, path, &name);
	if (parent < 0)
		return -1;
	good = mkdirat(parent, name, 0755) == 0;
	if (!good)
		(void)fail(t, path, reason());
	close(parent);
	if (good && mode_text) {
		if (t->mode_count == FOLDER_MODES_MAX)
			return fail(t, path, "too many folders with a mode");
		t->modes[t->mode_count].path = strdup(path + 1);
		t->modes[t->mode_count++].mode = mode;
	}
	return good ? 0 : -1;
}

/* How many folders deep is path's parent? "/a/b" 1 */
static int depth_of(const char *path)
{
	int n = -1;

	for (; *path; path++)
		n += *path == '/';
	return n;
}

/* Does a relative target climb above DIR? */
static bool climbs_out(const char *path, const char *target)
{
	int depth = depth_of(path);

	while (*target) {
		size_t len = strcspn(target, "/");

		if (len == 2 && strncmp(target, "..", 2) == 0)
			depth--;
		else if (len > 0 && !(len == 1 && target[0] == '.'))
			depth++;
		if (depth < 0)
			return true;
		target += len;
		target += *target == '/';
	}
	return false;
}

static int make_link(struct tree *t, const char *path, const char *target)
{
	char text[PATH_MAX] = "";
	const char *name;
	int parent, r;

	if (target[0] == '/') {
		if (!path_ok(target))
			return fail(t, target, "no absolute path");
		for (int i = depth_of(path); i > 0; i--)
			strncat(text, "../", sizeof(text) - strlen(text) - 1);
		target++;
	}
	strncat(text, target, sizeof(text) - strlen(text) - 1);
	if (text[0] == '\0' || climbs_out(path, text))
		return fail(t, path, "the link leaves the folder");
	parent = open_parent(t, path, &name);
	if (parent < 0)
		return -1;
	r = symlinkat(text, parent, name);
	if (r < 0)
		(void)fail(t, path, reason());
	close(parent);
	return r;
}

/* "0400" -> 0400 */
static int parse_mode(const char *text, mode_t *ret)
{
	char *end;
	unsigned long mode = strtoul(text, &end, 8);

	if (text[0] != '0' || *end || mode > 0777)
		return -1;
	*ret = (mode_t)mode;
	return 0;
}

/* "PATH[ mode MODE][ = VALUE]" or "PATH -> TARGET" */
static int make_entry(struct tree *t, char *line)
{
	char *value = strstr(line, " = "), *target = strstr(line, " -> ");
	char *mode_text;
	mode_t mode = 0644;
	size_t len;

	if (target && (!value || target < value)) {
		*target = '\0';
		if (!path_ok(line))
			return fail(t, line,
				    "no absolute path without . "
				    "and ..");
		return make_link(t, line, target + 4);
	}
	if (value) {
		*value = '\0';
		value += 3;
	} else {
		len = strlen(line);
		if (len > 2 && strcmp(line + len - 2, " =") == 0) {
			line[len - 2] = '\0';
			value = line + len;
		}
	}
	mode_text = strstr(line, " mode ");
	if (mode_text) {
		*mode_text = '\0';
		mode_text += 6;
		if (parse_mode(mode_text, &mode) < 0)
			return fail(t, mode_text, "no mode like 0400");
	}
	len = strlen(line);
	if (!value && len > 1 && line[len - 1] == '/')
		return make_folder(t, line, mode_text, mode);
	if (!path_ok(line))
		return fail(t, line, "no absolute path without . and ..");
	if (!value)
		return fail(t, line,
			    "neither '= value' nor '-> target' nor a "
			    "folder with '/' at its end");
	return make_file(t, line, value, mode);
}

static int make_all(struct tree *t, FILE *f)
{
	static char line[LINE_BYTES];

	while (fgets(line, sizeof(line), f)) {
		size_t len = strlen(line);

		t->line++;
		if (len == 0 || line[len - 1] != '\n')
			return fail(t, "line",
				    "too long, no newline at its "
				    "end, or a NUL byte in it");
		line[len - 1] = '\0';
		if (line[0] != '#' && line[0] != '\0' &&
		    make_entry(t, line) < 0)
			return -1;
	}
	if (ferror(f))
		return fail(t, "line", "cannot be read");
	/* The deepest were written last or are independent. */
	while (t->mode_count > 0) {
		t->mode_count--;
		if (fchmodat(t->dir, t->modes[t->mode_count].path,
			     t->modes[t->mode_count].mode, 0) < 0)
			return fail(t, t->modes[t->mode_count].path,
				    strerror(errno));
		free(t->modes[t->mode_count].path);
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct tree t = { .dir = -1 };
	FILE *f;
	int r;

	if (argc != 3) {
		fputs("usage: make_tree TREE_FILE DIR\n", stderr);
		return 2;
	}
	t.file = argv[1];
	f = fopen(argv[1], "re");
	if (!f) {
		fprintf(stderr, "%s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	if (mkdir(argv[2], 0755) == 0 || errno == EEXIST)
		t.dir = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (t.dir < 0) {
		fprintf(stderr, "%s: %s\n", argv[2], strerror(errno));
		fclose(f);
		return 1;
	}
	r = make_all(&t, f);
	fclose(f);
	close(t.dir);
	return r < 0 ? 1 : 0;
}
