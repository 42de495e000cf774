/*
 * groups - who belongs to which group: a file of lines `group: user user ...`, as Apache's
 * AuthGroupFile has them.
 *
 * The groups are those of `private=GROUP` in the lists. Empty lines and lines that begin with "#"
 * are skipped. A group may stand on several lines: its users are those of all of them. A group that
 * is in no line has no members. Users are known by name alone, so one that is in no htpasswd file
 * (yet) is no error.
 */
#ifndef SERVE_GROUPS_H
#define SERVE_GROUPS_H

#include <stdbool.h>

#include "oci/base/span.h"
#include "oci/base/table.h"

struct err;

struct groups {
	struct table groups; /* of struct group, by name */
};

#define GROUPS_INIT                                                                                \
	{                                                                                          \
		.groups = TABLE_INIT                                                               \
	}

/* Reads the bytes of a file, whose name is for messages; they are copied. INVALID, with file and
 * line; nothing is to be released then. */
int groups_parse(struct groups *g, const char *file, struct span text, struct err *err);
void groups_release(struct groups *g);

bool groups_has(const struct groups *g, const char *group, const char *user);

#endif
