/*
 * The walk of fetch.c over a store in a temporary directory, with a registry of our own in place of
 * registry.c: it answers from a table, and counts what it was asked for.
 */
#include "sync/fetch.h"

#include <stdlib.h>
#include <unistd.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/limits.h"
#include "oci/image/media_type.h"
#include "oci/store/layout.h"
#include "sync/platforms.h"
#include "tests/tap.h"
#include "tests/unit/charged.h"
#include "tests/unit/tempdir.h"
#include "tests/unit/no_proofs.h"

/* ---- the registry ---- */

enum { MAX = 64 };

struct content {
	struct digest digest;
	char *bytes;
	const char *only_in; /* the repository that has it, or NULL for all */
	int asked;
};

struct asked {
	struct content *content; /* NULL: not there */
	struct digest digest;
	struct layout *into; /* of a blob */
	registry_manifest_done *manifest_done;
	registry_blob_done *blob_done;
	void *arg;
};

static struct content contents[MAX];
static size_t ncontents;
static struct asked queue[MAX];
static size_t queued;

static struct content *add(const char *bytes)
{
	struct content *c = &contents[ncontents++];

	c->bytes = xstrdup(bytes);
	c->only_in = NULL;
	c->asked = 0;
	digest_of(NULL, bytes, strlen(bytes), &c->digest);
	return c;
}

static void ask(const struct ref *ref, const struct digest *d, struct asked a)
{
	a.digest = *d;
	for (size_t i = 0; i < ncontents; i++)
		if (digest_eq(&contents[i].digest, d)) {
			contents[i].asked++;
			if (!contents[i].only_in || strcmp(contents[i].only_in, ref->path) == 0)
				a.content = &contents[i];
		}
	queue[queued++] = a;
	asks++;
}

void registry_manifest(struct registry *r, const struct ref *ref, const struct digest *d,
		       registry_manifest_done *done, void *arg)
{
	(void)r;
	ask(ref, d, (struct asked){ .manifest_done = done, .arg = arg });
}

void registry_blob(struct registry *r, const struct ref *ref, const struct registry_wanted *wanted,
		   struct layout *into, registry_blob_done *done, void *arg)
{
	(void)r;
	ask(ref, wanted->digest, (struct asked){ .into = into, .blob_done = done, .arg = arg });
}

static void answer(const struct asked *a)
{
	struct err err = ERR_INIT;
	bool there = a->content != NULL;

	if (!there)
		err_set(&err, ERR_NOTFOUND, 404, "not there");
	if (a->manifest_done) {
		a->manifest_done(a->arg, &(struct registry_manifest){
						 .err = there ? NULL : &err,
						 .digest = a->digest,
						 .bytes = there ? span_str(a->content->bytes)
								: span_of("", 0),
						 .requests = 1 });
		return;
	}
	if (there &&
	    layout_put(a->into, &a->digest, a->content->bytes, strlen(a->content->bytes), &err) < 0)
		there = false;
	a->blob_done(a->arg, &(struct registry_blob){
				     .err = there ? NULL : &err,
				     .bytes = there ? (int64_t)strlen(a->content->bytes) : 0,
				     .requests = 1 });
}

static void run_one(void)
{
	struct asked first = queue[0];

	memmove(queue, queue + 1, --queued * sizeof(queue[0]));
	answer(&first);
}

static void run(void)
{
	while (queued)
		run_one();
}

/* ---- documents ---- */

static const char *descriptor(const char *type, const struct content *c, const char *more)
{
	static char text[8][400];
	static int at;

	at = (at + 1) % 8;
	snprintf(text[at], sizeof(text[at]),
		 "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%zu%s}", type, c->digest.str,
		 strlen(c->bytes), more);
	return text[at];
}

static struct content *image(const struct content *config, const struct content *layer)
{
	cleanup_free char *text =
		xasprintf("{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_MANIFEST
			  "\",\"config\":%s,\"layers\":[%s]}",
			  descriptor("application/vnd.oci.image.config.v1+json", config, ""),
			  descriptor("application/vnd.oci.image.layer.v1.tar", layer, ""));

	return add(text);
}

static struct content *index_of(const char *a, const char *b)
{
	cleanup_free char *text = xasprintf("{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_INDEX
					    "\",\"manifests\":[%s%s%s]}",
					    a, b[0] ? "," : "", b);

	return add(text);
}

/* ---- tests ---- */

