#include "oci/registry/referrer_list.h"

#include <stdio.h>
#include <stdlib.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/json.h"
#include "oci/base/limits.h"
#include "oci/image/descriptor.h"

#define PREDICATE "dev.sigstore.bundle.predicateType"

static const char *keep_text(struct referrer_list *l, const char *text)
{
	return text && *text ? strvec_add(&l->texts, text) : "";
}

static int add_descriptor(struct referrer_list *l, const json_t *item, struct err *err)
{
	struct descriptor d;

	if (descriptor_read(&d, item, err) < 0)
		return err_wrap(err, "referrers");
	if (l->n == LIMIT_REFERRERS)
		return err_set(err, ERR_INVALID, 0,
			       "more than %d referrers of one manifest: none of them is fetched",
			       LIMIT_REFERRERS);
	l->v = xgrow(l->v, l->n, &l->cap, sizeof(*l->v));
	l->v[l->n++] = (struct referrer_row){
		.digest = d.digest,
		.size = d.size,
		.media_type = keep_text(l, d.media_type),
		.artifact_type = keep_text(l, d.artifact_type),
		.predicate = keep_text(l, descriptor_annotation(&d, PREDICATE)),
	};
	return 0;
}

int referrer_list_add(struct referrer_list *l, struct span document, struct err *err)
{
	cleanup_json json_t *doc = json_read(document, err);
	const json_t *manifests = json_get_array(doc, "manifests"), *item;
	size_t i;

	if (!doc || !json_has_array(doc, "manifests"))
		return err_set(err, ERR_NOTFOUND, 0, "the answer has no list of referrers in it");
	json_array_foreach(manifests, i, item)
	{
		if (add_descriptor(l, item, err) < 0)
			return -1;
	}
	return 0;
}

void referrer_list_release(struct referrer_list *l)
{
	strvec_release(&l->texts);
	free(l->v);
	*l = (struct referrer_list)REFERRER_LIST_INIT;
}

void referrer_list_tag(const struct digest *subject, char tag[static REFERRER_TAG])
{
	snprintf(tag, REFERRER_TAG, "%.*s", (int)REFERRER_TAG - 1, subject->str);
	tag[sizeof("sha512") - 1] = '-';
}
