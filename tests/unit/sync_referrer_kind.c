/* What referrers are to people, by the types that tools give them. */
#include "sync/referrer_kind.h"
#include "tests/tap.h"

static const struct {
	const char *type, *predicate;
	enum referrer_kind kind;
	bool is_last;
} rows[] = {
	{ "application/vnd.dev.cosign.artifact.sig.v1+json", "", REFERRER_SIGNATURE, true },
	{ "application/vnd.cncf.notary.signature", "", REFERRER_SIGNATURE, true },
	{ "application/vnd.dev.sigstore.bundle.v0.3+json", "", REFERRER_SIGNATURE, true },
	{ "application/vnd.dev.sigstore.bundle.v0.3+json", "https://sigstore.dev/cosign/sign/v1",
	  REFERRER_SIGNATURE, true },
	{ "application/vnd.dev.sigstore.bundle.v0.3+json", "https://slsa.dev/provenance/v1",
	  REFERRER_ATTESTATION, true },
	{ "application/vnd.in-toto+json", "", REFERRER_ATTESTATION, false },
	{ "application/vnd.dev.cosign.artifact.att.v1+json", "", REFERRER_ATTESTATION, true },
	{ "application/spdx+json", "", REFERRER_SBOM, false },
	{ "application/vnd.cyclonedx+json", "", REFERRER_SBOM, false },
	{ "application/vnd.syft+json", "", REFERRER_SBOM, false },
	{ "application/vnd.dev.cosign.artifact.sbom.v1+json", "", REFERRER_SBOM, false },
	{ "application/vnd.example.readme", "", REFERRER_OTHER, false },
	{ "", "", REFERRER_OTHER, false },
};

int main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CHECK_ROW(referrer_kind_of(rows[i].type, rows[i].predicate) == rows[i].kind,
			  rows[i].type);
		CHECK_ROW(referrer_kind_is_last(rows[i].type) == rows[i].is_last, rows[i].type);
	}
	return tap_done();
}
