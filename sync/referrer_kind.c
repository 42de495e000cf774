#include "sync/referrer_kind.h"

#include <stddef.h>
#include <string.h>

const struct referrer_kind_row referrer_kinds[REFERRER_KINDS] = {
	[REFERRER_SIGNATURE] = { "signature", "signatures", "signatures" },
	[REFERRER_ATTESTATION] = { "attestation", "attestations", "attestations" },
	[REFERRER_SBOM] = { "SBOM", "SBOMs", "sboms" },
	[REFERRER_OTHER] = { "other referrer", "other referrers", "other" },
};

const struct referrer_suffix referrer_suffixes[REFERRER_SUFFIXES] = {
	{ ".sig", REFERRER_SIGNATURE, true },
	{ ".att", REFERRER_ATTESTATION, true },
	{ ".sbom", REFERRER_SBOM, false },
};

static const char bundle[] = "sigstore.bundle";

/* The first row counts whose word is part of the artifactType. */
static const struct {
	const char *word;
	enum referrer_kind kind;
	bool is_last;
} types[] = {
	{ bundle, REFERRER_SIGNATURE, true },
	{ "cosign.artifact.sig", REFERRER_SIGNATURE, true },
	{ "signature", REFERRER_SIGNATURE, true }, /* application/vnd.cncf.notary.signature */
	{ "spdx", REFERRER_SBOM, false },
	{ "cyclonedx", REFERRER_SBOM, false },
	{ "syft", REFERRER_SBOM, false },
	{ "sbom", REFERRER_SBOM, false },
	{ "in-toto", REFERRER_ATTESTATION, false },
	{ "attestation", REFERRER_ATTESTATION, false },
	{ "cosign.artifact.att", REFERRER_ATTESTATION, true },
	{ "dsse", REFERRER_ATTESTATION, true },
	{ "", REFERRER_OTHER, false },
};

static size_t find_type(const char *artifact_type)
{
	size_t i = 0;

	while (!strstr(artifact_type, types[i].word))
		i++;
	return i;
}

enum referrer_kind referrer_kind_of(const char *artifact_type, const char *predicate)
{
	/* a bundle signs the image itself, or a statement about it */
	if (strstr(artifact_type, bundle) && predicate[0] && !strstr(predicate, "cosign/sign"))
		return REFERRER_ATTESTATION;
	return types[find_type(artifact_type)].kind;
}

bool referrer_kind_is_last(const char *artifact_type)
{
	return types[find_type(artifact_type)].is_last;
}
