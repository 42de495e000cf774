#include "oci/base/base64.h"

#include "oci/base/buf.h"
#include "tests/tap.h"

/* RFC 4648, 10, and bytes that need all of the alphabet */
static const struct {
	const char *bytes;
	size_t n;
	const char *text;
} pairs[] = {
	{ "", 0, "" },
	{ "f", 1, "Zg==" },
	{ "fo", 2, "Zm8=" },
	{ "foo", 3, "Zm9v" },
	{ "foob", 4, "Zm9vYg==" },
	{ "fooba", 5, "Zm9vYmE=" },
	{ "foobar", 6, "Zm9vYmFy" },
	{ "\377\376\375\0\373", 5, "//79APs=" },
	{ "\373\357\276", 3, "++++" },
};

static const struct {
	const char *name, *text, *bytes; /* bytes NULL: refused */
} spellings[] = {
	{ "no padding, one byte", "Zg", "f" },
	{ "no padding, two bytes", "Zm8", "fo" },
	{ "half a padding", "Zg=", NULL },
	{ "too much padding", "Zg===", NULL },
	{ "padding that fills no group", "Zm9v=", NULL },
	{ "only padding", "====", NULL },
	{ "one character", "Z", NULL },
	{ "one character behind a group", "Zm9vY", NULL },
	{ "padding in the middle", "Zg==Zg==", NULL },
	{ "a blank", "Zm 9v", NULL },
	{ "a line's end", "Zm9v\n", NULL },
	{ "the alphabet of URLs", "-_-_", NULL },
	{ "beyond ASCII", "Zm9\303", NULL },
};

int main(void)
{
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		__attribute__((cleanup(buf_release))) struct buf b = BUF_INIT(100);

		base64_encode(&b, pairs[i].bytes, pairs[i].n);
		CHECK_TEXT(b.p, pairs[i].text, "encoded");
		buf_clear(&b);
		CHECK_ROW(base64_decode(&b, span_str(pairs[i].text)) && b.n == pairs[i].n &&
				  memcmp(b.p, pairs[i].bytes, b.n) == 0,
			  "and decoded");
	}
	for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
		__attribute__((cleanup(buf_release))) struct buf b = BUF_INIT(100);
		const char *want = spellings[i].bytes;
		int ok = base64_decode(&b, span_str(spellings[i].text));

		CHECK_ROW(want ? ok && strcmp(b.p, want) == 0 : !ok, spellings[i].name);
	}

	struct buf small = BUF_INIT(3);

	CHECK_ROW(!base64_encode(&small, "foo", 3), "encoding keeps to the ceiling");
	buf_clear(&small);
	CHECK_ROW(!base64_decode(&small, span_str("Zm9vYg==")), "and so does decoding");
	buf_release(&small);
	return tap_done();
}
