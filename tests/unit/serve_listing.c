#include "serve/listing.h"

#include "serve/answer.h"
#include "serve/http_request.h"
#include "serve/out.h"
#include "serve/server.h"
#include "serve/state.h"
#include "tests/tap.h"

#define COUNT(v) (sizeof(v) / sizeof((v)[0]))
#define A64      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B64      "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define INDEX(x)                                                                                   \
	"{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\","          \
	"\"manifests\":[" x "]}\n"

/* A table made by hand: texts, and records of them. */
static char texts[4096];
static uint32_t ntexts = 1; /* the first is "" */

static uint32_t text(const char *s)
{
	uint32_t at = ntexts;

	ntexts += (uint32_t)strlen(s) + 1;
	memcpy(texts + at, s, strlen(s) + 1);
	return at;
}

/* In order, as a state has them: an entry with a digest only comes first. */
static const char *const names[] = { "1", "2", "2.20261120", "3" };
static struct served_tag tags[1 + COUNT(names)];

static const char *const refer[][4] = {
	{ "sha256:" A64, "text/x", "sha256:1", "{1}" },
	{ "sha256:" A64, "text/y", "sha256:2", "{2}" },
	{ "sha256:" B64, "text/x", "sha256:3", "{3}" },
	{ "sha512:" A64, "text/x", "sha256:4", "{4}" },
	{ "sha512:" A64 A64, "text/x", "sha256:5", "{5}" },
};
static struct served_referrer referrers[COUNT(refer)];
static uint32_t listed[COUNT(refer)];

static struct served_repository has_five = { .nlisted = COUNT(refer) }, has_none;
static struct repository all[] = {
	{ .name = "docker.io/library/alpine",
	  .written = "docker.io/library/alpine",
	  .host = 9,
	  .tags = tags,
	  .ntags = COUNT(tags),
	  .record = &has_five },
	{ .name = "docker.io/library/none",
	  .written = "docker.io/library/none",
	  .host = 9,
	  .record = &has_none },
	{ .name = "registry.corp:5000/app",
	  .written = "registry.corp_5000/app",
	  .host = 18,
	  .record = &has_none },
};
#define alpine all[0]
#define empty  all[1]

static void fill_table(void)
{
	for (size_t i = 0; i < COUNT(names); i++)
		tags[i + 1] =
			(struct served_tag){ .name = text(names[i]),
					     .flags = strlen(names[i]) > 2 ? SERVED_SNAPSHOT : 0 };
	for (size_t i = 0; i < COUNT(refer); i++) {
		referrers[i] = (struct served_referrer){ .subject = text(refer[i][0]),
							 .type = text(refer[i][1]),
							 .digest = text(refer[i][2]),
							 .json = text(refer[i][3]) };
		listed[i] = (uint32_t)i;
	}
}

struct row {
	const char *name;
	void (*list)(struct exchange *);
	const struct repository *repository;
	bool snapshots;
	const char *target; /* path and query */
	const char *ns;     /* as answer() finds it */
	const char *body;
	const char *head; /* a line of the head, or NULL */
};

#define TAGS(x)    "{\"name\":\"alpine\",\"tags\":[" x "]}\n"
#define CATALOG(x) "{\"repositories\":[" x "]}\n"
#define LIST       "/v2/alpine/tags/list"
#define REFER      "/v2/alpine/referrers/"

