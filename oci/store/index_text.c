#include "oci/store/index_text.h"

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/json_split.h"
#include "oci/base/limits.h"

/* ---- the document ---- */

int index_text_split(struct span bytes, struct buf *head, struct span *entries, struct err *err)
{
	struct json_split s;
	struct span key, value;
	size_t beside = 0;
	int r;

	if (json_split_begin(&s, bytes, '{', err) < 0)
		return -1;
	*entries = span_of(NULL, 0);
	buf_addc(head, '{');
	while ((r = json_split_next(&s, &key, &value, err)) > 0) {
		bool is_entries = span_eq(key, "\"manifests\"");

		if (is_entries && entries->p)
			return err_set(err, ERR_INVALID, 0, "line %zu: \"manifests\" again",
				       json_split_line(bytes.p, key.p));
		if (is_entries)
			*entries = value;
		else
			buf_addf(head, "%s%.*s:%.*s", head->n > 1 ? "," : "", SPAN_ARG(key),
				 SPAN_ARG(value));
		if (!is_entries && !span_eq(key, "\"annotations\""))
			beside += value.n;
	}
	if (r < 0 || json_split_end(&s, err) < 0)
		return -1;
	buf_addc(head, '}');
	if (buf_failed(head) || beside > LIMIT_INDEX_ENTRY)
		return err_set(err, ERR_INVALID, 0, "too much stands beside the entries");
	if (!entries->p)
		return err_set(err, ERR_INVALID, 0, "not an OCI index: no \"manifests\"");
	return 0;
}

char *index_text_others(const json_t *object, const char *const *known)
{
	cleanup_by(buf_release) struct buf out = BUF_INIT(LIMIT_JSON_MEMORY);
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)object, key, value)
	{
		size_t i = 0;

		while (known[i] && strcmp(known[i], key) != 0)
			i++;
		if (known[i])
			continue;
		if (out.n)
			buf_addc(&out, ',');
		buf_add_json(&out, key);
		buf_addc(&out, ':');
		json_write(&out, value);
	}
	return out.n ? buf_take(&out) : NULL;
}

/* ---- an entry ---- */

/* Cuts the text off the front. */
static bool cut_text(struct span *rest, const char *text)
{
	if (!span_starts(*rest, text))
		return false;
	*rest = span_of(rest->p + strlen(text), rest->n - strlen(text));
	return true;
}

/* Cuts off a string between its quotes. */
static bool cut_string(struct span *rest, struct span *out)
{
	size_t n = 0;

	if (!cut_text(rest, "\""))
		return false;
	while (n < rest->n && rest->p[n] >= ' ' && rest->p[n] <= '~' && rest->p[n] != '"' &&
	       rest->p[n] != '\\')
		n++;
	*out = span_of(rest->p, n);
	*rest = span_of(rest->p + n, rest->n - n);
	return cut_text(rest, "\"");
}

/* Cuts off the digits of a number as JSON has them (RFC 8259, 6). */
static bool cut_size(struct span *rest, int64_t *size)
{
	size_t n = 0;

	while (n < rest->n && rest->p[n] >= '0' && rest->p[n] <= '9')
		n++;
	if (n > 1 && rest->p[0] == '0')
		return false;
	*size = span_number(span_of(rest->p, n), LIMIT_BLOB);
	*rest = span_of(rest->p + n, rest->n - n);
	return *size >= 0;
}

/* Cuts off a key and its text. */
static bool cut_pair(struct span *rest, struct index_text_pair *pair)
{
	return cut_string(rest, &pair->key) && cut_text(rest, ":") &&
	       cut_string(rest, &pair->value);
}

/* Cuts off the name, which stands under both keys. */
static bool cut_names(struct span *rest, struct span *name, const char *const keys[static 2])
{
	struct index_text_pair v[2];

	if (!cut_pair(rest, &v[0]) || !cut_text(rest, ",") || !cut_pair(rest, &v[1]))
		return false;
	*name = v[0].value;
	return span_eq(v[0].key, keys[0]) && span_eq(v[1].key, keys[1]) &&
	       span_same(v[0].value, v[1].value);
}

/* Cuts off the other annotations, in the order of their keys. */
static bool cut_others(struct span *rest, struct index_text_entry *e,
		       const char *const keys[static 2])
{
	for (e->n = 0; cut_text(rest, ","); e->n++) {
		struct index_text_pair *pair = &e->pairs[e->n];

		if (e->n == INDEX_TEXT_PAIRS || !cut_pair(rest, pair) ||
		    span_eq(pair->key, keys[0]) || span_eq(pair->key, keys[1]) ||
		    (e->n && span_cmp(pair[-1].key, pair->key) >= 0))
			return false;
	}
	return true;
}

bool index_text_entry(struct index_text_entry *e, struct span text,
		      const char *const keys[static 2])
{
	return cut_text(&text, "{\"mediaType\":") && cut_string(&text, &e->media_type) &&
	       cut_text(&text, ",\"digest\":") && cut_string(&text, &e->digest) &&
	       cut_text(&text, ",\"size\":") && cut_size(&text, &e->size) &&
	       cut_text(&text, ",\"annotations\":{") && cut_names(&text, &e->name, keys) &&
	       cut_others(&text, e, keys) && cut_text(&text, "}}") && !text.n;
}
