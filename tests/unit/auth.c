#include "oci/auth.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "oci/clock.h"
#include "oci/creds.h"
#include "oci/err.h"
#include "oci/own.h"
#include "tests/tap.h"
#include "tests/unit/tempdir.h"

#define HUB       "https://registry-1.docker.io"
#define CHALLENGE "Bearer realm=\"https://auth.docker.io/token\",service=\"registry.docker.io\""
#define ALPINE    CHALLENGE ",scope=\"repository:library/alpine:pull\""
#define ALPINE_URL                                                                                 \
	"https://auth.docker.io/token?service=registry.docker.io&scope=repository%3Alibrary%2Falpine%3Apull"
#define BASIC "Basic realm=\"r\""

/* ann:a-secret */
#define ANN_BASIC            "Basic YW5uOmEtc2VjcmV0"
#define ENTRY(host, members) "{\"auths\":{\"" host "\":{" members "}}}"
#define ANN(host)            ENTRY(host, "\"username\":\"ann\",\"password\":\"a-secret\"")

static int64_t now;

/* One run: what main() has made of the environment, and the decisions. */
struct run {
	struct creds *creds;
	struct auth *auth;
	struct err err; /* of what failed last */
};

static struct run run_new(const struct creds_options *o)
{
	struct run run = { .err = ERR_INIT };

	now = 1000 * CLOCK_SEC;
	run.creds = o ? creds_new(o, &run.err) : NULL;
	if (o && !run.creds)
		abort();
	run.auth = auth_new(run.creds);
	return run;
}

static struct run run_with(const char *docker_auth_config)
{
	return run_new(&(struct creds_options){ .docker_auth_config = docker_auth_config });
}

static void run_release(struct run *run)
{
	auth_free(run->auth);
	creds_free(run->creds);
}

/* What comes next: "send <header>", "token", "wait", "ping", or "fail <message>". */
static void next(struct run *run, struct auth_repo *r, struct auth_try *t, const char *want,
		 const char *name)
{
	own_free char *got = NULL;

	switch (auth_next(r, t, now, &run->err)) {
	case AUTH_SEND: got = xasprintf("send %s", auth_header(r) ? auth_header(r) : "-"); break;
	case AUTH_TOKEN: got = xstrdup("token"); break;
	case AUTH_WAIT: got = xstrdup("wait"); break;
	case AUTH_PING: got = xstrdup("ping"); break;
	default: got = xasprintf("fail %s", run->err.msg);
	}
	if (strncmp(want, "fail ", 5) != 0)
		CHECK_TEXT(got, want, name);
	else if (!CHECK_ROW(strncmp(got, "fail ", 5) == 0 && strstr(got, want + 5) &&
				    !strstr(got, "secret"),
			    name))
		printf("#   got: %s\n", got);
}

/* A 401 with this challenge. `says` NULL: go on; else the end, with these words. */
static void refuse(struct run *run, struct auth_repo *r, struct auth_try *t, const char *challenge,
		   const char *says, const char *name)
{
	struct span s = span_str(challenge ? challenge : "");
	int result = auth_refused(r, t, &s, challenge != NULL, now, &run->err);

	if (!CHECK_ROW(says ? result < 0 && strstr(run->err.msg, says) &&
				       !strstr(run->err.msg, "secret")
			    : result == 0,
		       name))
		printf("#   got: %s\n", run->err.msg);
}

/* "<url>", "<url> <authorization>" or "<url> POST <form>" of the token that is asked for. */
static void request(struct run *run, struct auth_try *t, const char *want, const char *name)
{
	struct auth_request q;
	own_free char *got = NULL;

	if (auth_token_request(t, &q, &run->err) < 0)
		got = xstrdup(run->err.msg);
	else
		got = xasprintf("%s%s%s", q.url,
				q.form            ? " POST "
				: q.authorization ? " "
						  : "",
				q.form            ? q.form
				: q.authorization ? q.authorization
						  : "");
	CHECK_TEXT(got, want, name);
}

