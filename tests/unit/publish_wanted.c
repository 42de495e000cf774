/* The digests that find is asked for, and what matches them. */
#include "publish/wanted.h"

#include <stdio.h>
#include <string.h>

#include "oci/base/err.h"
#include "tests/tap.h"

#define A64  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A12  "aaaaaaaaaaaa"
#define A    "sha256:" A64
#define AB   "sha256:" A12 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define B    "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define A512 "sha512:" A64 A64

/* Words of a command line can be written to. */
static char a[] = A, b[] = B, short_a[] = "sha256:" A12;

static const struct {
	const char *name, *word;
	int result;
} words[] = {
	{ "a whole digest", A, 0 },
	{ "a whole sha512", A512, 0 },
	{ "a shortened one", "sha256:" A12, 0 },
	{ "a shortened sha512", "sha512:" A64, 0 },
	{ "too short", "sha256:aaaaaaaaaaa", -1 },
	{ "too long", A "a", -1 },
	{ "a sha512 that is too long", A512 "a", -1 },
	{ "no algorithm", A12, -1 },
	{ "another algorithm", "md5:" A12, -1 },
	{ "upper case", "sha256:AAAAAAAAAAAA", -1 },
	{ "a letter that is no digit", "sha256:" A12 "g", -1 },
	{ "a reference", "alpine@" A, -1 },
	{ "nothing", "", -1 },
};

static void test_words(void)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct wanted w = WANTED_INIT;
		struct err err = ERR_INIT;
		char *word = (char *)words[i].word;
		int r = wanted_read(&w, &word, 1, &err);

		CHECK_ROW(r == words[i].result, words[i].name);
		CHECK_ROW(r == 0 ? w.n == 1 : err.kind == ERR_USAGE, words[i].name);
	}
}

static void test_many(void)
{
	char text[LIMIT_FIND + 1][32], *v[LIMIT_FIND + 1];
	struct wanted w = WANTED_INIT;
	struct err err = ERR_INIT;
	char *again[] = { a, a, b };

	CHECK_ROW(wanted_read(&w, again, 3, &err) == 0 && w.n == 2, "a word given again");
	w.n = 0;
	for (int i = 0; i <= LIMIT_FIND; i++) {
		snprintf(text[i], sizeof(text[i]), "sha256:%012d", i);
		v[i] = text[i];
	}
	CHECK_ROW(wanted_read(&w, v, LIMIT_FIND, &err) == 0, "as many as there may be");
	w.n = 0;
	CHECK_ROW(wanted_read(&w, v, LIMIT_FIND + 1, &err) < 0 && err.kind == ERR_USAGE,
		  "one more");
}

/* Bit 0 is A, bit 1 begins A and AB, bit 2 is B. */
static const struct {
	const char *name, *text;
	unsigned in, match;
	bool named;
} texts[] = {
	{ "the digest", A, 3, 3, true },
	{ "what begins like it", AB, 2, 2, true },
	{ "another", B, 4, 4, true },
	{ "another algorithm", A512, 0, 0, false },
	{ "a shortened one is no digest", "sha256:" A12, 0, 0, true },
	{ "in the middle", "{\"digest\":\"" B "\",\"x\":\"" AB "\"}", 6, 0, true },
	{ "one that goes on", A "a", 0, 0, true },
	{ "without its algorithm", A64, 0, 0, false },
	{ "cut off", "\"sha256:aaa", 0, 0, false },
	{ "the start of one again", "shasha256:sha256:" A64, 3, 0, true },
	{ "at the end of a text", "sha", 0, 0, false },
	{ "nothing", "", 0, 0, false },
};

static void test_texts(void)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char *v[] = { a, short_a, b };
		struct wanted w = WANTED_INIT;
		struct err err = ERR_INIT;
		struct span text = span_str(texts[i].text);

		CHECK(wanted_read(&w, v, 3, &err) == 0);
		CHECK_ROW(wanted_is_named(&w, text) == texts[i].named, texts[i].name);
		CHECK_ROW(wanted_in(&w, text) == texts[i].in, texts[i].name);
		CHECK_ROW(wanted_match(&w, text) == texts[i].match, texts[i].name);
		CHECK_ROW(wanted_check(&w, &err) == 0, texts[i].name);
	}
}

static void test_whole(void)
{
	struct wanted w = WANTED_INIT;
	struct err err = ERR_INIT;
	char *v[] = { a };

	CHECK(wanted_read(&w, v, 1, &err) == 0);
	CHECK_ROW(wanted_is_named(&w, span_str("x" A)), "a whole digest");
	CHECK_ROW(!wanted_is_named(&w, span_str(A "a")), "one that goes on is another");
}

static void test_ambiguous(void)
{
	char *v[] = { short_a };
	struct wanted w = WANTED_INIT;
	struct err err = ERR_INIT;

	CHECK(wanted_read(&w, v, 1, &err) == 0 && !w.v[0].digest.str[0]);
	CHECK(wanted_match(&w, span_str(A)) == 1 && wanted_match(&w, span_str(A)) == 1);
	CHECK_TEXT(w.v[0].digest.str, A, "what it stands for");
	CHECK_ROW(wanted_check(&w, &err) == 0, "one digest begins so");
	wanted_match(&w, span_str(AB));
	CHECK_ROW(wanted_check(&w, &err) < 0 && err.kind == ERR_USAGE && strstr(err.msg, A) &&
			  strstr(err.msg, AB),
		  "two digests begin so");
}

static void test_roles(void)
{
	char *v[] = { a, b };
	struct wanted w = WANTED_INIT;
	struct err err = ERR_INIT;

	CHECK(wanted_read(&w, v, 2, &err) == 0);
	wanted_set_role(&w, 2, WANTED_LAYER);
	wanted_set_role(&w, 3, WANTED_CONFIG);
	CHECK_TEXT(wanted_role_word(w.v[0].role), "config", "a role");
	CHECK_TEXT(wanted_role_word(w.v[1].role), "layer", "the first one that was told");
}

int main(void)
{
	test_words();
	test_many();
	test_texts();
	test_whole();
	test_ambiguous();
	test_roles();
	return tap_done();
}