static const struct row rows[] = {
	{ "all tags", listing_tags, &alpine, false, LIST, "", TAGS("\"1\",\"2\",\"3\""), NULL },
	{ "snapshots too", listing_tags, &alpine, true, LIST, "",
	  TAGS("\"1\",\"2\",\"2.20261120\",\"3\""), NULL },
	{ "the first page", listing_tags, &alpine, false, LIST "?n=2", "", TAGS("\"1\",\"2\""),
	  "Link: </v2/alpine/tags/list?n=2&last=2>; rel=\"next\"\r\n" },
	{ "the namespace stays in the link", listing_tags, &alpine, false, LIST "?ns=docker.io&n=1",
	  "docker.io", TAGS("\"1\""),
	  "Link: </v2/alpine/tags/list?n=1&ns=docker.io&last=1>; rel=\"next\"\r\n" },
	{ "the namespace is told", listing_tags, &alpine, false, LIST "?ns=docker.io", "docker.io",
	  TAGS("\"1\",\"2\",\"3\""), "OCI-Namespace: docker.io\r\n" },
	{ "the last page", listing_tags, &alpine, false, LIST "?n=2&last=2", "", TAGS("\"3\""),
	  NULL },
	{ "a page that ends where the list does", listing_tags, &alpine, false, LIST "?n=3", "",
	  TAGS("\"1\",\"2\",\"3\""), NULL },
	{ "none asked for", listing_tags, &alpine, false, LIST "?n=0", "", TAGS(""), NULL },
	{ "more asked for than a number holds", listing_tags, &alpine, false,
	  LIST "?n=99999999999999999999", "", TAGS("\"1\",\"2\",\"3\""), NULL },
	{ "last need not exist", listing_tags, &alpine, false, LIST "?last=1.5", "",
	  TAGS("\"2\",\"3\""), NULL },
	{ "last may be a snapshot", listing_tags, &alpine, false, LIST "?last=2.20261120", "",
	  TAGS("\"3\""), NULL },
	{ "nothing behind last", listing_tags, &alpine, false, LIST "?last=z", "", TAGS(""), NULL },
	{ "no tags is an empty list", listing_tags, &empty, false, LIST, "", TAGS(""), NULL },
	{ "a negative number", listing_tags, &alpine, false, LIST "?n=-1", "",
	  "{\"errors\":[{\"code\":\"PAGINATION_NUMBER_INVALID\",\"message\":\"n=-1 is not a "
	  "number\"}]}\n",
	  "HTTP/1.1 400 " },
	{ "no number", listing_tags, &alpine, false, LIST "?n=", "",
	  "{\"errors\":[{\"code\":\"PAGINATION_NUMBER_INVALID\",\"message\":\"n= is not a "
	  "number\"}]}\n",
	  "HTTP/1.1 400 " },

	{ "the catalogue", listing_catalog, NULL, false, "/v2/_catalog", "",
	  CATALOG("\"docker.io/library/alpine\",\"docker.io/library/none\",\"registry.corp_5000/"
		  "app\""),
	  NULL },
	{ "a page of it", listing_catalog, NULL, false, "/v2/_catalog?n=1", "",
	  CATALOG("\"docker.io/library/alpine\""),
	  "Link: </v2/_catalog?n=1&last=docker.io/library/alpine>; rel=\"next\"\r\n" },
	{ "the rest of it", listing_catalog, NULL, false,
	  "/v2/_catalog?last=docker.io/library/alpine", "",
	  CATALOG("\"docker.io/library/none\",\"registry.corp_5000/app\""), NULL },
	{ "of one namespace", listing_catalog, NULL, false, "/v2/_catalog?ns=docker.io",
	  "docker.io", CATALOG("\"library/alpine\",\"library/none\""), NULL },
	{ "of one with a port", listing_catalog, NULL, false, "/v2/_catalog?ns=registry.corp:5000",
	  "registry.corp:5000", CATALOG("\"app\""), NULL },

	{ "referrers", listing_referrers, &alpine, false, REFER "sha256:" A64, "", INDEX("{1},{2}"),
	  "Content-Type: application/vnd.oci.image.index.v1+json\r\n" },
	{ "of one type", listing_referrers, &alpine, false,
	  REFER "sha256:" A64 "?artifactType=text/y", "", INDEX("{2}"),
	  "OCI-Filters-Applied: artifactType\r\n" },
	{ "of two types", listing_referrers, &alpine, false,
	  REFER "sha256:" A64 "?artifactType=text/y&artifactType=text/x", "", INDEX("{1},{2}"),
	  "OCI-Filters-Applied: artifactType\r\n" },
	{ "of a type nobody has", listing_referrers, &alpine, false,
	  REFER "sha256:" A64 "?artifactType=text/z", "", INDEX(""),
	  "OCI-Filters-Applied: artifactType\r\n" },
	{ "a page of referrers", listing_referrers, &alpine, false, REFER "sha256:" A64 "?n=1", "",
	  INDEX("{1}"), "&last=sha256:1>; rel=\"next\"\r\n" },
	{ "the next page", listing_referrers, &alpine, false,
	  REFER "sha256:" A64 "?n=1&last=sha256:1", "", INDEX("{2}"), NULL },
	{ "of sha512, also by a tag cut at 64 digits", listing_referrers, &alpine, false,
	  REFER "sha512:" A64 A64, "", INDEX("{4},{5}"), NULL },
	{ "of another sha512 with the same front", listing_referrers, &alpine, false,
	  REFER "sha512:" A64 B64, "", INDEX("{4}"), NULL },
	{ "of an unknown digest", listing_referrers, &alpine, false,
	  REFER "sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc", "",
	  INDEX(""), NULL },
	{ "of an algorithm we do not have", listing_referrers, &alpine, false, REFER "blake3:abc",
	  "", INDEX(""), NULL },
	{ "of half a digest", listing_referrers, &alpine, false, REFER "sha256:12", "", NULL,
	  "HTTP/1.1 400 " },
	{ "of a tag", listing_referrers, &alpine, false, REFER "latest", "", NULL,
	  "HTTP/1.1 400 " },
	{ "of an algorithm in capitals", listing_referrers, &alpine, false, REFER "SHA256:12", "",
	  NULL, "HTTP/1.1 400 " },
};