static void answer(struct auth_repo *r, struct auth_try *t, long status, const char *body)
{
	auth_token_answer(r, t, status, span_str(body), now);
}

/*
 * Tokens.
 */

static void test_open(void)
{
	own_by(run_release) struct run run = run_with(ANN("r.corp"));
	struct auth_repo *r = auth_repo(run.auth, "http://r.corp", "app");
	struct auth_try t = { 0 };

	next(&run, r, &t, "send -", "nothing is sent that nobody asked for");
	CHECK_ROW(r == auth_repo(run.auth, "http://r.corp", "app") &&
			  r != auth_repo(run.auth, "http://r.corp", "app2") &&
			  r != auth_repo(run.auth, "https://r.corp", "app"),
		  "a repository at an origin is one");
}

static void test_token(void)
{
	own_by(run_release) struct run run = run_new(NULL);
	struct auth_repo *alpine = auth_repo(run.auth, HUB, "library/alpine");
	struct auth_repo *debian = auth_repo(run.auth, HUB, "library/debian");
	struct auth_repo *quay = auth_repo(run.auth, "https://quay.io", "library/alpine");
	struct auth_try t = { 0 }, t2 = { 0 }, t3 = { 0 }, t4 = { 0 }, t5 = { 0 };

	next(&run, alpine, &t, "send -", "the first request goes without");
	refuse(&run, alpine, &t, ALPINE, NULL, "and is refused");
	next(&run, alpine, &t, "token", "so a token is asked for");
	next(&run, alpine, &t2, "wait", "once: others wait");
	next(&run, alpine, &t3, "wait", "all of them");
	request(&run, &t, ALPINE_URL, "where the challenge says, without credentials");
	answer(alpine, &t, 200, "{\"token\":\"t1\",\"expires_in\":300}");
	next(&run, alpine, &t, "send Bearer t1", "the token is sent");
	next(&run, alpine, &t2, "send Bearer t1", "by all");
	next(&run, debian, &t4, "token", "another repository asks for its own at once");
	request(&run, &t4,
		"https://auth.docker.io/token?service=registry.docker.io&scope=repository%3Alibrary%2Fdebian%3Apull",
		"with its own scope");
	next(&run, quay, &t5, "send -", "another origin knows nothing of it");
	auth_token_answer(debian, &t4, 200, span_str("{\"token\":\"t2\"}"), now);
	next(&run, debian, &t4, "send Bearer t2", "each has its own");
	next(&run, alpine, &t3, "send Bearer t1", "and keeps it");
	now += 269 * CLOCK_SEC;
	next(&run, alpine, &t3, "send Bearer t1", "until shortly before its end");
	now += CLOCK_SEC;
	next(&run, alpine, &t3, "token", "when it is renewed");
}

/* A repository with a token of some age. */
static struct auth_repo *with_token(struct run *run, const char *token)
{
	struct auth_repo *r = auth_repo(run->auth, HUB, "library/alpine");
	own_free char *body = xasprintf("{\"token\":\"%s\",\"expires_in\":300}", token);
	struct auth_try t = { 0 };
	struct span s = span_str(ALPINE);

	auth_next(r, &t, now, &run->err);
	auth_refused(r, &t, &s, 1, now, &run->err);
	auth_next(r, &t, now, &run->err);
	answer(r, &t, 200, body);
	now += 10 * CLOCK_SEC;
	return r;
}

static void test_refused_fresh(void)
{
	own_by(run_release) struct run run = run_new(NULL);
	struct auth_repo *r = auth_repo(run.auth, HUB, "library/alpine");
	struct auth_try t = { 0 };

	next(&run, r, &t, "send -", "a repository that is not there");
	refuse(&run, r, &t, ALPINE, NULL, "is refused");
	next(&run, r, &t, "token", "needs a token");
	answer(r, &t, 200, "{\"token\":\"t1\"}");
	next(&run, r, &t, "send Bearer t1", "which is sent");
	refuse(&run, r, &t, ALPINE ",error=\"insufficient_scope\"",
	       "missing or private, and no credentials for registry-1.docker.io are known",
	       "a refusal of a fresh token is final");
}

