#include "oci/store/banned.h"

#include <stdbool.h>
#include <stdlib.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/image/manifest.h"
#include "oci/store/layout.h"
#include "oci/store/marks.h"

struct verdict {
	struct digest digest;
	const struct mark *mark; /* NULL: nothing in it is banned */
};

struct banned banned_init(const struct layout *l, const struct marks *m)
{
	return (struct banned){
		.layout = l, .marks = m, .seen = TABLE_INIT, .bytes = BUF_INIT(LIMIT_MANIFEST)
	};
}

void banned_release(struct banned *b)
{
	table_clear(&b->seen, free);
	buf_release(&b->bytes);
}

static const struct mark *verdict_on(struct banned *b, const struct digest *d, int depth);

static const struct mark *find_below(struct banned *b, const struct manifest *m, int depth)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct descriptor *d = &m->below[i];
		bool is_manifest = media_type_kind(d->media_type) != MEDIA_OTHER;
		const struct mark *k;

		if (m->kind == MEDIA_INDEX && !layout_has(b->layout, &d->digest, -1))
			continue;
		k = is_manifest && m->kind == MEDIA_INDEX ? verdict_on(b, &d->digest, depth + 1)
							  : marks_banned(b->marks, &d->digest);
		if (k)
			return k;
	}
	return NULL;
}

static const struct mark *find_inside(struct banned *b, const struct digest *d, int depth)
{
	cleanup_by(manifest_release) struct manifest m = MANIFEST_INIT;
	struct err ignored;

	buf_clear(&b->bytes);
	if (depth > LIMIT_NESTING || layout_read(b->layout, d, &b->bytes, &ignored) < 0 ||
	    manifest_parse(&m, buf_span(&b->bytes), NULL, &ignored) < 0)
		return NULL;
	return find_below(b, &m, depth);
}

static const struct mark *verdict_on(struct banned *b, const struct digest *d, int depth)
{
	struct verdict *v = table_get(&b->seen, d->str);

	if (v)
		return v->mark;
	v = xcalloc(1, sizeof(*v));
	v->digest = *d;
	table_put(&b->seen, v->digest.str, v);
	v->mark = marks_banned(b->marks, d);
	if (!v->mark)
		v->mark = find_inside(b, d, depth);
	return v->mark;
}

const struct mark *banned_in(struct banned *b, const struct digest *d)
{
	return b->marks->banned.n ? verdict_on(b, d, 0) : NULL;
}
