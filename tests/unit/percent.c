#include "oci/base/percent.h"

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "tests/tap.h"

static const struct {
	const char *name, *text, *also, *encoded;
} encoded[] = {
	{ "nothing", "", "", "" },
	{ "unreserved characters", "AZaz09-._~", "", "AZaz09-._~" },
	{ "a blank", "a b", "", "a%20b" },
	{ "reserved characters", "a/b:c?d=e&f+g%", "", "a%2Fb%3Ac%3Fd%3De%26f%2Bg%25" },
	{ "some of them kept", "a/b:c%20?", "/:%", "a/b:c%20%3F" },
	{ "beyond ASCII", "\303\244\377", "", "%C3%A4%FF" },
	{ "control characters", "\n\x7f", "", "%0A%7F" },
};

static const struct {
	const char *name, *text, *bytes; /* bytes NULL: refused */
} decoded[] = {
	{ "nothing", "", "" },
	{ "no escape", "a+b c", "a+b c" },
	{ "escapes", "a%2fb%2Fc%c3%A4", "a/b/c\303\244" },
	{ "an escape at the end", "%41", "A" },
	{ "decoded once", "%2541", "%41" },
	{ "a percent sign at the end", "a%", NULL },
	{ "one digit", "a%4", NULL },
	{ "letters behind F", "%4G", NULL },
	{ "a sign", "%+1", NULL },
	{ "a blank", "% 1", NULL },
	{ "NUL", "a%00", NULL },
};

static void test_decode_in_place(void)
{
	char text[] = "%61%62c";
	size_t n = 0;

	CHECK_ROW(percent_decode(text, span_str(text), &n) && n == 3 && memcmp(text, "abc", 3) == 0,
		  "decoded in place");
}

int main(void)
{
	for (size_t i = 0; i < sizeof(encoded) / sizeof(encoded[0]); i++) {
		cleanup_by(buf_release) struct buf b = BUF_INIT(100);

		CHECK_ROW(percent_encode(&b, span_str(encoded[i].text), encoded[i].also),
			  encoded[i].name);
		CHECK_TEXT(b.p, encoded[i].encoded, "and encoded so");
	}
	for (size_t i = 0; i < sizeof(decoded) / sizeof(decoded[0]); i++) {
		char out[100] = "";
		size_t n = 0;
		int ok = percent_decode(out, span_str(decoded[i].text), &n);
		const char *want = decoded[i].bytes;

		CHECK_ROW(want ? ok && n == strlen(want) && memcmp(out, want, n) == 0 : !ok,
			  decoded[i].name);
	}
	{
		cleanup_by(buf_release) struct buf b = BUF_INIT(5);

		CHECK_ROW(percent_encode(&b, span_str("a "), "") && b.n == 4, "up to the ceiling");
		CHECK_ROW(!percent_encode(&b, span_str("  "), "") && buf_failed(&b), "not past it");
	}
	test_decode_in_place();
	return tap_done();
}