struct outcome {
	int done;
	struct err err;
	int64_t bytes;
	unsigned requests;
	int64_t refuse_above;
};

static struct layout layout = LAYOUT_INIT;
static struct fetch *fetcher;

static void note_outcome(void *arg, const struct fetch_result *result)
{
	struct outcome *o = arg;

	o->done++;
	o->err = result->err ? *result->err : (struct err)ERR_INIT;
	o->bytes = result->bytes;
	o->requests = result->requests;
}

static int refuse_large(void *arg, int64_t bytes, struct err *err)
{
	const struct outcome *o = arg;

	if (o->refuse_above && bytes > o->refuse_above)
		return err_set(err, ERR_LIMIT, 0, "no room");
	return 0;
}

static void fetch(struct outcome *o, const char *from, const struct content *root,
		  const char *platforms)
{
	cleanup_by(ref_release) struct ref ref = REF_INIT;
	struct err err;

	ref_parse(&ref, span_str(from), &err);
	o->done = 0;
	fetch_image(fetcher, &ref, &root->digest, platforms, refuse_large, note_outcome, o);
}

static void forget(void)
{
	for (size_t i = 0; i < ncontents; i++)
		free(contents[i].bytes);
	ncontents = 0;
}

static bool have(const struct content *c)
{
	return layout_has(&layout, &c->digest, (int64_t)strlen(c->bytes));
}

static void test_image(void)
{
	struct content *config = add("{\"a\":1}"), *layer = add("layer one"),
		       *root = image(config, layer);
	struct outcome o = { 0 };

	fetch(&o, "a/one:1", root, NULL);
	CHECK_ROW(!o.done, "nothing is done before the registry answers");
	run();
	CHECK_ROW(o.done == 1 && o.err.kind == ERR_NONE && have(root) && have(config) &&
			  have(layer),
		  "an image arrives whole");
	CHECK_ROW(o.requests == 3 && o.bytes == (int64_t)(strlen(root->bytes) + 7 + 9),
		  "three requests, their bytes");
	fetch(&o, "a/one:1", root, NULL);
	CHECK_ROW(o.done == 1 && o.requests == 0, "an image that is there costs no request");
	forget();
}

static void test_shared(void)
{
	struct content *config = add("{\"b\":1}"), *layer = add("shared layer"),
		       *other = add("{\"b\":2}");
	struct content *one = image(config, layer), *two = image(other, layer);
	struct outcome o = { 0 }, p = { 0 };

	fetch(&o, "a/one:1", one, NULL);
	fetch(&p, "a/two:1", two, NULL);
	run();
	CHECK_ROW(o.err.kind == ERR_NONE && p.err.kind == ERR_NONE && have(one) && have(two),
		  "both arrive");
	CHECK_ROW(layer->asked == 1, "a layer that two share is asked for once");
	forget();
}

static void test_other_repository(void)
{
	struct content *config = add("{\"c\":1}"), *layer = add("only in two"),
		       *other = add("{\"c\":2}");
	struct content *one = image(config, layer), *two = image(other, layer);
	struct outcome o = { 0 }, p = { 0 };

	layer->only_in = "a/two";
	fetch(&o, "a/one:1", one, NULL);
	fetch(&p, "a/two:1", two, NULL);
	run();
	CHECK_ROW(o.done == 1 && o.err.kind == ERR_NOTFOUND && strstr(o.err.msg, layer->digest.str),
		  "an image whose repository lacks a layer fails, naming it");
	CHECK_ROW(p.done == 1 && p.err.kind == ERR_NONE && have(layer),
		  "who waited asks its own repository");
	forget();
}

static void test_platforms(void)
{
	struct content *amd = image(add("{\"d\":1}"), add("amd layer"));
	struct content *arm = image(add("{\"d\":2}"), add("arm layer"));
	const char *da = descriptor(MEDIA_OCI_MANIFEST, amd,
				    ",\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"}");
	const char *dr = descriptor(MEDIA_OCI_MANIFEST, arm,
				    ",\"platform\":{\"os\":\"linux\",\"architecture\":\"arm64\"}");
	struct content *root = index_of(da, dr);
	struct outcome o = { 0 };

	fetch(&o, "a/multi:1", root, "linux/amd64");
	run();
	CHECK_ROW(o.err.kind == ERR_NONE && have(root) && have(amd) && !have(arm),
		  "only the platform asked for");
	fetch(&o, "a/multi:1", root, NULL);
	run();
	CHECK_ROW(o.err.kind == ERR_NONE && have(arm) && root->asked == 1,
		  "the rest later, and only the rest");
	forget();
}

