/*
 * Images under way at the same time, of which one is private: the other does not get from it what
 * its own repository does not have. The registry here answers in the order in which it was asked.
 */
#include "sync/fetch_walk.h"

#include <stdlib.h>
#include <unistd.h>

#include "oci/base/cleanup.h"
#include "oci/base/limits.h"
#include "oci/registry/registry.h"
#include "oci/store/layout.h"
#include "oci/store/private_blobs.h"
#include "tests/tap.h"
#include "tests/unit/charged.h"
#include "tests/unit/tempdir.h"

#define LAYER  "a private layer"
#define CONFIG "{\"private\":1}"

/* ---- the registry: "mine" has everything, "other" has the manifest "other" ---- */

struct asked {
	struct digest digest;
	bool has;
	struct layout *into; /* of a blob that is fetched */
	registry_manifest_done *manifest_done;
	registry_blob_done *blob_done;
	void *arg;
};

static struct asked queue[32];
static size_t queued;
static int heads;

static const char *texts[8];
static size_t ntexts;

static const char *text_of(const struct digest *d)
{
	struct digest is;

	for (size_t i = 0; i < ntexts; i++) {
		digest_of(NULL, texts[i], strlen(texts[i]), &is);
		if (digest_eq(&is, d))
			return texts[i];
	}
	return "";
}

static bool other_has; /* the private blobs, too */

static bool has(const struct ref *ref, const struct digest *d)
{
	const char *text = text_of(d);

	return strcmp(ref->path, "mine") == 0 || other_has || (text && strstr(text, "other"));
}

static void ask(const struct ref *ref, const struct digest *d, struct asked a)
{
	a.digest = *d;
	a.has = has(ref, d);
	queue[queued++] = a;
	asks++;
}

void registry_manifest(struct registry *r, const struct ref *ref, const struct digest *d,
		       registry_manifest_done *done, void *arg)
{
	(void)r;
	ask(ref, d, (struct asked){ .manifest_done = done, .arg = arg });
}

void registry_head(struct registry *r, const struct ref *ref, registry_manifest_done *done,
		   void *arg)
{
	(void)r;
	heads++;
	ask(ref, &ref->digest, (struct asked){ .manifest_done = done, .arg = arg });
}

void registry_blob(struct registry *r, const struct ref *ref, const struct registry_wanted *wanted,
		   struct layout *into, registry_blob_done *done, void *arg)
{
	(void)r;
	ask(ref, wanted->digest, (struct asked){ .into = into, .blob_done = done, .arg = arg });
}

void registry_has_blob(struct registry *r, const struct ref *ref, const struct digest *d,
		       int64_t size, registry_blob_done *done, void *arg)
{
	(void)r, (void)size;
	heads++;
	ask(ref, d, (struct asked){ .blob_done = done, .arg = arg });
}

static void answer(const struct asked *a)
{
	const char *text = text_of(&a->digest);
	struct err err;

	err_set(&err, ERR_NOTFOUND, 404, "not there");
	if (a->into && a->has)
		CHECK(layout_put(a->into, &a->digest, text, strlen(text), &err) == 0);
	if (a->blob_done)
		a->blob_done(a->arg,
			     &(struct registry_blob){ .err = a->has ? NULL : &err, .requests = 1 });
	else
		a->manifest_done(a->arg, &(struct registry_manifest){ .err = a->has ? NULL : &err,
								      .digest = a->digest,
								      .bytes = span_str(text),
								      .requests = 1 });
}

static void run_one(void)
{
	struct asked first = queue[0];

	memmove(queue, queue + 1, --queued * sizeof(queue[0]));
	answer(&first);
}

/* ---- tests ---- */

static struct layout layout = LAYOUT_INIT;
static struct fetch *fetcher;
static struct private_blobs records = PRIVATE_BLOBS_INIT;

static void note_outcome(void *arg, const struct fetch_result *result)
{
	*(enum err_kind *)arg = result->err ? result->err->kind : ERR_NONE;
}

static struct digest image(const char *note)
{
	struct digest config, layer, d;
	char *text;

	digest_of(NULL, CONFIG, strlen(CONFIG), &config);
	digest_of(NULL, LAYER, strlen(LAYER), &layer);
	text = xasprintf("{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_MANIFEST
			 "\",\"config\":{\"mediaType\":\"a/b\",\"digest\":\"%s\",\"size\":%zu},"
			 "\"layers\":[{\"mediaType\":\"a/b\",\"digest\":\"%s\",\"size\":%zu}],"
			 "\"annotations\":{\"a\":\"%s\"}}",
			 config.str, strlen(CONFIG), layer.str, strlen(LAYER), note);
	texts[ntexts++] = text;
	digest_of(NULL, text, strlen(text), &d);
	return d;
}

static void fetch(enum err_kind *outcome, const char *from, const struct digest *root,
		  bool is_private)
{
	cleanup_by(ref_release) struct ref ref = REF_INIT;
	const struct fetch_how how = { .is_private = is_private };
	struct err err;

	*outcome = ERR_USAGE; /* not done */
	ref_parse(&ref, span_str(from), &err);
	fetch_image_as(fetcher, &ref, root, &how, note_outcome, outcome);
}

static const struct {
	const char *name;
	int turns;      /* of the private image, before the other one begins */
	bool other_has; /* what the private image is made of */
	enum err_kind outcome;
	int heads;
} rows[] = {
	{ "begun together", 0, false, ERR_NOTFOUND, 2 },
	{ "while the blobs are under way", 1, false, ERR_NOTFOUND, 2 },
	{ "when one blob is there", 2, false, ERR_NOTFOUND, 2 },
	{ "when all is there", 3, false, ERR_NOTFOUND, 2 },
	{ "begun together, by one that has it", 0, true, ERR_NONE, 2 },
	{ "while the blobs are under way, by one that has it", 1, true, ERR_NONE, 2 },
	{ "when all is there, by one that has it", 3, true, ERR_NONE, 2 },
};

static void test_row(size_t i, const char *path)
{
	struct digest mine = image("mine"), other = image("other");
	enum err_kind outcome, of_mine;
	struct err err;

	heads = 0;
	other_has = rows[i].other_has;
	if (layout_open(&layout, path, LAYOUT_WRITE, &err) < 0) {
		printf("Bail out! %s\n", err.msg);
		exit(1);
	}
	fetcher = fetch_new(NULL, &layout);
	fetch_prove(fetcher, &records);
	fetch(&of_mine, "h.example/mine:1", &mine, true);
	for (int turn = 0; turn < rows[i].turns; turn++)
		run_one();
	fetch(&outcome, "h.example/other:1", &other, false);
	while (queued)
		run_one();
	CHECK_ROW(of_mine == ERR_NONE && outcome == rows[i].outcome, rows[i].name);
	CHECK_ROW(heads == rows[i].heads, "one HEAD for each blob");
	fetch_free(fetcher);
	layout_close(&layout);
	private_blobs_release(&records);
	while (ntexts > 2)
		free((char *)texts[--ntexts]);
}

int main(void)
{
	texts[ntexts++] = LAYER;
	texts[ntexts++] = CONFIG;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();

		test_row(i, t.path);
	}
	CHECK_ROW(asks > 0 && asks == charged, "each request is charged to its image's budget");
	return tap_done();
}
