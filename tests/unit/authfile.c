#include "oci/auth/authfile.h"

#include <stdlib.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "tests/tap.h"

/* user:password pairs in base64 */
#define ANN    "YW5uOmEtc2VjcmV0"         /* ann:a-secret */
#define BOB    "Ym9iOmItc2VjcmV0"         /* bob:b-secret */
#define COLONS "am9lOmM6ZDpl"             /* joe:c:d:e */
#define LINE   "YW5uOmEtc2VjcmV0Cg=="     /* ann:a-secret and a line end */
#define NULS   "YW5uOmEtc2VjcmV0AAA="     /* ann:a-secret and two NULs */
#define NUL    "YW5uOmEtAHNlY3JldA=="     /* a NUL inside */
#define EMPTY  "YW5uOg=="                 /* ann: */
#define COLON  "Og=="                     /* : */
#define NONE   "YW5u"                     /* ann */
#define TOKEN  "PHRva2VuPjppLXNlY3JldA==" /* <token>:i-secret */
#define ACR    "MDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAwOg==" /* 00000000-...: */

static const char *const kinds[] = { "none", "basic", "identity", "bearer" };

/* want: "kind user secret", "-" for none, or "!" and a part of the message */
static const struct {
	const char *name, *json, *host, *path, *want;
} rows[] = {
	/* line ends that echo or an editor left behind */
	{ "auth with a line end", "{\"auths\":{\"q.io\":{\"auth\":\"" LINE "\"}}}", "q.io", "a",
	  "basic ann a-secret" },
	{ "a password with one",
	  "{\"auths\":{\"q.io\":{\"username\":\"ann\",\"password\":\"a-secret\\r\\n\"}}}", "q.io",
	  "a", "basic ann a-secret" },
	{ "a bearer token with one", "{\"auths\":{\"q.io\":{\"registrytoken\":\"abc\\n\"}}}",
	  "q.io", "a", "bearer  abc" },
	{ "an identity token with one", "{\"auths\":{\"q.io\":{\"identitytoken\":\"abc\\n\"}}}",
	  "q.io", "a", "identity  abc" },
	{ "a bearer token with one inside", "{\"auths\":{\"q.io\":{\"registrytoken\":\"a\\nb\"}}}",
	  "q.io", "a", "!cannot stand in a header" },
	/* keys */
	{ "a host", "{\"auths\":{\"ghcr.io\":{\"auth\":\"" ANN "\"}}}", "ghcr.io", "org/app",
	  "basic ann a-secret" },
	{ "another host", "{\"auths\":{\"ghcr.io\":{\"auth\":\"" ANN "\"}}}",
	  "ghcr.io.evil.example", "a", "-" },
	{ "a host that is longer", "{\"auths\":{\"ghcr.io.example\":{\"auth\":\"" ANN "\"}}}",
	  "ghcr.io", "a", "-" },
	{ "no path", "{\"auths\":{\"ghcr.io\":{\"auth\":\"" ANN "\"}}}", "ghcr.io", "",
	  "basic ann a-secret" },
	{ "a port", "{\"auths\":{\"registry.corp:5000\":{\"auth\":\"" ANN "\"}}}",
	  "registry.corp:5000", "a", "basic ann a-secret" },
	{ "another port", "{\"auths\":{\"registry.corp:5000\":{\"auth\":\"" ANN "\"}}}",
	  "registry.corp:5001", "a", "-" },
	{ "no port", "{\"auths\":{\"registry.corp:5000\":{\"auth\":\"" ANN "\"}}}", "registry.corp",
	  "a", "-" },
	{ "the port of https", "{\"auths\":{\"registry.corp:443\":{\"auth\":\"" ANN "\"}}}",
	  "registry.corp", "a", "basic ann a-secret" },
	{ "https://", "{\"auths\":{\"https://quay.io\":{\"auth\":\"" ANN "\"}}}", "quay.io", "a",
	  "basic ann a-secret" },
	{ "http://", "{\"auths\":{\"http://r.corp:80/\":{\"auth\":\"" ANN "\"}}}", "r.corp:80", "a",
	  "basic ann a-secret" },
	{ "/v1/", "{\"auths\":{\"https://quay.io/v1/\":{\"auth\":\"" ANN "\"}}}", "quay.io", "a",
	  "basic ann a-secret" },
	{ "/v2", "{\"auths\":{\"quay.io/v2\":{\"auth\":\"" ANN "\"}}}", "quay.io", "a",
	  "basic ann a-secret" },
	{ "capitals", "{\"auths\":{\"Quay.IO\":{\"auth\":\"" ANN "\"}}}", "quay.io", "a",
	  "basic ann a-secret" },
	{ "Docker Hub as docker login writes it",
	  "{\"auths\":{\"https://index.docker.io/v1/\":{\"auth\":\"" ANN "\"}}}", "docker.io",
	  "library/alpine", "basic ann a-secret" },
	{ "Docker Hub as podman login writes it",
	  "{\"auths\":{\"docker.io\":{\"auth\":\"" ANN "\"}}}", "docker.io", "library/alpine",
	  "basic ann a-secret" },
	{ "Docker Hub as nobody writes it",
	  "{\"auths\":{\"registry-1.docker.io\":{\"auth\":\"" ANN "\"}}}", "docker.io", "a/b",
	  "basic ann a-secret" },

	/* prefixes */
	{ "the namespace goes before the host",
	  "{\"auths\":{\"quay.io\":{\"auth\":\"" ANN "\"},\"quay.io/org\":{\"auth\":\"" BOB "\"}}}",
	  "quay.io", "org/app", "basic bob b-secret" },
	{ "whatever their order",
	  "{\"auths\":{\"quay.io/org\":{\"auth\":\"" BOB "\"},\"quay.io\":{\"auth\":\"" ANN "\"}}}",
	  "quay.io", "org/app", "basic bob b-secret" },
	{ "the repository goes before the namespace",
	  "{\"auths\":{\"quay.io/org\":{\"auth\":\"" ANN "\"},\"quay.io/org/app\":{\"auth\":\"" BOB
	  "\"}}}",
	  "quay.io", "org/app", "basic bob b-secret" },
	{ "another namespace",
	  "{\"auths\":{\"quay.io\":{\"auth\":\"" ANN "\"},\"quay.io/org\":{\"auth\":\"" BOB "\"}}}",
	  "quay.io", "other/app", "basic ann a-secret" },
	{ "a namespace that is longer", "{\"auths\":{\"quay.io/org\":{\"auth\":\"" BOB "\"}}}",
	  "quay.io", "organisation/app", "-" },
	{ "the host alone does not have the namespace's",
	  "{\"auths\":{\"quay.io/org\":{\"auth\":\"" BOB "\"}}}", "quay.io", "", "-" },
	{ "as it is spelt goes before what is spelt as a URL",
	  "{\"auths\":{\"https://quay.io\":{\"auth\":\"" ANN "\"},\"quay.io\":{\"auth\":\"" BOB
	  "\"}}}",
	  "quay.io", "a", "basic bob b-secret" },
	{ "also when it comes first",
	  "{\"auths\":{\"quay.io\":{\"auth\":\"" BOB "\"},\"https://quay.io\":{\"auth\":\"" ANN
	  "\"}}}",
	  "quay.io", "a", "basic bob b-secret" },
	{ "the first of two that are alike",
	  "{\"auths\":{\"https://quay.io\":{\"auth\":\"" ANN
	  "\"},\"http://quay.io\":{\"auth\":\"" BOB "\"}}}",
	  "quay.io", "a", "basic ann a-secret" },
	{ "a marker does not hide the host's",
	  "{\"auths\":{\"quay.io/org\":{},\"quay.io\":{\"auth\":\"" ANN "\"}}}", "quay.io",
	  "org/app", "basic ann a-secret" },

	/* entries */
	{ "a marker", "{\"auths\":{\"quay.io\":{}}}", "quay.io", "a", "-" },
	{ "a marker with an address", "{\"auths\":{\"quay.io\":{\"email\":\"a@b\",\"auth\":\"\"}}}",
	  "quay.io", "a", "-" },
	{ "a password with colons", "{\"auths\":{\"quay.io\":{\"auth\":\"" COLONS "\"}}}",
	  "quay.io", "a", "basic joe c:d:e" },
	{ "NULs behind", "{\"auths\":{\"quay.io\":{\"auth\":\"" NULS "\"}}}", "quay.io", "a",
	  "basic ann a-secret" },
	{ "an empty password", "{\"auths\":{\"quay.io\":{\"auth\":\"" EMPTY "\"}}}", "quay.io", "a",
	  "basic ann " },
	{ "neither user nor password", "{\"auths\":{\"quay.io\":{\"auth\":\"" COLON "\"}}}",
	  "quay.io", "a", "-" },
	{ "user and password apart",
	  "{\"auths\":{\"quay.io\":{\"username\":\"ann\",\"password\":\"a-secret\"}}}", "quay.io",
	  "a", "basic ann a-secret" },
	{ "auth goes before them",
	  "{\"auths\":{\"quay.io\":{\"username\":\"x\",\"password\":\"y\",\"auth\":\"" BOB "\"}}}",
	  "quay.io", "a", "basic bob b-secret" },
	{ "an identity token",
	  "{\"auths\":{\"r.azurecr.io\":{\"auth\":\"" ACR "\",\"identitytoken\":\"i-secret\"}}}",
	  "r.azurecr.io", "a", "identity 00000000-0000-0000-0000-000000000000 i-secret" },
	{ "an identity token alone", "{\"auths\":{\"quay.io\":{\"identitytoken\":\"i-secret\"}}}",
	  "quay.io", "a", "identity  i-secret" },
	{ "the user <token>", "{\"auths\":{\"quay.io\":{\"auth\":\"" TOKEN "\"}}}", "quay.io", "a",
	  "identity  i-secret" },
	{ "a bearer token", "{\"auths\":{\"quay.io\":{\"registrytoken\":\"r-secret\"}}}", "quay.io",
	  "a", "bearer  r-secret" },

	/* broken entries: of no harm to others */
	{ "no base64", "{\"auths\":{\"quay.io\":{\"auth\":\"!s-secret!\"}}}", "quay.io", "a",
	  "!\"f.json\": entry \"quay.io\": \"auth\" is not base64" },
	{ "no colon", "{\"auths\":{\"quay.io\":{\"auth\":\"" NONE "\"}}}", "quay.io", "a",
	  "!not user:password" },
	{ "a NUL inside", "{\"auths\":{\"quay.io\":{\"auth\":\"" NUL "\"}}}", "quay.io", "a",
	  "!NUL" },
	{ "no object", "{\"auths\":{\"quay.io\":\"s-secret\"}}", "quay.io", "a", "!not an object" },
	{ "a bearer token with a line's end",
	  "{\"auths\":{\"quay.io\":{\"registrytoken\":\"a\\r\\nX: s-secret\"}}}", "quay.io", "a",
	  "!header" },
	{ "another's is broken",
	  "{\"auths\":{\"quay.io\":{\"auth\":\"!\"},\"ghcr.io\":{\"auth\":\"" ANN "\"}}}",
	  "ghcr.io", "a", "basic ann a-secret" },

	/* files */
	{ "no auths", "{}", "quay.io", "a", "-" },
	{ "auths is no object", "{\"auths\":[]}", "quay.io", "a", "-" },
	{ "other members", "{\"psFormat\":\"x\",\"HttpHeaders\":{\"a\":\"b\"},\"auths\":{}}",
	  "quay.io", "a", "-" },
	{ "no object at all", "[\"s-secret\"]", "quay.io", "a",
	  "!\"f.json\" is not a JSON object" },
	{ "nothing", "", "quay.io", "a", "!\"f.json\" does not parse" },
	{ "no JSON", "{\"auths\":{\"quay.io\":{\"auth\":\"s-secret\" \"x\"}}}", "quay.io", "a",
	  "!\"f.json\" does not parse (JSON, line 1, column " },
	{ "a word that is none", "{\"auths\": s-secret }", "quay.io", "a", "!does not parse" },
	{ "a key twice", "{\"auths\":{\"s-secret\":{},\"s-secret\":{}}}", "quay.io", "a",
	  "!does not parse" },
	{ "no UTF-8", "{\"auths\":\"s-secret\377\"}", "quay.io", "a", "!does not parse" },
};

