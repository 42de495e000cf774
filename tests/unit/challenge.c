#include "oci/auth/challenge.h"

#include <stdlib.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "tests/tap.h"

/* want: "scheme|realm|service|scope", or "!" and a part of the error's message */
static const struct row {
	const char *name;
	const char *headers[4];
	const char *want;
} rows[] = {
	/* what the world's registries send */
	{ "Docker Hub",
	  { "Bearer realm=\"https://auth.docker.io/token\",service=\"registry.docker.io\","
	    "scope=\"repository:library/alpine:pull\"" },
	  "bearer|https://auth.docker.io/token|registry.docker.io|repository:library/alpine:pull" },
	{ "Docker Hub, a repository that is not there",
	  { "Bearer realm=\"https://auth.docker.io/token\",service=\"registry.docker.io\","
	    "scope=\"repository:library/nope:pull\",error=\"insufficient_scope\"" },
	  "bearer+insufficient|https://auth.docker.io/token|registry.docker.io|"
	  "repository:library/nope:pull" },
	{ "GHCR, /v2/",
	  { "Bearer realm=\"https://ghcr.io/token\",service=\"ghcr.io\","
	    "scope=\"repository:user/image:pull\"" },
	  "bearer|https://ghcr.io/token|ghcr.io|repository:user/image:pull" },
	{ "Quay",
	  { "Bearer realm=\"https://quay.io/v2/auth\",service=\"quay.io\","
	    "scope=\"repository:a/b:pull\"" },
	  "bearer|https://quay.io/v2/auth|quay.io|repository:a/b:pull" },
	{ "ECR private",
	  { "Basic realm=\"https://123456789012.dkr.ecr.eu-west-1.amazonaws.com/\","
	    "service=\"ecr.amazonaws.com\"" },
	  "basic|https://123456789012.dkr.ecr.eu-west-1.amazonaws.com/|ecr.amazonaws.com|" },
	{ "ECR Public",
	  { "Bearer realm=\"https://public.ecr.aws/token/\",service=\"public.ecr.aws\","
	    "scope=\"aws\"" },
	  "bearer|https://public.ecr.aws/token/|public.ecr.aws|aws" },
	{ "GCR",
	  { "Bearer realm=\"https://gcr.io/v2/token\",service=\"gcr.io\"" },
	  "bearer|https://gcr.io/v2/token|gcr.io|" },
	{ "ACR, two headers",
	  { "Bearer realm=\"https://corp.azurecr.io/oauth2/token\",service=\"corp.azurecr.io\","
	    "scope=\"repository:app:metadata_read\"",
	    "Basic realm=\"https://corp.azurecr.io/oauth2/token\",service=\"corp.azurecr.io\"" },
	  "bearer|https://corp.azurecr.io/oauth2/token|corp.azurecr.io|"
	  "repository:app:metadata_read" },
	{ "Harbor",
	  { "Bearer realm=\"https://harbor.corp/service/token\",service=\"harbor-registry\","
	    "scope=\"repository:proxy/library/alpine:pull\"" },
	  "bearer|https://harbor.corp/service/token|harbor-registry|"
	  "repository:proxy/library/alpine:pull" },
	{ "GitLab, its realm on another host",
	  { "Bearer realm=\"https://gitlab.com/jwt/auth\",service=\"container_registry\","
	    "scope=\"repository:group/app:pull\",error=\"invalid_token\"" },
	  "bearer|https://gitlab.com/jwt/auth|container_registry|repository:group/app:pull" },
	{ "Artifactory, both in one header",
	  { "Basic realm=\"Artifactory Realm\", Bearer "
	    "realm=\"https://corp.jfrog.io/artifactory/api/docker/null/v2/token\","
	    "service=\"corp.jfrog.io\"" },
	  "bearer|https://corp.jfrog.io/artifactory/api/docker/null/v2/token|corp.jfrog.io|" },
	{ "docker-registry with htpasswd", { "Basic realm=\"Registry\"" }, "basic|Registry||" },
	{ "Nexus",
	  { "BASIC realm=\"Sonatype Nexus Repository Manager\"" },
	  "basic|Sonatype Nexus Repository Manager||" },
	{ "an IIS proxy in front", { "Negotiate", "NTLM", "Basic realm=\"x\"" }, "basic|x||" },

	/* the grammar */
	{ "none", { NULL }, "none|||" },
	{ "an empty header", { "" }, "none|||" },
	{ "only commas", { " , ,, " }, "none|||" },
	{ "case of scheme and names",
	  { "bEARER ReAlM=\"https://a/t\",SERVICE=s,Scope=\"x\"" },
	  "bearer|https://a/t|s|x" },
	{ "escapes in a string",
	  { "Bearer realm=\"https://a/t\",service=\"a\\\"b\\\\c\\d\"" },
	  "bearer|https://a/t|a\"b\\cd|" },
	{ "a comma and an equals sign in a string",
	  { "Bearer realm=\"https://a/t?x=1,2\",scope=\"repository:a:pull,push\"" },
	  "bearer|https://a/t?x=1,2||repository:a:pull,push" },
	{ "bare values",
	  { "Bearer realm=https://a.example/t,service=s,scope=repository:a/b:pull" },
	  "bearer|https://a.example/t|s|repository:a/b:pull" },
	{ "blanks around everything",
	  { "\t Bearer \t realm = \"https://a/t\" ,\t service\t=\ts  " },
	  "bearer|https://a/t|s|" },
	{ "no commas",
	  { "Bearer realm=\"https://a/t\" service=\"s\" scope=\"x\"" },
	  "bearer|https://a/t|s|x" },
	{ "empty list elements",
	  { ",Bearer realm=\"https://a/t\",,service=s,," },
	  "bearer|https://a/t|s|" },
	{ "a relative realm is kept", { "Bearer realm=\"/token\",service=s" }, "bearer|/token|s|" },
	{ "no service and no scope", { "Bearer realm=\"https://a/t\"" }, "bearer|https://a/t||" },
	{ "said twice, the first counts",
	  { "Bearer realm=\"https://a/t\",realm=\"https://evil/t\"" },
	  "bearer|https://a/t||" },
	{ "unknown parameters",
	  { "Bearer realm=\"https://a/t\",charset=\"UTF-8\",x=,y=\"\"" },
	  "bearer|https://a/t||" },
	{ "Basic without anything", { "Basic" }, "basic|||" },
	{ "Basic after a bare scheme", { "Negotiate, Basic" }, "basic|||" },
	{ "a token68",
	  { "Negotiate YIIJvwYGKwYBBQUCoIIJsz+/ab==, Bearer realm=\"https://a/t\"" },
	  "bearer|https://a/t||" },
	{ "a token68 without padding", { "NTLM TlRMTVNTUAAB, Basic realm=r" }, "basic|r||" },
	{ "a token68 at the end", { "Basic realm=r, NTLM TlRMTVNTUAAB" }, "basic|r||" },
	{ "parameters belong to their challenge",
	  { "Digest realm=\"d\",service=\"no\", Bearer realm=\"https://a/t\", Basic "
	    "realm=\"b\",scope=\"no\"" },
	  "bearer|https://a/t||" },
	{ "Basic before Bearer",
	  { "Basic realm=\"b\"", "Bearer realm=\"https://a/t\"" },
	  "bearer|https://a/t||" },
	{ "the first Bearer",
	  { "Bearer realm=\"https://a/1\", Bearer realm=\"https://a/2\"" },
	  "bearer|https://a/1||" },
	{ "a Bearer without realm, then one with",
	  { "Bearer service=s, Bearer realm=\"https://a/2\"" },
	  "bearer|https://a/2||" },
	{ "a Bearer without realm beside a Basic",
	  { "Bearer service=s", "Basic realm=b" },
	  "basic|b||" },
	{ "a broken header beside a good one",
	  { "Bearer realm=\"https://a", "Basic realm=b" },
	  "basic|b||" },
	{ "a fault after a good challenge",
	  { "Basic realm=b, Bearer realm=\"https://a" },
	  "basic|b||" },

	/* what can't be answered */
	{ "only unsupported",
	  { "Negotiate, NTLM", "Digest realm=\"x\",nonce=\"y\"" },
	  "!not supported (Negotiate, NTLM, Digest)" },
	{ "a token68 is no scheme",
	  { "Negotiate YIIJvwYGKwYBBQUC==, NTLM TlRMTVNTUAAB" },
	  "!not supported (Negotiate, NTLM)" },
	{ "nor is one at the end", { "NTLM TlRMTVNTUAAB" }, "!not supported (NTLM)" },
	{ "no realm", { "Bearer service=\"s\"" }, "!no realm" },
	{ "an empty realm", { "Bearer realm=\"\"" }, "!no realm" },
	{ "a blank in the realm", { "Bearer realm=\"https://a/t x\"" }, "!no realm" },
	{ "a string without end", { "Bearer realm=\"https://a/t" }, "!does not parse" },
	{ "a string that ends in a backslash",
	  { "Bearer realm=\"https://a/t\\" },
	  "!does not parse" },
	{ "a control character", { "Bearer realm=\"https://a/\001t\"" }, "!does not parse" },
	{ "no scheme", { "realm=\"https://a/t\"" }, "!does not parse" },
	{ "a quote for a scheme", { "\"Bearer\" realm=\"https://a/t\"" }, "!does not parse" },
	{ "an equals sign for a scheme", { "= realm=\"https://a/t\"" }, "!does not parse" },
};

