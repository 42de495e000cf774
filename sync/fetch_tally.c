#include "sync/fetch_tally.h"

#include "oci/base/err.h"
#include "oci/base/limits.h"

int fetch_tally_manifest(struct fetch_tally *t, int64_t size, struct err *err)
{
	if (++t->manifests > LIMIT_IMAGE_MANIFESTS)
		return err_set(err, ERR_INVALID, 0,
			       "it has more than %d manifests, the most that one image may have; "
			       "nothing of it is kept",
			       LIMIT_IMAGE_MANIFESTS);
	return fetch_tally_size(t, size, err);
}

int fetch_tally_size(struct fetch_tally *t, int64_t size, struct err *err)
{
	t->manifest_bytes += size > 0 ? (uint64_t)size : 0;
	if (t->manifest_bytes <= LIMIT_IMAGE_MANIFEST_BYTES)
		return 0;
	return err_set(err, ERR_INVALID, 0,
		       "its manifests have more than %lu MiB together, the most that those of one "
		       "image may have; nothing of it is kept",
		       LIMIT_IMAGE_MANIFEST_BYTES / MIB);
}

int fetch_tally_blob(struct fetch_tally *t, struct err *err)
{
	if (++t->blobs <= LIMIT_IMAGE_BLOBS)
		return 0;
	return err_set(err, ERR_INVALID, 0,
		       "it has more than %d blobs, the most that one image may have; nothing of it "
		       "is kept",
		       LIMIT_IMAGE_BLOBS);
}
