/* Which entries need a blob, in graphs of some shapes. */
#include "publish/blob_graph.h"

#include <stdio.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "tests/tap.h"

#define NONE BLOB_GRAPH_NONE

/* Entries a, b, c ... of documents; documents of blobs and documents. Names are one letter: A, B
 * are documents, with a filter behind them; x, y are blobs. */
static const struct {
	const char *name;
	const char *roots; /* of a, b, c, ...: "A1 A2 x" */
	const char *below; /* "A1:Bx B:y": A under filter 1 has B and x below it */
	const char *want;  /* "x=ab y=a": which entries need each */
} rows[] = {
	{ "one image", "A", "A:xy", "x=a y=a A=a" },
	{ "a shared blob", "A B", "A:xy B:yz", "x=a y=ab z=b" },
	{ "an index above", "A B", "A:B B:x", "x=ab B=ab A=a" },
	{ "an entry that is a blob", "x A", "A:x", "x=ab" },
	{ "a blob that nothing refers to", "A", "A:x", "q=" },
	{ "two filters of one index", "A1 A2", "A1:x A2:y", "x=a y=b A=ab" },
	{ "what both need, once each", "A1 A2 A1", "A1:xy A2:xy", "x=abc A=abc" },
	{ "two ways to one blob", "A", "A:BC B:x C:x", "x=a" },
};

/* Reads "A1" or "x" off the front. */
static struct graph_link read_link(struct blob_graph *g, const char **at)
{
	static const char *const filters[] = { "", "1", "2" };
	char digest[2] = { *(*at)++, '\0' };
	const char *filter = filters[0];
	bool ignored;
	uint32_t d;

	if (digest[0] >= 'a')
		return (struct graph_link){ .blob = blob_graph_blob(g, digest), .document = NONE };
	if (**at == '1' || **at == '2')
		filter = filters[*(*at)++ - '0'];
	d = blob_graph_document(g, digest, filter, "", 0, &ignored);
	return (struct graph_link){ .blob = g->documents[d]->blob, .document = d };
}

static void fill(struct blob_graph *g, const char *roots, const char *below)
{
	for (const char *at = roots; *at; at += *at == ' ')
		blob_graph_root(g, read_link(g, &at));
	for (const char *at = below; *at; at += *at == ' ') {
		struct graph_link document = read_link(g, &at), links[8];
		size_t n = 0;

		at++; /* ':' */
		while (*at && *at != ' ')
			links[n++] = read_link(g, &at);
		blob_graph_below(g, document.document, links, n);
	}
}

static void add_entry(size_t entry, void *out)
{
	buf_addc(out, (char)('a' + entry));
}

int main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cleanup_by(blob_graph_release) struct blob_graph g = BLOB_GRAPH_INIT;
		cleanup_by(buf_release) struct buf got = BUF_INIT(1000);

		fill(&g, rows[i].roots, rows[i].below);
		blob_graph_blob(&g, "q");
		blob_graph_turn(&g);
		for (const char *at = rows[i].want; *at; at += strcspn(at, " "), at += *at == ' ') {
			char digest[2] = { *at, '\0' };

			buf_addf(&got, "%s%s=", got.n ? " " : "", digest);
			blob_graph_references(&g, blob_graph_blob(&g, digest), NONE, add_entry,
					      &got);
		}
		CHECK_TEXT(got.p, rows[i].want, rows[i].name);
	}
	return tap_done();
}