static char *look_up(const char *json, const char *host, const char *path)
{
	struct err err = ERR_INIT;
	struct authfile *f = authfile_parse("f.json", AUTHFILE_CONFIG, span_str(json), &err);
	const struct credential *c = NULL;
	char *got;

	if (!f || authfile_find(f, host, path, &c, &err) < 0)
		got = xasprintf("!%s", err.msg);
	else if (!c)
		got = xstrdup("-");
	else
		got = xasprintf("%s %s %s", kinds[c->kind], c->user, c->secret);
	authfile_free(f);
	return got;
}

static const struct {
	const char *written, *key;
} keys[] = {
	{ "quay.io", "quay.io" },
	{ "Quay.io/Org", "quay.io/Org" },
	{ "https://index.docker.io/v1/", "docker.io" },
	{ "index.docker.io", "docker.io" },
	{ "registry-1.docker.io/v2/", "docker.io" },
	{ "docker.io/org", "docker.io/org" },
	{ "https://quay.io:443/v2/", "quay.io" },
	{ "[::1]:5000", "[::1]:5000" },
	{ "AZ.Example", "az.example" },
	{ "quay.io/v1", "quay.io" },
	{ "quay.io/org/v1x", "quay.io/org/v1x" },
	{ "https://", "" },
	{ "", "" },
	{ "///", "" },
};

