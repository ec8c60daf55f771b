/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_EXPORT_SCRUB_H
#define EP_PROFILER_EXPORT_SCRUB_H

#include "base/buf.h"

#include <stdbool.h>

/*
 * Texts for people without what tells whose machine it was: the names that
 * were added, and whatever looks like a path of a user, a host in a URL, an
 * address of the network, a serial number or a UUID.
 */
struct ep_scrub;

#define EP_SCRUB_NAMES_MAX 4096

int ep_scrub_new(struct ep_scrub **ret) EP_MUST_CHECK;
void ep_scrub_free(struct ep_scrub *s);
/*
 * Shorter names than five bytes, and numbers of less than 16 digits or hex
 * digits, go as whole words only, whatever the case.
 * Nothing is done with "", one letter, "root", "localhost" and a name that is
 * known.  -ENOMEM, -E2BIG.
 */
int ep_scrub_add(struct ep_scrub *s, const char *name,
		 const char *instead) EP_MUST_CHECK;
/* "host1", "host2", ...: the same name gets the same number. */
int ep_scrub_add_numbered(struct ep_scrub *s, const char *name,
			  const char *kind) EP_MUST_CHECK;
/* Adds the hosts of the URLs in text, those behind an @, and users whose homes
 * are named. */
int ep_scrub_add_hosts(struct ep_scrub *s, const char *text) EP_MUST_CHECK;
/* Appends. */
int ep_scrub_put(const struct ep_scrub *s, const char *text,
		 struct ep_buf *b) EP_MUST_CHECK;
/* The names alone: for what is not written for people. */
int ep_scrub_put_names(const struct ep_scrub *s, const char *text,
		       struct ep_buf *b) EP_MUST_CHECK;
/* A name is in it. */
bool ep_scrub_hits(const struct ep_scrub *s, const char *text);

/*
 * Patterns: bytes used of text + at and what stands for them, 0: none begins
 * there.  *ret_keep: bytes at the end of the used ones that are looked at
 * again.
 */
size_t ep_scrub_pattern(const char *text, size_t at, const char **ret_instead,
			size_t *ret_keep);

#endif