static void test_refused_old(void)
{
	own_by(run_release) struct run run = run_new(NULL);
	struct auth_repo *r = with_token(&run, "t1");
	struct auth_try a = { 0 }, b = { 0 };

	next(&run, r, &a, "send Bearer t1", "a token at hand is sent");
	next(&run, r, &b, "send Bearer t1", "by two");
	refuse(&run, r, &a, ALPINE, NULL, "it has ended before its time");
	next(&run, r, &a, "token", "a new one is asked for");
	answer(r, &a, 200, "{\"token\":\"t2\"}");
	next(&run, r, &a, "send Bearer t2", "and sent");
	refuse(&run, r, &b, ALPINE, NULL, "the other one is refused later");
	next(&run, r, &b, "send Bearer t2", "and takes what is there");
	refuse(&run, r, &a, ALPINE, "unauthorized", "refused again, it is final");
	refuse(&run, r, &b, ALPINE, "unauthorized", "for the other one, too");
}

static void test_scopes(void)
{
	own_by(run_release) struct run run = run_new(NULL);
	struct auth_repo *r = with_token(&run, "t1");
	struct auth_try t = { 0 }, u = { 0 };
	static const char more[] = CHALLENGE
		",scope=\"repository:library/alpine:metadata_read\",error=\"insufficient_scope\"";

	next(&run, r, &t, "send Bearer t1", "a token for one thing");
	refuse(&run, r, &t, more, NULL, "is not enough for another");
	next(&run, r, &t, "token", "one for both is asked for");
	request(&run, &t,
		"https://auth.docker.io/token?service=registry.docker.io&scope=repository%3Alibrary%2Falpine%3Ametadata_read"
		"&scope=repository%3Alibrary%2Falpine%3Apull",
		"the newly demanded scope first");
	answer(r, &t, 200, "{\"token\":\"t2\"}");
	next(&run, r, &t, "send Bearer t2", "and sent");
	next(&run, r, &u, "send Bearer t2", "it does for both");
	refuse(&run, r, &u, ALPINE, NULL, "a scope that it had already: it has ended");
	next(&run, r, &u, "token", "and is renewed");
	answer(r, &u, 200, "{\"token\":\"t3\"}");
	refuse(&run, r, &t, CHALLENGE ",scope=\"x\"", NULL, "a third demand is still followed");
	refuse(&run, r, &t, CHALLENGE ",scope=\"y\"", "unauthorized", "but there is an end to it");
}

static void test_fixed_scope(void)
{
	own_by(run_release) struct run run = run_new(NULL);
	struct auth_repo *a = auth_repo(run.auth, "https://public.ecr.aws", "a/a");
	struct auth_repo *b = auth_repo(run.auth, "https://public.ecr.aws", "b/b");
	struct auth_try t = { 0 }, u = { 0 };

	next(&run, a, &t, "send -", "ECR Public");
	refuse(&run, a, &t,
	       "Bearer realm=\"https://public.ecr.aws/token/\",service=\"public.ecr.aws\",scope=\"aws\"",
	       NULL, "has one scope for all");
	next(&run, a, &t, "token", "so one token does");
	answer(a, &t, 200, "{\"token\":\"t1\"}");
	next(&run, b, &u, "send Bearer t1", "for all repositories");
}

static void test_stale(void)
{
	own_by(run_release) struct run run = run_new(NULL);
	struct auth_repo *r = with_token(&run, "t1");
	struct auth_try t = { 0 };

	CHECK_ROW(!auth_stale(r, &t, 400, now), "a request without credentials has no stale token");
	next(&run, r, &t, "send Bearer t1", "a token");
	CHECK_ROW(!auth_stale(r, &t, 400, now), "a young token is not to blame for a 400");
	now += 200 * CLOCK_SEC;
	CHECK_ROW(!auth_stale(r, &t, 404, now), "nor an old one for a 404");
	CHECK_ROW(auth_stale(r, &t, 400, now) && auth_stale(r, &t, 403, now),
		  "an old one may be for a 400 or a 403");
	refuse(&run, r, &t, NULL, NULL, "so another one");
	next(&run, r, &t, "token", "is asked for");
	answer(r, &t, 200, "{\"token\":\"t2\"}");
	next(&run, r, &t, "send Bearer t2", "and sent");
	now += 50 * CLOCK_SEC;
	CHECK_ROW(!auth_stale(r, &t, 400, now), "once");
}

