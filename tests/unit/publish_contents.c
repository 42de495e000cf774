/* Which wanted digests a manifest has, from the disk and from a table. */
#include "publish/contents.h"

#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/image/media_type.h"
#include "oci/store/index.h"
#include "oci/store/layout.h"
#include "oci/store/served_build.h"
#include "oci/store/served.h"
#include "publish/wanted.h"
#include "tests/tap.h"
#include "tests/unit/tempdir.h"

/* INDEX has CHILD and ABSENT; OUTER has INDEX; ODD is a document of no known form that names LAYER,
 * and a child of ABOVE; ESCAPED spells CONFIG with escapes; GONE is not here. */
enum part { LAYER, CONFIG, CHILD, ABSENT, INDEX, OUTER, ODD, ABOVE, ESCAPED, NOTED, GONE, PARTS };

static int64_t sizes[PARTS];

static struct digest put(struct layout *l, enum part part, const char *text)
{
	struct err err = ERR_INIT;
	struct digest d;

	digest_of(NULL, text, strlen(text), &d);
	sizes[part] = (int64_t)strlen(text);
	CHECK_ROW(layout_put(l, &d, text, strlen(text), &err) == 0 && layout_commit(l, &err) == 0,
		  "a blob");
	return d;
}

/* The texts are lent until the next call. */
static char *image(const char *config, const char *layer, const char *more)
{
	return xasprintf("{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_MANIFEST
			 "\",\"config\":{\"mediaType\":\"a/b\",\"digest\":\"%s\",\"size\":2},"
			 "\"layers\":[{\"mediaType\":\"a/b\",\"digest\":\"%s\",\"size\":5}]%s}",
			 config, layer, more);
}

static struct digest put_index(struct layout *l, enum part part, const char *type,
			       const struct digest *a, int64_t na, const struct digest *b)
{
	cleanup_free char *second = b ? xasprintf(",{\"mediaType\":\"" MEDIA_OCI_MANIFEST
						  "\",\"digest\":\"%s\",\"size\":6}",
						  b->str)
				      : xstrdup("");
	cleanup_free char *text =
		xasprintf("{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_INDEX
			  "\",\"manifests\":[{\"mediaType\":\"%s\",\"digest\":\"%s\","
			  "\"size\":%lld}%s]}",
			  type, a->str, (long long)na, second);

	return put(l, part, text);
}

static void fill(struct layout *l, struct digest p[PARTS])
{
	cleanup_free char *child = NULL, *escaped = NULL, *noted = NULL, *odd = NULL, *spelt = NULL,
			  *note = NULL;

	p[LAYER] = put(l, LAYER, "layer");
	p[CONFIG] = put(l, CONFIG, "{}");
	child = image(p[CONFIG].str, p[LAYER].str, "");
	p[CHILD] = put(l, CHILD, child);
	digest_of(NULL, "absent", 6, &p[ABSENT]);
	digest_of(NULL, "gone", 4, &p[GONE]);
	sizes[GONE] = 4;
	p[INDEX] = put_index(l, INDEX, MEDIA_OCI_MANIFEST, &p[CHILD], sizes[CHILD], &p[ABSENT]);
	p[OUTER] = put_index(l, OUTER, MEDIA_OCI_INDEX, &p[INDEX], sizes[INDEX], NULL);
	odd = xasprintf("{\"blobs\":[{\"digest\":\"%s\"}]}", p[LAYER].str);
	p[ODD] = put(l, ODD, odd);
	p[ABOVE] = put_index(l, ABOVE, MEDIA_OCI_MANIFEST, &p[ODD], sizes[ODD], NULL);
	spelt = xasprintf("sha256\\u003a%s", digest_hex(&p[CONFIG]));
	escaped = image(spelt, p[LAYER].str, "");
	p[ESCAPED] = put(l, ESCAPED, escaped);
	/* the digest of another image in an annotation is no content */
	note = xasprintf(",\"annotations\":{\"base\":\"%s\"}", p[CHILD].str);
	noted = image(p[CONFIG].str, p[CONFIG].str, note);
	p[NOTED] = put(l, NOTED, noted);
}