static void test_nested(void)
{
	struct content *inner = image(add("{\"e\":1}"), add("deep layer")), *root = inner;
	const char *type = MEDIA_OCI_MANIFEST;
	struct outcome o = { 0 };

	for (int i = 0; i < 3; i++, type = MEDIA_OCI_INDEX)
		root = index_of(descriptor(type, root, ""), "");
	fetch(&o, "a/nested:1", root, NULL);
	run();
	CHECK_ROW(o.err.kind == ERR_NONE && have(inner), "indexes within indexes are followed");
	for (int i = 0; i < LIMIT_NESTING; i++)
		root = index_of(descriptor(MEDIA_OCI_INDEX, root, ""), "");
	fetch(&o, "a/nested:2", root, NULL);
	run();
	CHECK_ROW(o.err.kind == ERR_INVALID && strstr(o.err.msg, "nested"), "up to a limit");
	forget();
}

/* The document's digest is made up: no upstream has it, and following it must end. */
static void test_lies(void)
{
	struct content *config = add("{\"f\":1}"), *layer = add("f layer"),
		       *img = image(config, layer);
	cleanup_free char *wrong_size =
		xasprintf("{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":5}", MEDIA_OCI_MANIFEST,
			  img->digest.str);
	const struct {
		const char *name, *child, *says;
	} rows[] = {
		{ "a child of another size", wrong_size, "its index says 5: containerd refuses" },
		{ "a child of another kind", descriptor(MEDIA_OCI_INDEX, img, ""),
		  "says the other" },
		{ "a child that is no manifest",
		  descriptor(MEDIA_OCI_MANIFEST, add("not json at all"), ""), "JSON" },
		{ "a child that is schema 1",
		  descriptor(MEDIA_OCI_MANIFEST, add("{\"schemaVersion\":1}"), ""), "schema 1" },
		{ "a child of 5 MB",
		  "{\"mediaType\":\"" MEDIA_OCI_MANIFEST "\",\"digest\":\"sha256:"
		  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\","
		  "\"size\":5242880}",
		  "more than the 4194304 allowed" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct outcome o = { 0 };

		fetch(&o, "a/lies:1", index_of(rows[i].child, ""), NULL);
		run();
		CHECK_ROW(o.done == 1 && o.err.kind == ERR_INVALID &&
				  strstr(o.err.msg, rows[i].says),
			  rows[i].name);
		if (!strstr(o.err.msg, rows[i].says))
			printf("#   got: %s\n", o.err.msg);
	}
	forget();
}

/* A digest that is named as a blob and as a manifest: what is below the manifest comes, whichever
 * is met first. */
static void test_kinds(void)
{
	for (int first = 0; first < 2; first++) {
		cleanup_free char *name = xasprintf("{\"k\":%d}", first);
		cleanup_free char *text = xasprintf("below, %d", first);
		struct content *layer = add(text), *inner = image(add(name), layer);
		struct content *outer = image(add("{\"o\":1}"), inner);
		const char *as_blob = descriptor(MEDIA_OCI_MANIFEST, outer, "");
		const char *as_manifest = descriptor(MEDIA_OCI_MANIFEST, inner, "");
		struct content *root =
			first ? index_of(as_manifest, as_blob) : index_of(as_blob, as_manifest);
		struct outcome o = { 0 };

		fetch(&o, "a/kinds:1", outer, NULL);
		run();
		CHECK_ROW(o.err.kind == ERR_NONE && have(inner) && !have(layer),
			  "a manifest that is a layer comes as a blob");
		fetch(&o, "a/kinds:2", root, NULL);
		run();
		CHECK_ROW(o.err.kind == ERR_NONE && have(inner) && have(layer),
			  first ? "as a manifest first" : "as a blob first");
		forget();
	}
}

/* ---- platforms ---- */

/* What a judge was told, and how it decides. */
struct judged {
	struct outcome o; /* first: done() gets it */
	char told[100];
	int times;
	bool refuses;
};

