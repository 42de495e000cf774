/*
 * image_options - what a line says about an image, from the line itself or from mirror.conf's `image` lines.
 */
#ifndef OCI_LISTS_IMAGE_OPTIONS_H
#define OCI_LISTS_IMAGE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

struct err;
struct line;
struct place;

/* NULL, -1 or false where nothing is said. */
struct image_options {
	char *platform;       /* "linux/amd64,linux/arm64", or "all" */
	char *tags, *exclude; /* comma-separated globs */
	char *match;          /* PCRE2 */
	char *semver;         /* a range (oci/image/version.h) */
	long newest;
	char *as;      /* a reference */
	long refresh;  /* seconds; 0 every run, UNIT_NEVER never */
	long max_age;  /* seconds, or UNIT_NEVER */
	long keep;     /* snapshots */
	long keep_for; /* seconds, or UNIT_NEVER */
	int referrers; /* 1, 0 */
	bool upstream_gone;
	char *owner, *reason;
};

void image_options_init(struct image_options *o);
void image_options_release(
	struct image_options *o); /* of texts that it owns, not of those it was lent */

/* Reads the words of a line from the `first` on: of a list, or of an `image` line of mirror.conf, where
 * what chooses tags or names a target has no place. False when an error was added at `at`. */
bool image_options_read(struct image_options *o, const struct line *l, size_t first, bool in_conf,
			const struct place *at);

/* Whether they choose tags: tags=, exclude=, match=, semver= or newest=. */
bool image_options_choose_tags(const struct image_options *o);
/* Whether both choose the same tags. */
bool image_options_same_choice(const struct image_options *a, const struct image_options *b);

/* Fills in what `to` does not say and `from` does, lending its texts. */
void image_options_fill(struct image_options *to, const struct image_options *from);

#endif