static const struct {
	const char *name;
	enum part wanted, asked;
	bool has;
	enum wanted_role role;
} rows[] = {
	{ "a manifest itself", CHILD, CHILD, true, WANTED_MANIFEST },
	{ "an index itself", INDEX, INDEX, true, WANTED_INDEX },
	{ "a child", CHILD, INDEX, true, WANTED_MANIFEST },
	{ "a child that is not here", ABSENT, INDEX, true, WANTED_MANIFEST },
	{ "an index in an index", INDEX, OUTER, true, WANTED_INDEX },
	{ "a config", CONFIG, CHILD, true, WANTED_CONFIG },
	{ "a layer", LAYER, CHILD, true, WANTED_LAYER },
	{ "a layer of a child of a child", LAYER, OUTER, true, WANTED_LAYER },
	{ "what is above it is no part", INDEX, CHILD, false, WANTED_UNKNOWN },
	{ "a document of no known form", LAYER, ODD, true, WANTED_UNKNOWN },
	{ "such a document in an index", LAYER, ABOVE, true, WANTED_UNKNOWN },
	{ "a digest spelt with escapes", CONFIG, ESCAPED, true, WANTED_CONFIG },
	{ "an annotation is no content", CHILD, NOTED, false, WANTED_UNKNOWN },
	{ "a manifest that is gone", GONE, GONE, true, WANTED_UNKNOWN },
	{ "something in it is not known", LAYER, GONE, false, WANTED_UNKNOWN },
};

/* One entry for what is asked, as the table knows it. */
static void make_table(struct served *t, const struct layout *l, const struct digest *d,
		       int64_t size, enum part part)
{
	cleanup_by(index_release) struct index x = INDEX_INIT;
	struct served_build_from from = { .layout = l, .index = &x, .generation = 1 };
	struct err err = ERR_INIT;

	entry_set_content(index_add(&x, "h/r:1"),
			  part == INDEX || part == OUTER || part == ABOVE ? MEDIA_OCI_INDEX
									  : MEDIA_OCI_MANIFEST,
			  d, size);
	CHECK_ROW(served_build(t, &from, &err) == 0, "a table");
}

static void check_row(const struct layout *l, const struct digest p[PARTS], size_t i, bool table)
{
	cleanup_by(served_release) struct served t = SERVED_INIT;
	cleanup_by(contents_release) struct contents c = { .layout = l };
	struct wanted w = WANTED_INIT;
	struct err err = ERR_INIT;
	char *word = (char *)p[rows[i].wanted].str;

	CHECK(wanted_read(&w, &word, 1, &err) == 0);
	if (table)
		make_table(&t, l, &p[rows[i].asked], sizes[rows[i].asked], rows[i].asked);
	contents_init(&c, l, table ? &t : NULL, &w);
	CHECK_ROW((contents_of(&c, &p[rows[i].asked]) == 1) == rows[i].has, rows[i].name);
	CHECK_ROW(w.v[0].role == rows[i].role || !rows[i].has, rows[i].name);
	CHECK_ROW(c.unread == (rows[i].asked == GONE), rows[i].name);
	CHECK_ROW((contents_of(&c, &p[rows[i].asked]) == 1) == rows[i].has, "asked again");
	CHECK_ROW(c.unread == (rows[i].asked == GONE), "and told once");
}

int main(void)
{
	struct tempdir dir = tempdir_new();
	struct layout l = LAYOUT_INIT;
	struct digest parts[PARTS];
	struct err err = ERR_INIT;

	CHECK_ROW(layout_open(&l, dir.path, LAYOUT_WRITE, &err) == 0, "a mirror");
	fill(&l, parts);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(&l, parts, i, false);
		check_row(&l, parts, i, true);
	}
	layout_close(&l);
	tempdir_release(&dir);
	return tap_done();
}