static int note_platforms(void *arg, const struct platforms *there, struct err *err)
{
	struct judged *j = arg;

	j->times++;
	j->told[0] = '\0';
	for (size_t i = 0; i < there->n; i++) {
		cleanup_free char *text = platform_str(&there->v[i]);

		strncat(j->told, text, sizeof(j->told) - strlen(j->told) - 1);
		strncat(j->told, " ", sizeof(j->told) - strlen(j->told) - 1);
	}
	return j->refuses ? err_set(err, ERR_INVALID, 0, "refused") : 0;
}

static void judge(struct judged *j, const struct content *root, const char *platforms, bool only)
{
	cleanup_by(ref_release) struct ref ref = REF_INIT;
	const struct fetch_how how = { .platforms = platforms,
				       .judge = note_platforms,
				       .only_judge = only };
	struct err err;

	j->o.done = j->times = 0;
	ref_parse(&ref, span_str("a/judged:1"), &err);
	fetch_image_as(fetcher, &ref, &root->digest, &how, note_outcome, j);
	run();
}

static void test_judge_image(void)
{
	struct content *config =
		add("{\"architecture\":\"arm\",\"os\":\"linux\",\"variant\":\"v6\"}");
	struct content *layer = add("a layer that is judged"), *root = image(config, layer);
	struct judged j = { .refuses = true };

	judge(&j, root, "linux/arm", true);
	CHECK_TEXT(j.told, "linux/arm/v6 ", "an image counts by its config");
	CHECK_ROW(j.o.done == 1 && j.times == 1 && j.o.requests == 2, "for two requests");
	judge(&j, root, "linux/arm", false);
	CHECK_ROW(j.o.err.kind == ERR_INVALID && layer->asked == 0 && !have(root) && !have(config),
		  "what is refused is so before its layers are asked for, and leaves nothing");
	j.refuses = false;
	judge(&j, root, "linux/arm", true);
	judge(&j, root, "linux/arm", true);
	CHECK_ROW(j.o.err.kind == ERR_NONE && j.o.requests == 0 && !have(layer),
		  "what is in the store costs no request; only judged, it has no layers");
	judge(&j, root, "linux/arm", false);
	CHECK_ROW(j.o.err.kind == ERR_NONE && have(layer) && config->asked == 3,
		  "what is not refused comes");
	forget();
}

static void test_judge_index(void)
{
	struct content *config = add("{\"architecture\":\"s390x\",\"os\":\"linux\"}");
	struct content *plain = image(config, add("unnamed layer"));
	struct content *amd = image(add("{\"p\":1}"), add("named layer"));
	const char *named =
		descriptor(MEDIA_OCI_MANIFEST, amd,
			   ",\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"}");
	struct content *inner = index_of(descriptor(MEDIA_OCI_MANIFEST, plain, ""), "");
	struct content *root = index_of(named, descriptor(MEDIA_OCI_INDEX, inner, ""));
	struct judged j = { .refuses = false };

	judge(&j, root, "linux/amd64", true);
	CHECK_TEXT(j.told, "linux/amd64 linux/s390x ",
		   "an index names platforms; what it does not name counts by its config");
	CHECK_ROW(j.o.requests == 4 && amd->asked == 0, "and no more than that is asked for");
	judge(&j, root, "linux/amd64", false);
	CHECK_ROW(j.times == 1 && j.o.err.kind == ERR_NONE && have(amd), "the rest with the rest");
	forget();
}

