#include "oci/auth/token.h"

#include <stdlib.h>

#include "oci/auth/credential.h"
#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "tests/tap.h"

static struct credential basic_cred = { CREDENTIAL_BASIC, (char[]){ "ann" },
					(char[]){ "pa-secret" }, (char[]){ "f" } };
static struct credential odd_cred = { CREDENTIAL_BASIC, (char[]){ "org+robot$x y" },
				      (char[]){ "pa-secret" }, (char[]){ "f" } };
static struct credential identity_cred = { CREDENTIAL_IDENTITY, (char[]){ "" },
					   (char[]){ "i/secret+=" }, (char[]){ "f" } };

static const struct {
	const char *name, *realm, *service, *scope;
	const struct credential *cred;
	const char *want;
} urls[] = {
	{ "anonymous", "https://auth.docker.io/token", "registry.docker.io",
	  "repository:library/alpine:pull", NULL,
	  "https://auth.docker.io/token?service=registry.docker.io&"
	  "scope=repository%3Alibrary%2Falpine%3Apull" },
	{ "with an account", "https://gitlab.com/jwt/auth", "container_registry",
	  "repository:g/a:pull", &basic_cred,
	  "https://gitlab.com/jwt/auth?service=container_registry&"
	  "scope=repository%3Ag%2Fa%3Apull&account=ann" },
	{ "an account that needs escapes", "https://a/t", "s", "", &odd_cred,
	  "https://a/t?service=s&account=org%2Brobot%24x%20y" },
	{ "an identity token is no account", "https://a/t", "s", "", &identity_cred,
	  "https://a/t?service=s" },
	{ "several scopes in their order", "https://a/t", "s", "b:2:pull  a:1:pull", NULL,
	  "https://a/t?service=s&scope=b%3A2%3Apull&scope=a%3A1%3Apull" },
	{ "no service", "https://a/t", "", "x", NULL, "https://a/t?scope=x" },
	{ "neither", "https://a/t", "", "", NULL, "https://a/t" },
	{ "the realm's own query stays", "https://a/t?tenant=1&x=%20", "s", "", NULL,
	  "https://a/t?tenant=1&x=%20&service=s" },
	{ "an empty query", "https://a/t?", "s", "", NULL, "https://a/t?service=s" },
	{ "a query that ends in &", "https://a/t?x=1&", "s", "", NULL,
	  "https://a/t?x=1&service=s" },
	{ "a fragment is no part of it", "https://a/t#frag?x", "s", "", NULL,
	  "https://a/t?service=s" },
	{ "a relative realm", "/token", "s", "", NULL, "/token?service=s" },
	{ "everything is escaped", "https://a/t", "a&b=c d+e%f#g\"\303\251~-._", "", NULL,
	  "https://a/t?service=a%26b%3Dc%20d%2Be%25f%23g%22%C3%A9~-._" },
};

static void test_urls(void)
{
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		cleanup_by(buf_release) struct buf b = BUF_INIT(1000);
		struct token_request q = { urls[i].realm, urls[i].service, urls[i].scope,
					   urls[i].cred };
		struct err err;

		token_url(&b, &q, &err);
		CHECK_TEXT(b.p, urls[i].want, urls[i].name);
		CHECK_ROW(!strstr(b.p, "secret"), "no secret in it");
	}

	cleanup_by(buf_release) struct buf form = BUF_INIT(1000), small = BUF_INIT(20);
	struct token_request q = { "https://a/t?x", "s p", "b:2:pull a:1:pull", &identity_cred };
	struct err err = ERR_INIT;

	token_form(&form, &q, &err);
	CHECK_TEXT(form.p,
		   "grant_type=refresh_token&service=s%20p&client_id=mirror-sync&"
		   "scope=b%3A2%3Apull%20a%3A1%3Apull&refresh_token=i%2Fsecret%2B%3D",
		   "the form of a POST");
	CHECK_ROW(token_url(&small, &q, &err) < 0 && err.kind == ERR_LIMIT,
		  "a URL past the ceiling");
	buf_clear(&small);
	CHECK_ROW(token_form(&small, &q, &err) < 0 && !strstr(err.msg, "secret"),
		  "a form past the ceiling");
}

#define SECRET "secret0123456789secretABCDEF"

