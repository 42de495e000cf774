#include "oci/base/redact.h"

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "tests/tap.h"

static const struct {
	const char *name, *text, *secret, *want;
} rows[] = {
	{ "words stay", "incorrect username or password", NULL, "incorrect username or password" },
	{ "a long word stays", "authentication_required at auth.example.com/token", NULL,
	  "authentication_required at auth.example.com/token" },
	{ "an error code stays", "MANIFEST_UNKNOWN, UNAUTHORIZED", NULL,
	  "MANIFEST_UNKNOWN, UNAUTHORIZED" },
	{ "one odd character does not make a secret", "status 429 at https://registry-1.docker.io",
	  NULL, "status 429 at https://registry-1.docker.io" },
	{ "a JWT", "bad token eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJhIn0.c2ln given", NULL,
	  "bad token ... given" },
	{ "hexadecimal", "id 0123456789abcdef0123", NULL, "id ..." },
	{ "a GitHub token", "user ghp_16C7e42F292c6912E7", NULL, "user ..." },
	{ "a query", "https://host/x?sig=AbCdEf0123456789%2Bzz", NULL, "https://host/x?sig=..." },
	{ "lower case, but very long", "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz", NULL,
	  "..." },
	{ "the secret", "no such user: joe, hunter2!", "hunter2", "no such user: joe, ...!" },
	{ "the secret inside a word", "xhunter2x", "hunter2", "x...x" },
	{ "the secret twice", "s3 s3", "s3", "... ..." },
	{ "a secret with blanks", "a correct horse b", "correct horse", "a ... b" },
	{ "a secret that begins with a blank", "a x b", " x", "a... b" },
	{ "a version stays", "needs v1.25.3 or 2.0", NULL, "needs v1.25.3 or 2.0" },
	{ "an empty secret", "abc", "", "abc" },
	{ "blanks are squeezed", "  <html>\r\n\t<head>  ", NULL, "<html> <head>" },
	/* what has a name is cut out, however short and plain it is */
	{ "user and password in a URL", "try http://joe:pw@host/x", NULL, "try http://host/x" },
	{ "an @ in the password", "http://joe:p@w@host/x", NULL, "http://host/x" },
	{ "a slash in the password", "http://joe:p/w@host/x", NULL, "http://host/x" },
	{ "a user alone", "ssh://git@host/x", NULL, "ssh://host/x" },
	{ "a port and a digest stay", "http://host:5000/a@sha256:1f", NULL,
	  "http://host:5000/a@sha256:1f" },
	{ "an address stays", "http://[fd00::1]:5000/a@b", NULL, "http://[fd00::1]:5000/a@b" },
	{ "token=", "token=abc&x=1", NULL, "token=...&x=1" },
	{ "in capitals", "ACCESS_TOKEN=abc", NULL, "ACCESS_TOKEN=..." },
	{ "password=", "login?user=joe&password=abc", NULL, "login?user=joe&password=..." },
	{ "with blanks", "password = \"a b\", next", NULL, "password = \"...\", next" },
	{ "in JSON", "{\"password\":\"a b\",\"n\":1}", NULL, "{\"password\":\"...\",\"n\":1}" },
	{ "in JSON in JSON", "{\\\"apiKey\\\": \\\"abc\\\"}", NULL,
	  "{\\\"apiKey\\\": \\\"...\\\"}" },
	{ "Amazon's signature", "x?X-Amz-Signature=1f&y=1", NULL, "x?X-Amz-Signature=...&y=1" },
	{ "Google's", "x?X-Goog-Signature=1f", NULL, "x?X-Goog-Signature=..." },
	{ "Azure's", "x?sv=1&sig=ab", NULL, "x?sv=1&sig=..." },
	{ "CloudFront's", "x?Key-Pair-Id=AB", NULL, "x?Key-Pair-Id=..." },
	{ "a header", "got Authorization: Basic am9lOnB3", NULL, "got Authorization: ..." },
	{ "its line alone", "Authorization: Basic ab\nAccept: x", NULL,
	  "Authorization: ... Accept: x" },
	{ "another header", "PRIVATE-TOKEN: abc", NULL, "PRIVATE-TOKEN: ..." },
	{ "cookies", "Cookie: a=b; c=d", NULL, "Cookie: ..." },
	{ "Bearer", "no Bearer abc here", NULL, "no Bearer ... here" },
	{ "Basic", "\"basic am9l\"", NULL, "\"basic ...\"" },
	{ "a sentence about tokens", "bad token: expired, Bearer token required", NULL,
	  "bad token: expired, Bearer token required" },
	{ "a challenge", "Bearer realm=\"https://auth/token\"", NULL,
	  "Bearer realm=\"https://auth/token\"" },
	{ "a secret that a name's value does not end with", "password=hun&ter2", "hun&ter2",
	  "password=..." },
	/* what does not show, or moves the cursor */
	{ "C1", "a\302\2332Jb\302\205", NULL, "a??2Jb??" },
	// NOLINTNEXTLINE(misc-misleading-bidirectional): it is what is tested
	{ "directions", "a\342\200\256b\342\201\246c\330\234", NULL, "a???b???c??" },
	{ "no width", "a\342\200\213b\357\273\277", NULL, "a???b???" },
	{ "lines", "a\342\200\250::error::b", NULL, "a???::error::b" },
	{ "tags", "a\363\240\201\201", NULL, "a????" },
	{ "letters stay", "gr\303\274\303\237e \346\226\207 \360\237\220\263", NULL,
	  "gr\303\274\303\237e \346\226\207 \360\237\220\263" },
	{ "a command to GitHub's runner", "x ##[error]y", NULL, "x ##(error]y" },
	{ "to Azure's", "##vso[task.setvariable]y", NULL, "##vso(task.setvariable]y" },
	{ "brackets stay", "a[0] #[x] # #[y]", NULL, "a[0] #[x] # #[y]" },
	{ "nothing", "", NULL, "" },
	{ "only blanks", " \n ", NULL, "" },
};

