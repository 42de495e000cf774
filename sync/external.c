#include "sync/external.h"

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/image/manifest.h"
#include "oci/store/layout.h"
#include "sync/fetch.h"
#include "sync/run.h"

static bool has_ordinary_urls(const struct layout *l, const struct digest *d, struct buf *bytes)
{
	cleanup_by(manifest_release) struct manifest m = MANIFEST_INIT;
	struct err ignored;

	if (!layout_has(l, d, -1) || layout_read(l, d, bytes, &ignored) < 0 ||
	    manifest_parse(&m, buf_span(bytes), NULL, &ignored) < 0 || m.kind != MEDIA_MANIFEST)
		return false;
	for (size_t i = 0; i < m.n; i++)
		if (m.below[i].urls && !media_type_is_foreign(m.below[i].media_type))
			return true;
	return false;
}

void external_warn(const struct run *r, struct target *t, const struct fetch_result *result)
{
	cleanup_by(buf_release) struct buf bytes = BUF_INIT(LIMIT_MANIFEST);

	for (size_t i = 0; i < result->nmanifests; i++) {
		if (!has_ordinary_urls(r->options->dry_run ? &r->scratch : &r->layout,
				       &result->manifests[i], &bytes))
			continue;
		target_add_warning(t, t->o.external == 0
					      ? "external=no leaves out no layer that may be "
						"distributed, also when it has urls"
					      : "the urls of a layer that may be distributed are "
						"not asked: it comes from its registry");
		return;
	}
}
