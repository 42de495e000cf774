/* Tables: made from an index, made again from an earlier one, found to be damaged. */
#include "oci/store/served.h"

#include <stdlib.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/file.h"
#include "oci/base/limits.h"
#include "oci/image/media_type.h"
#include "oci/store/index.h"
#include "oci/store/layout.h"
#include "oci/store/private_blobs.h"
#include "oci/store/served_build.h"
#include "tests/tap.h"
#include "tests/unit/tempdir.h"

#define COUNT(v) (sizeof(v) / sizeof((v)[0]))
#define LAYER    "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

/* A mirror with an index that the rows below are looked for in. */
struct mirror {
	struct tempdir dir;
	struct layout layout;
	struct index index;
};

static struct digest put(struct mirror *m, const char *text)
{
	struct err err = ERR_INIT;
	struct digest d;

	digest_of(NULL, text, strlen(text), &d);
	if (!layout_has(&m->layout, &d, -1))
		CHECK_ROW(layout_put(&m->layout, &d, text, strlen(text), &err) == 0, text);
	CHECK_ROW(layout_commit(&m->layout, &err) == 0, text);
	return d;
}

/* A manifest of one layer, with a word of its own and perhaps a subject. */
static struct digest put_manifest(struct mirror *m, const char *word, const struct digest *subject,
				  size_t *size)
{
	cleanup_by(buf_release) struct buf b = BUF_INIT(LIMIT_MANIFEST);

	buf_addf(&b, "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_MANIFEST "\",");
	if (subject)
		buf_addf(&b,
			 "\"subject\":{\"mediaType\":\"a/b\",\"digest\":\"%s\",\"size\":1},"
			 "\"artifactType\":\"text/x\",",
			 subject->str);
	buf_addf(&b,
		 "\"config\":{\"mediaType\":\"a/b\",\"digest\":\"" LAYER "\",\"size\":5},"
		 "\"layers\":[],\"annotations\":{\"word\":\"%s\"}}",
		 word);
	*size = b.n;
	return put(m, b.p);
}

static struct entry *add(struct mirror *m, const char *ref, const struct digest *d, size_t size)
{
	struct entry *e = index_add(&m->index, ref);

	entry_set_content(e, MEDIA_OCI_MANIFEST, d, (int64_t)size);
	return e;
}

static void mirror_open(struct mirror *m)
{
	struct err err = ERR_INIT;
	cleanup_free char *name = NULL;
	struct digest one, two;
	size_t n = 0, n2 = 0;

	*m = (struct mirror){ .dir = tempdir_new(), .index = INDEX_INIT };
	CHECK_ROW(layout_open(&m->layout, m->dir.path, LAYOUT_WRITE, &err) == 0, "it opens");
	one = put_manifest(m, "one", NULL, &n);
	add(m, "docker.io/library/a:1", &one, n);
	add(m, "docker.io/library/a:2", &one, n);
	add(m, "registry.corp:5000/b:1", &one, n);
	entry_set_annotation(add(m, "quay.io/p/p:1", &one, n), ANNOTATION_PRIVATE, "team");
	entry_set_annotation(add(m, "docker.io/library/a:1.20261120", &one, n),
			     ANNOTATION_SNAPSHOT_OF, "docker.io/library/a:1");
	two = put_manifest(m, "two", &one, &n2);
	name = xasprintf("docker.io/library/a@%s", two.str);
	add(m, name, &two, n2);
	digest_of(NULL, "nowhere", 7, &two);
	add(m, "docker.io/library/gone:1", &two, 7);
	add(m, "", &one, n);
}

static void mirror_close(struct mirror *m)
{
	index_release(&m->index);
	layout_close(&m->layout);
	tempdir_release(&m->dir);
}

static int build(struct served *s, const struct mirror *m, const struct served *old)
{
	struct served_build_from from = {
		.layout = &m->layout, .index = &m->index, .old = old, .generation = 7
	};
	struct err err = ERR_INIT;

	return served_build(s, &from, &err);
}

