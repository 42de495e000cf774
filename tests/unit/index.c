#include "oci/store/index.h"

#include <stdlib.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/store/layout.h"
#include "tests/tap.h"
#include "tests/unit/tempdir.h"

#define HEX "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
#define D   "sha256:" HEX
#define M   "application/vnd.oci.image.manifest.v1+json"
#define X   "application/vnd.oci.image.index.v1+json"
/* the head and the tail of an index, and an entry without more */
#define HEAD "{\"schemaVersion\":2,\"manifests\":["
#define TAIL "]}"
#define BARE "\"mediaType\":\"" M "\",\"digest\":\"" D "\",\"size\":5"

static int parse(struct index *x, const char *text, struct err *err)
{
	return index_parse(x, span_str(text), err);
}

static char *written(const struct index *x)
{
	struct buf out = BUF_INIT(LIMIT_INDEX);

	index_write(x, &out);
	return buf_take(&out);
}

/* ---- bytes in, the same bytes out ---- */

static const char ours[] =
	"{\"schemaVersion\":2,\"mediaType\":\"" X "\",\"annotations\":{"
	"\"dev.ocimirror.created\":\"2026-11-20T08:15:00Z\",\"dev.ocimirror.generation\":\"42\"},"
	"\"manifests\":[\n"
	"{" BARE
	",\"annotations\":{\"org.opencontainers.image.ref.name\":\"docker.io/library/a:1\","
	"\"io.containerd.image.name\":\"docker.io/library/a:1\","
	"\"dev.ocimirror.synced\":\"2026-11-20T08:15:00Z\"}},\n"
	"{\"mediaType\":\"" X "\",\"digest\":\"" D "\",\"size\":7,"
	"\"platform\":{\"architecture\":\"amd64\",\"os\":\"linux\"},\"annotations\":{"
	"\"org.opencontainers.image.ref.name\":\"quay.io/b/c:2\","
	"\"io.containerd.image.name\":\"quay.io/b/c:2\"}}\n"
	"]}\n";

static void test_round_trip(void)
{
	struct index x = INDEX_INIT;
	struct err err = ERR_INIT;
	cleanup_free char *text = NULL;

	CHECK(parse(&x, ours, &err) == 0 && x.n == 2);
	CHECK_TEXT(index_annotation(&x, ANNOTATION_GENERATION), "42", "an annotation of the index");
	CHECK_TEXT(x.v[0]->ref, "docker.io/library/a:1", "an entry's name");
	CHECK_TEXT(entry_annotation(x.v[0], ANNOTATION_SYNCED), "2026-11-20T08:15:00Z",
		   "an entry's annotation");
	CHECK(x.v[1]->size == 7 && strcmp(x.v[1]->digest.str, D) == 0);
	text = written(&x);
	CHECK_TEXT(text, ours, "ours comes out as it went in");
	index_release(&x);
	CHECK(index_parse_annotations(&x, span_str(ours), &err) == 0 && x.n == 0);
	CHECK_TEXT(index_annotation(&x, ANNOTATION_GENERATION), "42", "annotations alone");
	index_release(&x);
}

/* ---- what other tools write ---- */

static const struct {
	const char *name, *text;
	size_t n;
	const char *refs; /* joined by a blank */
} other_tools[] = {
	{ "none", HEAD TAIL, 0, "" },
	{ "none, from a tool that writes null", "{\"schemaVersion\":2,\"manifests\":null}", 0, "" },
	{ "a bare tag",
	  HEAD "{" BARE ",\"annotations\":{\"org.opencontainers.image.ref.name\":\"v1\"}}" TAIL, 1,
	  "v1" },
	{ "no name", HEAD "{" BARE "}" TAIL, 1, "" },
	{ "no annotations, said by null", HEAD "{" BARE ",\"annotations\":null}" TAIL, 1, "" },
	{ "no media type", HEAD "{\"digest\":\"" D "\",\"size\":5}" TAIL, 1, "" },
	{ "two of a name and disorder",
	  HEAD "{" BARE ",\"annotations\":{\"org.opencontainers.image.ref.name\":\"b\"}},"
	       "{" BARE ",\"annotations\":{\"org.opencontainers.image.ref.name\":\"a\"}},"
	       "{" BARE ",\"annotations\":{\"org.opencontainers.image.ref.name\":\"b\"}}" TAIL,
	  3, "a b b" },
	{ "manifests before the version",
	  "{\"manifests\":[{" BARE "}],\"mediaType\":\"" X "\",\"schemaVersion\":2}", 1, "" },
	{ "indented",
	  "{\n  \"schemaVersion\": 2,\r\n\t\"manifests\" : [\n    {\n " BARE "\n    }\n  ]\n}\n", 1,
	  "" },
	{ "brackets and escaped quotes in strings",
	  HEAD "{" BARE
	       ",\"annotations\":{\"k\":\"]}\\\"\\\\\",\"org.opencontainers.image.ref.name\":"
	       "\"x\"}}" TAIL,
	  1, "x" },
};