static void helpers(void)
{
	static const char json[] =
		"{\"credHelpers\":{\"https://index.docker.io/v1/\":\"hub\",\"quay.io\":\"q\","
		"\"ghcr.io\":1,\"gcr.io\":\"\"},\"credsStore\":\"desktop\"}";
	struct err err;
	struct authfile *f = authfile_parse("f.json", AUTHFILE_CONFIG, span_str(json), &err);
	struct authfile *none =
		authfile_parse("f.json", AUTHFILE_CONFIG, span_str("{\"credsStore\":\"\"}"), &err);

	CHECK_TEXT(authfile_helper(f, "docker.io"), "hub", "a helper of Docker Hub");
	CHECK_TEXT(authfile_helper(f, "quay.io"), "q", "a helper of one host");
	CHECK_TEXT(authfile_helper(f, "r.quay.io"), NULL, "and of no other");
	CHECK_TEXT(authfile_helper(f, "ghcr.io"), NULL, "a helper that is a number");
	CHECK_TEXT(authfile_helper(f, "gcr.io"), NULL, "a helper without a name");
	CHECK_TEXT(authfile_store(f), "desktop", "a helper for all");
	CHECK_TEXT(authfile_store(none), NULL, "no helper for all");
	authfile_free(f);
	authfile_free(none);
	authfile_free(NULL);
}

int main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cleanup_free char *got = look_up(rows[i].json, rows[i].host, rows[i].path);

		if (rows[i].want[0] != '!')
			CHECK_TEXT(got, rows[i].want, rows[i].name);
		else if (!CHECK_ROW(got[0] == '!' && strstr(got, rows[i].want + 1) &&
					    !strstr(got, "secret"),
				    rows[i].name))
			printf("#   got: %s\n", got);
	}
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		cleanup_free char *got = authfile_key(keys[i].written);

		CHECK_TEXT(got, keys[i].key, keys[i].written);
	}
	helpers();
	return tap_done();
}
