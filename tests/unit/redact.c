#include "oci/base/redact.h"

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
	{ "hexadecimal", "key=0123456789abcdef0123", NULL, "..." },
	{ "a GitHub token", "user ghp_16C7e42F292c6912E7", NULL, "user ..." },
	{ "a query", "https://host/x?sig=AbCdEf0123456789%2Bzz", NULL, "https://host/x?..." },
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
	{ "nothing", "", NULL, "" },
	{ "only blanks", " \n ", NULL, "" },
};

int main(void)
{
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
	return tap_done();
}
