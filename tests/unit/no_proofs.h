/*
 * The requests of sync/fetch_proof.c, for tests of fetch*.c in which nothing is private.
 */
#ifndef TESTS_UNIT_NO_PROOFS_H
#define TESTS_UNIT_NO_PROOFS_H

#include <stdlib.h>

#include "oci/registry/registry.h"

void registry_head(struct registry *r, const struct ref *ref, registry_manifest_done *done,
		   void *arg)
{
	(void)r, (void)ref, (void)done, (void)arg;
	abort();
}

void registry_has_blob(struct registry *r, const struct ref *ref, const struct digest *d,
		       int64_t size, registry_blob_done *done, void *arg)
{
	(void)r, (void)ref, (void)d, (void)size, (void)done, (void)arg;
	abort();
}

#endif