/*
 * 401 without a challenge.
 */

static void test_ping(void)
{
	own_by(run_release) struct run run = run_new(NULL);
	struct auth_repo *r = auth_repo(run.auth, "https://gcr.io", "p/app");
	struct auth_repo *s = auth_repo(run.auth, "https://gcr.io", "p/other");
	struct auth_try t = { 0 }, u = { 0 }, v = { 0 };
	struct span challenge = span_str(
		"Bearer realm=\"https://gcr.io/v2/token\",service=\"gcr.io\",scope=\"repository:user/image:pull\"");

	next(&run, r, &t, "send -", "a request");
	next(&run, s, &u, "send -", "and another");
	refuse(&run, r, &t, NULL, NULL, "refused without a word");
	refuse(&run, s, &u, NULL, NULL, "both");
	next(&run, r, &t, "ping", "/v2/ is asked");
	next(&run, s, &u, "wait", "once");
	auth_pinged(r, 401, &challenge, 1);
	next(&run, r, &t, "token", "and tells");
	request(&run, &t,
		"https://gcr.io/v2/token?service=gcr.io&scope=repository%3Ap%2Fapp%3Apull",
		"where; its scope is only an example");
	answer(r, &t, 200, "{\"token\":\"t1\"}");
	next(&run, r, &t, "send Bearer t1", "a token");
	next(&run, s, &u, "token", "the other one needs its own");
	answer(s, &u, 200, "{\"token\":\"t2\"}");
	next(&run, s, &u, "send Bearer t2", "token");
	refuse(&run, r, &t, NULL, "unauthorized", "refused without a word again: final");
	next(&run, r, &v, "send Bearer t1", "a later request");
	refuse(&run, r, &v, NULL, NULL, "whose token may have ended");
	next(&run, r, &v, "token", "asks for another");
}

static void test_ping_says_nothing(void)
{
	static const struct {
		const char *name;
		long status;
		const char *challenge;
	} rows[] = {
		{ "/v2/ is open", 200, "" },
		{ "/v2/ has no challenge either", 401, "" },
		{ "/v2/ has one that is not supported", 401, "Negotiate" },
		{ "/v2/ could not be asked", 0, "" },
		{ "/v2/ wants Basic", 401, BASIC },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		own_by(run_release) struct run run = run_new(NULL);
		struct auth_repo *r = auth_repo(run.auth, "https://r.corp", "app");
		struct auth_try t = { 0 };
		struct span s = span_str(rows[i].challenge);

		next(&run, r, &t, "send -", rows[i].name);
		refuse(&run, r, &t, NULL, NULL, "refused without a word");
		next(&run, r, &t, "ping", "/v2/ is asked");
		auth_pinged(r, rows[i].status, &s, s.n > 0);
		next(&run, r, &t, "send -", "and tells nothing of use");
		refuse(&run, r, &t, NULL, "no credentials for r.corp are known",
		       "so that is the end");
	}
}

/*
 * Passwords.
 */

static void test_basic(void)
{
	own_by(run_release) struct run run = run_with(ANN("r.corp"));
	struct auth_repo *r = auth_repo(run.auth, "https://r.corp", "app");
	struct auth_repo *s = auth_repo(run.auth, "https://r.corp", "other");
	struct auth_repo *elsewhere = auth_repo(run.auth, "https://s.corp", "app");
	struct auth_repo *plain = auth_repo(run.auth, "http://r.corp", "app");
	struct auth_try t = { 0 }, u = { 0 }, v = { 0 }, w = { 0 };

	next(&run, r, &t, "send -", "a password is not sent unasked");
	refuse(&run, r, &t, BASIC, NULL, "but when it is");
	next(&run, r, &t, "send " ANN_BASIC, "so");
	next(&run, s, &u, "send " ANN_BASIC, "from then on at once");
	next(&run, plain, &w, "send -", "but not over plain http, which did not ask");
	refuse(&run, r, &t, BASIC,
	       "missing, or not allowed with the credentials of $DOCKER_AUTH_CONFIG",
	       "refused, it is final");
	next(&run, elsewhere, &v, "send -", "another host gets nothing");
	refuse(&run, elsewhere, &v, BASIC, "no credentials for s.corp are known",
	       "even when it asks");
}