/* For texts whose long words mean something. */
static void test_credentials(void)
{
	static const struct {
		const char *name, *text, *secret, *want;
	} kept[] = {
		{ "digests, commits and lines stay",
		  "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n"
		  "fatal: 0123456789abcdef0123456789abcdef01234567\n",
		  NULL,
		  "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n"
		  "fatal: 0123456789abcdef0123456789abcdef01234567\n" },
		{ "the password does not", "a hunter2 b", "hunter2", "a ... b" },
		{ "nor what is in a URL", "'https://joe:pw@git.corp/x'", NULL,
		  "'https://git.corp/x'" },
		{ "nor what has a name", "token=abc x", NULL, "token=... x" },
	};

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		cleanup_by(buf_release) struct buf out = BUF_INIT(1000);

		redact_credentials(&out, span_str(kept[i].text), kept[i].secret);
		CHECK_TEXT(out.p, kept[i].want, kept[i].name);
	}
}

static void test_urls(void)
{
	static const struct {
		const char *name, *url, *want;
	} urls[] = {
		{ "a digest stays", "https://h/v2/a/blobs/sha256:0123456789abcdef0123456789abcdef",
		  "https://h/v2/a/blobs/sha256:0123456789abcdef0123456789abcdef" },
		{ "a page of tags", "https://h/v2/a/tags/list?n=100&last=1.2",
		  "https://h/v2/a/tags/list?n=100&last=1.2" },
		{ "a token's scope", "/token?service=r&scope=repository%3Aa%3Apull&account=joe",
		  "/token?service=r&scope=repository%3Aa%3Apull&account=..." },
		{ "a signed URL", "https://s/b?Expires=17&Signature=ab&Key-Pair-Id=K&x=y",
		  "https://s/b?Expires=...&Signature=...&Key-Pair-Id=...&x=..." },
		{ "Docker Hub's", "https://s/b?verify=17-ab%2B", "https://s/b?verify=..." },
		{ "a word without a value", "https://s/b?hunter2", "https://s/b?..." },
		{ "an = in the value", "https://s/b?a=b=c", "https://s/b?a=..." },
		{ "user and password", "https://joe:pw@h/x?n=1", "https://h/x?n=1" },
		{ "without a scheme", "//joe:pw@h/x@y", "//h/x@y" },
		{ "in a password", "https://h/?n=token=abc", "https://h/?n=token=..." },
		{ "a fragment", "https://h/x?n=1#access_token=abc", "https://h/x?n=1" },
		{ "a fragment before it", "/x#a?b=c", "/x" },
		{ "in the path", "https://h/token=abc/x", "https://h/token=..." },
		{ "nothing", "", "" },
	};

	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		cleanup_by(buf_release) struct buf out = BUF_INIT(1000);

		redact_url(&out, span_str(urls[i].url));
		CHECK_TEXT(out.p, urls[i].want, urls[i].name);
	}
}

static void test_in_place(void)
{
	char text[] = "no proxy 'http://bob:s3cretPW@h:1' at 7f3c9a1b2d4e5f60";
	char grown[] = "token=a x";

	redact_in_place(text, sizeof(text), NULL);
	CHECK_TEXT(text, "no proxy 'http://h:1' at 7f3c9a1b2d4e5f60", "a library's text");
	redact_in_place(grown, sizeof(grown), NULL);
	CHECK_TEXT(grown, "token=...", "what is cut may be longer than the mark: the end goes");
}

int main(void)
{
	test_in_place();
	char out[REDACT_MAX];
	char longer[1000];
	int whole = 1;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		redact(out, span_str(rows[i].text), rows[i].secret);
		CHECK_TEXT(out, rows[i].want, rows[i].name);
	}
	for (size_t i = 0; i < sizeof(longer); i++)
		longer[i] = i % 5 ? 'a' : ' ';
	redact(out, span_of(longer, sizeof(longer)), NULL);
	CHECK_ROW(strlen(out) > REDACT_MAX - 12 && strlen(out) < REDACT_MAX, "long text is cut");
	memset(longer, 'x', sizeof(longer));
	memcpy(longer + REDACT_MAX - 14, " secret0secret1", 15);
	redact(out, span_of(longer, sizeof(longer)), NULL);
	CHECK_TEXT(out, "... ...", "a secret at the cut is hidden, not halved");
	for (size_t i = 0; i < REDACT_MAX + 10; i++) {
		memset(longer, '!', sizeof(longer));
		memcpy(longer + i, "secret0secret1", 14);
		redact(out, span_of(longer, sizeof(longer)), NULL);
		whole &= strlen(out) < REDACT_MAX && !strstr(out, "se");
	}
	CHECK_ROW(whole, "wherever it stands");
	test_credentials();
	test_urls();
	return tap_done();
}