/* What has no platform is not judged by one. */
static void test_judge_none(void)
{
	static const struct {
		const char *name, *type, *config;
	} rows[] = {
		{ "a chart", "application/vnd.cncf.helm.config.v1+json",
		  "{\"name\":\"c\",\"os\":\"linux\",\"architecture\":\"arm64\"}" },
		{ "wasm", "application/vnd.wasm.config.v0+json",
		  "{\"os\":\"wasip1\",\"architecture\":\"wasm\"}" },
		{ "wasm in an image's clothes", "application/vnd.oci.image.config.v1+json",
		  "{\"os\":\"wasi\",\"architecture\":\"wasm\"}" },
		{ "a model", "application/vnd.docker.ai.model.config.v0.1+json", "{\"m\":1}" },
		{ "an attestation", "application/vnd.oci.image.config.v1+json",
		  "{\"os\":\"unknown\",\"architecture\":\"unknown\"}" },
		{ "a config without architecture", "application/vnd.oci.image.config.v1+json",
		  "{\"os\":\"linux\"}" },
		{ "a config that is none", "application/vnd.oci.image.config.v1+json", "none" },
		{ "an empty config", "application/octet-stream", "" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct content *config = add(rows[i].config), *layer = add("none's layer");
		cleanup_free char *text = xasprintf(
			"{\"schemaVersion\":2,\"config\":%s,\"layers\":[%s]}",
			descriptor(rows[i].type, config, ""), descriptor("a/b", layer, ""));
		struct judged j = { .refuses = false };

		judge(&j, add(text), "linux/amd64", false);
		CHECK_ROW(j.o.err.kind == ERR_NONE && j.times == 1 && !j.told[0], rows[i].name);
		forget();
	}
}

static void test_embedded(void)
{
	struct content *empty = add("{}"), *nothing = add("");
	struct content *root = image(empty, nothing);
	struct outcome o = { 0 };

	fetch(&o, "a/artifact:1", root, NULL);
	run();
	CHECK_ROW(o.err.kind == ERR_NONE && have(empty) && have(nothing),
		  "empty descriptors are in the store");
	CHECK_ROW(empty->asked == 0 && nothing->asked == 0, "and were asked of nobody");
	forget();
}

/* An earlier run left 12 bytes of it. */
static void begin_layer(const struct content *c)
{
	struct err err;
	int64_t left;
	struct layout_blob *b = layout_begin(&layout, &c->digest, 100, &left, &err);
	CHECK(b && layout_write(b, c->bytes, 12, &err) == 0);
	layout_abandon(b);
}

static void test_admit(void)
{
	struct content *layer = add("a layer too large"), *root = image(add("{\"g\":1}"), layer);
	struct outcome o = { .refuse_above = (int64_t)strlen(root->bytes) + 12 };

	fetch(&o, "a/large:1", root, NULL);
	run();
	CHECK_ROW(o.done == 1 && o.err.kind == ERR_LIMIT && layer->asked == 0,
		  "what is refused is refused before its blobs are asked for");
	begin_layer(layer);
	fetch(&o, "a/large:1", root, NULL);
	run();
	CHECK_ROW(o.done == 1 && o.err.kind == ERR_NONE && have(layer),
		  "what an earlier run left needs no room again");
	forget();
}

/* What is refused gives its room back, unless another image needs it. */
static void test_gives_back(void)
{
	struct content *shared = add("a layer of two images"), *own = add("a layer of one image");
	struct content *root = image(add("{\"i\":1}"), own), *other = image(shared, own);
	struct content *third = image(add("{\"i\":3}"), shared);
	struct outcome o = { .refuse_above = 1 }, p = { .refuse_above = 0 };

	begin_layer(own);
	fetch(&o, "a/refused:1", root, NULL);
	run();
	CHECK_ROW(!have(root) && layout_begun(&layout, &own->digest, 100) == 0,
		  "the manifest of a refused image goes, and what was begun of a layer");
	fetch(&p, "a/third:1", third, NULL);
	run_one();
	fetch(&o, "a/refused:2", other, NULL);
	run();
	CHECK_ROW(o.err.kind == ERR_LIMIT && p.err.kind == ERR_NONE && have(third) && have(shared),
		  "what another image has or waits for stays");
	forget();
}

static void test_awaited(void)
{
	struct content *config = add("{\"h\":1}"), *layer = add("a layer on its way");
	struct content *root = image(config, layer);
	const uint64_t all = strlen(config->bytes) + strlen(layer->bytes);
	struct outcome o = { .refuse_above = 0 };

	fetch(&o, "a/awaited:1", root, NULL);
	CHECK_ROW(fetch_awaited(fetcher) == 0, "nothing is promised before the manifest is read");
	run_one();
	CHECK_ROW(fetch_awaited(fetcher) == all, "what was asked for is awaited");
	begin_layer(layer);
	CHECK_ROW(fetch_awaited(fetcher) == all - 12, "less what is in its file");
	run();
	CHECK_ROW(o.done == 1 && o.err.kind == ERR_NONE && fetch_awaited(fetcher) == 0,
		  "and nothing once it is there");
	forget();
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
	test_image();
	test_shared();
	test_other_repository();
	test_platforms();
	test_nested();
	test_lies();
	test_kinds();
	test_judge_image();
	test_judge_index();
	test_judge_none();
	test_embedded();
	test_admit();
	test_gives_back();
	test_awaited();
	fetch_free(fetcher);
	layout_close(&layout);
	CHECK_ROW(asks > 0 && asks == charged, "each request is charged to its image's budget");
	return tap_done();
}
