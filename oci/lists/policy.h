/*
 * policy - the `policy` lines of mirror.conf: what the lines of list files may ask for.
 *
 *	policy  allow=quay.io/org/tool,docker.io/library/redis max-tags=50 max-bytes=40G
 *	policy  file=payments*.list allow=ghcr.io/payments/app private=payments
 *
 * A line with file= holds for the list files that it names; when several name a file, the last of
 * them holds. The line without file= holds for all other files. One line holds for a file, whole:
 * what it leaves out is not taken from another. A file for which no line holds has no policy: NULL,
 * which all functions accept, and which allows everything.
 */
#ifndef OCI_LISTS_POLICY_H
#define OCI_LISTS_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct line;
struct place;
struct ref;

/* Texts are owned; NULL or -1 where the line says nothing. */
struct policy {
	char *file;          /* comma-separated globs of names; NULL: all other files */
	char *allow;         /* comma-separated patterns of references; NULL: all */
	char *as;            /* the same, of the targets that as= may name; NULL: as `allow` */
	char *private_group; /* the group that every line must give its image to */
	long max_tags;       /* that one line may choose */
	int64_t max_bytes;   /* that one image may add */
	int64_t max_total;   /* that all lines may bring, each blob once */
	int line;            /* of mirror.conf */
};

struct policies {
	struct policy *v; /* in the order of lines */
	size_t n, cap;
};

#define POLICIES_INIT                                                                              \
	{                                                                                          \
		.v = NULL                                                                          \
	}

void policies_release(struct policies *ps);

/* Reads a line that begins with the word policy; errors are added at `at`. Two lines without file=,
 * or with the same one, are an error. */
void policies_read(struct policies *ps, const struct line *l, const struct place *at);

/* The policy of a list file, by its name; NULL: none. */
const struct policy *policies_for(const struct policies *ps, const char *file);

/* Whether a line may ask for that reference upstream. For one without tag and digest: whether it
 * may ask for some tag of the repository; the same holds for targets. */
bool policy_allows_source(const struct policy *p, const struct ref *source);

/* Whether a line may publish it under that name; is_renamed: by as=. */
bool policy_allows_target(const struct policy *p, const struct ref *target, bool is_renamed);

/* Whether a line may bring an image of that group; NULL is everybody's. */
bool policy_allows_group(const struct policy *p, const char *group);

#endif
