/*
 * value - one value of an option: its kind, what it may be, and reading it. Command lines
 * (oci/cli/cli_opt.h) and the options of lists (oci/lists/kv_table.h) have the same kinds.
 *
 * A member that holds a value is empty, "not given", when it is NULL (texts), -1 (numbers, choices)
 * or false (flags).
 */
#ifndef OCI_BASE_VALUE_H
#define OCI_BASE_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include "oci/base/span.h"

struct buf;
struct err;

enum value_kind {
	VALUE_TEXT,      /* char *: all of the value */
	VALUE_LIST,      /* char *: words with commas between them, each checked */
	VALUE_NUMBER,    /* long, from min to max */
	VALUE_DURATION,  /* long: seconds, or UNIT_NEVER ("90d"; oci/base/unit.h) */
	VALUE_SIZE,      /* int64_t: bytes ("40G") */
	VALUE_RATE,      /* struct unit_rate: requests ("10/s") */
	VALUE_BYTE_RATE, /* struct unit_rate: bytes ("50M") */
	VALUE_SHARE,     /* struct unit_share ("20", "20%") */
	VALUE_CHOICE,    /* int: the place in `words` of the word that was given */
	VALUE_YES_NO,    /* int: 1 or 0 */
	VALUE_FLAG,      /* bool: true when the value is the first of `words` */
};

struct value_rule {
	enum value_kind kind;
	long min, max;            /* of a NUMBER */
	const char *const *words; /* of a CHOICE, a FLAG and maybe a LIST; NULL ends them */
	/* For a TEXT, or each word of a LIST; *at gets the offset of the fault. May be NULL. */
	int (*check)(struct span value, size_t *at, struct err *err);
};

/*
 * Reads `text` into `member`, which is what the kind says. A TEXT and a LIST are only checked: the
 * caller keeps the text. 0, or -1 with USAGE or what the check says: the fault is *at bytes into
 * the text, and *err names neither the option nor its place.
 */
int value_read(const struct value_rule *rule, struct span text, void *member, size_t *at,
	       struct err *err);

/* Empties a member; texts are not freed. */
void value_clear(enum value_kind kind, void *member);
/* Whether a member was given a value. */
bool value_is_set(enum value_kind kind, const void *member);
/* Copies a member to another; both then point to the same text. */
void value_copy(enum value_kind kind, void *to, const void *from);

/* Whether two members have the same value, or both none; texts are compared letter by letter. */
bool value_same(enum value_kind kind, const void *a, const void *b);
/* Appends the value, or nothing when it is not given. Equal values give equal texts; a LIST is
 * written with its words sorted. */
void value_write(enum value_kind kind, const void *member, struct buf *out);

/* Whether the member is a char *. */
bool value_is_text(enum value_kind kind);

/* "a, b, c" of words; the caller frees it. */
char *value_join(const char *const *words);

#endif
