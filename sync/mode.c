#include "sync/mode.h"

#include <assert.h>

#include "oci/base/err.h"
#include "oci/base/str.h"
#include "oci/cli/cli_opt.h"

static const struct mode_row {
	const char *option; /* what asks for the mode; NULL: nothing does */
	const char *does;   /* and nothing that another option would change: "it ..." */
} modes[] = {
	[MODE_CONVERT] = { "convert", "reads FILEs and nothing else" },
	[MODE_SUGGEST] = { "suggest", "reads no mirror and syncs nothing" },
	[MODE_CHECK] = { "check", "reads the lists and nothing else" },
	[MODE_ONLINE] = { "check", "publishes nothing and takes no lock" },
	[MODE_OBSERVE] = { "observe", "publishes nothing" },
	[MODE_DRY_RUN] = { "dry-run", "publishes nothing and takes no lock" },
	[MODE_SYNC] = { NULL, NULL },
};

/* ---- the table ---- */

#define IN(mode) (1U << MODE_##mode)

enum {
	IN_LISTS = IN(SUGGEST) | IN(CHECK) | IN(ONLINE) | IN(OBSERVE) | IN(DRY_RUN) | IN(SYNC),
	IN_ASKING = IN(SUGGEST) | IN(ONLINE) | IN(OBSERVE) | IN(DRY_RUN) | IN(SYNC),
	IN_JUDGING = IN(ONLINE) | IN(OBSERVE) | IN(DRY_RUN) | IN(SYNC),
};

static const char pattern[] = "PATTERN";

static const struct option_row {
	const char *name;  /* of the option, or `pattern` */
	unsigned modes;    /* where it has an effect */
	const char *needs; /* what it goes with, when a sync does not take it */
} rows[] = {
	{ pattern, IN(CONVERT) | IN_JUDGING, NULL }, /* of --convert: a FILE */
	{ "mirror", IN_JUDGING, NULL },
	{ "wait", IN(OBSERVE) | IN(SYNC), NULL },
	{ "lists", IN_LISTS, NULL },
	{ "repo", IN_LISTS, NULL },
	{ "rev", IN_LISTS, NULL },
	{ "conf-rev", IN_LISTS, NULL },
	{ "worktree", IN_LISTS, NULL },
	{ "online", IN(ONLINE), "--check" },
	{ "since", IN(ONLINE), "--check --online" },
	{ "sizes", IN(DRY_RUN), "--dry-run" },
	{ "against", IN(ONLINE) | IN(DRY_RUN), "--dry-run or --check --online" },
	{ "missing", IN(DRY_RUN) | IN(SYNC), NULL },
	{ "force", IN(DRY_RUN) | IN(SYNC), NULL },
	{ "accept-unlisted", IN(DRY_RUN) | IN(SYNC), NULL },
	{ "skip-min-age", IN(DRY_RUN) | IN(SYNC), NULL },
	{ "jobs", IN_ASKING, NULL },
	{ "timeout", IN(CHECK) | IN_ASKING, NULL }, /* of --check: with --repo */
	{ "max-rate", IN_JUDGING, NULL },
	{ "wait-for-quota", IN_JUDGING, NULL },
	{ "label", IN(SYNC), NULL },
	/* a name with the suffix of snapshots is read, and asked for, as a snapshot's */
	{ "snapshot-suffix", IN(CHECK) | IN(ONLINE) | IN(DRY_RUN) | IN(SYNC), NULL },
	{ "format", IN(CHECK) | IN(ONLINE), "--check" },
	{ "report", IN_JUDGING, NULL },
	{ "trace", IN_ASKING, NULL },
	{ "tolerate", IN_JUDGING, NULL },
};

static const struct option_row *find_row(const char *name)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (str_eq(name, rows[i].name))
			return &rows[i];
	return NULL;
}

/* ---- what was given ---- */

static bool is_given(const struct cli_opt *options, const bool *given, const char *name)
{
	for (size_t i = 0; options[i].name; i++)
		if (str_eq(options[i].name, name))
			return given[i];
	return false;
}

enum mode mode_of(const struct cli_opt *options, const bool *given)
{
	bool online = is_given(options, given, "online");

	for (int m = 0; m < MODES; m++)
		if (modes[m].option && is_given(options, given, modes[m].option) &&
		    (m != MODE_CHECK || !online))
			return (enum mode)m;
	return MODE_SYNC;
}

static bool is_of_a_mode(const char *name)
{
	for (int m = 0; m < MODES; m++)
		if (modes[m].option && str_eq(modes[m].option, name))
			return true;
	return false;
}

/* The option, or the words, of a row that the mode does not take. */
static int refuse(enum mode mode, const struct option_row *row, struct err *err)
{
	const char *dashes = row->name == pattern ? "" : "--";

	if (row->needs)
		return err_set(err, ERR_USAGE, 0, "--%s goes with %s", row->name, row->needs);
	if (mode == MODE_CHECK && row->modes & IN(ONLINE))
		return err_set(err, ERR_USAGE, 0,
			       "%s%s goes with --check only with --online: --check alone "
			       "%s",
			       dashes, row->name, modes[mode].does);
	return err_set(err, ERR_USAGE, 0, "--%s goes without %s%s: it %s", modes[mode].option,
		       dashes, row->name, modes[mode].does);
}

static int check_option(enum mode mode, const char *name, struct err *err)
{
	const struct option_row *row = find_row(name);

	if (is_of_a_mode(name))
		return str_same(name, modes[mode].option)
			       ? 0
			       : err_set(err, ERR_USAGE, 0, "--%s and --%s do not go together",
					 modes[mode].option, name);
	assert(row); /* a new option needs a row in this file */
	return row->modes & 1U << mode ? 0 : refuse(mode, row, err);
}

int mode_check(enum mode mode, const struct cli_opt *options, const bool *given, size_t npatterns,
	       struct err *err)
{
	for (size_t i = 0; options[i].name; i++)
		if (given[i] && check_option(mode, options[i].name, err) < 0)
			return -1;
	return npatterns ? check_option(mode, pattern, err) : 0;
}
