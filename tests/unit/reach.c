#include "oci/store/reach.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/image/media_type.h"
#include "oci/store/index.h"
#include "oci/store/layout.h"
#include "tests/tap.h"
#include "tests/unit/tempdir.h"

#define LAYER "application/vnd.oci.image.layer.v1.tar"

struct mirror {
	struct tempdir dir;
	struct layout layout;
	struct index index;
};

static void mirror_make(struct mirror *m)
{
	struct err err = ERR_INIT;

	m->dir = tempdir_new();
	m->index = (struct index)INDEX_INIT;
	CHECK_ROW(layout_open(&m->layout, m->dir.path, LAYOUT_WRITE, &err) == 0, "a mirror");
}

static void mirror_release(struct mirror *m)
{
	index_release(&m->index);
	layout_close(&m->layout);
	tempdir_release(&m->dir);
}

static struct digest put(struct mirror *m, const char *text)
{
	struct err err = ERR_INIT;
	struct digest d;

	digest_of(NULL, text, strlen(text), &d);
	CHECK_ROW(layout_put(&m->layout, &d, text, strlen(text), &err) == 0 &&
			  layout_commit(&m->layout, &err) == 0,
		  "a blob");
	return d;
}

static void entry(struct mirror *m, const char *ref, const char *type, const char *document)
{
	struct digest d = put(m, document);

	entry_set_content(index_add(&m->index, ref), type, &d, (int64_t)strlen(document));
}

/* An image of one layer. */
static char *image(struct mirror *m, const char *config, const char *layer)
{
	struct digest c = put(m, config), l = put(m, layer);

	return xasprintf(
		"{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_MANIFEST
		"\",\"config\":{\"mediaType\":\"application/x\",\"digest\":\"%s\",\"size\":"
		"%zu},\"layers\":[{\"mediaType\":\"" LAYER "\",\"digest\":\"%s\",\"size\":%zu}]}",
		c.str, strlen(config), l.str, strlen(layer));
}

static void on_problem(const struct reach_problem *p, void *out)
{
	static const char *const faults[] = { "missing", "size", "content", "document", "disk" };

	buf_addf(out, "%s %s %s; ", p->entry->ref, p->role, faults[p->fault]);
}

/* What a walk from all entries reports. */
static char *swept(struct mirror *m, enum reach_depth depth, size_t *files)
{
	struct buf out = BUF_INIT(MIB);
	struct reach s;

	reach_init(&s, &m->layout, depth, on_problem, &out);
	for (size_t i = 0; i < m->index.n; i++)
		reach_entry(&s, m->index.v[i]);
	if (files)
		*files = s.files;
	reach_release(&s);
	return buf_take(&out);
}

static void check_walk(struct mirror *m, enum reach_depth depth, const char *want, const char *name)
{
	cleanup_free char *got = swept(m, depth, NULL);

	CHECK_TEXT(got, want, name);
}

static void spoil(struct mirror *m, const char *blob, const char *content)
{
	char path[DIGEST_PATH];
	struct digest d;

	digest_of(NULL, blob, strlen(blob), &d);
	digest_path(&d, path);
	unlinkat(m->dir.fd, path, 0);
	if (content)
		tempdir_write(&m->dir, path, content);
}

static void test_whole(void)
{
	struct mirror m __attribute__((cleanup(mirror_release)));
	cleanup_free char *one = NULL, *two = NULL, *told = NULL;
	size_t files;

	mirror_make(&m);
	one = image(&m, "c1", "shared");
	two = image(&m, "c2", "shared");
	entry(&m, "h/a:1", MEDIA_OCI_MANIFEST, one);
	entry(&m, "h/a:2", MEDIA_OCI_MANIFEST, two);
	entry(&m, "h/blob:1", "application/unknown", "something else");
	told = swept(&m, REACH_REHASH, &files);
	CHECK_TEXT(told, "", "a whole mirror has no problems");
	CHECK_ROW(files == 6, "what is shared counts once");
}

static const struct {
	const char *name;
	const char *blob, *content; /* what becomes of it; NULL: it is removed */
	const char *present, *rehash;
} faults[] = {
	{ "a layer is missing", "layer", NULL, "h/a:1 layer missing; ", "h/a:1 layer missing; " },
	{ "a layer is short", "layer", "lay", "h/a:1 layer size; ",
	  "h/a:1 layer size; h/a:1 layer content; " },
	{ "a layer has other content", "layer", "reyal", "", "h/a:1 layer content; " },
	{ "the config is missing", "config", NULL, "h/a:1 config missing; ",
	  "h/a:1 config missing; " },
};

static void test_faults(void)
{
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct mirror m __attribute__((cleanup(mirror_release)));
		cleanup_free char *manifest = NULL;

		mirror_make(&m);
		manifest = image(&m, "config", "layer");
		entry(&m, "h/a:1", MEDIA_OCI_MANIFEST, manifest);
		entry(&m, "h/a:2", MEDIA_OCI_MANIFEST, manifest); /* told once */
		spoil(&m, faults[i].blob, faults[i].content);
		check_walk(&m, REACH_PRESENT, faults[i].present, faults[i].name);
		check_walk(&m, REACH_REHASH, faults[i].rehash, faults[i].name);
	}
}

