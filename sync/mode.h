/*
 * mode - what a run of mirror-sync is for, and the one table of which option goes with which mode.
 *
 * An option without effect is refused: what it asks for would be missed. So each option of
 * sync/cmdline.c has a row in sync/mode.c, which names every mode where the option has an effect;
 * --help and --version have none. tests/unit/sync_mode.c has the same table written out, and fails
 * when an option has no row. Two options that contradict each other in a mode that takes both are
 * sync/cmdline.c's.
 *
 *	mode = mode_of(table.rows, given);
 *	if (mode_check(mode, table.rows, given, npatterns, err) < 0) ...
 */
#ifndef SYNC_MODE_H
#define SYNC_MODE_H

#include <stdbool.h>
#include <stddef.h>

struct cli_opt;
struct err;

enum mode {
	MODE_CONVERT,
	MODE_SUGGEST,
	MODE_CHECK,  /* --check alone: reads the lists */
	MODE_ONLINE, /* --check --online */
	MODE_OBSERVE,
	MODE_DRY_RUN,
	MODE_SYNC, /* also with --missing, which is an option of it */
};
#define MODES (MODE_SYNC + 1)

/* The mode that the given options ask for; given[i] says whether options[i] was. The first in the
 * order above when they name several, which mode_check() refuses. */
enum mode mode_of(const struct cli_opt *options, const bool *given);

/* Whether every given option has an effect in the mode. 0; or -1 with USAGE, naming the first one
 * that has none, why, or what it goes with. npatterns: how many words were given. */
int mode_check(enum mode mode, const struct cli_opt *options, const bool *given, size_t npatterns,
	       struct err *err);

#endif
