#include "sync/fetch_store.h"

#include <stdlib.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/image/descriptor.h"
#include "oci/store/layout.h"

void fetch_store_release(struct fetch_store *s)
{
	table_clear(&s->counted, free);
}

bool fetch_store_count(struct fetch_store *s, const struct digest *d)
{
	char *copy;

	if (table_get(&s->counted, d->str))
		return false;
	copy = xstrdup(d->str);
	table_put(&s->counted, copy, copy);
	return true;
}

bool fetch_store_has(const struct fetch_store *s, const struct digest *d, int64_t size)
{
	return layout_has(s->layout, d, size) || (s->base && layout_has(s->base, d, size));
}

bool fetch_store_has_blob(const struct fetch_store *s, const struct digest *d, int64_t size)
{
	return s->measuring ? s->base && layout_has(s->base, d, size)
			    : layout_has(s->layout, d, size);
}

int fetch_store_read(const struct fetch_store *s, const struct digest *d, struct buf *out,
		     struct err *err)
{
	bool in_base = s->base && !layout_has(s->layout, d, -1);

	return layout_read(in_base ? s->base : s->layout, d, out, err);
}

bool fetch_store_put_embedded(const struct fetch_store *s, const struct descriptor *d)
{
	cleanup_free char *data = descriptor_data(d);
	struct err ignored;
	static const char *const known[] = { "", "{}" };

	if (data && layout_put(s->layout, &d->digest, data, (size_t)d->size, &ignored) == 0)
		return true;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct digest digest;

		if (d->size != (int64_t)strlen(known[i]))
			continue;
		digest_of(&d->digest, known[i], strlen(known[i]), &digest);
		if (digest_eq(&digest, &d->digest))
			return layout_put(s->layout, &d->digest, known[i], strlen(known[i]),
					  &ignored) == 0;
	}
	return false;
}
