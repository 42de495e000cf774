#include "publish/index_diff.h"

#include <stdbool.h>
#include <string.h>

#include "oci/base/buf.h"
#include "oci/base/limits.h"
#include "oci/base/str.h"
#include "oci/store/index.h"

#define OURS "dev.ocimirror."

/* The key of an annotation, behind a blank; NULL adds nothing. */
static void add_key(struct buf *out, const struct annotation *a)
{
	const char *key = a ? a->key : "";

	if (strncmp(key, OURS, strlen(OURS)) == 0)
		key += strlen(OURS);
	buf_addf(out, "%s%s", out->n ? " " : "", key);
}

/* Walks over the keys of both, which are sorted. */
void index_diff_annotations(const struct entry *old, const struct entry *now, struct buf *out)
{
	size_t i = 0, j = 0;

	while (i < old->nannotations || j < now->nannotations) {
		const struct annotation *a = i < old->nannotations ? &old->annotations[i] : NULL;
		const struct annotation *b = j < now->nannotations ? &now->annotations[j] : NULL;
		int order = !a ? 1 : !b ? -1 : strcmp(a->key, b->key);

		i += order <= 0;
		j += order >= 0;
		if (!a || (b && order > 0))
			add_key(out, b);
		else if (order < 0 || strcmp(a->value, b->value) != 0)
			add_key(out, a);
	}
}

static bool same_entry(const struct entry *a, const struct entry *b)
{
	struct buf names = BUF_INIT(LIMIT_INDEX_LINE);
	bool same;

	if (!digest_eq(&a->digest, &b->digest) || a->size != b->size ||
	    strcmp(a->media_type, b->media_type) != 0 || !str_same(a->rest, b->rest))
		return false;
	index_diff_annotations(a, b, &names);
	same = names.n == 0 && !buf_failed(&names);
	buf_release(&names);
	return same;
}

void index_diff(const struct index *from, const struct index *to,
		void (*each)(const char *ref, const struct entry *old, const struct entry *now,
			     void *arg),
		void *arg)
{
	size_t i = 0, j = 0;

	while (i < from->n || j < to->n) {
		const struct entry *a = i < from->n ? from->v[i] : NULL;
		const struct entry *b = j < to->n ? to->v[j] : NULL;
		int order = !a ? 1 : !b ? -1 : strcmp(a->ref, b->ref);

		i += order <= 0;
		j += order >= 0;
		if (a && order < 0)
			each(a->ref, a, NULL, arg);
		else if (b && order > 0)
			each(b->ref, NULL, b, arg);
		else if (a && b && !same_entry(a, b))
			each(a->ref, a, b, arg);
	}
}
