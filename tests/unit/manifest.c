#include "oci/image/manifest.h"

#include <stdlib.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "tests/tap.h"

#define A "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C "sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
#define CONF                                                                                       \
	"\"config\":{\"mediaType\":\"application/vnd.oci.image.config.v1+json\",\"digest\":\"" A   \
	"\",\"size\":2}"
#define LAYER                                                                                      \
	"{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+zstd\",\"digest\":\"" B           \
	"\",\"size\":3}"
#define V2 "\"schemaVersion\":2"

/* A document, and what is made of it: its media type and how many descriptors; or part of the
 * error. */
static const struct {
	const char *name, *text, *hint, *media_type;
	size_t n;
	const char *error;
} rows[] = {
	{ "an OCI manifest",
	  "{" V2 ",\"mediaType\":\"" MEDIA_OCI_MANIFEST "\"," CONF ",\"layers\":[" LAYER "]}", NULL,
	  MEDIA_OCI_MANIFEST, 2, NULL },
	{ "a Docker manifest",
	  "{" V2 ",\"mediaType\":\"" MEDIA_DOCKER_MANIFEST "\"," CONF ",\"layers\":[]}", NULL,
	  MEDIA_DOCKER_MANIFEST, 1, NULL },
	{ "without mediaType its shape tells", "{" V2 "," CONF ",\"layers\":[" LAYER "]}", NULL,
	  MEDIA_OCI_MANIFEST, 2, NULL },
	{ "without mediaType the Content-Type says whose", "{" V2 "," CONF ",\"layers\":[]}",
	  MEDIA_DOCKER_MANIFEST "; charset=utf-8", MEDIA_DOCKER_MANIFEST, 1, NULL },
	{ "a wrong Content-Type does not matter", "{" V2 ",\"manifests\":[]}", "text/plain",
	  MEDIA_OCI_INDEX, 0, NULL },
	{ "nor one of the other kind", "{" V2 ",\"manifests\":[]}", MEDIA_OCI_MANIFEST,
	  MEDIA_OCI_INDEX, 0, NULL },
	{ "an index", "{" V2 ",\"mediaType\":\"" MEDIA_OCI_INDEX "\",\"manifests\":[" LAYER "]}",
	  NULL, MEDIA_OCI_INDEX, 1, NULL },
	{ "an index without children, as Go writes it",
	  "{" V2 ",\"mediaType\":\"" MEDIA_OCI_INDEX "\",\"manifests\":null}", NULL,
	  MEDIA_OCI_INDEX, 0, NULL },
	{ "the same without its type", "{" V2 ",\"manifests\":null}", NULL, MEDIA_OCI_INDEX, 0,
	  NULL },
	{ "an image without layers, as Go writes it", "{" V2 "," CONF ",\"layers\":null}", NULL,
	  MEDIA_OCI_MANIFEST, 1, NULL },
	{ "an image with a null for an index's list",
	  "{" V2 ",\"manifests\":null," CONF ",\"layers\":[]}", NULL, MEDIA_OCI_MANIFEST, 1, NULL },
	{ "an image that says it is an index",
	  "{" V2 ",\"mediaType\":\"" MEDIA_OCI_INDEX "\",\"manifests\":null," CONF "}", NULL, NULL,
	  0, "says it is" },
	{ "a text for a list", "{" V2 ",\"manifests\":\"x\"}", NULL, NULL, 0, "neither" },
	{ "both manifests and layers", "{" V2 ",\"manifests\":[]," CONF ",\"layers\":[]}", NULL,
	  NULL, 0, "both manifests and layers" },
	{ "a mediaType that lies",
	  "{" V2 ",\"mediaType\":\"" MEDIA_OCI_INDEX "\"," CONF ",\"layers\":[]}", NULL, NULL, 0,
	  "is an image manifest" },
	{ "a mediaType of something else",
	  "{" V2 ",\"mediaType\":\"text/html\"," CONF ",\"layers\":[]}", NULL, NULL, 0,
	  "not a manifest's" },
	{ "schema 1", "{\"schemaVersion\":1,\"name\":\"a\",\"fsLayers\":[]}", NULL, NULL, 0,
	  "schema 1" },
	{ "schema 1 by its type", "{\"mediaType\":\"" MEDIA_SCHEMA1 "\"}", NULL, NULL, 0,
	  "schema 1" },
	{ "a layer without digest", "{" V2 "," CONF ",\"layers\":[{\"size\":1}]}", NULL, NULL, 0,
	  "layer 0: a descriptor has no digest" },
	{ "a negative size", "{" V2 "," CONF ",\"layers\":[{\"digest\":\"" B "\",\"size\":-1}]}",
	  NULL, NULL, 0, "no usable size" },
	{ "a size beyond everything",
	  "{" V2 "," CONF ",\"layers\":[{\"digest\":\"" B "\",\"size\":9007199254740993000}]}",
	  NULL, NULL, 0, "no usable size" },
	{ "a path for a digest",
	  "{" V2 "," CONF ",\"layers\":[{\"digest\":\"sha256:../../x\",\"size\":1}]}", NULL, NULL,
	  0, "hex digits" },
	{ "no config", "{" V2 ",\"layers\":[]}", NULL, NULL, 0, "config" },
	{ "an array", "[]", NULL, NULL, 0, "neither a manifest nor an index" },
	{ "a page of HTML", "<html><body>Please log in</body></html>", NULL, NULL, 0, "JSON" },
	{ "nothing", "", NULL, NULL, 0, "JSON" },
	{ "a duplicate key", "{" V2 ",\"manifests\":[],\"manifests\":[]}", NULL, NULL, 0,
	  "duplicate" },
	{ "something behind it", "{" V2 ",\"manifests\":[]} x", NULL, NULL, 0, "JSON" },
};

