#include "serve/http_request.h"

#include <stdlib.h>

#include "oci/base/cleanup.h"
#include "oci/base/limits.h"
#include "tests/tap.h"

#define GET  "GET /v2/ HTTP/1.1\r\n"
#define HOST "Host: mirror:5000\r\n"
#define END  "\r\n"

/* The result for bytes that hold one request and nothing behind it: 1 for good. */
static const struct row {
	const char *name, *bytes;
	int want; /* 1: read whole; 0: more is needed; else the negated status */
} rows[] = {
	{ "a plain request", GET HOST END, 1 },
	{ "HEAD", "HEAD / HTTP/1.1\r\n" HOST END, 1 },
	{ "HTTP/1.0 needs no host", "GET / HTTP/1.0\r\n" END, 1 },
	{ "an unknown method is read all the same", "BREW /pot HTTP/1.1\r\n" HOST END, 1 },
	{ "an empty Host", GET "Host:\r\n" END, 1 },
	{ "an IPv6 host", GET "Host: [::1]:5000\r\n" END, 1 },
	{ "empty lines before", "\r\n\r\n" GET HOST END, 1 },
	{ "an absolute target", "GET http://mirror:5000/v2/ HTTP/1.1\r\n" HOST END, 1 },
	{ "an absolute target without path", "GET http://mirror HTTP/1.1\r\n" HOST END, 1 },
	{ "OPTIONS of a path", "OPTIONS /v2/ HTTP/1.1\r\n" HOST END, 1 },
	{ "OPTIONS of a word", "OPTIONS v2 HTTP/1.1\r\n" HOST END, -400 },
	{ "GET *", "GET * HTTP/1.1\r\n" HOST END, -400 },
	{ "OPTIONS *", "OPTIONS * HTTP/1.1\r\n" HOST END, 1 },
	{ "an empty value", GET HOST "Accept:\r\n" END, 1 },
	{ "tabs around a value", GET HOST "Accept:\t*/*\t\r\n" END, 1 },
	{ "bytes beyond ASCII in a value", GET HOST "User-Agent: \xc3\xa9\r\n" END, 1 },
	{ "a body", GET HOST "Content-Length: 5\r\n" END, 1 },
	{ "a chunked body", GET HOST "Transfer-Encoding: chunked\r\n" END, 1 },
	/* not all there */
	{ "nothing", "", 0 },
	{ "half a line", "GET /v2/ HT", 0 },
	{ "no empty line", GET HOST, 0 },
	{ "half an empty line", GET HOST "\r", 0 },
	{ "only empty lines", "\r\n\r\n", 0 },
	{ "half an empty line before", "\r", 0 },
	/* ways to smuggle a request */
	{ "two lengths", GET HOST "Content-Length: 5\r\nContent-Length: 5\r\n" END, -400 },
	{ "a list of lengths", GET HOST "Content-Length: 5, 5\r\n" END, -400 },
	{ "a length with a sign", GET HOST "Content-Length: +5\r\n" END, -400 },
	{ "a negative length", GET HOST "Content-Length: -5\r\n" END, -400 },
	{ "an empty length", GET HOST "Content-Length:\r\n" END, -400 },
	{ "a length beyond 64 bits", GET HOST "Content-Length: 18446744073709551617\r\n" END,
	  -400 },
	{ "length and coding", GET HOST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n" END,
	  -400 },
	{ "coding and length", GET HOST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n" END,
	  -400 },
	{ "two codings",
	  GET HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n" END, -400 },
	{ "a coding in HTTP/1.0", "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n" END, -400 },
	{ "another coding", GET HOST "Transfer-Encoding: gzip, chunked\r\n" END, -501 },
	{ "a line without CR", "GET /v2/ HTTP/1.1\n" HOST END, -400 },
	{ "a field without CR", GET "Host: a\n" END, -400 },
	{ "an empty line without CR", GET HOST "\n", -400 },
	{ "a CR inside a value", GET HOST "Accept: a\rb\r\n" END, -400 },
	{ "a CR inside the line", "GET /v2/\r HTTP/1.1\r\n" HOST END, -400 },
	{ "a blank before the colon", GET HOST "Content-Length : 5\r\n" END, -400 },
	{ "a folded line", GET HOST "Accept: a\r\n b\r\n" END, -400 },
	{ "a folded first line", GET " Host: a\r\n" END, -400 },
	{ "a field without colon", GET HOST "Accept\r\n" END, -400 },
	{ "a field without name", GET HOST ": a\r\n" END, -400 },
	{ "no host", GET END, -400 },
	{ "two hosts", GET HOST HOST END, -400 },
	{ "a host with a blank", GET "Host: a b\r\n" END, -400 },
	{ "a host with a slash", GET "Host: a/b\r\n" END, -400 },
	/* request lines */
	{ "two blanks", "GET  /v2/ HTTP/1.1\r\n" HOST END, -400 },
	{ "a blank at the end", "GET /v2/ HTTP/1.1 \r\n" HOST END, -400 },
	{ "a blank in the target", "GET /v2/ x HTTP/1.1\r\n" HOST END, -400 },
	{ "no version", "GET /v2/\r\n" HOST END, -400 },
	{ "no target", "GET HTTP/1.1\r\n" HOST END, -400 },
	{ "a target without slash", "GET v2/ HTTP/1.1\r\n" HOST END, -400 },
	{ "a target beyond ASCII", "GET /\xc3\xa9 HTTP/1.1\r\n" HOST END, -400 },
	{ "an absolute target without host", "GET http:///v2/ HTTP/1.1\r\n" HOST END, -400 },
	{ "a method that is no token", "G@T / HTTP/1.1\r\n" HOST END, -400 },
	{ "HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", -505 },
	{ "HTTP/0.9", "GET / HTTP/0.9\r\n" END, -505 },
	{ "a version in small letters", "GET / http/1.1\r\n" HOST END, -400 },
	{ "a version of three parts", "GET / HTTP/1.1.1\r\n" HOST END, -400 },
	{ "a TLS hello", "\x16\x03\x01\x02\n", -400 },
};

static int parse(struct http_request *r, const char *bytes)
{
	size_t seen = 0;

	return http_request_parse(r, span_str(bytes), &seen);
}

static void check_rows(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct http_request r;
		int got;

		got = parse(&r, row->bytes);
		if (row->want == 1)
			CHECK_ROW(got == (int)strlen(row->bytes), row->name);
		else
			CHECK_ROW(got == row->want, row->name);
	}
}