static void run(const struct row *row, enum method method, struct state *state, struct out *o)
{
	struct server server = { .registry = "docker.io", .list_snapshots = row->snapshots };
	struct http_request request = { .method = method, .minor = 1 };
	static struct exchange x;

	request.query = span_str(row->target);
	span_cut(&request.query, '?', &request.path);
	x.server = &server;
	x.state = state;
	x.request = &request;
	x.out = o;
	x.common = span_of("", 0);
	x.last = false;
	x.extra = NULL;
	x.repository = row->repository;
	route_parse(&x.route, request.path, request.query.p ? request.query : span_of("", 0),
		    x.scratch);
	x.ns = span_str(row->ns);
	snprintf(x.host, sizeof(x.host), "%s", row->ns);
	row->list(&x);
}

/* Everything that is queued, and the part of it that is the body. */
static void gather(const struct out *o, char *text, size_t size, const char **body)
{
	size_t n = 0;

	for (unsigned i = 0; i < o->n && n + o->v[i].iov_len < size; i++) {
		memcpy(text + n, o->v[i].iov_base, o->v[i].iov_len);
		n += o->v[i].iov_len;
	}
	text[n] = '\0';
	*body = strstr(text, "\r\n\r\n");
	*body = *body ? *body + 4 : "";
}

/* Whether HEAD has the head of GET and no body. */
static bool same_head(const char *head, const char *whole, const char *body)
{
	size_t n = (size_t)(body - whole);

	return strlen(head) == n && strncmp(head, whole, n) == 0;
}

/* The first reply is made, the second one is kept; HEAD measures the one or takes the other. */
static void check_kept(const struct row *row, struct state *state, const char *whole,
		       const char *body)
{
	struct state fresh = { .v = all,
			       .n = COUNT(all),
			       .table = {
				       .texts = texts, .referrers = referrers, .listed = listed } };
	static struct out o;
	static char text[8192];
	const char *end;

	page_cache_init(&fresh.pages);
	out_init(&o);
	run(row, METHOD_GET, state, &o);
	gather(&o, text, sizeof(text), &end);
	CHECK_ROW(strcmp(text, whole) == 0 && (o.page != NULL) == (state->pages.n == 1), row->name);
	out_release(&o);
	for (int kept = 0; kept < 2; kept++) {
		out_init(&o);
		run(row, METHOD_HEAD, kept ? state : &fresh, &o);
		gather(&o, text, sizeof(text), &end);
		CHECK_ROW(same_head(text, whole, body), row->name);
		out_release(&o);
	}
	/* what HEAD has left is no body for a GET */
	out_init(&o);
	run(row, METHOD_GET, &fresh, &o);
	gather(&o, text, sizeof(text), &end);
	CHECK_ROW(strcmp(text, whole) == 0 && fresh.pages.n <= 1, row->name);
	out_release(&o);
	page_cache_release(&fresh.pages);
}

static void check(const struct row *row)
{
	struct state state = { .v = all,
			       .n = COUNT(all),
			       .table = {
				       .texts = texts, .referrers = referrers, .listed = listed } };
	static struct out o;
	static char text[8192];
	const char *body;

	page_cache_init(&state.pages);
	out_init(&o);
	run(row, METHOD_GET, &state, &o);
	gather(&o, text, sizeof(text), &body);
	if (row->body)
		CHECK_TEXT(body, row->body, row->name);
	if (row->head)
		CHECK_ROW(strstr(text, row->head) && strstr(text, row->head) < body, row->name);
	else
		CHECK_ROW(strstr(text, "Link:") == NULL, row->name);
	out_release(&o);
	check_kept(row, &state, text, body);
	page_cache_release(&state.pages);
}

int main(void)
{
	fill_table();
	for (size_t i = 0; i < COUNT(rows); i++)
		check(&rows[i]);
	return tap_done();
}