static const char *const schemes[] = { "none", "basic", "bearer" };

static void read_row(const struct row *row)
{
	cleanup_by(challenge_release) struct challenge c = CHALLENGE_INIT;
	struct err err = ERR_INIT;
	struct span headers[4];
	size_t n = 0;

	for (; n < 4 && row->headers[n]; n++)
		headers[n] = span_str(row->headers[n]);
	if (challenge_read(&c, headers, n, &err) < 0) {
		int ok = row->want[0] == '!' && strstr(err.msg, row->want + 1) != NULL;

		if (!CHECK_ROW(ok && c.scheme == CHALLENGE_NONE && !c.realm, row->name))
			printf("#   got: %s\n", err.msg);
	} else {
		cleanup_free char *got = xasprintf("%s%s|%s|%s|%s", schemes[c.scheme],
						   c.insufficient_scope ? "+insufficient" : "",
						   c.realm, c.service, c.scope);

		CHECK_TEXT(got, row->want, row->name);
	}
}

static int kind_of(const char *header)
{
	cleanup_by(challenge_release) struct challenge c = CHALLENGE_INIT;
	struct err err = ERR_INIT;
	struct span s = span_str(header);

	challenge_read(&c, &s, 1, &err);
	return (int)err.kind;
}

/* `piece` n times, behind `head`. */
static char *many(const char *head, const char *piece, size_t n)
{
	size_t at = strlen(head), each = strlen(piece);
	char *s = xmalloc(at + n * each + 1);

	memcpy(s, head, at + 1);
	for (size_t i = 0; i < n; i++, at += each)
		memcpy(s + at, piece, each + 1);
	return s;
}

static void ceilings(void)
{
	cleanup_free char *schemes_at = many("Basic realm=r", ",X y=z", LIMIT_CHALLENGES - 1);
	cleanup_free char *schemes_past = many("", "X y=z,", LIMIT_CHALLENGES + 1);
	cleanup_free char *value_at = many("Bearer realm=", "r", LIMIT_CHALLENGE_VALUE);
	cleanup_free char *value_past = many("Bearer realm=", "r", LIMIT_CHALLENGE_VALUE + 1);

	CHECK_ROW(kind_of(schemes_at) == ERR_NONE, "as many challenges as may be");
	CHECK_ROW(kind_of(schemes_past) == ERR_INVALID, "one more");
	CHECK_ROW(kind_of(value_at) == ERR_NONE, "a value as long as may be");
	CHECK_ROW(kind_of(value_past) == ERR_INVALID, "one longer");
	CHECK_ROW(kind_of("NTLM") == ERR_AUTH, "an unsupported scheme is a matter of credentials");
}

int main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		read_row(&rows[i]);
	ceilings();
	return tap_done();
}
