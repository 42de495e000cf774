#include "oci/registry/error_response.h"

#include "oci/base/err.h"
#include "tests/tap.h"

#define JSON "application/json"

static const struct {
	const char *name;
	long status;
	const char *type, *body;
	enum err_kind kind;
	const char *want;
} rows[] = {
	{ "nothing but a status", 404, "", "", ERR_NOTFOUND, "404 not found" },
	{ "code and message", 404, JSON,
	  "{\"errors\":[{\"code\":\"MANIFEST_UNKNOWN\",\"message\":\"no\"}]}", ERR_NOTFOUND,
	  "404 not found: no" },
	{ "only a code", 400, JSON, "{\"errors\":[{\"code\":\"NAME_INVALID\"}]}", ERR_INVALID,
	  "400 bad request: NAME_INVALID" },
	{ "an empty message", 400, JSON, "{\"errors\":[{\"code\":\"X\",\"message\":\"\"}]}",
	  ERR_INVALID, "400 bad request: X" },
	{ "the code says more than the status", 403, JSON,
	  "{\"errors\":[{\"code\":\"NAME_UNKNOWN\"}]}", ERR_NOTFOUND,
	  "403 forbidden: NAME_UNKNOWN" },
	{ "UNKNOWN, but it is not found", 500, JSON,
	  "{\"errors\":[{\"code\":\"UNKNOWN\",\"message\":\"artifact x Not Found\"}]}",
	  ERR_NOTFOUND, "500 internal server error: artifact x Not Found" },
	{ "UNKNOWN, and nothing else", 500, JSON,
	  "{\"errors\":[{\"code\":\"UNKNOWN\",\"message\":\"unknown error\"}]}", ERR_NET,
	  "500 internal server error: unknown error" },
	{ "other words for missing", 401, JSON,
	  "{\"errors\":[{\"code\":\"UNAUTHORIZED\",\"message\":\"x\"}]}", ERR_AUTH,
	  "401 unauthorized, missing or private: x" },
	{ "no errors in it", 500, JSON, "{\"message\":\"x\"}", ERR_NET,
	  "500 internal server error: {\"message\":\"x\"}" },
	{ "errors that are none", 500, JSON, "{\"errors\":[7]}", ERR_NET,
	  "500 internal server error: {\"errors\":[7]}" },
	{ "no errors at all", 500, JSON, "{\"errors\":[]}", ERR_NET,
	  "500 internal server error: {\"errors\":[]}" },
	{ "a page", 502, "text/html; charset=utf-8", "<html>", ERR_NET,
	  "502 bad gateway: a web page, not a registry's answer" },
	{ "plain text", 503, "text/plain", "try later\r\n", ERR_NET,
	  "503 service unavailable: try later" },
	{ "escape sequences", 400, "text/plain",
	  "a\033[2Jb\xc2\x9b"
	  "c",
	  ERR_INVALID, "400 bad request: a [2Jb??c" },
	{ "a token in it", 400, "text/plain", "bad eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2ln",
	  ERR_INVALID, "400 bad request: bad ..." },
	{ "plain HTTP on a TLS port, Go", 400, "text/plain",
	  "Client sent an HTTP request to an HTTPS server.\n", ERR_INVALID,
	  "400 bad request: it speaks TLS on that port: in mirror.conf, write https:// in its "
	  "endpoint=, or take scheme=http out" },
	{ "plain HTTP on a TLS port, nginx", 400, "text/html",
	  "<html>The plain HTTP request was sent to HTTPS port</html>", ERR_INVALID,
	  "400 bad request: it speaks TLS on that port: in mirror.conf, write https:// in its "
	  "endpoint=, or take scheme=http out" },
	{ "limit", 429, "", "", ERR_LIMIT, "429 too many requests" },
	{ "an odd status", 418, "", "", ERR_INVALID, "418 unexpected status" },
	{ "an odd status of the host's", 599, "", "", ERR_NET, "599 unexpected status" },
};

static const struct {
	const char *body;
	bool quota;
} quotas[] = {
	{ "You have reached your unauthenticated pull rate limit. https://", true },
	{ "toomanyrequests: You have reached your PULL RATE LIMIT", true },
	{ "Quota exceeded for quota metric", true },
	{ "Too Many Requests (HAP429).", false },
	{ "", false },
};

int main(void)
{
	struct err err;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		error_response_read(rows[i].status, span_str(rows[i].body), span_str(rows[i].type),
				    &err);
		CHECK_TEXT(err.msg, rows[i].want, rows[i].name);
		CHECK_ROW(err.kind == rows[i].kind && err.sys == rows[i].status, rows[i].name);
	}
	for (size_t i = 0; i < sizeof(quotas) / sizeof(quotas[0]); i++)
		CHECK_ROW(error_response_is_quota(span_str(quotas[i].body)) == quotas[i].quota,
			  quotas[i].body);
	CHECK(error_response_check_page(span_str("application/json"), &err) == 0);
	CHECK(error_response_check_page(span_str(""), &err) == 0);
	CHECK(error_response_check_page(span_str("Text/HTML;charset=x"), &err) < 0 &&
	      err.kind == ERR_INVALID);
	return tap_done();
}
