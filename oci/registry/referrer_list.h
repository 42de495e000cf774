/*
 * referrer_list - what refers to a manifest, as an index lists it: the answer of the referrers API
 * ("Listing Referrers" of the distribution-spec), or the index under the fallback tag ("Referrers
 * Tag Schema").
 */
#ifndef OCI_REGISTRY_REFERRER_LIST_H
#define OCI_REGISTRY_REFERRER_LIST_H

#include <stddef.h>
#include <stdint.h>

#include "oci/base/span.h"
#include "oci/base/strvec.h"
#include "oci/image/digest.h"

struct err;

/* Texts are lent by the list; "" where the index says nothing. */
struct referrer_row {
	struct digest digest;
	int64_t size;
	const char *media_type, *artifact_type;
	const char *predicate; /* of a sigstore bundle: what it attests */
};

struct referrer_list {
	struct referrer_row *v; /* owned */
	size_t n, cap;
	struct strvec texts;
};

#define REFERRER_LIST_INIT                                                                         \
	{                                                                                          \
		.v = NULL                                                                          \
	}

/* Appends what an index lists. -1 with NOTFOUND when the document is no such index, INVALID when
 * what it lists cannot be read or is too much. */
int referrer_list_add(struct referrer_list *l, struct span document, struct err *err);
/* Frees the list, which is empty afterwards. */
void referrer_list_release(struct referrer_list *l);

/* The tag under which registries without the API keep the referrers of a subject: <algorithm>-<hex>
 * with at most 64 hex digits. */
#define REFERRER_TAG (sizeof("sha512-") + 64)
void referrer_list_tag(const struct digest *subject, char tag[static REFERRER_TAG]);

#endif
