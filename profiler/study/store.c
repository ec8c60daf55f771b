/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/study/store.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "profiler/study/store_parts.h"

#define DB_NAME "study.db"
#define STUDY_NAME "study.json"

const char *ep_store_id(const struct ep_store *s)
{
	return s->id;
}

const struct ep_study *ep_store_study(const struct ep_store *s)
{
	return &s->study;
}

void ep_store_close(struct ep_store *s)
{
	if (!s)
		return;
	/* Leaves no -wal beside a study that somebody copies. */
	if (s->db)
		sqlite3_close(s->db);
	if (s->dir_fd >= 0)
		close(s->dir_fd);
	if (s->runs_fd >= 0)
		close(s->runs_fd);
	ep_study_done(&s->study);
	free(s);
}

const char *ep_store_dir(const struct ep_store *s)
{
	return s->dir;
}

const char *ep_store_started_in(const struct ep_store *s)
{
	return s->folder;
}

const char *ep_store_network(long type)
{
	static const struct {
		unsigned magic;
		const char *name;
	} networks[] = {
		{ NFS_SUPER_MAGIC, "NFS" }, { SMB_SUPER_MAGIC, "SMB" },
		{ 0xff534d42, "CIFS" },	    { 0xfe534d42, "SMB2" },
		{ AFS_SUPER_MAGIC, "AFS" }, { CODA_SUPER_MAGIC, "Coda" },
		{ 0x0bd00bd0, "Lustre" },   { 0x00c36400, "Ceph" },
		{ V9FS_MAGIC, "9p" },	    { 0x47504653, "GPFS" },
		{ 0x19830326, "BeeGFS" },
	};

	for (size_t i = 0; i < sizeof(networks) / sizeof(networks[0]); i++)
		if ((unsigned)type == networks[i].magic)
			return networks[i].name;
	return NULL;
}

/* SQLite's locks do not hold there, and a lost lock is a lost study. */
static int check_place(int dir_fd, const char *dir, struct ep_err *err)
{
	const char *network;
	struct statfs fs;

	if (fstatfs(dir_fd, &fs) < 0)
		return ep_err_set(err, -errno, "%s: %s", dir, strerror(errno));
	network = ep_store_network((long)fs.f_type);
	if (!network)
		return 0;
	return ep_err_set(err, -ENOTSUP,
			  "%s lies on a network file system (%s), where a "
			  "study's database is not safe: use a folder on a "
			  "local disk",
			  dir, network);
}

static struct ep_store *new_store(const char *dir)
{
	struct ep_store *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->dir_fd = s->runs_fd = -1;
	(void)ep_str_copy(s->dir, sizeof(s->dir), dir);
	return s;
}

static int open_dirs(struct ep_store *s, struct ep_err *err)
{
	s->dir_fd = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->dir_fd >= 0)
		s->runs_fd = openat(s->dir_fd, "runs",
				    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->dir_fd < 0 || s->runs_fd < 0)
		return ep_err_set(err, -errno, "%s%s: %s", s->dir,
				  s->dir_fd < 0 ? "" : "/runs",
				  strerror(errno));
	return check_place(s->dir_fd, s->dir, err);
}

/* As a URI: a log cannot be made beside a database that cannot be written, so
 * SQLite is told that nobody does. */
static bool read_only_uri(const struct ep_store *s, char *ret, size_t size)
{
	size_t used = strlen("file:");

	(void)ep_str_copy(ret, size, "file:");
	for (const char *p = s->dir; *p; p++) {
		bool plain = !strchr("%?#", *p);

		if (!ep_str_format(ret + used, size - used,
				   plain ? "%c" : "%%%02X", (unsigned char)*p))
			return false;
		used += plain ? 1 : 3;
	}
	return ep_str_format(ret + used, size - used,
			     "/" DB_NAME "?immutable=1");
}