static void test_documents(void)
{
	struct mirror m __attribute__((cleanup(mirror_release)));
	cleanup_free char *manifest = NULL, *again = NULL;

	mirror_make(&m);
	entry(&m, "h/rubbish:1", MEDIA_OCI_MANIFEST, "rubbish");
	entry(&m, "h/schema1:1", MEDIA_OCI_MANIFEST, "{\"schemaVersion\":1,\"fsLayers\":[]}");
	check_walk(&m, REACH_PRESENT,
		   "h/rubbish:1 manifest document; h/schema1:1 manifest document; ",
		   "documents that are none");
	manifest = image(&m, "config", "layer");
	again = image(&m, "config", "lay3r");
	entry(&m, "h/a:1", MEDIA_OCI_MANIFEST, manifest);
	spoil(&m, manifest, again);
	spoil(&m, "rubbish", NULL);
	check_walk(&m, REACH_PRESENT,
		   "h/a:1 manifest content; h/rubbish:1 manifest missing; "
		   "h/schema1:1 manifest document; ",
		   "a manifest is always hashed");
}

static void test_size_lies(void)
{
	struct mirror m __attribute__((cleanup(mirror_release)));
	cleanup_free char *manifest = NULL;

	mirror_make(&m);
	manifest = image(&m, "config", "layer");
	entry(&m, "h/a:1", MEDIA_OCI_MANIFEST, manifest);
	entry(&m, "h/a:2", MEDIA_OCI_MANIFEST, manifest);
	m.index.v[1]->size++;
	check_walk(&m, REACH_PRESENT, "h/a:2 manifest size; ", "an entry that lies about a size");
}

/* ---- indexes ---- */

static char *platform_index(struct mirror *m, const char *amd64, const char *arm64)
{
	struct digest a = put(m, amd64), b = put(m, arm64);

	return xasprintf("{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_INDEX
			 "\",\"manifests\":["
			 "{\"mediaType\":\"" MEDIA_OCI_MANIFEST "\",\"digest\":\"%s\",\"size\":%zu,"
			 "\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"}},"
			 "{\"mediaType\":\"" MEDIA_OCI_MANIFEST "\",\"digest\":\"%s\",\"size\":%zu,"
			 "\"platform\":{\"os\":\"linux\",\"architecture\":\"arm64\"}}]}",
			 a.str, strlen(amd64), b.str, strlen(arm64));
}

static void test_sparse(void)
{
	struct mirror m __attribute__((cleanup(mirror_release)));
	cleanup_free char *amd64 = NULL, *arm64 = NULL, *both = NULL;

	mirror_make(&m);
	amd64 = image(&m, "c1", "l1");
	arm64 = image(&m, "c2", "l2");
	both = platform_index(&m, amd64, arm64);
	entry(&m, "h/a:1", MEDIA_OCI_INDEX, both);
	check_walk(&m, REACH_REHASH, "", "an index with all its children");
	spoil(&m, arm64, NULL);
	check_walk(&m, REACH_REHASH, "h/a:1 manifest missing; ", "a child is missing");
	entry_set_annotation(m.index.v[0], ANNOTATION_PLATFORM, "linux/amd64");
	check_walk(&m, REACH_REHASH, "", "a child that the filter leaves out is not");
	entry(&m, "h/a:2", MEDIA_OCI_INDEX, both);
	entry_set_annotation(index_find(&m.index, "h/a:2"), ANNOTATION_PLATFORM, "linux/arm64");
	check_walk(&m, REACH_REHASH, "h/a:2 manifest missing; ",
		   "the same index under another filter is walked again");
	spoil(&m, "l1", NULL);
	check_walk(&m, REACH_REHASH, "h/a:1 layer missing; h/a:2 manifest missing; ",
		   "below a child too");
}

/* A digest may be named as a blob and as a manifest: what is below the manifest is needed,
 * whichever is met first. As a blob it needs nothing, even when its media type is a manifest's, or
 * none. */
static void test_kinds(void)
{
	static const struct {
		const char *name, *type;
	} types[] = {
		{ "a layer's", LAYER },
		{ "a manifest's", MEDIA_OCI_MANIFEST },
		{ "none", "" },
	};

	for (size_t i = 0; i < 2 * sizeof(types) / sizeof(types[0]); i++) {
		struct mirror m __attribute__((cleanup(mirror_release)));
		cleanup_free char *inner = NULL, *outer = NULL;
		const char *type = types[i / 2].type, *name = types[i / 2].name;
		struct digest c, l;

		mirror_make(&m);
		inner = image(&m, "inner config", "inner layer");
		c = put(&m, "{}");
		l = put(&m, inner);
		outer = xasprintf(
			"{\"schemaVersion\":2,\"config\":{\"mediaType\":\"%s\",\"digest\":"
			"\"%s\",\"size\":2},\"layers\":[{\"mediaType\":\"%s\",\"digest\":"
			"\"%s\",\"size\":%zu}]}",
			type, c.str, type, l.str, strlen(inner));
		spoil(&m, "inner layer", NULL);
		entry(&m, "h/outer:1", MEDIA_OCI_MANIFEST, outer);
		check_walk(&m, REACH_REHASH, "", name);
		/* entries are in the order of their names */
		entry(&m, i % 2 ? "h/a:1" : "h/z:1", MEDIA_OCI_MANIFEST, inner);
		check_walk(&m, REACH_REHASH,
			   i % 2 ? "h/a:1 layer missing; " : "h/z:1 layer missing; ", name);
	}
}

