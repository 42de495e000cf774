#include "oci/base/json.h"

#include "oci/base/buf.h"
#include "oci/base/err.h"
#include "tests/tap.h"

static void test_set_text(void)
{
	cleanup_by(buf_release) struct buf b = BUF_INIT(100);
	cleanup_json json_t *o = json_object();

	json_set_text(o, "a", "text");
	json_set_text(o, "b", NULL);
	json_set_text(o, "a", "other");
	json_write(&b, o);
	CHECK_TEXT(b.p, "{\"a\":\"other\",\"b\":null}", "texts and null are set and replaced");
}

static void test_read(void)
{
	static const struct {
		const char *name, *text;
		bool good;
	} rows[] = {
		{ "an object", "{\"a\":1}", true },
		{ "white space behind it", "{} \n", true },
		{ "something behind it", "{} x", false },
		{ "a key twice", "{\"a\":1,\"a\":2}", false },
		{ "nothing", "", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err = ERR_INIT;
		cleanup_json json_t *doc = json_read(span_str(rows[i].text), &err);

		CHECK_ROW((doc != NULL) == rows[i].good &&
				  err.kind == (rows[i].good ? ERR_NONE : ERR_INVALID),
			  rows[i].name);
	}
}

static void test_get(void)
{
	struct err err = ERR_INIT;
	cleanup_json json_t *doc = json_read(
		span_str("{\"t\":\"x\",\"n\":7,\"minus\":-1,\"a\":[],\"null\":null,\"o\":{}}"),
		&err);

	CHECK_TEXT(json_get_text(doc, "t"), "x", "a text");
	CHECK_ROW(!json_get_text(doc, "n") && !json_get_text(doc, "none"), "not a text");
	CHECK_ROW(json_get_size(doc, "n") == 7 && json_get_size(doc, "minus") == -1 &&
			  json_get_size(doc, "t") == -1,
		  "sizes");
	CHECK_ROW(json_get_array(doc, "a") && !json_get_array(doc, "null") &&
			  json_has_array(doc, "null") && !json_has_array(doc, "o"),
		  "arrays, and the null that stands for an empty one");
	CHECK_ROW(json_get_object(doc, "o") && !json_get_object(doc, "a"), "objects");
}

int main(void)
{
	test_set_text();
	test_read();
	test_get();
	return tap_done();
}
