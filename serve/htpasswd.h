/*
 * htpasswd - the users of a file as htpasswd(1) writes it: `user:hash`, one a line.
 *
 * Empty lines and lines that begin with "#" are skipped. A name is of visible characters, without
 * blanks; it stands on one line only. What a hash may be says password_hash.h. A file with one bad
 * line is refused as a whole: a user who is left out silently is found out by his failing builds.
 *
 *	struct htpasswd h;
 *	if (htpasswd_parse(&h, "/etc/mirror/htpasswd", text, err) < 0) ...
 *	u = htpasswd_find(&h, span_str("ann"));
 *	htpasswd_release(&h);
 */
#ifndef SERVE_HTPASSWD_H
#define SERVE_HTPASSWD_H

#include <stdbool.h>
#include <stddef.h>

#include "oci/base/span.h"
#include "oci/base/table.h"

struct err;

struct htpasswd_user {
	const char *name;
	const char *hash;
	int line; /* of the file */
};

struct htpasswd {
	char *text; /* owned: the file, cut into names and hashes */
	size_t size;
	struct htpasswd_user *v;
	size_t n;
	struct table users; /* by name */
};

/* Reads the bytes of a file, whose name is for messages; they are copied. INVALID, with file and
 * line; nothing is to be released then. */
int htpasswd_parse(struct htpasswd *h, const char *file, struct span text, struct err *err);
void htpasswd_release(struct htpasswd *h);

/* The user of that name, lent, or NULL. */
const struct htpasswd_user *htpasswd_find(const struct htpasswd *h, const char *name);

/* Whether a text may be a user's name: 1 to LIMIT_USER visible characters, no blank and no ":". */
bool htpasswd_valid_name(struct span name);

#endif