static void test_rows(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cleanup_by(manifest_release) struct manifest m = MANIFEST_INIT;
		struct err err = ERR_INIT;
		int r = manifest_parse(&m, span_str(rows[i].text), rows[i].hint, &err);

		if (rows[i].error) {
			CHECK_ROW(r < 0 && strstr(err.msg, rows[i].error), rows[i].name);
			if (r == 0 || !strstr(err.msg, rows[i].error))
				printf("#   got: %s\n", err.msg);
		} else {
			CHECK_TEXT(r == 0 ? m.media_type : err.msg, rows[i].media_type,
				   rows[i].name);
			CHECK_ROW(m.n == rows[i].n, rows[i].name);
		}
	}
}

static void add_many(struct buf *b, const char *what, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_adds(b, what);
}

/* Documents that are made to cost. */
static void test_bombs(void)
{
	cleanup_by(buf_release) struct buf b = BUF_INIT(16 * MIB);
	cleanup_by(manifest_release) struct manifest m = MANIFEST_INIT;
	struct err err;

	add_many(&b, "[", 1000);
	CHECK_ROW(manifest_parse(&m, buf_span(&b), NULL, &err) < 0 && strstr(err.msg, "deep"),
		  "a thousand levels are refused by their depth");
	buf_clear(&b);
	buf_adds(&b, "{\"a\":[");
	add_many(&b, "{},", LIMIT_MANIFEST / 3 - 100);
	buf_adds(&b, "{}]}");
	CHECK_ROW(manifest_parse(&m, buf_span(&b), NULL, &err) < 0 && strstr(err.msg, "memory"),
		  "4 MiB of empty objects are refused by the memory they take");
	buf_clear(&b);
	buf_adds(&b, "{\"manifests\":[");
	add_many(&b, LAYER ",", LIMIT_DESCRIPTORS);
	buf_adds(&b, LAYER "]}");
	CHECK_ROW(manifest_parse(&m, buf_span(&b), NULL, &err) < 0 &&
			  strstr(err.msg, "descriptors"),
		  "too many descriptors are refused");
	buf_clear(&b);
	buf_adds(&b, "{\"s\":\"[[[[\\\"[[[\",\"manifests\":[]}");
	CHECK_ROW(manifest_parse(&m, buf_span(&b), NULL, &err) == 0,
		  "brackets in a string are no depth");
}

#define CHILD(d, os, arch, variant)                                                                \
	"{\"mediaType\":\"" MEDIA_OCI_MANIFEST "\",\"digest\":\"" d "\",\"size\":1,\"platform\":{" \
	"\"os\":\"" os "\",\"architecture\":\"" arch "\",\"variant\":\"" variant "\"}}"
#define ATTEST(d, about)                                                                           \
	"{\"mediaType\":\"" MEDIA_OCI_MANIFEST "\",\"digest\":\"" d "\",\"size\":1,\"platform\":{" \
	"\"os\":\"unknown\",\"architecture\":\"unknown\"},\"annotations\":{"                       \
	"\"vnd.docker.reference.type\":\"attestation-manifest\","                                  \
	"\"vnd.docker.reference.digest\":\"" about "\"}}"
#define PLAIN "{\"mediaType\":\"" MEDIA_OCI_MANIFEST "\",\"digest\":\"" C "\",\"size\":1}"

