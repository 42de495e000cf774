/*
 * What one image may consist of: walks of images that are larger than any honest one. The registry
 * here has manifests only; a digest that it does not have is not there.
 */
#include "sync/fetch_walk.h"

#include <stdlib.h>
#include <unistd.h>

#include "oci/base/cleanup.h"
#include "oci/base/limits.h"
#include "oci/store/layout.h"
#include "tests/tap.h"
#include "tests/unit/charged.h"
#include "tests/unit/tempdir.h"
#include "tests/unit/no_proofs.h"

/* ---- the registry ---- */

struct content {
	struct digest digest;
	struct buf bytes;
};

struct asked {
	struct digest digest;
	registry_manifest_done *manifest_done;
	registry_blob_done *blob_done;
	void *arg;
	struct asked *next;
};

static struct table contents;
static struct asked *first, **last = &first;
static unsigned manifests_asked, blobs_asked;

static void ask(struct asked a)
{
	struct asked *copy = xcalloc(1, sizeof(*copy));

	*copy = a;
	*last = copy;
	last = &copy->next;
	asks++;
}

void registry_manifest(struct registry *r, const struct ref *ref, const struct digest *d,
		       registry_manifest_done *done, void *arg)
{
	(void)r, (void)ref;
	manifests_asked++;
	ask((struct asked){ .digest = *d, .manifest_done = done, .arg = arg });
}

void registry_blob(struct registry *r, const struct ref *ref, const struct registry_wanted *wanted,
		   struct layout *into, registry_blob_done *done, void *arg)
{
	(void)r, (void)ref, (void)into;
	blobs_asked++;
	ask((struct asked){ .digest = *wanted->digest, .blob_done = done, .arg = arg });
}

static void answer(const struct asked *a)
{
	const struct content *c = table_get(&contents, a->digest.str);
	struct err err;

	err_set(&err, ERR_NOTFOUND, 404, "not there");
	if (a->blob_done)
		a->blob_done(a->arg, &(struct registry_blob){ .err = &err, .requests = 1 });
	else
		a->manifest_done(a->arg, &(struct registry_manifest){
						 .err = c ? NULL : &err,
						 .digest = a->digest,
						 .bytes = c ? buf_span(&c->bytes) : span_of("", 0),
						 .requests = 1 });
}

static void run(void)
{
	while (first) {
		struct asked *a = first;

		first = a->next;
		if (!first)
			last = &first;
		answer(a);
		free(a);
	}
}

static void free_content(void *p)
{
	struct content *c = p;

	buf_release(&c->bytes);
	free(c);
}

/* ---- documents ---- */

/* A digest that nobody has. */
static struct digest nowhere(void)
{
	static unsigned n;
	struct digest d;

	n++;
	digest_of(NULL, (const char *)&n, sizeof(n), &d);
	return d;
}

static const struct content *add(struct buf *text)
{
	struct content *c = xcalloc(1, sizeof(*c));

	c->bytes = *text;
	*text = (struct buf)BUF_INIT(LIMIT_MANIFEST);
	digest_of(NULL, c->bytes.p, c->bytes.n, &c->digest);
	table_put(&contents, c->digest.str, c);
	return c;
}

static void add_descriptor(struct buf *b, const char *type, const struct digest *d, size_t size)
{
	buf_addf(b, "%s{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%zu}",
		 b->p[b->n - 1] == '[' ? "" : ",", type, d->str, size);
}

static struct buf begin(const char *type, const char *list)
{
	struct buf b = BUF_INIT(LIMIT_MANIFEST);

	buf_addf(&b, "{\"schemaVersion\":2,\"mediaType\":\"%s\",%s:[", type, list);
	return b;
}

#define BEGIN_INDEX begin(MEDIA_OCI_INDEX, "\"manifests\"")

static const struct content *end_document(struct buf *b)
{
	buf_adds(b, "]}");
	return add(b);
}

/* An index of n indexes of n indexes ..., `levels` deep; those below the last one are nowhere. */
static const struct content *tree(int n, int levels)
{
	struct buf b = BEGIN_INDEX;

	for (int i = 0; i < n; i++) {
		const struct content *child = levels > 1 ? tree(n, levels - 1) : NULL;
		struct digest d = child ? child->digest : nowhere();

		add_descriptor(&b, child ? MEDIA_OCI_INDEX : MEDIA_OCI_MANIFEST, &d,
			       child ? child->bytes.n : 500);
	}
	return end_document(&b);
}

/* An index of n manifests, nowhere, of `size` bytes. */
static const struct content *index_of(int n, int size)
{
	struct buf b = BEGIN_INDEX;

	for (int i = 0; i < n; i++) {
		struct digest d = nowhere();

		add_descriptor(&b, MEDIA_OCI_MANIFEST, &d, (size_t)size);
	}
	return end_document(&b);
}

/* An index of n indexes of m manifests, nowhere. */
static const struct content *wide(int n, int m)
{
	struct buf b = BEGIN_INDEX;

	for (int i = 0; i < n; i++) {
		const struct content *child = index_of(m, 500);

		add_descriptor(&b, MEDIA_OCI_INDEX, &child->digest, child->bytes.n);
	}
	return end_document(&b);
}

/* An image of n layers of a byte, and a config of that size. */
static const struct content *image_of(int n, int config_size)
{
	struct digest config = nowhere();
	cleanup_free char *members = xasprintf("\"config\":{\"mediaType\":\"application/vnd.oci."
					       "image.config.v1+json\",\"digest\":\"%s\","
					       "\"size\":%d},\"layers\"",
					       config.str, config_size);
	struct buf b = begin(MEDIA_OCI_MANIFEST, members);

	for (int i = 0; i < n; i++) {
		struct digest d = nowhere();

		add_descriptor(&b, "a/layer", &d, 1);
	}
	return end_document(&b);
}

