#include "publish/completeness.h"

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/store/reach.h"

/* The first thing that is wrong is enough to know. */
static void note_problem(const struct reach_problem *problem, void *arg)
{
	struct err *err = arg;

	if (err->kind == ERR_NONE)
		err_set(err, ERR_NOTFOUND, 0, "stays: it could not be pulled, since its %s %s %s",
			problem->role, problem->digest.str, problem->text);
}

int completeness_check(const struct layout *l, const struct entry *e, struct err *err)
{
	cleanup_by(reach_release) struct reach s;
	struct err first = ERR_INIT;

	reach_init(&s, l, REACH_PRESENT, note_problem, &first);
	reach_entry(&s, e);
	if (!s.problems)
		return 0;
	*err = first;
	return -1;
}
