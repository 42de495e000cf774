/* index_text: an entry that is read quickly is what it would be as a JSON document. */
#include "oci/store/index_text.h"

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/store/index.h"
#include "tests/tap.h"

#define DIGEST "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
#define HEAD   "{\"mediaType\":\"a/b\",\"digest\":\"" DIGEST "\",\"size\":5"
#define NAME   "\"" ANNOTATION_REF_NAME "\":\"docker.io/team/app:1\""
#define WHOLE  "\"" ANNOTATION_CONTAINERD_NAME "\":\"docker.io/team/app:1\""
#define NAMES  HEAD ",\"annotations\":{" NAME "," WHOLE
#define SIXTEEN(a)                                                                                 \
	",\"" a "0\":\"\",\"" a "1\":\"\",\"" a "2\":\"\",\"" a "3\":\"\",\"" a "4\":\"\",\"" a    \
	"5\":\"\",\"" a "6\":\"\",\"" a "7\":\"\",\"" a "8\":\"\",\"" a "9\":\"\",\"" a            \
	"a\":\"\",\"" a "b\":\"\",\"" a "c\":\"\",\"" a "d\":\"\",\"" a "e\":\"\",\"" a "f\":\"\""

static const char *const names[] = { ANNOTATION_REF_NAME, ANNOTATION_CONTAINERD_NAME };

static const struct {
	const char *name, *text;
	bool quick; /* it is read here, and not as a document */
} rows[] = {
	{ "both names alone", NAMES "}}", true },
	{ "annotations in order", NAMES ",\"a\":\"1\",\"b\":\"\",\"org.z\":\"[x]\"}}", true },
	{ "as many as there is room for", NAMES SIXTEEN("a") SIXTEEN("b") "}}", true },
	{ "one more", NAMES SIXTEEN("a") SIXTEEN("b") ",\"c\":\"\"}}", false },
	{ "no annotations", HEAD "}", false },
	{ "no name", HEAD ",\"annotations\":{\"a\":\"1\"}}", false },
	{ "one name", HEAD ",\"annotations\":{" NAME "}}", false },
	{ "one name, then others", HEAD ",\"annotations\":{" NAME ",\"a\":\"1\"}}", false },
	{ "the names the other way round", HEAD ",\"annotations\":{" WHOLE "," NAME "}}", false },
	{ "two names",
	  HEAD ",\"annotations\":{" NAME ",\"" ANNOTATION_CONTAINERD_NAME "\":\"x.y/z:1\"}}",
	  false },
	{ "a name again, behind", NAMES "," NAME "}}", false },
	{ "containerd's name again, behind", NAMES ",\"a\":\"1\"," WHOLE "}}", false },
	{ "a key again", NAMES ",\"a\":\"1\",\"a\":\"2\"}}", false },
	{ "keys out of order", NAMES ",\"b\":\"1\",\"a\":\"2\"}}", false },
	{ "a key that another begins with", NAMES ",\"ab\":\"1\",\"a\":\"2\"}}", false },
	{ "an escape in a text", NAMES ",\"a\":\"\\u0041\"}}", false },
	{ "an escape in a key", NAMES ",\"\\u0061\":\"A\"}}", false },
	{ "a quote", NAMES ",\"a\":\"\\\"\"}}", false },
	{ "UTF-8", NAMES ",\"a\":\"\303\274\"}}", false },
	{ "a byte that is no UTF-8", NAMES ",\"a\":\"\374\"}}", false },
	{ "a control", NAMES ",\"a\":\"\t\"}}", false },
	{ "DEL", NAMES ",\"a\":\"\177\"}}", false },
	{ "a value that is no text", NAMES ",\"a\":1}}", false },
	{ "a comma too many", NAMES ",}}", false },
	{ "another member behind", NAMES "},\"platform\":{\"os\":\"linux\"}}", false },
	{ "another member in front", "{\"urls\":[]," NAMES "}}", false },
	{ "blanks", "{ \"mediaType\":\"a/b\",\"digest\":\"" DIGEST "\",\"size\":5}", false },
	{ "no media type",
	  "{\"digest\":\"" DIGEST "\",\"size\":5,\"annotations\":{" NAME "," WHOLE "}}", false },
	{ "a size with a zero in front",
	  "{\"mediaType\":\"a/b\",\"digest\":\"" DIGEST "\",\"size\":05,\"annotations\":{" NAME
	  "," WHOLE "}}",
	  false },
	{ "a size below zero",
	  "{\"mediaType\":\"a/b\",\"digest\":\"" DIGEST "\",\"size\":-5,\"annotations\":{" NAME
	  "," WHOLE "}}",
	  false },
	{ "a size that is no integer",
	  "{\"mediaType\":\"a/b\",\"digest\":\"" DIGEST "\",\"size\":5.0,\"annotations\":{" NAME
	  "," WHOLE "}}",
	  false },
	{ "a size of more than a blob may have",
	  "{\"mediaType\":\"a/b\",\"digest\":\"" DIGEST
	  "\",\"size\":9223372036854775807,\"annotations\":{" NAME "," WHOLE "}}",
	  false },
	{ "a digest that is none: refused by its reader",
	  "{\"mediaType\":\"a/b\",\"digest\":\"sha256:1\",\"size\":5,\"annotations\":{" NAME
	  "," WHOLE "}}",
	  true },
	{ "a name without a repository: read, and not taken",
	  HEAD ",\"annotations\":{\"" ANNOTATION_REF_NAME "\":\"1\",\"" ANNOTATION_CONTAINERD_NAME
	       "\":\"1\"}}",
	  true },
	{ "cut off", NAMES "}", false },
	{ "nothing", "", false },
};

/* What index.json becomes that has this entry, between its brackets with `blank`. */
static bool write_again(struct buf *out, const char *blank, const char *text)
{
	cleanup_by(buf_release) struct buf b = BUF_INIT(LIMIT_MANIFEST);
	cleanup_by(index_release) struct index x = INDEX_INIT;
	struct err ignored;

	buf_addf(&b, "{\"schemaVersion\":2,\"manifests\":[{%s%s]}", blank, text[0] ? text + 1 : "");
	if (index_parse(&x, buf_span(&b), &ignored) < 0)
		return false;
	index_write(&x, out);
	return true;
}

int main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cleanup_by(buf_release) struct buf quick = BUF_INIT(LIMIT_MANIFEST),
						   slow = BUF_INIT(LIMIT_MANIFEST);
		struct index_text_entry e;

		CHECK_ROW(index_text_entry(&e, span_str(rows[i].text), names) == rows[i].quick,
			  rows[i].name);
		CHECK_ROW(write_again(&quick, "", rows[i].text) ==
				  write_again(&slow, " ", rows[i].text),
			  rows[i].name);
		CHECK_TEXT(quick.p, slow.p, rows[i].name);
	}
	return tap_done();
}