static void check_nul(void)
{
	static const char bytes[] = GET HOST "Accept: a\0b\r\n" END;
	struct http_request r;
	size_t seen = 0;

	CHECK_ROW(http_request_parse(&r, span_of(bytes, sizeof(bytes) - 1), &seen) == -400,
		  "a NUL inside a value");
}

static void check_parts(void)
{
	struct http_request r;

	parse(&r, "GET http://quay.io/v2/a?n=1?2 HTTP/1.1\r\nHost: mirror\r\nrange: bytes=0-\r\n"
		  "If-None-Match: \"x\"\r\nUser-Agent: curl/8\r\nConnection: Close\r\n\r\n");
	CHECK(r.method == METHOD_GET && r.minor == 1);
	CHECK(span_eq(r.path, "/v2/a") && span_eq(r.query, "n=1?2"));
	CHECK_ROW(span_eq(r.host, "quay.io"), "the target's host goes before the field's");
	CHECK(span_eq(r.range, "bytes=0-") && span_eq(r.if_none_match, "\"x\""));
	CHECK(span_eq(r.user_agent, "curl/8") && !r.keep_alive && !r.if_range.p);
	parse(&r, "GET / HTTP/1.0\r\nConnection: foo, Keep-Alive\r\n\r\n");
	CHECK_ROW(r.keep_alive && r.minor == 0, "HTTP/1.0 goes on when it asks to");
	parse(&r, "GET / HTTP/1.0\r\n\r\n");
	CHECK_ROW(!r.keep_alive, "HTTP/1.0 closes by itself");
	parse(&r, GET HOST "Range: bytes=0-\r\nRange: bytes=1-\r\n" END);
	CHECK_ROW(r.range.p && !r.range.n, "two ranges are none");
	parse(&r, GET HOST "Content-Length: 007\r\nExpect: 100-continue\r\n" END);
	CHECK(r.body == 7 && r.expects_continue && !r.chunked);
}