/* want: the token, its seconds; or "!" and a part of the message */
static const struct {
	const char *name, *body, *want;
	int seconds;
} answers[] = {
	{ "Docker Hub",
	  "{\"token\":\"t\",\"access_token\":\"t\",\"expires_in\":300,"
	  "\"issued_at\":\"2026-11-20T08:15:00Z\"}",
	  "t", 300 },
	{ "ACR: only access_token", "{\"access_token\":\"a\"}", "a", 60 },
	{ "GHCR: only token", "{\"token\":\"t\"}", "t", 60 },
	{ "both: access_token", "{\"token\":\"t\",\"access_token\":\"a\"}", "a", 60 },
	{ "an empty access_token", "{\"token\":\"t\",\"access_token\":\"\"}", "t", 60 },
	{ "an access_token that is null", "{\"token\":\"t\",\"access_token\":null}", "t", 60 },
	{ "too short a life", "{\"token\":\"t\",\"expires_in\":2}", "t", 60 },
	{ "no life", "{\"token\":\"t\",\"expires_in\":0}", "t", 60 },
	{ "a negative life", "{\"token\":\"t\",\"expires_in\":-5}", "t", 60 },
	{ "a fractional life", "{\"token\":\"t\",\"expires_in\":299.9}", "t", 299 },
	{ "a life in words", "{\"token\":\"t\",\"expires_in\":\"300\"}", "t", 60 },
	{ "a very long life", "{\"token\":\"t\",\"expires_in\":9223372036854775807}", "t", 86400 },
	{ "a life beyond numbers", "{\"token\":\"t\",\"expires_in\":1e300}", "t", 86400 },
	{ "issued in the past, or no date at all",
	  "{\"token\":\"t\",\"expires_in\":120,\"issued_at\":\"1970\"}", "t", 120 },
	{ "a JWT, and everything base64 has", "{\"token\":\"aB0-._~+/==.x\"}", "aB0-._~+/==.x",
	  60 },

	{ "no token", "{\"expires_in\":300}", "!has no token", 0 },
	{ "an empty token", "{\"token\":\"\"}", "!has no token", 0 },
	{ "a token that is a number", "{\"token\":1}", "!has no token", 0 },
	{ "a token with a line's end", "{\"token\":\"" SECRET "\\r\\nX: y\"}",
	  "!cannot stand in a header", 0 },
	{ "a token with a blank", "{\"token\":\"" SECRET " b\"}", "!cannot stand in a header", 0 },
	{ "a token beyond ASCII", "{\"token\":\"" SECRET "\303\251\"}", "!cannot stand in a header",
	  0 },
	{ "a list", "[\"" SECRET "\"]", "!is not JSON", 0 },
	{ "half an answer", "{\"token\":\"" SECRET "", "!is not JSON", 0 },
	{ "half an answer behind a blank", " {\"token\":\"" SECRET "", "!is not JSON", 0 },
	{ "nothing", "", "!is not JSON", 0 },
	{ "a captive portal", "<!DOCTYPE html>\n<html><title>Hotel Wifi</title> pa-secret " SECRET,
	  "!is not JSON: \"<!DOCTYPE html> <html><title>Hotel Wifi</title> ... ...\"", 0 },
	{ "a page with braces", "<style>a{b:c}</style>", "!is not JSON: \"<style>a{b:c}</style>\"",
	  0 },
	{ "half an answer with a short token", "{\"token\":\"secret", "!is not JSON", 0 },
	{ "a proxy", "upstream connect error", "!is not JSON: \"upstream connect error\"", 0 },
	{ "a token twice", "{\"token\":\"" SECRET "\",\"token\":\"" SECRET "\"}", "!is not JSON",
	  0 },
};

static void test_answers(void)
{
	const int64_t now = 1000 * CLOCK_SEC;

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		cleanup_by(token_release) struct token t = TOKEN_INIT;
		struct err err = ERR_INIT;
		const char *want = answers[i].want;

		if (token_parse(&t, span_str(answers[i].body), &basic_cred, now, &err) == 0) {
			CHECK_TEXT(t.text, want, answers[i].name);
			CHECK_ROW(t.asked == now &&
					  t.expires == now + answers[i].seconds * CLOCK_SEC,
				  "and its life");
		} else if (!CHECK_ROW(want[0] == '!' && strstr(err.msg, want + 1) &&
					      !strstr(err.msg, "secret") && err.kind == ERR_INVALID,
				      answers[i].name)) {
			printf("#   got: %s\n", err.msg);
		}
	}

	cleanup_by(token_release) struct token t = TOKEN_INIT;
	cleanup_free char *huge = xcalloc(LIMIT_TOKEN + 2, 1);
	struct err err;

	memset(huge, ' ', LIMIT_TOKEN + 1);
	CHECK_ROW(token_parse(&t, span_str(huge), NULL, now, &err) < 0 && err.kind == ERR_LIMIT,
		  "an answer past the ceiling");
	CHECK_ROW(token_parse(&t, span_str("{\"access_token\":\"a\",\"refresh_token\":\"r\"}"),
			      NULL, now, &err) == 0 &&
			  strcmp(t.refresh, "r") == 0,
		  "a refresh token is kept");
}

