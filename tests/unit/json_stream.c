#include "oci/base/json_stream.h"

#include <string.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/json.h"
#include "tests/tap.h"

/* want: the texts of "tags" with a blank behind each, "none" when it is not there, or "!" and a
 * part of the error */
static const struct row {
	const char *name, *text, *want;
} rows[] = {
	{ "a list", "{\"name\":\"app\",\"tags\":[\"1\",\"2\"]}", "1 2 " },
	{ "white space everywhere", " { \"tags\" :\n[ \"1\" ,\t\"2\" ] } \r\n", "1 2 " },
	{ "an empty list", "{\"tags\":[]}", "" },
	{ "null", "{\"tags\":null}", "" },
	{ "no list", "{\"name\":\"tags\"}", "none" },
	{ "a text in its place", "{\"tags\":\"1 2\"}", "none" },
	{ "an object in its place", "{\"tags\":{\"1\":\"2\"}}", "none" },
	{ "an array of the document itself", "[\"1\"]", "none" },
	{ "another array", "{\"child\":[\"a\"],\"tags\":[\"1\"],\"more\":[\"b\"]}", "1 " },
	{ "the same key deeper", "{\"x\":{\"tags\":[\"a\"]},\"tags\":[\"1\"]}", "1 " },
	{ "what is no text, and texts deeper",
	  "{\"tags\":[1,[\"a\"],{\"b\":\"c\"},null,\"1\",true]}", "1 " },
	{ "gcr.io: a map of digests",
	  "{\"child\":[],\"manifest\":{\"sha256:0\":{\"imageSizeBytes\":\"7\",\"tag\":[\"a\"]}},"
	  "\"name\":\"x\",\"tags\":[\"1\"]}",
	  "1 " },
	{ "escapes", "{\"tags\":[\"\\u0031\\/\\\"\",\"\\\\\"]}", "1/\" \\ " },
	{ "an escaped key", "{\"t\\u0061gs\":[\"1\"]}", "1 " },
	{ "a key that ends in a NUL", "{\"tags\\u0000\":[\"1\"]}", "none" },
	{ "a text with a NUL", "{\"tags\":[\"1\\u00002\",\"3\"]}", "3 " },
	{ "characters that no tag has", "{\"tags\":[\"\\u00e4\\uD83D\\uDE00\",\"1\"]}", "1 " },
	{ "numbers", "{\"a\":-1.5e+7,\"b\":[0,1],\"tags\":[\"1\"],\"c\":3}", "1 " },

	{ "nothing", "", "!ends in the middle" },
	{ "cut short", "{\"tags\":[\"1\",\"2\"", "!ends in the middle" },
	{ "cut short in a text", "{\"tags\":[\"1", "!ends in the middle" },
	{ "cut short behind an escape", "{\"tags\":[\"1\\", "!ends in the middle" },
	{ "something behind it", "{} {}", "!behind its end" },
	{ "twice", "{\"tags\":[\"1\"],\"tags\":[\"2\"]}", "!twice" },
	{ "twice, first null", "{\"tags\":null,\"tags\":[\"2\"]}", "!twice" },
	{ "another bracket", "{\"tags\":[\"1\"}}", "!bracket" },
	{ "a bracket too many", "]", "!value is missing" },
	{ "a comma too many", "{\"tags\":[\"1\",]}", "!value is missing" },
	{ "no comma", "{\"tags\":[\"1\" \"2\"]}", "!\",\" is missing" },
	{ "no colon", "{\"tags\" [\"1\"]}", "!\":\" is missing" },
	{ "no key", "{\"a\":1,}", "!name is missing" },
	{ "a key that is none", "{a:1}", "!name is missing" },
	{ "a word that is none", "{\"a\":nil}", "!value is missing" },
	{ "a page", "<html>", "!byte 1: a value is missing" },
	{ "an escape that is none", "{\"a\":\"\\x41\"}", "!escape" },
	{ "digits that are none", "{\"a\":\"\\u00g1\"}", "!escape" },
	{ "a line end in a text", "{\"a\":\"1\n2\"}", "!control character" },
};

static int add_text(void *arg, const char *text, struct err *err)
{
	(void)err;
	buf_addf(arg, "%s ", text);
	return 0;
}

/* Reads the document in pieces of that size. */
static void read_pieces(const char *text, size_t piece, struct buf *out)
{
	struct json_stream s;
	struct err err = ERR_INIT;
	size_t all = strlen(text);

	json_stream_init(&s, "tags", add_text, out);
	for (size_t at = 0; at < all && err.kind == ERR_NONE; at += piece)
		(void)json_stream_add(&s, text + at, all - at < piece ? all - at : piece, &err);
	if (err.kind == ERR_NONE)
		(void)json_stream_end(&s, &err);
	if (err.kind == ERR_NONE && s.found)
		return;
	buf_clear(out);
	buf_adds(out, err.kind == ERR_NONE ? "none" : err.msg);
}

static bool is_as_wanted(const char *got, const char *want)
{
	return want[0] == '!' ? strstr(got, want + 1) != NULL : strcmp(got, want) == 0;
}

static void test_rows(void)
{
	static const size_t pieces[] = { 1, 3, 4096 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool good = true;

		for (size_t k = 0; k < sizeof(pieces) / sizeof(pieces[0]); k++) {
			cleanup_by(buf_release) struct buf out = BUF_INIT(1000);

			read_pieces(rows[i].text, pieces[k], &out);
			good = good && is_as_wanted(out.p, rows[i].want);
		}
		CHECK_ROW(good, rows[i].name);
	}
}

static void test_depth(void)
{
	char text[200] = "";
	cleanup_by(buf_release) struct buf out = BUF_INIT(1000);

	memset(text, '[', 64);
	read_pieces(text, 200, &out);
	CHECK_ROW(strstr(out.p, "ends in the middle"), "64 deep is read");
	buf_clear(&out);
	memset(text, '[', 65);
	read_pieces(text, 200, &out);
	CHECK_ROW(strstr(out.p, "too deep"), "65 deep is refused");
}

static int refuse_text(void *arg, const char *text, struct err *err)
{
	(void)arg;
	return err_set(err, ERR_LIMIT, 0, "not %s", text);
}

static void test_texts(void)
{
	char text[400] = "{\"tags\":[\"";
	cleanup_by(buf_release) struct buf out = BUF_INIT(1000);
	size_t start = strlen(text);
	struct json_stream s;
	struct err err = ERR_INIT;

	memset(text + start, 'x', JSON_STREAM_TEXT);
	memcpy(text + start + JSON_STREAM_TEXT, "\"]}", 4);
	read_pieces(text, 7, &out);
	CHECK_ROW(out.n == JSON_STREAM_TEXT + 1, "the longest text");
	buf_clear(&out);
	memcpy(text + start + JSON_STREAM_TEXT, "x\",\"1\"]}", 9);
	read_pieces(text, 7, &out);
	CHECK_TEXT(out.p, "1 ", "a longer one is passed over");
	json_stream_init(&s, "tags", refuse_text, NULL);
	CHECK_ROW(json_stream_add(&s, text, strlen(text), &err) < 0 && err.kind == ERR_LIMIT,
		  "what the reader of texts refuses ends it");
}

int main(void)
{
	test_rows();
	test_depth();
	test_texts();
	return tap_done();
}