/* However the bytes are cut, the result is the same, and what is behind a request is left alone. */
static void check_pieces(void)
{
	static const char two[] = "\r\n" GET HOST END "HEAD /v2/ HTTP/1.1\r\n" HOST END;
	const size_t first = strlen("\r\n" GET HOST END);
	struct http_request r;
	size_t seen = 0;
	int early = 0, n;

	for (size_t i = 0; i < first; i++)
		early |= http_request_parse(&r, span_of(two, i), &seen);
	n = http_request_parse(&r, span_of(two, sizeof(two) - 1), &seen);
	CHECK_ROW(early == 0 && n == (int)first && r.method == METHOD_GET, "byte by byte");
	seen = 0;
	n = http_request_parse(&r, span_of(two + n, sizeof(two) - 1 - (size_t)n), &seen);
	CHECK_ROW(n > 0 && r.method == METHOD_HEAD, "the one behind it");
}

/* prefix, then n times `fill`, then suffix. */
static int parse_long(const char *prefix, const char *fill, size_t n, const char *suffix)
{
	cleanup_free char *bytes = xmalloc(strlen(prefix) + n * strlen(fill) + strlen(suffix) + 1);
	char *at = stpcpy(bytes, prefix);
	struct http_request r;

	for (size_t i = 0; i < n; i++)
		at = stpcpy(at, fill);
	stpcpy(at, suffix);
	return parse(&r, bytes);
}

static void check_ceilings(void)
{
	CHECK_ROW(parse_long("GET /", "a", 7000, " HTTP/1.1\r\n" HOST END) > 0, "a long target");
	CHECK_ROW(parse_long("GET /", "a", 9000, " HTTP/1.1\r\n" HOST END) == -414,
		  "a target too long");
	CHECK_ROW(parse_long("GET /", "a", 9000, "") == -414, "a target too long without an end");
	CHECK_ROW(parse_long(GET HOST "Cookie: ", "a", 15000, "\r\n\r\n") > 0, "a long field");
	CHECK_ROW(parse_long(GET HOST "Cookie: ", "a", LIMIT_REQUEST_HEAD, "\r\n\r\n") == -431,
		  "a field too long");
	CHECK_ROW(parse_long(GET HOST "Cookie: ", "a", LIMIT_REQUEST_HEAD, "") == -431,
		  "a field too long without an end");
	CHECK_ROW(parse_long(GET HOST, "A: b\r\n", LIMIT_REQUEST_FIELDS - 1, END) > 0,
		  "as many fields as allowed");
	CHECK_ROW(parse_long(GET HOST, "A: b\r\n", LIMIT_REQUEST_FIELDS, END) == -431, "one more");
	CHECK_ROW(parse_long("", "\r\n", 5000, "") == -400, "empty lines without end");
}

static void check_tags(void)
{
	static const struct {
		const char *name, *list;
		int weak, strong;
	} tags[] = {
		{ "the tag", "\"x\"", 1, 1 },           { "without quotes", "x", 1, 1 },
		{ "a weak one", "W/\"x\"", 1, 0 },      { "any", "*", 1, 1 },
		{ "in a list", "\"a\" , \"x\"", 1, 1 }, { "another", "\"y\"", 0, 0 },
		{ "a longer one", "\"xy\"", 0, 0 },     { "nothing", "", 0, 0 },
	};

	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		struct span list = span_str(tags[i].list), tag = span_str("x");

		CHECK_ROW(http_request_has_tag(list, tag, false) == tags[i].weak &&
				  http_request_has_tag(list, tag, true) == tags[i].strong,
			  tags[i].name);
	}
}

int main(void)
{
	check_rows();
	check_nul();
	check_parts();
	check_pieces();
	check_ceilings();
	check_tags();
	return tap_done();
}
