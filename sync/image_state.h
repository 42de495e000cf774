/*
 * image_state - the states of an image in a sync (of a target), and all that depends on one alone.
 *
 * IMAGE_STATES is the only list: a state is added by adding a row. Columns that a row leaves out
 * are 0. What needs more than a column is a switch without default:, which the compiler checks.
 */
#ifndef SYNC_IMAGE_STATE_H
#define SYNC_IMAGE_STATE_H

#include <stdbool.h>

#include "oci/cli/columns.h"
#include "oci/cli/exit_status.h"

/* What this run learnt from upstream about the name of a target. */
enum upstream_answer { UPSTREAM_UNKNOWN = 0, UPSTREAM_HAS, UPSTREAM_LACKS };

struct state_row {
	const char *name; /* in reports; the columns that follow are NULL where it is used too */
	const char *for_people;        /* on terminals, in JUnit and Markdown */
	const char *dry_run;           /* the same in a dry run: what would be done */
	const char *stale;             /* the same when the target is stale */
	enum ink ink;                  /* of the state's name on a terminal */
	int exit;                      /* enum exit_status: what a target in this state adds */
	int exit_dry_run;              /* what it adds in a dry run beside that */
	bool is_never_tolerated;       /* --tolerate does not take its exit bit away */
	enum upstream_answer upstream; /* HAS and LACKS count as checked */
	bool is_failed;                /* its error is told with those of the same host */
	bool is_moved;                 /* the tag is new or has another digest, or would have */
	bool is_arrived;      /* everything below the digest that was found is in the store */
	bool is_skipped;      /* in JUnit: "skipped" */
	bool tells_found;     /* without an error, upstream's digest is told */
	bool no_terminal_row; /* on a terminal it is only counted */
	bool no_markdown_row; /* in Markdown it is only counted, as "current or not due" */
};

/* The order is that of summaries and of the table on a terminal. */
/* clang-format off */
#define IMAGE_STATES(ROW)                                                                         \
	/* not decided yet; at the end of a run: the run was interrupted */                        \
	ROW(PENDING, .name = "pending", .for_people = "not reached",                               \
	    .exit = EXIT_PART, .is_never_tolerated = true, .no_terminal_row = true)                \
	ROW(CURRENT, .name = "current", .upstream = UPSTREAM_HAS, .is_arrived = true,              \
	    .no_terminal_row = true, .no_markdown_row = true)                                      \
	ROW(UPDATED, .name = "updated", .dry_run = "update", .ink = INK_GOOD,                      \
	    .exit_dry_run = EXIT_PENDING, .upstream = UPSTREAM_HAS, .is_moved = true,              \
	    .is_arrived = true)                                                                    \
	ROW(NEW, .name = "new", .dry_run = "add", .ink = INK_GOOD,                                 \
	    .exit_dry_run = EXIT_PENDING, .upstream = UPSTREAM_HAS, .is_moved = true,              \
	    .is_arrived = true)                                                                    \
	ROW(HELD, .name = "held", .ink = INK_WARN, .upstream = UPSTREAM_HAS, .tells_found = true)  \
	/* min-age= has not let what upstream offers through yet */                                \
	ROW(WAITING, .name = "waiting", .ink = INK_WARN, .upstream = UPSTREAM_HAS)                 \
	/* not due, or not asked for by this run */                                                \
	ROW(SKIPPED, .name = "skipped", .stale = "stale", .is_skipped = true,                      \
	    .no_terminal_row = true, .no_markdown_row = true)                                      \
	ROW(GONE, .name = "gone", .ink = INK_BAD, .exit = EXIT_GONE, .upstream = UPSTREAM_LACKS)   \
	ROW(LIMITED, .name = "limited", .ink = INK_BAD, .exit = EXIT_LIMITED, .is_failed = true)   \
	ROW(FAILED, .name = "failed", .ink = INK_BAD, .exit = EXIT_PART, .is_failed = true)
/* clang-format on */

#define IMAGE_STATE_ENUM(id, ...)  STATE_##id,
#define IMAGE_STATE_COUNT(id, ...) +1

enum image_state { IMAGE_STATES(IMAGE_STATE_ENUM) };
enum { STATES = 0 IMAGE_STATES(IMAGE_STATE_COUNT) };

extern const struct state_row state_rows[STATES];

#endif