static int open_db(struct ep_store *s, int flags, struct ep_err *err)
{
	char path[3 * sizeof(s->dir) + 64];
	bool fits = flags & SQLITE_OPEN_URI
			    ? read_only_uri(s, path, sizeof(path))
			    : ep_str_format(path, sizeof(path), "%s/" DB_NAME,
					    s->dir);

	if (!fits)
		return ep_err_set(err, -ENAMETOOLONG, "%s is too long", s->dir);
	if (sqlite3_open_v2(path, &s->db, flags, NULL) != SQLITE_OK)
		return ep_store_fail(s, "open", err);
	sqlite3_extended_result_codes(s->db, 1);
	sqlite3_busy_timeout(s->db, EP_STORE_BUSY_MS);
	return ep_store_exec(s,
			     "PRAGMA journal_mode=WAL; PRAGMA foreign_keys=ON; "
			     "PRAGMA synchronous=FULL;",
			     err);
}

static int make_id(char ret[EP_STUDY_ID_BYTES], struct ep_err *err)
{
	unsigned char bytes[(EP_STUDY_ID_BYTES - 1) / 2];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return ep_err_set(err, -EIO, "no random numbers: %s",
				  strerror(errno));
	for (size_t i = 0; i < sizeof(bytes); i++)
		(void)ep_str_format(ret + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}

/* The file that everything else can be made from again. */
static int write_study(struct ep_store *s, struct ep_err *err)
{
	json_t *o = json_object();
	struct ep_buf b;
	char *text;
	int r = -ENOMEM;

	json_object_set_new(o, "id", json_string(s->id));
	json_object_set_new(o, "folder", json_string(s->folder));
	json_object_set_new(o, "study", ep_study_to_json(&s->study));
	text = json_dumps(o, JSON_INDENT(1) | JSON_SORT_KEYS);
	ep_buf_init(&b, (size_t)64 * 1024 * 1024);
	if (text)
		r = ep_buf_addf(&b, "%s\n", text);
	if (r == 0)
		r = ep_file_put(s->dir_fd, STUDY_NAME, &b, 0644, false);
	ep_buf_done(&b);
	free(text);
	json_decref(o);
	if (r == -EEXIST)
		return ep_err_set(err, r,
				  "%s holds a study already: go on with it by "
				  "--resume, or name another folder",
				  s->dir);
	return r < 0 ? ep_err_set(err, r, "%s/" STUDY_NAME ": %s", s->dir,
				  strerror(-r))
		     : 0;
}

/* study.json of the folder into s->id, ->folder, ->study. */
static int read_study(struct ep_store *s, struct ep_err *err)
{
	const char *id, *folder;
	json_t *o = NULL;
	struct ep_buf b;
	int r;

	ep_buf_init(&b, (size_t)64 * 1024 * 1024);
	r = ep_file_read(s->dir_fd, STUDY_NAME, &b);
	if (r < 0)
		r = ep_err_set(err, r, STUDY_NAME ": %s", strerror(-r));
	else
		o = json_loadb(b.data, b.len, JSON_REJECT_DUPLICATES, NULL);
	ep_buf_done(&b);
	if (r < 0)
		return r;
	id = json_string_value(json_object_get(o, "id"));
	folder = json_string_value(json_object_get(o, "folder"));
	if (!id || strlen(id) != EP_STUDY_ID_BYTES - 1)
		r = ep_err_set(err, -EBADMSG, "%s/" STUDY_NAME " is damaged",
			       s->dir);
	else
		r = ep_study_from_json(json_object_get(o, "study"), &s->study,
				       err);
	if (r == 0) {
		(void)ep_str_copy(s->id, sizeof(s->id), id);
		(void)ep_str_copy(s->folder, sizeof(s->folder),
				  folder ? folder : "");
	}
	json_decref(o);
	return r;
}

/* A database that was copied here from elsewhere counts somebody else's runs. */
static int check_id(struct ep_store *s, struct ep_err *err)
{
	sqlite3_stmt *stmt;
	bool same;
	int code, r = ep_store_prepare(s, "SELECT id FROM study", &stmt, err);

	if (r < 0)
		return r;
	code = sqlite3_step(stmt);
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		r = ep_store_fail(s, "id", err);
	same = code == SQLITE_ROW &&
	       strcmp((const char *)sqlite3_column_text(stmt, 0), s->id) == 0;
	sqlite3_finalize(stmt);
	if (r == 0 && !same)
		r = ep_err_set(err, -EBADMSG,
			       "%s/study.db belongs to another study: edgeprof "
			       "sweep %s --rebuild makes one from study.json "
			       "and the run folders",
			       s->dir, s->dir);
	return r;
}

static int create(struct ep_store *s, const struct ep_study *study,
		  struct ep_err *err)
{
	json_t *o = ep_study_to_json(study);
	char runs[4200];
	int r = ep_study_from_json(o, &s->study, err);

	json_decref(o);
	/* Paths on the command line are relative to it. */
	if (!getcwd(s->folder, sizeof(s->folder)))
		s->folder[0] = '\0';
	if (r == 0)
		r = make_id(s->id, err);
	if (r == 0)
		r = ep_file_mkdir(s->dir, err);
	(void)ep_str_format(runs, sizeof(runs), "%s/runs", s->dir);
	if (r == 0)
		r = ep_file_mkdir(runs, err);
	if (r == 0)
		r = open_dirs(s, err);
	if (r == 0)
		r = write_study(s, err);
	if (r == 0)
		r = open_db(s, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, err);
	return r < 0 ? r : ep_store_schema(s, err);
}

int ep_store_create(const char *dir, const struct ep_study *study,
		    struct ep_store **ret, struct ep_err *err)
{
	struct ep_store *s = new_store(dir);
	int r = s ? create(s, study, err)
		  : ep_err_set(err, -ENOMEM, "out of memory");

	if (r < 0) {
		ep_store_close(s);
		return r;
	}
	*ret = s;
	return 0;
}

static int open_store(struct ep_store *s, int flags, struct ep_err *err)
{
	struct ep_err why = { 0 };
	int r = open_dirs(s, &why);

	if (r == 0)
		r = read_study(s, &why);
	if (r == -ENOENT)
		return ep_err_set(err, r, "%s holds no study: %s", s->dir,
				  why.text);
	/* One that is not there is made; ep_store_recover() finds the runs. */
	if (r == 0)
		r = open_db(s, flags, &why);
	if (r == 0)
		r = ep_store_schema(s, &why);
	if (r == 0)
		r = check_id(s, &why);
	return r < 0 ? ep_err_set(err, r, "%s", why.text) : 0;
}

static int open_dir(const char *dir, int flags, struct ep_store **ret,
		    struct ep_err *err)
{
	struct ep_store *s = new_store(dir);
	int r = s ? open_store(s, flags, err)
		  : ep_err_set(err, -ENOMEM, "out of memory");

	if (r < 0) {
		ep_store_close(s);
		return r;
	}
	*ret = s;
	return 0;
}

int ep_store_open(const char *dir, struct ep_store **ret, struct ep_err *err)
{
	return open_dir(dir, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, ret,
			err);
}

int ep_store_look(const char *dir, struct ep_store **ret, struct ep_err *err)
{
	if (access(dir, W_OK) == 0)
		return ep_store_open(dir, ret, err);
	return open_dir(dir, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, ret, err);
}

/* A log that stayed behind would be played into the new database, so it goes
 * first.  What a power cut leaves in between, ep_store_open() and
 * ep_store_recover() make whole. */
int ep_store_rebuild(const char *dir, struct ep_err *err)
{
	static const char *const parts[] = { DB_NAME "-wal", DB_NAME "-shm",
					     DB_NAME };
	struct ep_store *s = new_store(dir);
	int r = s ? open_dirs(s, err)
		  : ep_err_set(err, -ENOMEM, "out of memory");

	if (r == 0)
		r = read_study(s, err);
	for (size_t i = 0; r == 0 && i < 3; i++) {
		char aside[40];

		(void)ep_str_format(aside, sizeof(aside), "%s.old", parts[i]);
		if (renameat(s->dir_fd, parts[i], s->dir_fd, aside) < 0 &&
		    errno != ENOENT)
			r = ep_err_set(err, -errno, "%s/%s: %s", dir, parts[i],
				       strerror(errno));
	}
	if (r == 0)
		r = open_db(s, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, err);
	if (r == 0)
		r = ep_store_schema(s, err);
	if (r == 0)
		r = ep_store_recover(s, err);
	if (r >= 0) {
		int code = ep_store_export(s, err);

		r = code < 0 ? code : r;
	}
	ep_store_close(s);
	return r;
}