static void test_basic_elsewhere_open(void)
{
	own_by(run_release) struct run run = run_new(NULL);
	struct auth_repo *r = auth_repo(run.auth, "https://r.corp", "private");
	struct auth_repo *s = auth_repo(run.auth, "https://r.corp", "public");
	struct auth_try t = { 0 }, u = { 0 };

	next(&run, r, &t, "send -", "a private repository");
	refuse(&run, r, &t, BASIC, "no credentials", "wants a password that nobody has");
	next(&run, s, &u, "send -", "another one may be public");
}

static void test_token_with_password(void)
{
	own_by(run_release) struct run run = run_with(ANN("https://index.docker.io/v1/"));
	struct auth_repo *r = auth_repo(run.auth, HUB, "library/alpine");
	struct auth_try t = { 0 };

	next(&run, r, &t, "send -", "Docker Hub with a password");
	refuse(&run, r, &t, ALPINE, NULL, "refused");
	next(&run, r, &t, "token", "the password goes for a token");
	request(&run, &t, ALPINE_URL "&account=ann " ANN_BASIC, "in a header, not in the URL");
	answer(r, &t, 200, "{\"token\":\"t1\"}");
	next(&run, r, &t, "send Bearer t1", "the registry sees only that");
}

static void test_mirror_host(void)
{
	own_by(run_release) struct run run = run_with(ANN("docker.io"));
	struct auth_repo *r = auth_repo(run.auth, "https://mirror.corp", "library/alpine");
	struct auth_try t = { 0 };

	next(&run, r, &t, "send -", "a host that stands in for docker.io");
	refuse(&run, r, &t, BASIC, "no credentials for mirror.corp are known",
	       "does not get docker.io's");
}

static void test_lockout(void)
{
	own_by(run_release) struct run run = run_with(ANN("docker.io"));
	struct span challenge = span_str(CHALLENGE);

	for (int i = 0; i < 7; i++) {
		own_free char *path = xasprintf("library/image-%d", i);
		struct auth_repo *r = auth_repo(run.auth, HUB, path);
		struct auth_try t = { 0 };
		enum auth_step step = auth_next(r, &t, now, &run.err);

		if (step == AUTH_SEND) {
			auth_refused(r, &t, &challenge, 1, now, &run.err);
			step = auth_next(r, &t, now, &run.err);
		}
		if (i < 5) {
			CHECK_ROW(step == AUTH_TOKEN, "a wrong password is tried");
			answer(r, &t, 401, "{\"details\":\"incorrect username or password\"}");
			next(&run, r, &t,
			     "fail status 401: incorrect username or password (asked with the credentials of $DOCKER_AUTH_CONFIG)",
			     "and the refusal told");
		} else {
			CHECK_ROW(step == AUTH_FAIL && strstr(run.err.msg, "is not asked again"),
				  "but not for ever");
		}
	}
}

