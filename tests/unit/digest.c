#include "oci/image/digest.h"

#include <stdlib.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "tests/tap.h"

#define HEX64  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define HEX128 HEX64 HEX64

static const struct {
	const char *name, *text, *says; /* says NULL: it parses */
} rows[] = {
	{ "sha256", "sha256:" HEX64, NULL },
	{ "sha512", "sha512:" HEX128, NULL },
	{ "nothing", "", "is not a digest" },
	{ "a tag", "3.19", "is not a digest" },
	{ "only hex", HEX64, "is not a digest" },
	{ "an algorithm that we can't compute", "sha384:" HEX64, "is not a digest" },
	{ "blake3", "blake3:" HEX64, "is not a digest" },
	{ "capitals in the algorithm", "SHA256:" HEX64, "is not a digest" },
	{ "no hex", "sha256:", "0 hex digits, not 64" },
	{ "too short", "sha256:" HEX64 "\b", "65 hex digits" },
	{ "too long", "sha256:" HEX128, "128 hex digits, not 64" },
	{ "sha512 with the length of sha256", "sha512:" HEX64, "64 hex digits, not 128" },
	{ "capitals", "sha256:0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef",
	  "lower-case" },
	{ "a letter behind f",
	  "sha256:g123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "lower-case" },
	{ "a path", "sha256:../../../../../../../../../../../../../../../../../../../..//etc",
	  "lower-case" },
	{ "a blank in front", " sha256:" HEX64, "is not a digest" },
};

static void test_parse(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct digest d = { "untouched" };
		struct err err = ERR_INIT;
		int result = digest_parse(&d, span_str(rows[i].text), &err);

		if (!rows[i].says)
			CHECK_ROW(result == 0 && strcmp(d.str, rows[i].text) == 0, rows[i].name);
		else if (!CHECK_ROW(result < 0 && err.kind == ERR_INVALID &&
					    strstr(err.msg, rows[i].says) &&
					    strcmp(d.str, "untouched") == 0,
				    rows[i].name))
			printf("#   got: %s\n", err.msg);
	}

	struct digest d;
	struct err err;

	CHECK_ROW(digest_parse(&d, span_of("sha256:" HEX64 "more", 7 + 64), &err) == 0 &&
			  strlen(d.str) == 71,
		  "no more than the span is read");
	CHECK_ROW(digest_parse(&d, span_of("sha256:\0" HEX64, 7 + 64), &err) < 0,
		  "a NUL is no hex digit");
}

static void test_forms(void)
{
	struct digest a, b, none = { "" };
	char path[DIGEST_PATH], name[DIGEST_MAX + 1];
	struct err err;

	digest_parse(&a, span_str("sha256:" HEX64), &err);
	digest_parse(&b, span_str("sha512:" HEX128), &err);
	CHECK_ROW(digest_eq(&a, &a) && !digest_eq(&a, &b) && !digest_eq(&a, &none),
		  "equal and not");
	CHECK_TEXT(digest_hex(&a), HEX64, "hex");
	CHECK_TEXT(digest_hex(&none), "", "hex of none");
	digest_path(&a, path);
	CHECK_TEXT(path, "blobs/sha256/" HEX64, "a path");
	digest_path(&b, path);
	CHECK_TEXT(path, "blobs/sha512/" HEX128, "the longest path");
	digest_name(&b, name);
	CHECK_TEXT(name, "sha512-" HEX128, "a file's name");
	digest_name(&none, name);
	CHECK_TEXT(name, "", "no name");
}

/* FIPS 180-4's examples, and the empty descriptor of the image specification. */
static const struct {
	const char *name, *bytes, *sha256, *sha512;
} known[] = {
	{ "nothing", "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	  "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
	  "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e" },
	{ "{}", "{}", "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
	  "27c74670adb75075fad058d5ceaf7b20c4e7786c83bae8a32f626f9782af34c9"
	  "a33c2046ef60fd2a7878d378e29fec851806bbd9a67878f3a9f1cda4830763fd" },
	{ "abc", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
	  "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
	  "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f" },
};

static void test_known(void)
{
	struct digest like256 = { "sha256:" HEX64 }, like512 = { "sha512:" HEX128 }, none = { "" };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		cleanup_free char *want256 = xasprintf("sha256:%s", known[i].sha256);
		cleanup_free char *want512 = xasprintf("sha512:%s", known[i].sha512);
		size_t n = strlen(known[i].bytes);
		struct digest got;

		digest_of(NULL, known[i].bytes, n, &got);
		CHECK_TEXT(got.str, want256, known[i].name);
		digest_of(&like256, known[i].bytes, n, &got);
		CHECK_TEXT(got.str, want256, "the same when sha256 is asked for");
		digest_of(&none, known[i].bytes, n, &got);
		CHECK_TEXT(got.str, want256, "and when nothing is");
		digest_of(&like512, known[i].bytes, n, &got);
		CHECK_TEXT(got.str, want512, "sha512");
	}
}

/* A million times "a" (FIPS 180-4), in pieces of many sizes. */
static void test_stream(void)
{
	struct hash *h = hash_new(NULL), *given_up = hash_new(NULL);
	size_t left = 1000000, piece = 1;
	char as[4096];
	struct digest got;

	memset(as, 'a', sizeof(as));
	for (; left; left -= piece) {
		piece = piece * 3 % 4093;
		piece = piece > left ? left : piece;
		hash_add(h, as, piece);
	}
	hash_add(h, as, 0);
	hash_end(h, &got);
	CHECK_TEXT(got.str,
		   "sha256:cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
		   "a million in pieces");
	hash_add(given_up, as, 10);
	hash_free(given_up);
	hash_free(NULL);
	CHECK_ROW(1, "a hash that is given up");
}

static void test_short(void)
{
	const struct digest d = { "sha256:" HEX64 }, long_one = { "sha512:" HEX128 }, none = { "" };
	char text[DIGEST_SHORT];

	digest_short(&d, text);
	CHECK_TEXT(text, "sha256:0123456789ab", "a digest in short");
	digest_short(&long_one, text);
	CHECK_TEXT(text, "sha512:0123456789ab", "a sha512 digest in short");
	digest_short(&none, text);
	CHECK_TEXT(text, "", "no digest in short");
}

int main(void)
{
	test_short();
	test_parse();
	test_forms();
	test_known();
	test_stream();
	return tap_done();
}