#define ONES  "sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define TWOS  "sha256:2222222222222222222222222222222222222222222222222222222222222222"

static void test_wanted(void)
{
	static const char text[] = "{\"manifests\":[" CHILD(A, "linux", "amd64", "") "," CHILD(
		B, "linux", "arm64", "v8") "," ATTEST(ONES, A) "," ATTEST(TWOS, B) "," PLAIN "]}";
	static const struct {
		const char *name, *platforms, *want;
	} table[] = {
		{ "no filter keeps all", NULL, "11111" },
		{ "a platform, its attestation, and what has no platform", "linux/amd64", "10101" },
		{ "arm64 is arm64/v8", "linux/arm64", "01011" },
		{ "several platforms", "linux/amd64,linux/arm64/v8", "11111" },
		{ "a platform that is not there", "windows/amd64", "00001" },
	};
	cleanup_by(manifest_release) struct manifest m = MANIFEST_INIT;
	struct err err;

	CHECK(manifest_parse(&m, span_str(text), NULL, &err) == 0);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char got[6] = "";

		for (size_t k = 0; k < m.n; k++)
			got[k] = manifest_wanted(&m, k, table[i].platforms) ? '1' : '0';
		CHECK_TEXT(got, table[i].want, table[i].name);
	}
}

#define VERSION(d, version)                                                                        \
	"{\"digest\":\"" d "\",\"size\":1,\"platform\":{\"os\":\"windows\",\"architecture\":"      \
	"\"amd64\",\"os.version\":\"" version "\"}}"

/* Of each platform wanted the best is kept: what a client then asks for. */
static void test_best(void)
{
	static const struct {
		const char *name, *children, *platforms, *want;
	} table[] = {
		{ "arm/v7 is nearer than v6, and comes alone",
		  CHILD(A, "linux", "arm", "v6") "," CHILD(B, "linux", "arm", "v7"), "linux/arm/v7",
		  "01" },
		{ "v6, where there is no v7",
		  CHILD(A, "linux", "arm", "v5") "," CHILD(B, "linux", "arm", "v6"), "linux/arm/v7",
		  "01" },
		{ "linux/arm is v7",
		  CHILD(A, "linux", "arm", "v5") "," CHILD(B, "linux", "arm", "v7"), "linux/arm",
		  "01" },
		{ "bare arm", CHILD(A, "linux", "arm", "") "," CHILD(B, "linux", "arm", "v6"),
		  "linux/arm/v7", "10" },
		{ "each of two wanted has its best",
		  CHILD(A, "linux", "amd64", "") "," CHILD(B, "linux", "amd64", "v3"),
		  "linux/amd64,linux/amd64/v4", "11" },
		{ "the attestation of what is not the best goes",
		  CHILD(A, "linux", "arm", "v6") "," CHILD(B, "linux", "arm", "v7") "," ATTEST(
			  ONES, A) "," ATTEST(TWOS, B),
		  "linux/arm/v7", "0101" },
		{ "all versions of windows",
		  VERSION(A, "10.0.17763.1") "," VERSION(B, "10.0.20348.2"), "windows/amd64",
		  "11" },
		{ "one version of windows",
		  VERSION(A, "10.0.17763.1") "," VERSION(B, "10.0.20348.2"),
		  "windows/amd64:10.0.20348", "01" },
		{ "wasm beside linux",
		  CHILD(A, "linux", "amd64", "") "," CHILD(B, "wasi", "wasm", ""), "linux/amd64",
		  "10" },
		{ "wasm alone is not asked for platforms",
		  CHILD(A, "wasi", "wasm", "") "," ATTEST(ONES, A), "linux/amd64", "11" },
		{ "nor is what names none", CHILD(A, "", "", "") "," PLAIN, "linux/amd64", "11" },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		cleanup_free char *text = xasprintf("{\"manifests\":[%s]}", table[i].children);
		cleanup_by(manifest_release) struct manifest m = MANIFEST_INIT;
		cleanup_free bool *flags = NULL;
		char got[6] = "";
		struct err err;

		CHECK_ROW(manifest_parse(&m, span_str(text), NULL, &err) == 0, table[i].name);
		flags = manifest_choose(&m, table[i].platforms);
		for (size_t k = 0; k < m.n; k++)
			got[k] = flags[k] ? '1' : '0';
		CHECK_TEXT(got, table[i].want, table[i].name);
	}
}

