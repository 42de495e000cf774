#include "oci/base/url.h"

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "tests/tap.h"

/* An URL and its origin and target, "origin target"; NULL: refused. */
static const struct {
	const char *name, *text, *want;
} parsed[] = {
	{ "https", "https://quay.io/v2/", "https://quay.io /v2/" },
	{ "http with a port", "http://127.0.0.1:5000/v2/?n=1", "http://127.0.0.1:5000 /v2/?n=1" },
	{ "the scheme's own port is left out", "https://quay.io:443/", "https://quay.io /" },
	{ "an empty port is the scheme's own", "http://a:/x", "http://a /x" },
	{ "capitals", "HTTPS://Quay.IO/V2", "https://quay.io /V2" },
	{ "no path", "https://quay.io", "https://quay.io " },
	{ "only a query", "https://quay.io?a=b", "https://quay.io ?a=b" },
	{ "IPv6", "http://[::1]:5000/", "http://[::1]:5000 /" },
	{ "a fragment is cut off", "https://a/b#c?d", "https://a /b" },
	{ "an at-sign behind the host", "https://a/b@c", "https://a /b@c" },
	{ "another scheme", "ftp://a/b", NULL },
	{ "no scheme", "//a/b", NULL },
	{ "a user name", "https://u:p@a/b", NULL },
	{ "a user name that looks like a host", "https://good.example@evil.example/", NULL },
	{ "no host", "https:///b", NULL },
	{ "a port that is none", "https://a:b/", NULL },
	{ "port 0", "https://a:0/", NULL },
	{ "a port too large", "https://a:65536/", NULL },
	{ "two colons", "https://a:1:2/", NULL },
	{ "a blank", "https://a/b c", NULL },
	{ "a line end", "https://a/b\r\nX: y", NULL },
	{ "a backslash", "https://good.example\\@evil.example/", NULL },
	{ "not ASCII", "https://a/\xc3\xa4", NULL },
	{ "an unclosed bracket", "http://[::1/", NULL },
	{ "rubbish in brackets", "http://[x]/", NULL },
	{ "rubbish behind brackets", "http://[::1]x/", NULL },
	{ "a percent sign in the host", "http://a%2eb/", NULL },
	{ "nothing", "", NULL },
};

static void test_parsed(const char *name, const char *text, const char *want)
{
	struct url u;
	struct err err;
	cleanup_free char *got = NULL, *origin = NULL;

	if (url_parse(&u, span_str(text), &err) == 0) {
		origin = url_origin(&u);
		got = xasprintf("%s %.*s", origin, SPAN_ARG(u.target));
	}
	CHECK_TEXT(got, want, name);
}

/* RFC 3986, 5.4, with http:// for its own examples. */
#define BASE "http://a/b/c/d;p?q"
static const struct {
	const char *reference, *want;
} resolved[] = {
	{ "http://x/y", "http://x/y" },
	{ "g", "http://a/b/c/g" },
	{ "./g", "http://a/b/c/g" },
	{ "g/", "http://a/b/c/g/" },
	{ "/g", "http://a/g" },
	{ "//g", "http://g" },
	{ "?y", "http://a/b/c/d;p?y" },
	{ "g?y", "http://a/b/c/g?y" },
	{ "g#s", "http://a/b/c/g" },
	{ ";x", "http://a/b/c/;x" },
	{ "g;x?y#s", "http://a/b/c/g;x?y" },
	{ "", "http://a/b/c/d;p?q" },
	{ ".", "http://a/b/c/" },
	{ "./", "http://a/b/c/" },
	{ "..", "http://a/b/" },
	{ "../", "http://a/b/" },
	{ "../g", "http://a/b/g" },
	{ "../..", "http://a/" },
	{ "../../g", "http://a/g" },
	{ "../../../g", "http://a/g" },
	{ "/./g", "http://a/g" },
	{ "/../g", "http://a/g" },
	{ "g.", "http://a/b/c/g." },
	{ "..g", "http://a/b/c/..g" },
	{ "./../g", "http://a/b/g" },
	{ "./g/.", "http://a/b/c/g/" },
	{ "g/../h", "http://a/b/c/h" },
	{ "g;x=1/../y", "http://a/b/c/y" },
	{ "g?y/../x", "http://a/b/c/g?y/../x" },
	{ "https://h/../../x", "https://h/x" },
	{ "javascript:alert(1)", NULL },
	{ "http:g", NULL },
	{ "a b?c=\"d|e\"", "http://a/b/c/a%20b?c=%22d%7Ce%22" },
	{ "\xc3\xa4", "http://a/b/c/%C3%A4" },
	{ "http://x y/", NULL },
	{ "a\\b", NULL },
	{ "a\tb", NULL },
	{ "//x\\y@z/", NULL },
};

static void test_resolved(const char *reference, const char *want)
{
	struct err err;
	cleanup_free char *got = url_resolve(BASE, span_str(reference), &err);

	CHECK_TEXT(got, want, reference);
}

static const struct {
	const char *name, *text, *want;
} shown[] = {
	{ "a query holds signatures", "https://s3.example/b?X-Amz-Signature=abc",
	  "https://s3.example/b" },
	{ "a user name and password", "https://u:p@h/x", "https://h/x" },
	{ "a password with an at-sign", "https://u:p@q@h/x", "https://h/x" },
	{ "an at-sign in the path", "https://h/u@v", "https://h/u@v" },
	{ "no scheme", "u:p@h/x", "h/x" },
	{ "a scheme in the query", "x?https://u:p@h/", "x" },
	{ "nothing", "", "" },
};

static void test_origins(void)
{
	static const struct {
		const char *a, *b;
		bool same;
	} rows[] = {
		{ "https://a/x", "https://A:443/y", true },
		{ "https://a/", "http://a/", false },
		{ "http://a/", "http://a:8080/", false },
		{ "http://a/", "http://b/", false },
		{ "http://a/", "http://aa/", false },
		{ "http://a:443/", "https://a/", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct url a, b;
		struct err err;
		cleanup_free char *name = xasprintf("%s and %s", rows[i].a, rows[i].b);

		CHECK_ROW(url_parse(&a, span_str(rows[i].a), &err) == 0 &&
				  url_parse(&b, span_str(rows[i].b), &err) == 0 &&
				  url_same_origin(&a, &b) == rows[i].same,
			  name);
	}
}

int main(void)
{
	char out[URL_SHOWN];

	for (size_t i = 0; i < sizeof(parsed) / sizeof(parsed[0]); i++)
		test_parsed(parsed[i].name, parsed[i].text, parsed[i].want);
	for (size_t i = 0; i < sizeof(resolved) / sizeof(resolved[0]); i++)
		test_resolved(resolved[i].reference, resolved[i].want);
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		url_show(shown[i].text, out);
		CHECK_TEXT(out, shown[i].want, shown[i].name);
	}
	test_origins();
	return tap_done();
}
