/*
 * index_views - index.json as other mirrors may read it: of everybody what is public, of a group's
 * members their entries as well.
 *
 * All views lie in one file in memory, which a tool that rewrites index.json in place cannot
 * change:
 *
 *	first line | public entries | "\n]}\n" | entries of a group | entries of the next | ...
 *
 * So the public view is the file's beginning, and the view of members is the first line, the public
 * entries, those of each of their groups, and the end: ranges of the file, as many as groups, which
 * are sent without a copy. Entries have a line each, and are sorted within their part only.
 *
 * The first line of an index of ours has .identity: the digest of the source's index.json. Mail
 * addresses are left out (without_mail.h). Where something belongs to a group, marks (.bad) are
 * left out too, since they name references. An index without a generation, of another tool, is the
 * file as it is, unless something in it is private.
 *
 *	index_views_make(&v, x, groups, bytes, err)	from an index that was parsed; or, of one
 *							that is public as a whole, piece by piece:
 *	index_views_begin(&v, err)
 *	index_views_add(&v, &rest, last, err) ...	text that was read
 *	index_views_end(&v, identity, err)
 *	index_views_ranges(&v, may, arg, ranges)
 *	index_views_release(&v)
 */
#ifndef SERVE_INDEX_VIEWS_H
#define SERVE_INDEX_VIEWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oci/image/digest.h"
#include "serve/range.h"

struct buf;
struct err;
struct index;

/* The entries of a group in the file. */
struct index_view {
	char *group;
	struct range range; /* begins with ",\n" */
};

struct index_views {
	int fd;               /* -1: none */
	int64_t size;         /* of the public view */
	bool empty;           /* no entry is public */
	struct index_view *v; /* sorted by group */
	size_t n;
	struct digest identity; /* of the source's index.json */
	int64_t identity_at;    /* where it stands in the file; -1: nowhere */
};

#define INDEX_VIEWS_INIT                                                                           \
	{                                                                                          \
		.fd = -1, .identity_at = -1                                                        \
	}

void index_views_release(struct index_views *v);

/* Makes the views of x, whose identity is v->identity. groups has for each entry of x who may read
 * it: NULL everybody, "" nobody, else a group; lent. bytes are those of the file. x and bytes may
 * be changed. IO, or INVALID when a view becomes too large. */
int index_views_make(struct index_views *v, struct index *x, const char *const *groups,
		     struct buf *bytes, struct err *err);

int index_views_begin(struct index_views *v, struct err *err);
/* Takes the whole lines off the front of `text`, with `last` all of it, and adds them. */
int index_views_add(struct index_views *v, struct buf *text, bool last, struct err *err);
int index_views_end(struct index_views *v, const struct digest *identity, struct err *err);

/*
 * The ranges of the file that are the view of one who may read the groups for which may() is true.
 * Gives how many they are, at most v->n + 2, and writes them into out. `tag` gets what tells views
 * of one identity apart: the identity, and for members a digest of their groups' names behind it.
 */
#define INDEX_VIEWS_TAG (2 * DIGEST_MAX + 2)
size_t index_views_ranges(const struct index_views *v, bool (*may)(void *arg, const char *group),
			  void *arg, struct range *out, char tag[static INDEX_VIEWS_TAG]);

#endif
