/*
 * target - one reference to be published, and what this run finds out about it.
 */
#ifndef SYNC_TARGET_H
#define SYNC_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "oci/base/err.h"
#include "oci/base/strvec.h"
#include "oci/base/table.h"
#include "oci/image/digest.h"
#include "oci/image/ref.h"
#include "oci/lists/image_options.h"
#include "sync/min_age.h"
#include "sync/referrers.h"
#include "sync/image_state.h"

struct entry;
struct index;
struct list_image;
struct lists;

struct target {
	const struct list_image *line;  /* lent by the lists */
	const struct list_image **more; /* other lines that ask for the same; owned */
	size_t nmore, capmore;
	struct strvec united;   /* texts of o that were made from those of several lines */
	bool contradicts;       /* its lines do: nothing of it changes */
	bool is_queued;         /* it waits in a lane, or did */
	size_t place;           /* among all targets, in the lists' order */
	struct image_options o; /* of this tag; texts lent by the lists, or in `united` */
	const struct ref *source, *target; /* the line's, lent; or with a tag, owned */
	char *name;         /* target as text: the canonical reference it is published as */
	struct digest base; /* its digest when the run began; "" when the mirror did not have it */
	char *base_held;    /* its hold when the run began, or NULL */
	bool is_snapshot;   /* the entry under this name is a snapshot; never moved */
	enum image_state state;
	bool is_asked; /* upstream was asked for it, and answered: found, or not there */
	struct min_age wait;
	bool is_denied;      /* what is published has something that mirror.conf denies */
	struct digest found; /* what upstream offers (or the line pins); "" when unknown */
	char *author;        /* of the line, when the target moves; or NULL */
	char *media_type;    /* of found, once it is in the store */
	int64_t size;
	char *snapshot;  /* the tag that keeps the replaced digest, or NULL */
	time_t checked;  /* when it was last checked with success before this run; 0: never */
	int64_t missing; /* --sizes: bytes that would be fetched */
	int64_t bytes;
	int64_t counted; /* of its bytes, in the totals of policies (sync/allowance.h) */
	unsigned requests;
	struct referrers referrers;
	struct digest *lacked; /* failed since its repository does not have this; or NULL */
	bool is_gone;          /* upstream lists its repository, and not this tag */
	bool unasked;          /* upstream was not asked: the state is what was known before */
	bool base_whole;   /* all that the line wants below base is in the store, though upstream
			    * has something else */
	bool completes;    /* the line wants more of the published content than was fetched */
	int64_t completed; /* bytes fetched below content that was published already */
	bool incomplete;   /* some referrers could not be fetched, or a line cannot be kept: see
			       * error */
	const struct list_image **broken; /* lines whose platforms are all missing; owned */
	size_t nbroken, capbroken;
	char *broken_why;  /* names them; or NULL */
	bool stale;        /* not checked with success for longer than max-age= allows */
	char *error;       /* one line, or NULL */
	char *warning;     /* of an image that did not fail, one line; or NULL */
	enum err_kind why; /* of the failure; NONE when there is none */
};

struct targets {
	struct target **v; /* owned; in the lists' order */
	size_t n, cap;
	struct table by_name; /* those that have a name of their own; a failed listing has none */
};

/* The target of a line; tag is the tag chosen by the line's options, NULL for one that names its
 * own. */
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

/* Adds what another line asks for, a target of the same name. USAGE when both cannot be had; the
 * message names both lines. */
int target_unite(struct target *t, const struct target *other, struct err *err);
/* How many lines ask for it, and the i-th of them; a line stands once. */
size_t target_lines(const struct target *t);
const struct list_image *target_line(const struct target *t, size_t i);

/* Sets base, base_held and is_snapshot from the entry under the target's name, if there is one. */
void target_remember(struct target *t, const struct index *x);

/* Whether a list put the entry there, from the repository that is the target's source. */
bool target_is_origin(const struct target *t, const struct entry *e);

/* Gives a target the state that the kind of an error means, FAILED or LIMITED, and its message. */
void target_fail(struct target *t, const struct err *err);
/* The same for a snapshot whose name upstream has for something else: upstream's own tags may end
 * in a date, too. Gives the state. */
enum image_state target_fail_clash(struct target *t);
void target_set_error(struct target *t, const char *text);
/* Adds a warning behind those that the target has. */
void target_add_warning(struct target *t, const char *text);

/* Sets `lacked`; "" is none. */
void target_set_lacked(struct target *t, const struct digest *d);

/* The state of an image that has arrived: CURRENT when it was published before. */
enum image_state target_arrival(const struct target *t);

/* Whether the line pins a digest: upstream is not asked what it is, and it is fetched once. */
bool target_is_pinned(const struct target *t);

/* A line may name a snapshot to keep it from prune. Upstream's own tag may end in a date as well,
 * so upstream is asked whether it has that tag, too. */
bool target_names_snapshot(const struct target *t);

#endif
