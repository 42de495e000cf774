/*
 * time_budget - how long several requests may take together.
 *
 * Each request has limits of its own (oci/http/time_limit.h), and a server that stays just below
 * them would still hold a run for days with a list of a thousand pages, or an image of a thousand
 * manifests. So such requests share a budget: each is charged with the time that it is under way,
 * by the clock of the limits, and with the waits that the server's failures cause. Requests that
 * are under way at once are charged each.
 *
 *	time_budget_init(&b, "the pages of the tag list", LIMIT_LIST_SECONDS, 0)
 *	call.budget = &b	for each request; or registry_charge()
 *
 * A request whose budget is used up ends, and is not sent again. Where an image may be large, each
 * `rate` bytes that come pay for a second; more than what was spent cannot be paid.
 */
#ifndef OCI_HTTP_TIME_BUDGET_H
#define OCI_HTTP_TIME_BUDGET_H

#include <stddef.h>
#include <stdint.h>

struct err;

struct time_budget {
	const char *what;   /* for messages: what it is for; lent */
	long seconds, rate; /* rate: bytes a second; 0: bytes pay for nothing */
	int64_t spent;      /* nanoseconds */
};

void time_budget_init(struct time_budget *b, const char *what, long seconds, long rate);
void time_budget_spend(struct time_budget *b, int64_t nanoseconds);
/* n bytes have come. */
void time_budget_earn(struct time_budget *b, size_t n);
/* 0, or -1 with NET when the budget is used up. */
int time_budget_check(const struct time_budget *b, struct err *err);

#endif