static char *names(const struct index *x)
{
	struct buf out = BUF_INIT(1000);

	for (size_t i = 0; i < x->n; i++)
		buf_addf(&out, "%s%s", i ? " " : "", x->v[i]->ref);
	return buf_take(&out);
}

static void test_layouts_of_other_tools(void)
{
	for (size_t i = 0; i < sizeof(other_tools) / sizeof(other_tools[0]); i++) {
		struct index x = INDEX_INIT, again = INDEX_INIT;
		struct err err = ERR_INIT;
		cleanup_free char *refs = NULL, *once = NULL, *twice = NULL;

		if (parse(&x, other_tools[i].text, &err) < 0) {
			printf("# %s\n", err.msg);
			CHECK_ROW(0, other_tools[i].name);
			continue;
		}
		refs = names(&x);
		CHECK_ROW(x.n == other_tools[i].n && strcmp(refs, other_tools[i].refs) == 0,
			  other_tools[i].name);
		once = written(&x);
		CHECK(parse(&again, once, &err) == 0);
		twice = written(&again);
		CHECK_TEXT(twice, once, "and once written it stays as it is");
		index_release(&x);
		index_release(&again);
	}
}

static void test_members_of_other_tools_are_kept(void)
{
	static const char text[] =
		"{\"schemaVersion\":2,\"artifactType\":\"a/b\",\"annotations\":{\"theirs\":\"1\"},"
		"\"manifests\":[{" BARE ",\"urls\":[\"https://h/x\"],\"new\":{\"a\":[1,null]},"
		"\"annotations\":{\"theirs\":\"2\",\"io.containerd.image.name\":\"docker.io/x:1\","
		"\"org.opencontainers.image.ref.name\":\"1\"}}]}";
	struct index x = INDEX_INIT;
	struct err err = ERR_INIT;
	cleanup_free char *out = NULL;

	CHECK(parse(&x, text, &err) == 0);
	out = written(&x);
	CHECK(strstr(out, "\"artifactType\":\"a/b\"") && strstr(out, "\"theirs\":\"1\""));
	CHECK(strstr(out, "\"urls\":[\"https://h/x\"]") && strstr(out, "\"new\":{\"a\":[1,null]}"));
	CHECK(strstr(out, "\"theirs\":\"2\"") &&
	      strstr(out, "\"io.containerd.image.name\":\"docker.io/x:1\""));
	CHECK(strstr(out, "\"org.opencontainers.image.ref.name\":\"1\""));
	index_release(&x);
}

/* ---- broken by hand ---- */