static void test_fresh(void)
{
	static const struct {
		const char *name;
		int64_t life, age;
		bool fresh;
	} rows[] = {
		{ "new", 60, 0, true },
		{ "a minute's, before its last ten seconds", 60, 49, true },
		{ "a minute's, in its last ten seconds", 60, 50, false },
		{ "five minutes', before its last half minute", 300, 269, true },
		{ "five minutes', in its last half minute", 300, 270, false },
		{ "a day's, in its last half minute", 86400, 86370, false },
		{ "long over", 60, 1000, false },
	};
	struct token none = { .text = NULL, .expires = 100 * CLOCK_SEC };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct token t = { .text = (char[]){ "t" },
				   .asked = 5 * CLOCK_SEC,
				   .expires = (5 + rows[i].life) * CLOCK_SEC };

		CHECK_ROW(token_fresh(&t, (5 + rows[i].age) * CLOCK_SEC) == rows[i].fresh,
			  rows[i].name);
	}
	CHECK_ROW(!token_fresh(&none, 0), "no token at all");
}

static const struct {
	const char *name;
	long status;
	const char *body;
	enum err_kind kind;
	const char *says;
} refusals[] = {
	{ "Docker Hub: a wrong password", 401, "{\"details\":\"incorrect username or password\"}",
	  ERR_AUTH, "status 401: incorrect username or password" },
	{ "GHCR: denied", 403,
	  "{\"errors\":[{\"code\":\"DENIED\",\"message\":\"requested access to the "
	  "resource is denied\"}]}",
	  ERR_AUTH, "status 403: requested access to the resource is denied" },
	{ "a code without words", 401, "{\"errors\":[{\"code\":\"UNAUTHORIZED\"}]}", ERR_AUTH,
	  "status 401: UNAUTHORIZED" },
	{ "OAuth2", 400, "{\"error\":\"invalid_grant\",\"error_description\":\"token is revoked\"}",
	  ERR_AUTH, "status 400: token is revoked" },
	{ "OAuth2 in short", 400, "{\"error\":\"invalid_grant\"}", ERR_AUTH,
	  "status 400: invalid_grant" },
	{ "gone", 404, "", ERR_AUTH, "answered with status 404" },
	{ "too many", 429, "{\"message\":\"slow down\"}", ERR_LIMIT, "status 429: slow down" },
	{ "down", 503, "upstream connect error", ERR_NET, "status 503: upstream connect error" },
	{ "a page", 502, "<html>\n<h1>Bad Gateway</h1>", ERR_NET,
	  "status 502: <html> <h1>Bad Gateway</h1>" },
	{ "it echoes the password", 401, "{\"details\":\"user ann, password pa-secret\"}", ERR_AUTH,
	  "user ann, password ..." },
	{ "it echoes the header", 401, "bad YW5uOnBhLXNlY3JldA== sent", ERR_AUTH, "bad ... sent" },
	{ "an object of something else", 401, "{\"token\":\"" SECRET "\"}", ERR_AUTH,
	  "status 401" },
	{ "half an object", 500, "{\"token\":\"" SECRET "", ERR_NET, "status 500" },
	{ "a redirect", 302, "", ERR_NET, "status 302" },
};

static void test_refusals(void)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		struct err err = ERR_INIT;
		int result = token_refused(refusals[i].status, span_str(refusals[i].body),
					   &basic_cred, &err);

		if (!CHECK_ROW(result == -1 && err.kind == refusals[i].kind &&
				       err.sys == refusals[i].status &&
				       span_ends(span_str(err.msg), refusals[i].says) &&
				       !strstr(err.msg, "secret"),
			       refusals[i].name))
			printf("#   got: %s\n", err.msg);
	}
}

int main(void)
{
	test_urls();
	test_answers();
	test_fresh();
	test_refusals();
	return tap_done();
}
