#include "oci/cli/exit_status.h"

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/base/span.h"

const struct exit_status_row exit_status_rows[] = {
	{ EXIT_OK, NULL, "everything listed is in the mirror and current, or held" },
	{ EXIT_USAGE, NULL, "usage, configuration or list error: nothing was done" },
	{ EXIT_PART, "failed", "some images could not be synced, or a signal came first" },
	{ EXIT_LIMITED, "limited", "an upstream's rate limit stopped part of the work" },
	{ EXIT_GONE, "gone", "something mirrored earlier is gone upstream; it is still served" },
	{ EXIT_MIRROR, NULL, "the mirror itself could not be used; nothing was published" },
	{ EXIT_PENDING, NULL, "with --dry-run: changes are pending" },
	{ EXIT_OK, NULL, NULL },
};

static int bit_of_name(struct span name)
{
	for (const struct exit_status_row *row = exit_status_rows; row->meaning; row++)
		if (row->name && span_eq(name, row->name))
			return row->bit;
	return 0;
}

static int unknown_name(struct span name, struct err *err)
{
	cleanup_by(buf_release) struct buf known = BUF_INIT(LIMIT_LIST_LINE);

	for (const struct exit_status_row *row = exit_status_rows; row->meaning; row++)
		if (row->name)
			buf_addf(&known, "%s%s", known.n ? ", " : "", row->name);
	return err_set(err, ERR_USAGE, 0, "--tolerate takes a list of %s, not \"%.*s\"", known.p,
		       SPAN_ARG(name));
}

int exit_status_tolerate(const char *names, int *bits, struct err *err)
{
	struct span rest = span_str(names ? names : ""), name;
	int sum = 0;

	while (names && span_cut(&rest, ',', &name)) {
		int bit = bit_of_name(name);

		if (!bit)
			return unknown_name(name, err);
		sum |= bit;
	}
	*bits = sum;
	return 0;
}