static const struct {
	const char *name, *text, *error;
} broken[] = {
	{ "empty", "", "line 1: it is empty" },
	{ "white space", "\n\n  \n", "line 4: it is empty" },
	{ "no object", "[]", "not a JSON object" },
	{ "a text", "moved to /srv", "not a JSON object" },
	{ "cut in the head", "{\"schemaVersion\":2,\"mani", "it ends in the middle" },
	{ "cut in an entry", HEAD "\n{\"mediaType\":\"" M "\",\n",
	  "line 3: it ends in the middle" },
	{ "cut in a string", HEAD "{\"mediaType\":\"appl", "it ends in the middle" },
	{ "cut in an escape", HEAD "{\"mediaType\":\"appl\\", "it ends in the middle" },
	{ "cut behind the entries", HEAD "{" BARE "}", "it ends in the middle" },
	{ "cut behind a comma", HEAD "{" BARE "},", "it ends in the middle" },
	{ "something behind the end", HEAD TAIL "\n}", "line 2: something follows" },
	{ "twice", HEAD TAIL HEAD TAIL, "something follows" },
	{ "a comma too many", HEAD "{" BARE "},\n" TAIL, "line 2: a value is missing" },
	{ "a comma too few", HEAD "\n{" BARE "}\n{" BARE "}" TAIL, "line 3: \",\" is missing" },
	{ "a name without a colon", "{\"schemaVersion\" 2}", "\":\" is missing" },
	{ "a name without quotes", "{schemaVersion:2}", "a member's name is missing" },
	{ "a comma too few in an entry",
	  HEAD "{" BARE "},\n{\"mediaType\":\"" M "\"\n\"digest\":\"" D "\"}" TAIL,
	  "entry 2, which begins on line 2: JSON" },
	{ "a merge conflict", HEAD "\n<<<<<<< HEAD\n{" BARE "}\n=======\n>>>>>>> x\n" TAIL,
	  "line 2" },
	{ "brackets that do not match", HEAD "{\"a\":[}}" TAIL,
	  "entry 1, which begins on line 1: JSON" },
	{ "an entry without digest", HEAD "{\"size\":5}" TAIL,
	  "entry 1, which begins on line 1: a descriptor has no digest" },
	{ "a short digest", HEAD "{\"digest\":\"sha256:12\",\"size\":5}" TAIL, "hex digits" },
	{ "an entry without size", HEAD "{\"digest\":\"" D "\"}" TAIL, "no usable size" },
	{ "a negative size", HEAD "{\"digest\":\"" D "\",\"size\":-1}" TAIL, "no usable size" },
	{ "a size in quotes", HEAD "{\"digest\":\"" D "\",\"size\":\"5\"}" TAIL, "no usable size" },
	{ "an entry that is no object", HEAD "17" TAIL, "a descriptor is not an object" },
	{ "a member twice in an entry", HEAD "{" BARE ",\"size\":6}" TAIL, "duplicate" },
	{ "a member twice", "{\"schemaVersion\":2,\"schemaVersion\":2,\"manifests\":[]}",
	  "duplicate" },
	{ "entries twice", "{\"schemaVersion\":2,\"manifests\":[],\n\"manifests\":[]}",
	  "line 2: \"manifests\" again" },
	{ "entries under an escaped name",
	  "{\"schemaVersion\":2,\"manifests\":[],\"manifest\\u0073\":[]}",
	  "\"manifests\" is misspelt" },
	{ "no entries", "{\"schemaVersion\":2}", "no \"manifests\"" },
	{ "entries in no array", "{\"schemaVersion\":2,\"manifests\":{}}",
	  "\"manifests\" is not an array" },
	{ "no version", "{\"manifests\":[]}", "schemaVersion is not 2" },
	{ "version 1", "{\"schemaVersion\":1,\"manifests\":[]}", "schemaVersion is not 2" },
	{ "an image manifest", "{\"schemaVersion\":2,\"mediaType\":\"" M "\",\"manifests\":[]}",
	  "its mediaType is" },
	{ "a media type that is no text", "{\"schemaVersion\":2,\"mediaType\":7,\"manifests\":[]}",
	  "its mediaType is" },
	{ "annotations that are no object", HEAD "{" BARE ",\"annotations\":[]}" TAIL,
	  "annotations are not an object" },
	{ "an annotation that is no text", HEAD "{" BARE ",\"annotations\":{\"a\":1}}" TAIL,
	  "annotation \"a\" is not a text" },
	{ "bytes that are no UTF-8", HEAD "{" BARE ",\"x\":\"\xff\"}" TAIL,
	  "unable to decode byte 0xff" },
	{ "a byte order mark", "\xef\xbb\xbf" HEAD TAIL, "not a JSON object" },
};

static void test_broken(void)
{
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		struct index x = INDEX_INIT;
		struct err err = ERR_INIT;
		int r = parse(&x, broken[i].text, &err);

		CHECK_ROW(r < 0 && err.kind == ERR_INVALID && strstr(err.msg, broken[i].error) &&
				  !x.v && !x.annotations,
			  broken[i].name);
		if (r == 0 || !strstr(err.msg, broken[i].error))
			printf("# %s\n", r < 0 ? err.msg : "(it was read)");
		index_release(&x);
	}
}

static void test_bombs(void)
{
	cleanup_by(buf_release) struct buf text = BUF_INIT(16 * MIB);
	struct index x = INDEX_INIT;
	struct err err = ERR_INIT;

	buf_adds(&text, HEAD);
	for (int i = 0; i < 100000; i++)
		buf_addc(&text, '[');
	CHECK(index_parse(&x, buf_span(&text), &err) < 0 && strstr(err.msg, "nested too deep"));
	buf_clear(&text);
	buf_adds(&text, HEAD "{" BARE ",\"x\":[");
	for (int i = 0; i < 500000; i++)
		buf_adds(&text, "{},");
	buf_adds(&text, "{}]}" TAIL);
	CHECK_ROW(index_parse(&x, buf_span(&text), &err) < 0 && strstr(err.msg, "more than"),
		  "an entry that is too large");
	buf_clear(&text);
	buf_adds(&text, "{\"schemaVersion\":2,\"manifests\":[],\"x\":[");
	for (int i = 0; i < 500000; i++)
		buf_adds(&text, "{},");
	buf_adds(&text, "{}]}");
	CHECK_ROW(index_parse(&x, buf_span(&text), &err) < 0 && strstr(err.msg, "too much"),
		  "too much beside the entries");
}