static char *index_of(const char *child, size_t times)
{
	struct buf b = BUF_INIT(MIB);
	struct digest d;

	digest_of(NULL, child, strlen(child), &d);
	buf_adds(&b, "{\"schemaVersion\":2,\"manifests\":[");
	for (size_t i = 0; i < times; i++)
		buf_addf(&b,
			 "%s{\"mediaType\":\"" MEDIA_OCI_INDEX "\",\"digest\":\"%s\",\"size\":%zu}",
			 i ? "," : "", d.str, strlen(child));
	buf_adds(&b, "]}");
	return buf_take(&b);
}

/* 500^20 paths, 20 documents: each is walked once, and not below the limit. */
static void test_nesting(void)
{
	struct mirror m __attribute__((cleanup(mirror_release)));
	cleanup_free char *document = xstrdup("{\"schemaVersion\":2,\"manifests\":[]}");

	mirror_make(&m);
	for (int i = 0; i < 20; i++) {
		char *above = index_of(document, 500);

		put(&m, document);
		free(document);
		document = above;
	}
	entry(&m, "h/a:1", MEDIA_OCI_INDEX, document);
	check_walk(&m, REACH_REHASH, "h/a:1 index document; ", "indexes in indexes, many times");
}

static void test_elsewhere(void)
{
	static const char manifest[] =
		"{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_MANIFEST
		"\",\"config\":{\"mediaType\":"
		"\"application/x\",\"digest\":\"sha256:"
		"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a\",\"size\":2},"
		"\"layers\":[{\"mediaType\":\"" LAYER
		"\",\"urls\":[\"https://h/l\"],\"digest\":\"sha256:"
		"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824\",\"size\":5}],"
		"\"subject\":{\"mediaType\":\"" MEDIA_OCI_MANIFEST "\",\"digest\":\"sha256:"
		"5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03\",\"size\":6}}";
	struct mirror m __attribute__((cleanup(mirror_release)));

	mirror_make(&m);
	put(&m, "{}");
	entry(&m, "h/a:1", MEDIA_OCI_MANIFEST, manifest);
	check_walk(&m, REACH_REHASH, "", "a layer with urls and a subject may be elsewhere");
	put(&m, "hello");
	spoil(&m, "hello", "jello");
	check_walk(&m, REACH_REHASH, "h/a:1 layer content; ", "but is checked when it is here");
}

/* ---- strays ---- */

static int add_stray(const struct digest *d, const char *path, int64_t size, void *out)
{
	buf_addf(out, "%s %lld %s; ", path, (long long)size, d->str[0] ? "blob" : "?");
	return 0;
}

static int stop_at_first(const struct digest *d, const char *path, int64_t size, void *n)
{
	(void)d;
	(void)path;
	(void)size;
	return ++*(int *)n * 7;
}

static void test_strays(void)
{
	struct mirror m __attribute__((cleanup(mirror_release)));
	cleanup_by(buf_release) struct buf out = BUF_INIT(MIB);
	cleanup_free char *manifest = NULL;
	struct err err = ERR_INIT;
	struct digest stray;
	struct reach s;
	int n = 0;

	mirror_make(&m);
	manifest = image(&m, "config", "layer");
	entry(&m, "h/a:1", MEDIA_OCI_MANIFEST, manifest);
	reach_init(&s, &m.layout, REACH_PRESENT, NULL, NULL);
	reach_entry(&s, m.index.v[0]);
	CHECK(reach_strays(&s, add_stray, &out, &err) == 0);
	CHECK_TEXT(out.p, "", "a mirror without strays");
	stray = put(&m, "stray");
	CHECK(!reach_reached(&s, &stray) && reach_reached(&s, &m.index.v[0]->digest));
	CHECK(reach_strays(&s, add_stray, &out, &err) == 0 && strstr(out.p, " 5 blob; "));
	tempdir_write(&m.dir, "blobs/sha256/junk", "?");
	CHECK(reach_strays(&s, add_stray, &out, &err) == 0 &&
	      strstr(out.p, "blobs/sha256/junk 1 ?; "));
	CHECK_ROW(reach_strays(&s, stop_at_first, &n, &err) == 7 && n == 1, "each() can end it");
	reach_release(&s);
}

int main(void)
{
	test_whole();
	test_faults();
	test_documents();
	test_size_lies();
	test_sparse();
	test_kinds();
	test_nesting();
	test_elsewhere();
	test_strays();
	return tap_done();
}
