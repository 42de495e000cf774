#include "oci/http/header.h"

#include "oci/base/cleanup.h"
#include "tests/tap.h"

static void text_is(struct span got, const char *want, const char *name)
{
	cleanup_free char *copy = got.p ? xstrndup(got.p, got.n) : NULL;

	CHECK_TEXT(copy, want, name);
}

static const struct {
	const char *name, *value, *want;
} links[] = {
	{ "as the specification writes it", "</v2/a/tags/list?n=2&last=x>; rel=\"next\"",
	  "/v2/a/tags/list?n=2&last=x" },
	{ "absolute", "<https://r/v2/a/tags/list?last=x>; rel=\"next\"",
	  "https://r/v2/a/tags/list?last=x" },
	{ "rel without quotes", "<x>;rel=next", "x" },
	{ "capitals", "<x>; REL=\"Next\"", "x" },
	{ "several words in rel", "<x>; rel=\"last next\"", "x" },
	{ "blanks everywhere", "  < x > ; rel = \"next\" ", "x" },
	{ "the second of two", "<p>; rel=\"prev\", <n>; rel=\"next\"", "n" },
	{ "semicolon and comma in the URL", "<x?a;b,c>; rel=\"next\"", "x?a;b,c" },
	{ "another parameter before", "<x>; title=\"a;b,c\"; rel=\"next\"", "x" },
	{ "an escaped quote", "<x>; title=\"a\\\"; rel=prev\"; rel=next", "x" },
	{ "the first rel counts", "<x>; rel=prev; rel=next", NULL },
	{ "a parameter without value", "<x>; crossorigin; rel=next", "x" },
	{ "no rel", "<x>", NULL },
	{ "another rel", "<x>; rel=\"nextish\"", NULL },
	{ "no angle brackets", "x; rel=\"next\"", NULL },
	{ "not closed", "<x; rel=\"next\"", NULL },
	{ "empty target", "<>; rel=\"next\"", "" },
	{ "empty elements", ", ,<x>; rel=next", "x" },
	{ "an unclosed quote", "<x>; rel=\"next", "x" },
	{ "only an equals sign", "<x>;=;rel=next", "x" },
	{ "nothing", "", NULL },
};

static const struct {
	const char *value;
	bool ok;
	int64_t first, last, total;
} ranges[] = {
	{ "bytes 10-25/26", true, 10, 25, 26 },
	{ "Bytes 0-0/1", true, 0, 0, 1 },
	{ " bytes  10 - 25 / 26 ", true, 10, 25, 26 },
	{ "bytes 10-25/*", true, 10, 25, -1 },
	{ "bytes 10-26/26", false, 0, 0, 0 },
	{ "bytes 25-10/26", false, 0, 0, 0 },
	{ "bytes */26", false, 0, 0, 0 },
	{ "bytes -5/26", false, 0, 0, 0 },
	{ "bytes 10-/26", false, 0, 0, 0 },
	{ "bytes 10-25", false, 0, 0, 0 },
	{ "bytes 99999999999999999999-99999999999999999999/*", false, 0, 0, 0 },
	{ "items 10-25/26", false, 0, 0, 0 },
	{ "bytes=10-25/26", false, 0, 0, 0 },
	{ "", false, 0, 0, 0 },
};

static void test_range(size_t i)
{
	int64_t first = 0, last = 0, total = 0;

	CHECK_ROW(header_content_range(span_str(ranges[i].value), &first, &last, &total) ==
				  ranges[i].ok &&
			  first == ranges[i].first && last == ranges[i].last &&
			  total == ranges[i].total,
		  ranges[i].value);
}

/* 2026-11-20T08:00:00Z */
#define NOW 1795161600

static const struct {
	const char *value;
	int64_t want;
} retries[] = {
	{ "0", 0 },
	{ "120", 120 },
	{ " 5 ", 5 },
	{ "60;w=21600", 60 },
	{ "1795161660 ; w=60", 60 },
	{ "Fri, 20 Nov 2026 08:01:00 GMT", 60 },
	{ "Friday, 20-Nov-26 08:01:00 GMT", 60 },
	{ "Fri Nov 20 08:01:00 2026", 60 },
	{ "Fri, 20 Nov 2026 07:00:00 GMT", 0 },
	{ "Fri, 20 Nov 2099 08:00:00 GMT", HEADER_RETRY_MAX },
	{ "1795161660", 60 },
	{ "1746136938", 0 },
	{ "99999999", HEADER_RETRY_MAX },
	{ "99999999999999999999", -1 },
	{ "9223372036854775807", -1 },
	{ "-5", -1 },
	{ "1.5", -1 },
	{ "880.092\xc2\xb5s", -1 },
	{ "soon", -1 },
	{ "", -1 },
};

static const struct {
	const char *value;
	bool ok;
	long number, window;
} limits[] = {
	{ "100;w=21600", true, 100, 21600 },
	{ "76", true, 76, -1 },
	{ " 0 ; w=60 ", true, 0, 60 },
	{ "10;policy=x;w=5", true, 10, 5 },
	{ "10;w=x", true, 10, -1 },
	{ "", false, 0, 0 },
	{ "x", false, 0, 0 },
	{ "-1", false, 0, 0 },
	{ "99999999999999", false, 0, 0 },
};

static void test_limit(size_t i)
{
	long number = 0, window = 0;

	CHECK_ROW(header_rate_limit(span_str(limits[i].value), &number, &window) == limits[i].ok &&
			  number == limits[i].number && window == limits[i].window,
		  limits[i].value);
}

static const struct {
	const char *value, *want;
} warnings[] = {
	{ "299 - \"text\"", "text" },
	{ "299 registry.example \"two words\"", "two words" },
	{ "299 - \"text\" \"Fri, 20 Nov 2026 08:00:00 GMT\"", "text" },
	{ "299 - \"not closed", "not closed" },
	{ "299 - \"\"", "" },
	{ "299 - text", NULL },
	{ "299 \"text\"", NULL },
	{ "- \"text\"", NULL },
	{ "99 - \"text\"", NULL },
	{ "299", NULL },
	{ "", NULL },
};

int main(void)
{
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		text_is(header_link_next(span_str(links[i].value)), links[i].want, links[i].name);
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		test_range(i);
	for (size_t i = 0; i < sizeof(retries) / sizeof(retries[0]); i++)
		CHECK_ROW(header_retry_after(span_str(retries[i].value), NOW) == retries[i].want,
			  retries[i].value);
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		test_limit(i);
	for (size_t i = 0; i < sizeof(warnings) / sizeof(warnings[0]); i++)
		text_is(header_warning(span_str(warnings[i].value)), warnings[i].want,
			warnings[i].value);
	text_is(header_media_type(span_str("text/plain; charset=utf-8")), "text/plain",
		"parameters");
	text_is(header_media_type(span_str(" a/b ")), "a/b", "blanks around a media type");
	text_is(header_media_type(span_str("")), "", "no media type");
	CHECK(header_length(span_str(" 26 ")) == 26);
	CHECK(header_length(span_str("-1")) == -1);
	CHECK(header_length(span_str("99999999999999999999")) == -1);
	return tap_done();
}