/* What was read can be read when it is written back: escapes make a line longer, not an entry. */
static void test_escapes_grow(void)
{
	static const struct {
		const char *name, *text;
		size_t times;
	} grown[] = {
		{ "200 kB of DEL", "\x7f", 200000 },
		{ "a million bytes of DEL", "\x7f", 1000000 },
		{ "500 kB of tabs", "\\t", 500000 },
		{ "400 kB of \\u0001", "\\u0001", 400000 },
	};

	for (size_t i = 0; i < sizeof(grown) / sizeof(grown[0]); i++) {
		cleanup_by(buf_release) struct buf text = BUF_INIT(16 * MIB),
						   again = BUF_INIT(16 * MIB);
		cleanup_by(index_release) struct index x = INDEX_INIT, y = INDEX_INIT;
		struct err err = ERR_INIT;

		buf_adds(&text, HEAD "{" BARE ",\"annotations\":{\"note\":\"");
		for (size_t n = 0; n < grown[i].times; n++)
			buf_adds(&text, grown[i].text);
		buf_adds(&text, "\"}}" TAIL);
		CHECK_ROW(index_parse(&x, buf_span(&text), &err) == 0 &&
				  index_check_sizes(&x, &err) == 0,
			  grown[i].name);
		index_write(&x, &again);
		CHECK_ROW(index_parse(&y, buf_span(&again), &err) == 0 && y.n == 1,
			  "and it is read again");
	}
}

/* An entry that has grown is refused before it is published, by its name. */
static void test_grown_too_large(void)
{
	cleanup_by(index_release) struct index x = INDEX_INIT;
	cleanup_by(buf_release) struct buf text = BUF_INIT(2 * MIB);
	struct err err = ERR_INIT;

	while (text.n <= LIMIT_INDEX_ENTRY)
		buf_adds(&text, "0123456789");
	entry_set_annotation(index_add(&x, "h/a:1"), "note", text.p);
	CHECK(index_check_sizes(&x, &err) < 0 && err.kind == ERR_LIMIT &&
	      strstr(err.msg, "\"h/a:1\""));
}

/* Thousands of marks stand beside the entries. */
static void test_large_head(void)
{
	cleanup_by(index_release) struct index x = INDEX_INIT, y = INDEX_INIT;
	cleanup_by(buf_release) struct buf marks = BUF_INIT(2 * MIB), text = BUF_INIT(16 * MIB);
	struct err err = ERR_INIT;

	while (marks.n < 1900 * KIB)
		buf_adds(&marks, "{\"ref\":\"h/a:1\"},");
	index_set_annotation(&x, "dev.ocimirror.bad", marks.p);
	CHECK(index_check_sizes(&x, &err) == 0);
	index_write(&x, &text);
	CHECK(index_parse(&y, buf_span(&text), &err) == 0);
	CHECK_ROW(strcmp(index_annotation(&y, "dev.ocimirror.bad"), marks.p) == 0,
		  "all of them are there again");
}

/* ---- in memory ---- */

static void test_order(void)
{
	static const char *const refs[] = {
		"c/x:1", "a/x:1", "b/x:1", "a/x:2", "a/x:1.5", "a/x:1"
	};
	struct index x = INDEX_INIT;
	cleanup_free char *all = NULL, *left = NULL;
	struct entry *first;

	for (size_t i = 0; i < sizeof(refs) / sizeof(refs[0]); i++)
		index_add(&x, refs[i])->size = (int64_t)i;
	all = names(&x);
	CHECK_TEXT(all, "a/x:1 a/x:1 a/x:1.5 a/x:2 b/x:1 c/x:1", "entries stand in order");
	first = index_find(&x, "a/x:1");
	CHECK_ROW(first && first->size == 1, "the first of a name is found");
	CHECK(!index_find(&x, "a/x:3") && !index_find(&x, ""));
	CHECK(index_seek(&x, "a/") == 0 && index_seek(&x, "b/") == 4 && index_seek(&x, "d") == 6);
	index_remove(&x, x.v[1]);
	CHECK_ROW(index_find(&x, "a/x:1") == first, "of two, the right one was removed");
	index_remove(&x, first);
	left = names(&x);
	CHECK_TEXT(left, "a/x:1.5 a/x:2 b/x:1 c/x:1", "and then the other");
	index_release(&x);
}

