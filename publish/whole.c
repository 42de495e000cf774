#include "publish/whole.h"

#include "oci/base/err.h"
#include "oci/base/own.h"
#include "oci/store/sweep.h"

/* The first thing that is wrong is enough to know. */
static void note_problem(const struct sweep_problem *problem, void *arg)
{
	struct err *err = arg;

	if (err->kind == ERR_NONE)
		err_set(err, ERR_NOTFOUND, 0, "stays: it could not be pulled, since its %s %s %s",
			problem->role, problem->digest.str, problem->text);
}

int whole_check(const struct layout *l, const struct entry *e, struct err *err)
{
	own_by(sweep_release) struct sweep s;
	struct err first = ERR_INIT;

	sweep_init(&s, l, SWEEP_PRESENT, note_problem, &first);
	sweep_entry(&s, e);
	if (!s.problems)
		return 0;
	*err = first;
	return -1;
}
