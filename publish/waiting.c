#include "publish/waiting.h"

#include <stdlib.h>
#include <string.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/json.h"
#include "oci/base/str.h"
#include "oci/cli/format.h"
#include "oci/store/index.h"
#include "oci/store/sync_state.h"

static bool is_waiting(const struct sync_row *row)
{
	return row && row->offer && row->offer_until > 0;
}

const struct sync_row *waiting_of(const struct sync_state *s, const struct entry *e)
{
	const struct sync_row *row = sync_state_find(s, e->ref);

	return is_waiting(row) && !str_eq(row->offer, e->digest.str) ? row : NULL;
}

static int row_order(const void *a, const void *b)
{
	const struct sync_row *x = *(const struct sync_row *const *)a;
	const struct sync_row *y = *(const struct sync_row *const *)b;

	return strcmp(x->ref, y->ref);
}

size_t waiting_new(const struct sync_state *s, const struct index *x, const struct sync_row ***rows)
{
	const struct sync_row *row;
	size_t n = 0;

	*rows = xcalloc(s->rows.n, sizeof(**rows));
	for (size_t at = 0; (row = table_next(&s->rows, &at));)
		if (is_waiting(row) && !index_find(x, row->ref))
			(*rows)[n++] = row;
	if (n)
		qsort(*rows, n, sizeof(**rows), row_order);
	return n;
}

void waiting_describe(struct buf *out, const struct sync_row *row)
{
	char digest[FORMAT_DIGEST], until[CLOCK_RFC3339];

	format_digest(row->offer, digest);
	clock_rfc3339(row->offer_until, until);
	buf_addf(out, "%swaiting: %s until %s", out->n ? "; " : "", digest, until);
}

json_t *waiting_json(const struct sync_row *row)
{
	char since[CLOCK_RFC3339], until[CLOCK_RFC3339];

	if (!row)
		return json_null();
	clock_rfc3339(row->offer_since, since);
	clock_rfc3339(row->offer_until, until);
	return json_pack("{s:s, s:s, s:s}", "digest", row->offer, "since", since, "until", until);
}