static const struct served_repository *find(const struct served *s, const char *written)
{
	for (uint32_t i = 0; i < s->nrepositories; i++)
		if (strcmp(served_text(s, s->repositories[i].written), written) == 0)
			return &s->repositories[i];
	return NULL;
}

static void check_table(const struct served *s, const char *name)
{
	static const struct {
		const char *written;
		uint32_t tags, reached, listed;
		const char *group;
	} rows[] = {
		{ "docker.io/library/a", 4, 3, 1, NULL },
		{ "docker.io/library/gone", 1, 1, 0, NULL },
		{ "quay.io/p/p", 1, 2, 0, "team" },
		{ "registry.corp_5000/b", 1, 2, 0, NULL },
	};

	CHECK_ROW(s->nrepositories == COUNT(rows), name);
	CHECK_ROW(s->head->private == 1 && s->head->broken == 1 && s->head->generation == 7, name);
	CHECK_TEXT(served_text(s, s->head->first_broken), "docker.io/library/gone:1", name);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct served_repository *r = find(s, rows[i].written);

		CHECK_ROW(r && r->ntags == rows[i].tags && r->nreached == rows[i].reached &&
				  r->nlisted == rows[i].listed,
			  rows[i].written);
		CHECK_ROW(r && (rows[i].group ? r->group != SERVED_NONE &&
							strcmp(served_text(s, r->group),
							       rows[i].group) == 0
					      : r->group == SERVED_NONE),
			  rows[i].written);
	}
}

/* What an earlier table has as read is not read again: its file may even be gone. */
static void check_again(struct mirror *m, const struct served *old)
{
	cleanup_by(served_release) struct served again = SERVED_INIT;
	char path[DIGEST_PATH];

	digest_path(&m->index.v[index_seek(&m->index, "docker.io/library/a:1")]->digest, path);
	unlinkat(m->layout.root, path, 0);
	CHECK_ROW(build(&again, m, old) == 0, "made again");
	check_table(&again, "made again");
	CHECK_ROW(served_find(&again, LAYER) != 0, "the layer is known");
	CHECK_ROW(served_find(&again, "sha256:no") == 0, "others are not");
	served_release(&again);
	CHECK_ROW(build(&again, m, NULL) == 0 && again.head->broken > 1, "without it: broken");
}

/* Every bit of a table counts. */
static void check_damage(const struct served *s)
{
	const size_t n = s->head->size;
	cleanup_free char *copy = xmalloc(n);
	struct served other;
	struct err err = ERR_INIT;
	size_t missed = 0;

	memcpy(copy, s->head, n);
	for (size_t i = 0; i < n; i++) {
		copy[i] = (char)(copy[i] ^ (1 << (i % 8)));
		missed += served_open(&other, copy, n, &err) == 0;
		copy[i] = (char)(copy[i] ^ (1 << (i % 8)));
	}
	CHECK_ROW(missed == 0, "a bit that is another");
	for (size_t i = 0; i < n; i += 61)
		missed += served_open(&other, copy, i, &err) == 0;
	CHECK_ROW(missed == 0, "a table that is cut short");
}

/* ---- what is private ---- */

#define FOREIGN "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
#define ABSENT  "sha256:486ea46224d1bb4fb680f34f7c9ad96a8f24ec88be73ea8e5a6c65260e9cb8a7"

static void add_from(struct mirror *m, const char *ref, const struct digest *d, size_t size,
		     const char *source)
{
	cleanup_free char *text = xasprintf("%s@%s", source, d->str);

	entry_set_annotation(add(m, ref, d, size), ANNOTATION_SOURCE, text);
}

static struct digest put_text(struct mirror *m, char *text, size_t *size)
{
	cleanup_free char *owned = text;

	*size = strlen(owned);
	return put(m, owned);
}

static void record_private(struct mirror *m, const struct digest *secret)
{
	static const char *const repositories[] = { "corp/s", "good/y" };
	cleanup_by(private_blobs_release) struct private_blobs p = PRIVATE_BLOBS_INIT;
	struct err err = ERR_INIT;
	struct digest layer;

	CHECK(digest_parse(&layer, span_str(LAYER), &err) == 0);
	for (size_t i = 0; i < COUNT(repositories); i++) {
		private_blobs_add(&p, secret, repositories[i]);
		private_blobs_add(&p, &layer, repositories[i]);
	}
	CHECK(private_blobs_save(&p, &m->layout, &err) == 0);
}

