/*
 * platform - os/architecture[/variant][:os.version], as lists write it and as an index's
 * descriptors and an image's config carry it (OCI image-spec, image-index.md and config.md).
 *
 * Matching is that of containerd, so that what the mirror keeps is what a client then asks for:
 * other spellings are made alike first (x86_64 is amd64, aarch64 and arm64/v8 are arm64, bare arm
 * is arm/v7), and a variant takes the lower ones of its architecture, the nearest first. One
 * architecture never takes another: containerd would run 386 on amd64 and arm on arm64, but a line
 * that says amd64 does not mean 386.
 */
#ifndef OCI_IMAGE_PLATFORM_H
#define OCI_IMAGE_PLATFORM_H

#include <stdbool.h>

#include "oci/base/span.h"

struct err;

/* Lent strings; "" or NULL where there is none. */
struct platform {
	const char *os, *architecture, *variant, *os_version;
};

/* In place of a list of platforms: all of them, where a default would choose fewer. */
#define PLATFORM_ALL "all"

/* Whether `text` ("linux/amd64", "linux/arm/v7", "windows/amd64:10.0.20348") is a platform as lists
 * write it. INVALID with the nearest known spelling offered ("linux/x86_64": did you mean
 * "amd64"?). */
int platform_check(struct span text, struct err *err);

/* Whether p is one that an image can be chosen by: an architecture, and neither unknown (what
 * attestations have) nor wasm. */
bool platform_is_named(const struct platform *p);

/*
 * How well p serves one platform as lists write it: 0 best, more is worse, -1 not at all. linux/arm
 * and linux/arm/v7 take v7, v6 and v5; amd64 is amd64/v1, which v2 to v4 take too. An os.version is
 * matched by as many of its parts as are wanted; without one, any is taken.
 */
int platform_rank(struct span wanted, const struct platform *p);

/* "linux/arm64/v8" as it was written, made short and printable; the caller frees it. */
char *platform_str(const struct platform *p);

#endif
