#include "serve/route.h"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Decodes percent-escapes into *scratch, and moves it; without any the span stays as it is. */
static bool decode(struct span *s, char **scratch)
{
	char *to = *scratch;

	if (!s->n || !memchr(s->p, '%', s->n))
		return true;
	for (size_t i = 0; i < s->n; i++) {
		int high, low;

		if (s->p[i] != '%') {
			*to++ = s->p[i];
			continue;
		}
		high = i + 2 < s->n ? hex_digit(s->p[i + 1]) : -1;
		low = high >= 0 ? hex_digit(s->p[i + 2]) : -1;
		if (low < 0 || (high == 0 && low == 0))
			return false;
		*to++ = (char)(high * 16 + low);
		i += 2;
	}
	*s = span_of(*scratch, (size_t)(to - *scratch));
	*scratch = to;
	return true;
}

/* Takes the component behind the last "/" off the end of *path; false when there is no "/". */
static bool cut_last(struct span *path, struct span *last)
{
	const char *slash = path->n ? memrchr(path->p, '/', path->n) : NULL;

	if (!slash)
		return false;
	*last = span_of(slash + 1, path->n - (size_t)(slash + 1 - path->p));
	path->n = (size_t)(slash - path->p);
	return true;
}

/* "<name>/<word>/<reference>", the part behind "/v2/". */
static enum route_kind read_tail(struct route *r, struct span path)
{
	struct span word;

	if (!cut_last(&path, &r->reference) || !cut_last(&path, &word) || !path.n)
		return ROUTE_NONE;
	r->name = path;
	if (span_eq(word, "manifests"))
		return ROUTE_MANIFEST;
	if (span_eq(word, "blobs"))
		return ROUTE_BLOB;
	if (span_eq(word, "referrers"))
		return ROUTE_REFERRERS;
	if (span_eq(word, "tags") && span_eq(r->reference, "list"))
		return ROUTE_TAGS;
	return ROUTE_NONE;
}

static enum route_kind read_path(struct route *r, struct span path)
{
	if (span_eq(path, "/v2") || span_eq(path, "/v2/"))
		return ROUTE_BASE;
	if (!span_starts(path, "/v2/"))
		return ROUTE_NONE;
	path = span_of(path.p + 4, path.n - 4);
	if (path.p[0] != '_')
		return read_tail(r, path);
	/* names never begin with "_": these are extensions */
	if (span_eq(path, "_catalog"))
		return ROUTE_CATALOG;
	return span_eq(path, "_ocimirror/index.json") ? ROUTE_INDEX : ROUTE_NONE;
}

static bool read_query(struct route *r, struct span query, char **scratch)
{
	struct span value, key;

	while (span_cut(&query, '&', &value)) {
		span_cut(&value, '=', &key);
		if (!value.p)
			value = span_of("", 0);
		if (!decode(&key, scratch) || !decode(&value, scratch))
			return false;
		if (span_eq(key, "ns"))
			r->ns = value;
		else if (span_eq(key, "n"))
			r->n = value;
		else if (span_eq(key, "last"))
			r->last = value;
		else if (span_eq(key, "artifactType") && value.n && r->ntypes < ROUTE_TYPES)
			r->types[r->ntypes++] = value;
	}
	return true;
}

void route_parse(struct route *r, struct span path, struct span query,
		 char scratch[static LIMIT_REQUEST_LINE])
{
	char *at = scratch;

	*r = (struct route){ .kind = ROUTE_BAD };
	if (!decode(&path, &at) || (query.n && !read_query(r, query, &at)))
		return;
	r->kind = read_path(r, path);
}
