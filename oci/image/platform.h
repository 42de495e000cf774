/*
 * platform - os/architecture[/variant], as lists write it and as an index's descriptors carry it
 * (OCI image-spec, image-index.md).
 */
#ifndef OCI_IMAGE_PLATFORM_H
#define OCI_IMAGE_PLATFORM_H

#include <stdbool.h>

#include "oci/base/span.h"

struct err;

/* Lent strings; "" where there is none. */
struct platform {
	const char *os, *architecture, *variant;
};

/* In place of a list of platforms: all of them, where a default would choose fewer. */
#define PLATFORM_ALL "all"

/* Whether `text` ("linux/amd64", "linux/arm/v7") is a platform as lists write it. INVALID with the
 * nearest known spelling offered ("linux/x86_64": did you mean "amd64"?). */
int platform_check(struct span text, struct err *err);

/*
 * Whether p is wanted by `wanted`, a comma-separated list ("linux/amd64,linux/arm64"); NULL, "" or
 * "all" wants everything. A wanted platform without a variant takes every variant of it; arm64 and
 * arm64/v8, and amd64 and amd64/v1, are the same. A platform of unknown/unknown (an attestation) is
 * not matched here: the manifest it belongs to decides (see manifest_wanted()).
 */
bool platform_wanted(const char *wanted, const struct platform *p);

#endif