static const struct content *many_blobs(int images, int layers)
{
	struct buf b = BEGIN_INDEX;

	for (int i = 0; i < images; i++) {
		const struct content *child = image_of(layers, 1);

		add_descriptor(&b, MEDIA_OCI_MANIFEST, &child->digest, child->bytes.n);
	}
	return end_document(&b);
}

static int64_t below; /* bytes of the child of many_times() */

static const struct content *many_times(int n, int unused)
{
	const struct content *child = image_of(1, 1);
	struct buf b = BEGIN_INDEX;

	(void)unused;
	below = (int64_t)child->bytes.n;

	for (int i = 0; i < n; i++)
		add_descriptor(&b, MEDIA_OCI_MANIFEST, &child->digest, child->bytes.n);
	return end_document(&b);
}

static const struct content *nested(int levels, int unused)
{
	const struct content *root = image_of(1, 1);

	(void)unused;
	while (levels--) {
		struct buf b = BEGIN_INDEX;
		bool is_image = strstr(root->bytes.p, "layers") != NULL;

		add_descriptor(&b, is_image ? MEDIA_OCI_MANIFEST : MEDIA_OCI_INDEX, &root->digest,
			       root->bytes.n);
		root = end_document(&b);
	}
	return root;
}

/* ---- tests ---- */

struct outcome {
	int done;
	struct err err;
	int64_t allowed, told;
};

static struct layout layout = LAYOUT_INIT;
static struct fetch *fetcher;

static void note_outcome(void *arg, const struct fetch_result *result)
{
	struct outcome *o = arg;

	o->done++;
	o->err = result->err ? *result->err : (struct err)ERR_INIT;
}

static int allow(void *arg, int64_t bytes, struct err *err)
{
	struct outcome *o = arg;

	o->told = bytes;
	return o->allowed && bytes > o->allowed ? err_set(err, ERR_USAGE, 0, "too much") : 0;
}

static int judge(void *arg, const struct platforms *there, struct err *err)
{
	(void)arg, (void)there, (void)err;
	return 0;
}

static void fetch(struct outcome *o, const struct content *root)
{
	cleanup_by(ref_release) struct ref ref = REF_INIT;
	const struct fetch_how how = { .admit = allow, .judge = judge };
	struct err err;

	manifests_asked = blobs_asked = 0;
	ref_parse(&ref, span_str("a/large:1"), &err);
	fetch_image_as(fetcher, &ref, &root->digest, &how, note_outcome, o);
	run();
}

/* `allowed`: bytes, by policy and room; 0: all. `requests`: for manifests, at most. */
static const struct {
	const char *name, *error;
	const struct content *(*make)(int, int);
	int a, b;
	int64_t allowed;
	unsigned requests;
} refused[] = {
	{ "50 indexes of 50 indexes of 50 images", "more than 5000 manifests", tree, 50, 3, 0,
	  120 },
	{ "2 indexes of 3000 images", "more than 5000 manifests", wide, 2, 3000, 0, 20 },
	{ "17 images of 4 MB", "more than 64 MiB", index_of, 17, 4194304, 0, 1 },
	{ "15 images of 4 MB, which may be fetched", "not there", index_of, 15, 4194304, 0, 16 },
	{ "12 images of 3.9 MB, and 1 MB is allowed", "too much", index_of, 12, 3900000, 1000000,
	  1 },
	{ "13 images of 4000 layers", "more than 50000 blobs", many_blobs, 13, 4000, 0, 14 },
	{ "an image for more than is allowed", "too much", image_of, 2000, 1, 2200, 1 },
	{ "a config for more than is allowed", "too much", image_of, 1, 40000, 20000, 1 },
	{ "9 indexes, each in the other", "nested more than 8 deep", nested, 9, 0, 0, 9 },
};

static void test_refused(void)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct outcome o = { .allowed = refused[i].allowed };

		fetch(&o, refused[i].make(refused[i].a, refused[i].b));
		printf("# %u requests for manifests: %s\n", manifests_asked, o.err.msg);
		CHECK_ROW(o.done == 1 && strstr(o.err.msg, refused[i].error) &&
				  manifests_asked <= refused[i].requests && !blobs_asked,
			  refused[i].name);
	}
	CHECK_ROW(fetch_awaited(fetcher) == 0, "and then nothing is awaited");
}

/* Duplicates cost nothing, and every byte is told before it is asked for. */
static void test_allowed(void)
{
	const struct content *root = many_times(4000, 0);
	struct outcome o = { .allowed = 0 };

	fetch(&o, root);
	CHECK_ROW(o.done == 1 && o.err.kind == ERR_NOTFOUND && manifests_asked == 2,
		  "one child 4000 times is asked for once");
	CHECK_ROW(o.told == (int64_t)root->bytes.n + below + 1,
		  "manifests count beside the config");
}

int main(void)
{
	struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
	struct err err;

	if (layout_open(&layout, t.path, LAYOUT_WRITE, &err) < 0) {
		printf("Bail out! %s\n", err.msg);
		return 1;
	}
	fetcher = fetch_new(NULL, &layout);
	test_refused();
	test_allowed();
	fetch_free(fetcher);
	layout_close(&layout);
	table_clear(&contents, free_content);
	CHECK_ROW(asks > 0 && asks == charged, "each request is charged to its image's budget");
	return tap_done();
}
