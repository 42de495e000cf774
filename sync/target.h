/*
 * target - one published reference and what this run finds out about it.
 */
#ifndef SYNC_TARGET_H
#define SYNC_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "oci/base/err.h"
#include "oci/base/table.h"
#include "oci/image/digest.h"
#include "oci/image/ref.h"
#include "oci/lists/image_options.h"
#include "sync/referrers.h"
#include "sync/target_state.h"

struct entry;
struct index;
struct list_image;
struct lists;

struct target {
	const struct list_image *line; /* lent by the lists */
	size_t place;                  /* among all targets, in the lists' order */
	struct image_options o;        /* of this very tag; texts lent by the lists */
	struct ref source, target;
	char *name;         /* target as text: the canonical reference it is published as */
	struct digest base; /* what it meant when the run began; "" when it was not there */
	char *base_held;    /* its hold then, or NULL */
	bool is_snapshot; /* what is there under its name keeps what another tag meant: it never moves */
	enum target_state state;
	struct digest found; /* what upstream offers (or the line pins); "" when unknown */
	char *author;        /* of the line, when it moves; or NULL */
	char *media_type;    /* of found, once it is here */
	int64_t size;
	char *snapshot;  /* the tag that keeps what was replaced, or NULL */
	time_t checked;  /* when it was last checked with success before this run; 0: never */
	bool no_space;   /* failed since the disk has not the bytes it needs */
	int64_t missing; /* --sizes: bytes that would be fetched */
	int64_t bytes;
	unsigned requests;
	struct referrers referrers;
	bool incomplete;   /* what refers to it could not all be had: see error */
	bool stale;        /* not checked with success for longer than max-age= allows */
	char *error;       /* one line, or NULL */
	enum err_kind why; /* of the failure; NONE when there is none */
};

struct targets {
	struct target **v; /* owned; in the lists' order */
	size_t n, cap;
	struct table by_name; /* those that have a name of their own; a failed listing has none */
};

/* The target of a line; tag is the tag chosen by the line's options, NULL for one that names its own. */
struct target *target_new(const struct lists *lists, const struct list_image *line,
			  const char *tag);
void target_free(struct target *t);
/* What its state means. */
const struct state_row *target_row(const struct target *t);
/* Appends t, which is taken. */
void targets_keep(struct targets *ts, struct target *t);
/* The same, and targets_find() finds it. Its name must not be there yet. */
void targets_keep_named(struct targets *ts, struct target *t);
/* The target of that name, or NULL. */
struct target *targets_find(const struct targets *ts, const char *name);
void targets_release(struct targets *ts);

/* Notes what the mirror has under the target's name. */
void target_remember(struct target *t, const struct index *x);

/* Whether an entry came by a list, from the repository where the target is asked for. */
bool target_is_origin(const struct target *t, const struct entry *e);

/* Settles a target with the state that an error means, and its message. */
void target_fail(struct target *t, const struct err *err);
void target_set_error(struct target *t, const char *text);

/* Whether the line pins a digest: nothing is asked, it is fetched once. */
bool target_is_pinned(const struct target *t);

#endif
