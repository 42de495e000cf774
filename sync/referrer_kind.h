/*
 * referrer_kind - what a referrer is to people: a signature, an attestation, an SBOM.
 */
#ifndef SYNC_REFERRER_KIND_H
#define SYNC_REFERRER_KIND_H

#include <stdbool.h>

enum referrer_kind {
	REFERRER_SIGNATURE,
	REFERRER_ATTESTATION,
	REFERRER_SBOM,
	REFERRER_OTHER,
};
#define REFERRER_KINDS (REFERRER_OTHER + 1)

struct referrer_kind_row {
	const char *one, *many;
	const char *member; /* of a report */
};

extern const struct referrer_kind_row referrer_kinds[REFERRER_KINDS];

/* By its artifactType and, of a sigstore bundle, its predicateType; "" where it says nothing. */
enum referrer_kind referrer_kind_of(const char *artifact_type, const char *predicate);

/* Whether nothing refers to artifacts of that type: signatures and bundles are not signed. */
bool referrer_kind_is_last(const char *artifact_type);

/* The tags that cosign makes beside an image: sha256-<hex> and one of these suffixes. */
struct referrer_suffix {
	const char *text;
	enum referrer_kind kind;
	bool is_last;
};
#define REFERRER_SUFFIXES 3
extern const struct referrer_suffix referrer_suffixes[REFERRER_SUFFIXES];

#endif
