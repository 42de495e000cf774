/*
 * charged - whether the requests that fetch* makes are charged to a budget: in the place of
 * registry_charge(), for tests whose registry only takes notes.
 */
#ifndef TESTS_UNIT_CHARGED_H
#define TESTS_UNIT_CHARGED_H

#include "oci/registry/registry.h"

static size_t asks; /* requests, counted by the test */
static size_t charged;

void registry_charge(struct registry *r, struct time_budget *b)
{
	(void)r;
	charged += b != NULL;
}

#endif