static void open_private(struct mirror *m)
{
	struct err err = ERR_INIT;
	size_t nsecret, nindex, nforeign, naway;
	struct digest secret, index, foreign, away;

	*m = (struct mirror){ .dir = tempdir_new(), .index = INDEX_INIT };
	CHECK(layout_open(&m->layout, m->dir.path, LAYOUT_WRITE, &err) == 0);
	put(m, "hello"); /* LAYER */
	secret = put_manifest(m, "secret", NULL, &nsecret);
	index = put_text(m,
			 xasprintf("{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"%s\","
				   "\"digest\":\"%s\",\"size\":%zu}]}",
				   MEDIA_OCI_MANIFEST, secret.str, nsecret),
			 &nindex);
	away = put_text(m,
			xasprintf("{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"%s\","
				  "\"digest\":\"%s\",\"size\":5}]}",
				  MEDIA_OCI_MANIFEST, ABSENT),
			&naway);
	foreign = put_text(m,
			   xasprintf("{\"schemaVersion\":2,\"config\":{\"mediaType\":\"a/b\","
				     "\"digest\":\"%s\",\"size\":5},\"layers\":[{\"mediaType\":"
				     "\"" FOREIGN "\",\"digest\":\"%s\",\"size\":5}]}",
				     away.str, ABSENT),
			   &nforeign);
	add_from(m, "h.b/private:1", &secret, nsecret, "corp/s");
	add_from(m, "h.b/names:1", &index, nindex, "evil/x");
	add_from(m, "h.b/has:1", &index, nindex, "good/y");
	add_from(m, "h.b/two:1", &index, nindex, "evil/x");
	add_from(m, "h.b/two:2", &secret, nsecret, "corp/s");
	add(m, "good/y:1", &index, nindex);
	add_from(m, "h.b/away:1", &away, naway, "evil/x");
	add_from(m, "h.b/foreign:1", &foreign, nforeign, "evil/x");
	record_private(m, &secret);
}

static void check_private(const struct served *s, const char *when)
{
	static const struct {
		const char *written, *name;
		uint32_t reached;
	} rows[] = {
		{ "h.b/private", "its own repository: manifest and config", 2 },
		{ "h.b/names", "an index names it: the index alone", 1 },
		{ "h.b/has", "a repository that has confirmed it", 3 },
		{ "h.b/two", "of two sources, one has it: each object once", 3 },
		{ "docker.io/good/y", "without a source, by its own name", 1 },
		{ "h.b/away", "a child that is not there", 1 },
		{ "h.b/foreign", "a foreign layer that is not there", 2 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct served_repository *r = find(s, rows[i].written);

		CHECK_ROW(r && r->nreached == rows[i].reached, rows[i].name);
		if (r && r->nreached != rows[i].reached)
			printf("# %s: %u\n", when, r->nreached);
	}
}

static void test_private(void)
{
	cleanup_by(served_release) struct served s = SERVED_INIT, again = SERVED_INIT;
	struct mirror m;

	open_private(&m);
	CHECK_ROW(build(&s, &m, NULL) == 0, "private: made");
	check_private(&s, "made");
	CHECK_ROW(build(&again, &m, &s) == 0, "private: made again");
	check_private(&again, "made again");
	CHECK(file_replace(m.layout.root, ".mirror/private-blobs", "x\n", 2, 0644,
			   &(struct err){ .kind = ERR_NONE }) == 0);
	served_release(&again);
	CHECK_ROW(build(&again, &m, &s) < 0, "whose the private blobs are is not known: no table");
	mirror_close(&m);
}

int main(void)
{
	struct mirror m;
	struct served s = SERVED_INIT;

	mirror_open(&m);
	CHECK_ROW(build(&s, &m, NULL) == 0, "made");
	check_table(&s, "made");
	check_damage(&s);
	check_again(&m, &s);
	served_release(&s);
	mirror_close(&m);
	test_private();
	return tap_done();
}