static void test_identity(void)
{
	own_by(run_release) struct run run =
		run_with(ENTRY("corp.azurecr.io", "\"identitytoken\":\"i-secret\""));
	struct auth_repo *a = auth_repo(run.auth, "https://corp.azurecr.io", "a");
	struct auth_repo *b = auth_repo(run.auth, "https://corp.azurecr.io", "b");
	struct auth_try t = { 0 }, u = { 0 };
	static const char challenge[] =
		"Bearer realm=\"https://corp.azurecr.io/oauth2/token\",service=\"corp.azurecr.io\","
		"scope=\"repository:a:pull\"";

	next(&run, a, &t, "send -", "an identity token");
	refuse(&run, a, &t, challenge, NULL, "at ACR");
	next(&run, a, &t, "token", "goes for a token");
	request(&run, &t,
		"https://corp.azurecr.io/oauth2/token POST grant_type=refresh_token&service=corp.azurecr.io&"
		"client_id=mirror-sync&scope=repository%3Aa%3Apull&refresh_token=i-secret",
		"by POST");
	answer(a, &t, 200, "{\"access_token\":\"t1\",\"refresh_token\":\"j-secret\"}");
	next(&run, a, &t, "send Bearer t1", "which gives a token");
	next(&run, b, &u, "token", "and a new identity token");
	request(&run, &u,
		"https://corp.azurecr.io/oauth2/token POST grant_type=refresh_token&service=corp.azurecr.io&"
		"client_id=mirror-sync&scope=repository%3Ab%3Apull&refresh_token=j-secret",
		"that goes for the next one");
	answer(b, &u, 401, "");
	next(&run, b, &u, "token", "if that is refused");
	request(&run, &u,
		"https://corp.azurecr.io/oauth2/token POST grant_type=refresh_token&service=corp.azurecr.io&"
		"client_id=mirror-sync&scope=repository%3Ab%3Apull&refresh_token=i-secret",
		"the first one is tried again");
	answer(b, &u, 404, "");
	next(&run, b, &u, "token", "a server that knows no POST");
	request(&run, &u,
		"https://corp.azurecr.io/oauth2/token?service=corp.azurecr.io&scope=repository%3Ab%3Apull Basic Omktc2VjcmV0",
		"is asked by GET");
	answer(b, &u, 401, "");
	next(&run, b, &u, "fail status 401", "and then it is over");
}

static void test_registry_token(void)
{
	own_by(run_release) struct run run = run_with(ENTRY("r.corp", "\"registrytoken\":\"rt\""));
	struct auth_repo *r = auth_repo(run.auth, "https://r.corp", "app");
	struct auth_try t = { 0 };

	next(&run, r, &t, "send -", "a configured bearer token");
	refuse(&run, r, &t, ALPINE, NULL, "is wanted");
	next(&run, r, &t, "send Bearer rt", "and sent as it is");
	refuse(&run, r, &t, ALPINE, "not allowed with the credentials", "refused, it is final");
}

/* What fails. */

static void test_failures(void)
{
	own_by(run_release) struct run run = run_new(NULL);
	struct auth_repo *r = auth_repo(run.auth, HUB, "library/alpine");
	struct auth_try t = { 0 }, u = { 0 };
	struct err down;

	err_set(&down, ERR_NET, 0, "auth.docker.io: connection refused");
	next(&run, r, &t, "send -", "a token server that is down");
	refuse(&run, r, &t, ALPINE, NULL, "is needed");
	next(&run, r, &t, "token", "and asked");
	next(&run, r, &u, "wait", "while another one waits");
	auth_token_failed(&t, &down, now);
	next(&run, r, &t, "fail connection refused", "both are told");
	next(&run, r, &u, "fail connection refused", "and neither asks again");
	CHECK_ROW(run.err.kind == ERR_NET, "with the kind it had");
	now += 31 * CLOCK_SEC;
	next(&run, r, &u, "token", "until later");
	answer(r, &u, 200, "<html>Hotel Wifi</html>");
	next(&run, r, &u, "fail is not JSON: \"<html>Hotel Wifi</html>\"", "a captive portal");
	now += 31 * CLOCK_SEC;
	next(&run, r, &t, "token", "is tried again later");
	answer(r, &t, 403, "{\"errors\":[{\"message\":\"denied\"}]}");
	next(&run, r, &t, "fail status 403: denied (asked with no credentials)", "a denial");
	now += 3600 * CLOCK_SEC;
	next(&run, r, &t, "fail denied", "stays");
}

