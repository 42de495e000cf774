/*
 * time_budget - how long several requests may take together.
 *
 * Each request has limits of its own (oci/http/time_limit.h), and a server that stays just below
 * them would still hold a run for days with a list of a thousand pages, or an image of a thousand
 * manifests. So such requests share a budget: each is charged with the time that it is under way,
 * by the clock of the limits, and with the waits that the server's failures cause. Requests that
 * are under way at once are charged each.
 *
 *	time_budget_init(&b, "all pages of the tag list", LIMIT_LIST_SECONDS)
 *	call.budget = &b	for each request; or registry_..._within(..., &b, ...)
 *
 * A request whose budget is used up ends, and is not sent again.
 */
#ifndef OCI_HTTP_TIME_BUDGET_H
#define OCI_HTTP_TIME_BUDGET_H

#include <stdint.h>

struct err;

struct time_budget {
	const char *what; /* for messages: what it is for; lent */
	long seconds;
	int64_t spent; /* nanoseconds */
};

void time_budget_init(struct time_budget *b, const char *what, long seconds);
void time_budget_spend(struct time_budget *b, int64_t nanoseconds);
/* 0, or -1 with NET when the budget is used up. */
int time_budget_check(const struct time_budget *b, struct err *err);

#endif
