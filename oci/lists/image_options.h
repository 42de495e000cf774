/*
 * image_options - the options of an image: those of its line in a list, and of `image` lines of
 * mirror.conf.
 *
 * All that depends on which options there are stands in one table, in image_options.c.
 */
#ifndef OCI_LISTS_IMAGE_OPTIONS_H
#define OCI_LISTS_IMAGE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "oci/base/span.h"

struct buf;
struct err;
struct line;
struct line_word;
struct place;
struct strvec;

/* Whether signatures, attestations and SBOMs come along: never; as a promise, so that it is a
 * failure when they cannot be had; or those that can be had, with a warning for the rest. */
enum referrers_mode { REFERRERS_NO, REFERRERS_YES, REFERRERS_AUTO };

/* NULL, -1 or false where the line says nothing. */
struct image_options {
	char *platform;       /* "linux/amd64,linux/arm64", or "all" */
	char *tags, *exclude; /* comma-separated globs */
	char *match;          /* PCRE2 */
	char *semver;         /* a range (oci/image/version.h) */
	long newest;
	char *as;      /* a reference */
	long refresh;  /* seconds; 0 every run, UNIT_NEVER never */
	long max_age;  /* seconds, or UNIT_NEVER */
	long min_age;  /* seconds that new content of a name waits; 0 not at all */
	long keep;     /* snapshots */
	long keep_for; /* seconds, or UNIT_NEVER */
	int referrers; /* enum referrers_mode */
	int external;  /* 0: layers that are not distributed stay away; 1: they are fetched */
	bool upstream_gone;
	char *private_group; /* private=: whose images they are; NULL: everybody's */
	char *owner, *reason;
};

/* Empties a struct. */
void image_options_init(struct image_options *o);
/* Frees the texts that image_options_read() made; those that image_options_fill() lent are not to
 * be released. */
void image_options_release(struct image_options *o);

/* Reads the words of a line from number `first` on. in_conf: it is an `image` line of mirror.conf,
 * where options that choose tags and as= are errors. False when an error was added at `at`. */
bool image_options_read(struct image_options *o, const struct line *l, size_t first, bool in_conf,
			const struct place *at);

/* Whether both say the same. */
bool image_options_same(const struct image_options *a, const struct image_options *b);

/* Fills in what `to` does not say and `from` does, lending its texts. */
void image_options_fill(struct image_options *to, const struct image_options *from);

/* Takes out what means the same as saying nothing: platform=all, referrers=auto, min-age=0s, and
 * "never" of max-age= and keep-for=. For options that are complete: after image_options_fill(). */
void image_options_drop_defaults(struct image_options *o);

/* What referrers= says; saying nothing is auto. */
enum referrers_mode image_options_referrers(const struct image_options *o);

/* Options that choose tags are tags=, exclude=, match=, semver= and newest=. */

/* The word of the line that holds the first of them, or NULL. */
const struct line_word *image_options_find_choice(const struct line *l);
/* Whether one of them is given. */
bool image_options_choose_tags(const struct image_options *o);

/*
 * Adds the options of another line that asks for the same image; both are complete. Platforms are
 * united, retention is what both lines need, checks are as often as the one that wants more; owners
 * and reasons are joined. Texts that are made belong to `texts`. USAGE, which names the option and
 * both values, when an option cannot be united; then *to has changed in part.
 */
int image_options_unite(struct image_options *to, const struct image_options *with,
			struct strvec *texts, struct err *err);

/* Appends what an upstream's answers depend on (platforms, the choice of tags, referrers,
 * upstream=), as text to be compared: it is the same for the same question. */
void image_options_write_question(const struct image_options *o, struct buf *out);

/* Whether a text can be the name of a group (private=); *at gets the offset of the fault. */
int image_options_check_group(struct span value, size_t *at, struct err *err);

#endif
