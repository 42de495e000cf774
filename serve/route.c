#include "serve/route.h"

#include "oci/base/percent.h"

#define IN_REPOSITORY   "/v2/<name>/"

#define ROW(kind, path) { kind, path },
static const struct {
	enum route_kind kind;
	const char *path;
} routes[] = { ROUTES(ROW) };
#undef ROW

#define NROUTES (sizeof(routes) / sizeof(routes[0]))

/* Decodes percent-escapes into *scratch, and moves it; a span without any stays as it is. */
static bool decode_span(struct span *s, char **scratch)
{
	char *decoded = *scratch;
	size_t n;

	if (!s->n || !memchr(s->p, '%', s->n))
		return true;
	if (!percent_decode(decoded, *s, &n))
		return false;
	*s = span_of(decoded, n);
	*scratch += n;
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

/* Whether "<word>/<last>" is what a row has behind its <name>. */
static bool matches_tail(const char *tail, struct span word, struct span last)
{
	if (strncmp(tail, word.p, word.n) != 0 || tail[word.n] != '/')
		return false;
	tail += word.n + 1;
	return tail[0] == '<' || span_eq(last, tail);
}

/* path is what stands behind "/v2/". */
static enum route_kind find_in_repository(struct route *r, struct span path)
{
	struct span word;

	if (!cut_last(&path, &r->reference) || !cut_last(&path, &word) || !path.n)
		return ROUTE_NONE;
	r->name = path;
	for (size_t i = 0; i < NROUTES; i++)
		if (span_starts(span_str(routes[i].path), IN_REPOSITORY) &&
		    matches_tail(routes[i].path + strlen(IN_REPOSITORY), word, r->reference))
			return routes[i].kind;
	return ROUTE_NONE;
}

static enum route_kind find_route(struct route *r, struct span path)
{
	if (span_eq(path, "/v2"))
		return ROUTE_BASE;
	if (span_eq(path, "/"))
		return ROUTE_ROOT;
	if (!span_starts(path, "/v2/"))
		return ROUTE_NONE;
	if (path.n > 4 && path.p[4] != '_')
		return find_in_repository(r, span_of(path.p + 4, path.n - 4));
	for (size_t i = 0; i < NROUTES; i++)
		if (span_eq(path, routes[i].path))
			return routes[i].kind;
	return ROUTE_NONE;
}

static bool read_query(struct route *r, struct span query, char **scratch)
{
	struct span value, key;

	while (span_cut(&query, '&', &value)) {
		span_cut(&value, '=', &key);
		if (!value.p)
			value = span_of("", 0);
		if (!decode_span(&key, scratch) || !decode_span(&value, scratch))
			return false;
		if (span_eq(key, "ns"))
			r->ns = value;
		else if (span_eq(key, "n"))
			r->n = value;
		else if (span_eq(key, "last"))
			r->last = value;
		else if (span_eq(key, "from"))
			r->from = value;
		else if (span_eq(key, "scope") && !r->scope.n)
			r->scope = value;
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
	if (!decode_span(&path, &at) || (query.n && !read_query(r, query, &at)))
		return;
	r->kind = find_route(r, path);
}

bool route_has_name(enum route_kind kind)
{
	switch (kind) {
	case ROUTE_NONE:
	case ROUTE_BAD:
	case ROUTE_ROOT:
	case ROUTE_BASE:
	case ROUTE_CATALOG:
	case ROUTE_INDEX:
	case ROUTE_JOURNAL:
	case ROUTE_TOKEN: return false;
	case ROUTE_MANIFEST:
	case ROUTE_BLOB:
	case ROUTE_TAGS:
	case ROUTE_REFERRERS: return true;
	}
	return false;
}