static void test_odd_challenges(void)
{
	own_by(run_release) struct run run = run_with("{\"credHelpers\":{\"r.corp\":\"missing\"}}");
	struct auth_repo *r = auth_repo(run.auth, "https://s.corp", "app");
	struct auth_repo *s = auth_repo(run.auth, "https://r.corp", "app");
	struct auth_try t = { 0 }, u = { 0 }, v = { 0 }, w = { 0 };

	next(&run, r, &t, "send -", "a challenge");
	refuse(&run, r, &t, "Negotiate", "not supported (Negotiate)", "that nobody can answer");
	next(&run, r, &u, "send -", "a challenge");
	refuse(&run, r, &u, "Bearer service=\"x\"", "no realm", "without a realm");
	next(&run, s, &v, "send -", "a helper");
	refuse(&run, s, &v, BASIC, "docker-credential-missing", "that is not there");
	next(&run, s, &w,
	     "fail credentials of r.corp: credential helper \"docker-credential-missing\"",
	     "is told to the next one before anything is sent");
}

/* A helper whose passwords end, as ECR's do: it says another one each time. */
static void test_renewed_password(const char *challenge, const char *name)
{
	own_by(tempdir_release) struct tempdir dir = tempdir_new();
	own_free char *script = xasprintf("#!/bin/sh\ncd '%s'\necho x >>count\n"
					  "while read -r x; do n=$((n+1)); done <count\n"
					  "echo '{\"Username\":\"AWS\",\"Secret\":\"'$n'\"}'\n",
					  dir.path);
	own_by(run_release) struct run run = run_new(&(struct creds_options){
		.docker_auth_config = "{\"credsStore\":\"ecr\"}", .path = dir.path });
	struct auth_repo *r = auth_repo(run.auth, "https://ecr.aws", "app");
	struct auth_try t = { 0 }, u = { 0 };
	bool bearer = *challenge == 'B' && challenge[1] == 'e';

	tempdir_write(&dir, "docker-credential-ecr", script);
	if (fchmodat(dir.fd, "docker-credential-ecr", 0755, 0) < 0)
		abort();
	next(&run, r, &t, "send -", name);
	refuse(&run, r, &t, challenge, NULL, "wants a password");
	if (bearer) {
		next(&run, r, &t, "token", "for a token");
		request(&run, &t,
			"https://ecr.aws/t?service=s&scope=repository%3Aapp%3Apull&account=AWS Basic QVdTOjE=",
			"a helper's");
		answer(r, &t, 401, "");
		next(&run, r, &t, "token", "which has ended");
		request(&run, &t,
			"https://ecr.aws/t?service=s&scope=repository%3Aapp%3Apull&account=AWS Basic QVdTOjI=",
			"the helper is asked anew");
		answer(r, &t, 401, "");
		next(&run, r, &t, "fail status 401", "once");
		return;
	}
	next(&run, r, &t, "send Basic QVdTOjE=", "a helper's");
	next(&run, r, &u, "send Basic QVdTOjE=", "which is kept");
	refuse(&run, r, &u, challenge, NULL, "it has ended");
	next(&run, r, &u, "send Basic QVdTOjI=", "the helper is asked anew");
	refuse(&run, r, &t, challenge, NULL, "the other one is refused later");
	next(&run, r, &t, "send Basic QVdTOjI=", "and takes what is there");
	refuse(&run, r, &u, challenge, "not allowed", "once");
}

int main(void)
{
	test_open();
	test_token();
	test_refused_fresh();
	test_refused_old();
	test_scopes();
	test_fixed_scope();
	test_stale();
	test_ping();
	test_ping_says_nothing();
	test_basic();
	test_basic_elsewhere_open();
	test_token_with_password();
	test_mirror_host();
	test_lockout();
	test_identity();
	test_registry_token();
	test_failures();
	test_odd_challenges();
	test_renewed_password(BASIC, "Basic with a helper");
	test_renewed_password(
		"Bearer realm=\"https://ecr.aws/t\",service=\"s\",scope=\"repository:app:pull\"",
		"Bearer with a helper");
	return tap_done();
}
