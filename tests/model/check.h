/*
 * check - compares a mirror with its model, and with what was in it before.
 *
 * Besides the meanings that the model predicts: no snapshot ever goes or changes, everything that a
 * tag meant can still be had from it, generation numbers go up one by one, old generations read as
 * they were published, the journal tells how every reference came to its meaning, all content is
 * whole, and everything is served.
 */
#ifndef TESTS_MODEL_CHECK_H
#define TESTS_MODEL_CHECK_H

#include "oci/base/table.h"
#include "tests/model/model.h"

struct world;

struct check {
	struct table snapshots; /* reference of a snapshot -> its digest */
	long actions;
};

void check_release(struct check *c);

/* After an action: what is wrong, or NULL; the model has then taken over what happened. Lent until
 * the next call. */
const char *check_action(struct check *c, struct world *w, struct model *m,
			 const struct model_action *a, const struct model_expect *expect,
			 int status);
/* At the end of a history. */
bool check_end(struct check *c, struct world *w, struct model *m);

/* What the last program printed, as lines of TAP. */
void check_show_output(const struct world *w);

#endif
