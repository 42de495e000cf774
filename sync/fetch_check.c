#include "sync/fetch_check.h"

#include <string.h>

#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/image/manifest.h"
#include "oci/store/layout.h"

bool fetch_check_is_manifest(const struct descriptor *d)
{
	return media_type_kind(d->media_type) != MEDIA_OTHER || !d->media_type[0];
}

void fetch_check_name(struct err *err, const char *kind, const struct digest *d)
{
	if (!strstr(err->msg, d->str))
		err_wrap(err, "%s %s", kind, d->str);
}

int fetch_check_child(const struct descriptor *d, int depth, struct err *err)
{
	if (d->size > (int64_t)LIMIT_MANIFEST)
		return err_set(err, ERR_INVALID, 0,
			       "manifest %s has %lld bytes, more than the %lu allowed",
			       d->digest.str, (long long)d->size, LIMIT_MANIFEST);
	if (depth > LIMIT_NESTING)
		return err_set(err, ERR_INVALID, 0, "indexes are nested more than %d deep",
			       LIMIT_NESTING);
	return 0;
}

int fetch_check_promise(const struct fetch_promise *p, const struct manifest *m, size_t size,
			struct err *err)
{
	if (p->size >= 0 && (size_t)p->size != size)
		return err_set(err, ERR_INVALID, 0,
			       "manifest %s has %zu bytes where its index says %lld: containerd "
			       "refuses such an image, too; its publisher must push the index anew",
			       p->digest->str, size, (long long)p->size);
	if (p->kind != MEDIA_OTHER && p->kind != m->kind)
		return err_set(err, ERR_INVALID, 0,
			       "manifest %s is %s where its index says the other", p->digest->str,
			       m->kind == MEDIA_INDEX ? "an index" : "an image manifest");
	return 0;
}

int fetch_check_blob(const struct layout *l, const struct digest *d, int64_t size, struct err *err)
{
	if (size < 0 || layout_has(l, d, size))
		return 0;
	return err_set(err, ERR_INVALID, 0, "blob %s has not the %lld bytes that its manifest says",
		       d->str, (long long)size);
}

int fetch_check_size(const struct digest *d, int64_t size, int64_t other, struct err *err)
{
	if (size < 0 || size == other)
		return 0;
	return err_set(err, ERR_INVALID, 0, "%s is said to have %lld bytes, and %lld", d->str,
		       (long long)size, (long long)other);
}
