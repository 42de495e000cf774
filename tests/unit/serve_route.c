#include "serve/route.h"
#include "tests/tap.h"

static const struct row {
	const char *name;
	const char *path, *query;
	enum route_kind kind;
	const char *repository, *reference; /* NULL: not looked at */
} rows[] = {
	{ "base", "/v2/", "", ROUTE_BASE, NULL, NULL },
	{ "base without its slash", "/v2", "", ROUTE_BASE, NULL, NULL },
	{ "a manifest", "/v2/library/alpine/manifests/3.19", "", ROUTE_MANIFEST, "library/alpine",
	  "3.19" },
	{ "a name of one component", "/v2/alpine/manifests/3.19", "", ROUTE_MANIFEST, "alpine",
	  "3.19" },
	{ "a digest", "/v2/a/b/c/manifests/sha256:00", "", ROUTE_MANIFEST, "a/b/c", "sha256:00" },
	{ "an escaped colon", "/v2/a/blobs/sha256%3A00", "", ROUTE_BLOB, "a", "sha256:00" },
	{ "a blob", "/v2/a/blobs/sha256:00", "", ROUTE_BLOB, "a", "sha256:00" },
	{ "tags", "/v2/a/b/tags/list", "", ROUTE_TAGS, "a/b", "list" },
	{ "tags but no list", "/v2/a/b/tags/latest", "", ROUTE_NONE, NULL, NULL },
	{ "referrers", "/v2/a/referrers/sha256:00", "", ROUTE_REFERRERS, "a", "sha256:00" },
	{ "catalogue", "/v2/_catalog", "", ROUTE_CATALOG, NULL, NULL },
	{ "index", "/v2/_ocimirror/index.json", "", ROUTE_INDEX, NULL, NULL },
	{ "the journal", "/v2/_ocimirror/journal", "from=5", ROUTE_JOURNAL, NULL, NULL },
	{ "tokens", "/v2/_ocimirror/token", "", ROUTE_TOKEN, NULL, NULL },
	{ "an unknown extension", "/v2/_oci/ext/discover", "", ROUTE_NONE, NULL, NULL },
	{ "a name with keywords", "/v2/manifests/tags/blobs/manifests/list", "", ROUTE_MANIFEST,
	  "manifests/tags/blobs", "list" },
	{ "a repository called tags/list", "/v2/tags/list/tags/list", "", ROUTE_TAGS, "tags/list",
	  NULL },
	{ "an upload", "/v2/a/blobs/uploads/", "", ROUTE_NONE, NULL, NULL },
	{ "an empty tag", "/v2/a/manifests/", "", ROUTE_MANIFEST, "a", "" },
	{ "no name", "/v2/manifests/latest", "", ROUTE_NONE, NULL, NULL },
	{ "an empty name", "/v2//manifests/latest", "", ROUTE_NONE, NULL, NULL },
	{ "dots stay dots", "/v2/../../etc/manifests/passwd", "", ROUTE_MANIFEST, "../../etc",
	  "passwd" },
	{ "an escaped slash is a slash", "/v2/library%2falpine/manifests/1", "", ROUTE_MANIFEST,
	  "library/alpine", "1" },
	{ "escapes are decoded once", "/v2/a/manifests/%252e", "", ROUTE_MANIFEST, "a", "%2e" },
	{ "an escaped NUL", "/v2/a/manifests/1%00", "", ROUTE_BAD, NULL, NULL },
	{ "half an escape", "/v2/a/manifests/1%2", "", ROUTE_BAD, NULL, NULL },
	{ "no escape", "/v2/a/manifests/%zz", "", ROUTE_BAD, NULL, NULL },
	{ "half an escape in the query", "/v2/", "ns=%", ROUTE_BAD, NULL, NULL },
	{ "version 1", "/v1/_ping", "", ROUTE_NONE, NULL, NULL },
	{ "a prefix alike", "/v2x/a/manifests/1", "", ROUTE_NONE, NULL, NULL },
	{ "the root", "/", "", ROUTE_ROOT, NULL, NULL },
	{ "nothing", "", "", ROUTE_NONE, NULL, NULL },
};

static int same(struct span got, const char *want)
{
	return !want || span_eq(got, want);
}

static void check_query(void)
{
	char scratch[LIMIT_REQUEST_LINE];
	struct route r;

	route_parse(&r, span_str("/v2/a/tags/list"),
		    span_str("n=5&last=a%2Fb&ns=registry.corp%3A5000&x&artifactType=a/b%2Bjson&"
			     "artifactType=c"),
		    scratch);
	CHECK(r.kind == ROUTE_TAGS);
	CHECK(span_eq(r.n, "5"));
	CHECK(span_eq(r.last, "a/b"));
	CHECK(span_eq(r.ns, "registry.corp:5000"));
	CHECK(r.ntypes == 2 && span_eq(r.types[0], "a/b+json") && span_eq(r.types[1], "c"));
	route_parse(&r, span_str("/v2/a/tags/list"), span_str("n&ns="), scratch);
	CHECK_ROW(r.n.p && !r.n.n && r.ns.p && !r.ns.n && !r.last.p,
		  "empty and absent words differ");
	route_parse(&r, span_str("/v2/"),
		    span_str("artifactType=1&artifactType=2&artifactType=3&artifactType=4&"
			     "artifactType=5&artifactType=6&artifactType=7&artifactType=8&"
			     "artifactType=9"),
		    scratch);
	CHECK_ROW(r.ntypes == ROUTE_TYPES, "artifact types beyond the ceiling are left out");
}

int main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		char scratch[LIMIT_REQUEST_LINE];
		struct route r;

		route_parse(&r, span_str(row->path), span_str(row->query), scratch);
		CHECK_ROW(r.kind == row->kind && same(r.name, row->repository) &&
				  same(r.reference, row->reference),
			  row->name);
	}
	check_query();
	return tap_done();
}