static void test_attestation_of_itself(void)
{
	static const char text[] =
		"{\"manifests\":[" ATTEST(A, A) "," ATTEST(B, C) "," ATTEST(C, B) "]}";
	cleanup_by(manifest_release) struct manifest m = MANIFEST_INIT;
	struct err err;

	CHECK(manifest_parse(&m, span_str(text), NULL, &err) == 0);
	for (size_t i = 0; i < m.n; i++)
		CHECK_ROW(!manifest_wanted(&m, i, "linux/amd64"), "attestations in a circle end");
}

static void test_data(void)
{
	static const struct {
		const char *name, *data;
		int size;
		const char *want;
	} table[] = {
		{ "the empty descriptor", "e30=", 2, "{}" },
		{ "other content than the digest says", "e3w=", 2, NULL },
		{ "a wrong size", "e30=", 3, NULL },
		{ "no base64", "!!!!", 2, NULL },
		{ "cut short", "e30", 2, NULL },
		{ "padding in the middle", "e=0=", 2, NULL },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct descriptor d = { .data = table[i].data, .size = table[i].size };
		cleanup_free char *got = NULL;

		digest_of(NULL, "{}", 2, &d.digest);
		got = descriptor_data(&d);
		CHECK_TEXT(got, table[i].want, table[i].name);
	}
}

static void test_urls(void)
{
	static const struct {
		const char *name, *json, *want;
	} table[] = {
		{ "one place", "[\"https://h/x?a=1\"]", "https://h/x?a=1" },
		{ "two", "[\"https://h/x\",\"http://i/y\"]", "https://h/x http://i/y" },
		{ "other schemes, other types, and what no URL can be",
		  "[\"ftp://h/x\",7,null,\"https://h/a b\",\"https://u:p@h/\",\"https://h/y\"]",
		  "https://h/y" },
		{ "more than anybody asks for",
		  "[\"http://h/1\",\"http://h/2\",\"http://h/3\",\"http://h/4\",\"http://h/5\"]",
		  "http://h/1 http://h/2 http://h/3 http://h/4" },
		{ "none", "[]", NULL },
		{ "no list", "\"https://h/x\"", NULL },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		cleanup_free char *text = xasprintf(
			"{\"digest\":\"sha256:%064d\",\"size\":1,\"urls\":%s}", 0, table[i].json);
		cleanup_free char *got = NULL;
		cleanup_json json_t *doc = NULL;
		struct err err;
		struct descriptor d;

		doc = json_read(span_str(text), &err);
		CHECK(doc && descriptor_read(&d, doc, &err) == 0);
		got = descriptor_urls(&d);
		CHECK_TEXT(got, table[i].want, table[i].name);
	}
}

static void test_media_types(void)
{
	static const struct {
		const char *type, *known; /* NULL: no type of a manifest */
		enum media_type_kind kind;
	} table[] = {
		{ MEDIA_OCI_INDEX, MEDIA_OCI_INDEX, MEDIA_INDEX },
		{ MEDIA_OCI_MANIFEST, MEDIA_OCI_MANIFEST, MEDIA_MANIFEST },
		{ MEDIA_DOCKER_LIST, MEDIA_DOCKER_LIST, MEDIA_INDEX },
		{ MEDIA_DOCKER_MANIFEST "; charset=utf-8", MEDIA_DOCKER_MANIFEST, MEDIA_MANIFEST },
		{ MEDIA_SCHEMA1_SIGNED, MEDIA_SCHEMA1_SIGNED, MEDIA_OLD },
		{ "Application/vnd.docker.distribution.manifest.v1+JSON", MEDIA_SCHEMA1,
		  MEDIA_OLD },
		{ MEDIA_OCI_INDEX "x", NULL, MEDIA_OTHER },
		{ MEDIA_OCI_EMPTY, NULL, MEDIA_OTHER },
		{ "", NULL, MEDIA_OTHER },
		{ NULL, NULL, MEDIA_OTHER },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const char *known = media_type_known(table[i].type);

		CHECK_ROW(media_type_kind(table[i].type) == table[i].kind, table[i].type);
		CHECK_TEXT(known, table[i].known, "its text");
		CHECK_ROW(!known || strstr(media_accept, known), "it is accepted");
	}
	CHECK_ROW(strncmp(media_accept, MEDIA_OCI_INDEX ", " MEDIA_OCI_MANIFEST ", ",
			  strlen(MEDIA_OCI_INDEX MEDIA_OCI_MANIFEST) + 4) == 0,
		  "OCI's types are accepted first");
}

int main(void)
{
	test_media_types();
	test_urls();
	test_rows();
	test_bombs();
	test_wanted();
	test_best();
	test_attestation_of_itself();
	test_data();
	return tap_done();
}
