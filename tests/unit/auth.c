#include "oci/auth/auth.h"

#include "tests/unit/auth_run.h"

static void test_open(void)
{
	cleanup_by(run_release) struct run run = run_with(ANN("r.corp"));
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
	cleanup_by(run_release) struct run run = run_new(NULL);
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
		"https://auth.docker.io/token?service=registry.docker.io&"
		"scope=repository%3Alibrary%2Fdebian%3Apull",
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

static void test_refused_fresh(void)
{
	cleanup_by(run_release) struct run run = run_new(NULL);
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

/* What was expected to be enough is not: a token was asked for before the first refusal. */
static void test_refused_expected(void)
{
	cleanup_by(run_release) struct run run = run_new(NULL);
	struct auth_repo *known = with_token(&run, "t1");
	struct auth_repo *r = auth_repo(run.auth, HUB, "library/nope");
	struct auth_try t = { 0 }, u = { 0 };
	static const char challenge[] = CHALLENGE ",scope=\"repository:library/nope:pull\"";

	next(&run, r, &t, "token", "a repository that is not there, beside one that is");
	next(&run, r, &u, "wait", "and that two want");
	answer(r, &t, 200, "{\"token\":\"t2\"}");
	next(&run, r, &t, "send Bearer t2", "its token is sent");
	next(&run, r, &u, "send Bearer t2", "by both");
	refuse(&run, r, &t, challenge, "unauthorized", "refused, it is final at once");
	refuse(&run, r, &u, challenge, "unauthorized", "for both");
	next(&run, known, &(struct auth_try){ 0 }, "send Bearer t1",
	     "and nothing to the other one");
}

static void test_refused_old(void)
{
	cleanup_by(run_release) struct run run = run_new(NULL);
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

/* Tokens that live for two seconds, and a registry that is slower than that. */
static void test_refused_late(void)
{
	cleanup_by(run_release) struct run run = run_new(NULL);
	struct auth_repo *r = auth_repo(run.auth, HUB, "library/alpine");
	struct auth_try a = { 0 }, b = { 0 };

	next(&run, r, &a, "send -", "a slow registry");
	refuse(&run, r, &a, ALPINE, NULL, "wants a token");
	next(&run, r, &a, "token", "which is asked for");
	next(&run, r, &b, "wait", "and waited for");
	answer(r, &a, 200, "{\"token\":\"t1\",\"expires_in\":2}");
	next(&run, r, &a, "send Bearer t1", "it is sent at once");
	next(&run, r, &b, "send Bearer t1", "by both");
	now += 3 * CLOCK_SEC;
	refuse(&run, r, &a, ALPINE, NULL, "it came too late");
	refuse(&run, r, &b, ALPINE, NULL, "twice");
	next(&run, r, &a, "token", "another one");
	next(&run, r, &b, "wait", "for both");
	answer(r, &a, 200, "{\"token\":\"t2\",\"expires_in\":2}");
	next(&run, r, &a, "send Bearer t2", "may be in time");
	next(&run, r, &b, "send Bearer t2", "or not");
	refuse(&run, r, &a, ALPINE, "unauthorized", "refused at once, it is final");
	now += 3 * CLOCK_SEC;
	refuse(&run, r, &b, ALPINE, NULL, "late again, it is not");
	for (int i = 0; i < 2; i++) {
		next(&run, r, &b, "token", "so another one is asked for");
		answer(r, &b, 200, "{\"token\":\"t3\",\"expires_in\":2}");
		next(&run, r, &b, "send Bearer t3", "and sent");
		now += 3 * CLOCK_SEC;
		refuse(&run, r, &b, ALPINE, i ? "unauthorized" : NULL, "but not for ever");
	}
}

/* Its token is always one behind. */
static void test_refused_for_ever(void)
{
	cleanup_by(run_release) struct run run = run_new(NULL);
	struct auth_repo *r = with_token(&run, "t1");
	struct auth_try slow = { 0 };

	for (int i = 0; i < 3; i++) {
		cleanup_free char *sent = xasprintf("send Bearer t%d", i + 1);
		cleanup_free char *body = xasprintf("{\"token\":\"t%d\"}", i + 2);
		struct auth_try quick = { 0 };

		next(&run, r, &slow, sent, "one sends a token");
		next(&run, r, &quick, sent, "another one, too");
		refuse(&run, r, &quick, ALPINE, NULL, "is refused first");
		next(&run, r, &quick, "token", "and renews it");
		answer(r, &quick, 200, body);
		refuse(&run, r, &slow, ALPINE, i < 2 ? NULL : "unauthorized",
		       "the first is refused, not for ever");
	}
}

static void test_scopes(void)
{
	cleanup_by(run_release) struct run run = run_new(NULL);
	struct auth_repo *r = with_token(&run, "t1");
	struct auth_try t = { 0 }, u = { 0 };
	static const char more[] = CHALLENGE
		",scope=\"repository:library/alpine:metadata_read\",error=\"insufficient_scope\"";

	next(&run, r, &t, "send Bearer t1", "a token for one thing");
	refuse(&run, r, &t, more, NULL, "is not enough for another");
	next(&run, r, &t, "token", "one for both is asked for");
	request(&run, &t,
		"https://auth.docker.io/token?service=registry.docker.io&"
		"scope=repository%3Alibrary%2Falpine%3Ametadata_read"
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
	cleanup_by(run_release) struct run run = run_new(NULL);
	struct auth_repo *a = auth_repo(run.auth, "https://public.ecr.aws", "a/a");
	struct auth_repo *b = auth_repo(run.auth, "https://public.ecr.aws", "b/b");
	struct auth_try t = { 0 }, u = { 0 };

	next(&run, a, &t, "send -", "ECR Public");
	refuse(&run, a, &t,
	       "Bearer realm=\"https://public.ecr.aws/token/\",service=\"public.ecr.aws\","
	       "scope=\"aws\"",
	       NULL, "has one scope for all");
	next(&run, a, &t, "token", "so one token does");
	answer(a, &t, 200, "{\"token\":\"t1\"}");
	next(&run, b, &u, "send Bearer t1", "for all repositories");
}

static void test_stale(void)
{
	cleanup_by(run_release) struct run run = run_new(NULL);
	struct auth_repo *r = with_token(&run, "t1");
	struct auth_try t = { 0 }, u = { 0 };

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
	now += 10 * CLOCK_SEC;
	next(&run, r, &u, "token", "a request that asks for its own token");
	answer(r, &u, 200, "{\"token\":\"t3\"}");
	next(&run, r, &u, "send Bearer t3", "and sends it");
	now += 50 * CLOCK_SEC;
	CHECK_ROW(!auth_stale(r, &u, 400, now), "is not given another");
}

/* 401 without a challenge. */
static void test_ping(void)
{
	cleanup_by(run_release) struct run run = run_new(NULL);
	struct auth_repo *r = auth_repo(run.auth, "https://gcr.io", "p/app");
	struct auth_repo *s = auth_repo(run.auth, "https://gcr.io", "p/other");
	struct auth_try t = { 0 }, u = { 0 }, v = { 0 };
	struct span challenge =
		span_str("Bearer realm=\"https://gcr.io/v2/token\",service=\"gcr.io\","
			 "scope=\"repository:user/image:pull\"");

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
		{ "/v2/ has a challenge, but is open", 200, CHALLENGE },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cleanup_by(run_release) struct run run = run_new(NULL);
		struct auth_repo *r = auth_repo(run.auth, "https://r.corp", "app");
		struct auth_repo *s = auth_repo(run.auth, "https://r.corp", "other");
		struct span challenge = span_str(rows[i].challenge);
		struct auth_try t = { 0 };

		next(&run, r, &t, "send -", rows[i].name);
		refuse(&run, r, &t, NULL, NULL, "refused without a word");
		next(&run, r, &t, "ping", "/v2/ is asked");
		auth_pinged(r, rows[i].status, &challenge, challenge.n > 0);
		next(&run, r, &t, "send -", "and tells nothing of use");
		refuse(&run, r, &t, NULL, "no credentials for r.corp are known",
		       "so that is the end");
		t = (struct auth_try){ 0 };
		next(&run, s, &t, "send -", "another repository");
		refuse(&run, s, &t, NULL, "no credentials for r.corp are known",
		       "does not ask again");
	}
}

/* What fails. */

static void test_failures(void)
{
	cleanup_by(run_release) struct run run = run_new(NULL);
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
	cleanup_by(run_release) struct run run =
		run_with("{\"credHelpers\":{\"r.corp\":\"missing\"}}");
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

int main(void)
{
	test_open();
	test_token();
	test_refused_fresh();
	test_refused_expected();
	test_refused_old();
	test_refused_late();
	test_refused_for_ever();
	test_scopes();
	test_fixed_scope();
	test_stale();
	test_ping();
	test_ping_says_nothing();
	test_failures();
	test_odd_challenges();
	return tap_done();
}