static void test_notes(void)
{
	struct index x = INDEX_INIT;
	struct digest d = { .str = D };
	struct entry *e = index_add(&x, "docker.io/library/a:1"), *copy;

	entry_set_content(e, M, &d, 5);
	entry_set_annotation(e, ANNOTATION_SYNCED, "then");
	entry_set_annotation(e, ANNOTATION_AUTHOR, "Ann");
	entry_set_annotation(e, "theirs", "1");
	entry_set_annotation(e, ANNOTATION_SYNCED, "now");
	entry_set_annotation(e, "nobody's", NULL);
	CHECK(e->nannotations == 3);
	CHECK_TEXT(entry_annotation(e, ANNOTATION_SYNCED), "now", "the last one set counts");
	CHECK_TEXT(e->annotations[0].key, ANNOTATION_AUTHOR, "sorted by key");
	copy = index_add(&x, "docker.io/library/a:2");
	entry_copy(copy, e);
	entry_copy(copy, copy);
	entry_set_annotation(e, ANNOTATION_AUTHOR, NULL);
	entry_set_annotation(e, "theirs", NULL);
	CHECK(e->nannotations == 1 && !entry_annotation(e, "theirs"));
	CHECK_TEXT(entry_annotation(copy, "theirs"), "1", "a copy is its own");
	CHECK(digest_eq(&copy->digest, &d) && copy->size == 5);
	entry_set_content(copy, "application/x", &d, 6);
	entry_set_content(copy, copy->media_type, &d, 7);
	CHECK_TEXT(copy->media_type, "application/x", "content may be set from itself");
	index_release(&x);
}

static void test_text_is_kept_readable(void)
{
	struct index x = INDEX_INIT, again = INDEX_INIT;
	struct digest d = { .str = D };
	struct err err = ERR_INIT;
	cleanup_free char *out = NULL;

	entry_set_content(index_add(&x, "h/a:1"), M, &d, 5);
	entry_set_annotation(x.v[0], ANNOTATION_AUTHOR,
			     "J\xf6rg \"\\\n\x01\x7f \xc3\xa9 \xed\xa0\x80");
	out = written(&x);
	CHECK(parse(&again, out, &err) == 0);
	CHECK_TEXT(entry_annotation(again.v[0], ANNOTATION_AUTHOR),
		   "J\xef\xbf\xbdrg \"\\\n\x01\x7f \xc3\xa9 \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd",
		   "a name in an old encoding does not make the index unreadable");
	index_release(&x);
	index_release(&again);
}

static void test_many(void)
{
	struct index x = INDEX_INIT, again = INDEX_INIT;
	struct digest d = { .str = D };
	struct err err = ERR_INIT;
	cleanup_free char *text = NULL;
	char ref[64];
	bool ok = true;

	for (unsigned i = 0; i < 20000; i++) {
		snprintf(ref, sizeof(ref), "docker.io/r/%u:1", i * 7919 % 20000);
		entry_set_content(index_add(&x, ref), M, &d, i);
	}
	text = written(&x);
	CHECK(parse(&again, text, &err) == 0 && again.n == 20000);
	for (size_t i = 0; i < again.n; i++)
		ok = ok && strcmp(x.v[i]->ref, again.v[i]->ref) == 0 &&
		     x.v[i]->size == again.v[i]->size;
	CHECK(ok);
	index_release(&x);
	index_release(&again);
}

static void test_load(void)
{
	struct tempdir t __attribute__((cleanup(tempdir_release))) = tempdir_new();
	struct index x = INDEX_INIT;
	struct digest id, want;
	struct layout l;
	struct err err = ERR_INIT;

	tempdir_write(&t, "oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}");
	CHECK(layout_open(&l, t.path, LAYOUT_READ, &err) == 0);
	CHECK(index_load(&x, &l, NULL, &err) < 0 && err.kind == ERR_NOTFOUND);
	CHECK(strstr(err.msg, t.path) && strstr(err.msg, "index.json"));
	tempdir_write(&t, "index.json", ours);
	digest_of(NULL, ours, strlen(ours), &want);
	CHECK(index_load(&x, &l, &id, &err) == 0 && x.n == 2 && digest_eq(&id, &want));
	index_release(&x);
	tempdir_write(&t, "index.json", HEAD "17" TAIL);
	CHECK(index_load(&x, &l, NULL, &err) < 0 && strstr(err.msg, "/index.json: entry 1"));
	layout_close(&l);
}

int main(void)
{
	test_round_trip();
	test_layouts_of_other_tools();
	test_members_of_other_tools_are_kept();
	test_broken();
	test_bombs();
	test_escapes_grow();
	test_grown_too_large();
	test_large_head();
	test_order();
	test_notes();
	test_text_is_kept_readable();
	test_many();
	test_load();
	return tap_done();
}
