#include "oci/auth/auth.h"

#include <sys/stat.h>

#include "tests/unit/auth_run.h"
#include "tests/unit/tempdir.h"

static void test_basic(void)
{
	cleanup_by(run_release) struct run run = run_with(ANN("r.corp"));
	struct auth_repo *r = auth_repo(run.auth, "https://r.corp", "app");
	struct auth_repo *s = auth_repo(run.auth, "https://r.corp", "other");
	struct auth_repo *elsewhere = auth_repo(run.auth, "https://s.corp", "app");
	struct auth_repo *plain = auth_repo(run.auth, "http://r.corp", "app");
	struct auth_try t = { 0 }, u = { 0 }, v = { 0 }, w = { 0 };

	next(&run, r, &t, "send -", "a password is not sent unasked");
	refuse(&run, r, &t, BASIC, NULL, "but when it is");
	next(&run, r, &t, "send " ANN_BASIC, "so");
	next(&run, s, &u, "wait", "another request waits for what becomes of it");
	next(&run, plain, &w, "send -", "but not over plain http, which did not ask");
	refuse(&run, r, &t, BASIC,
	       "missing, or not allowed with the credentials of $DOCKER_AUTH_CONFIG",
	       "refused, it is final");
	next(&run, s, &u, "send " ANN_BASIC, "then the other tries it");
	next(&run, elsewhere, &v, "send -", "another host gets nothing");
	refuse(&run, elsewhere, &v, BASIC, "no credentials for s.corp are known",
	       "even when it asks");
}

static void test_basic_elsewhere_open(void)
{
	cleanup_by(run_release) struct run run = run_new(NULL);
	struct auth_repo *r = auth_repo(run.auth, "https://r.corp", "private");
	struct auth_repo *s = auth_repo(run.auth, "https://r.corp", "public");
	struct auth_try t = { 0 }, u = { 0 };

	next(&run, r, &t, "send -", "a private repository");
	refuse(&run, r, &t, BASIC, "no credentials", "wants a password that nobody has");
	next(&run, s, &u, "send -", "another one may be public");
}

static void test_token_with_password(void)
{
	cleanup_by(run_release) struct run run = run_with(ANN("https://index.docker.io/v1/"));
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
	cleanup_by(run_release) struct run run = run_with(ANN("docker.io"));
	struct auth_repo *r = auth_repo(run.auth, "https://mirror.corp", "library/alpine");
	struct auth_try t = { 0 };

	next(&run, r, &t, "send -", "a host that stands in for docker.io");
	refuse(&run, r, &t, BASIC, "no credentials for mirror.corp are known",
	       "does not get docker.io's");
}

/* A repository that needs a token for which the password is refused. */
static enum auth_step log_in_badly(struct run *run, int i)
{
	cleanup_free char *path = xasprintf("library/image-%d", i);
	struct auth_repo *r = auth_repo(run->auth, HUB, path);
	struct span challenge = span_str(CHALLENGE);
	struct auth_try t = { 0 };
	enum auth_step step = auth_next(r, &t, now, &run->err);

	if (step == AUTH_SEND) {
		auth_refused(r, &t, &challenge, 1, now, &run->err);
		step = auth_next(r, &t, now, &run->err);
	}
	if (step == AUTH_TOKEN) {
		answer(r, &t, 401, "{\"details\":\"incorrect username or password\"}");
		next(run, r, &t,
		     "fail status 401: incorrect username or password (asked with the "
		     "credentials of $DOCKER_AUTH_CONFIG)",
		     "the refusal is told");
	}
	return step;
}

static void test_lockout(void)
{
	cleanup_by(run_release) struct run run = run_with(ANN("docker.io")),
					   good = run_with(ANN("docker.io"));

	for (int i = 0; i < 2; i++)
		CHECK_ROW(log_in_badly(&run, i) == AUTH_TOKEN, "a wrong password is tried");
	CHECK_ROW(log_in_badly(&run, 2) == AUTH_FAIL && strstr(run.err.msg, "are not sent again"),
		  "but not for ever");
	with_token(&good, "t1");
	for (int i = 0; i < 7; i++)
		CHECK_ROW(log_in_badly(&good, i) == AUTH_TOKEN,
			  "one that was right before is not blamed");
}

/* A repository whose registry refuses the password itself. */
static enum auth_step send_badly(struct run *run, int i)
{
	cleanup_free char *path = xasprintf("image-%d", i);
	struct auth_repo *r = auth_repo(run->auth, "https://r.corp", path);
	struct span challenge = span_str(BASIC);
	struct auth_try t = { 0 };
	enum auth_step step = auth_next(r, &t, now, &run->err);

	if (step == AUTH_SEND && !t.serial) {
		auth_refused(r, &t, &challenge, 1, now, &run->err);
		step = auth_next(r, &t, now, &run->err);
	}
	auth_came_back(&t);
	if (step == AUTH_SEND)
		auth_refused(r, &t, &challenge, 1, now, &run->err);
	return step;
}

static void test_basic_lockout(void)
{
	cleanup_by(run_release) struct run run = run_with(ANN("r.corp")),
					   good = run_with(ANN("r.corp"));
	struct auth_repo *r = auth_repo(good.auth, "https://r.corp", "app");
	struct auth_try t = { 0 };

	for (int i = 0; i < 2; i++)
		CHECK_ROW(send_badly(&run, i) == AUTH_SEND, "a wrong password is sent");
	CHECK_ROW(send_badly(&run, 2) == AUTH_FAIL && strstr(run.err.msg, "are not sent again"),
		  "but not for ever, by Basic either");
	next(&good, r, &t, "send -", "where it is right");
	auth_accepted(r, &t);
	refuse(&good, r, &t, BASIC, NULL, "that something is open to all says nothing");
	next(&good, r, &t, "send " ANN_BASIC, "that it is let in does");
	auth_came_back(&t);
	auth_accepted(r, &t);
	for (int i = 0; i < 7; i++)
		CHECK_ROW(send_badly(&good, i) == AUTH_SEND, "it is not blamed for other images");
}

/* The state of one request after another: what each is told. */
static void test_one_tries(void)
{
	cleanup_by(run_release) struct run run = run_with(ANN("r.corp"));
	struct auth_repo *r = auth_repo(run.auth, "https://r.corp", "app");
	struct auth_try first = { 0 }, second = { 0 }, third = { 0 };

	next(&run, r, &first, "send -", "two requests at once");
	next(&run, r, &second, "send -", "go out without a password");
	CHECK_ROW(!auth_came_back(&first), "nobody waits for them");
	refuse(&run, r, &first, BASIC, NULL, "the registry wants one");
	refuse(&run, r, &second, BASIC, NULL, "from both");
	next(&run, r, &first, "send " ANN_BASIC, "the first tries it");
	next(&run, r, &second, "wait", "the second waits");
	CHECK_ROW(auth_came_back(&first), "when the first has come back, others are told");
	next(&run, r, &second, "send " ANN_BASIC, "an answer that says nothing: the next tries");
	next(&run, r, &third, "wait", "and others wait again");
	CHECK_ROW(auth_came_back(&second), "that comes back, too");
	auth_accepted(r, &second);
	next(&run, r, &third, "send " ANN_BASIC, "it is right: all may send it");
	next(&run, r, &first, "send " ANN_BASIC, "at once");
}

static void test_one_tries_for_a_token(void)
{
	cleanup_by(run_release) struct run run = run_with(ANN("docker.io"));
	struct auth_repo *r = auth_repo(run.auth, HUB, "library/alpine");
	struct auth_repo *s = auth_repo(run.auth, HUB, "library/busybox");
	struct auth_try t = { 0 }, u = { 0 };

	next(&run, r, &t, "send -", "two repositories");
	refuse(&run, r, &t, ALPINE, NULL, "of a token server");
	next(&run, r, &t, "token", "one asks with the password");
	next(&run, s, &u, "wait", "the other waits, although it needs another token");
	auth_token_failed(&t, &(struct err){ .kind = ERR_NET, .msg = "reset" }, now);
	next(&run, s, &u, "token", "no answer: the next asks");
	answer(s, &u, 403, "");
	next(&run, s, &u, "fail status 403", "refused");
	now += 31 * CLOCK_SEC;
	next(&run, r, &t, "token", "once more");
	answer(r, &t, 401, "");
	next(&run, auth_repo(run.auth, HUB, "library/x"), &(struct auth_try){ 0 },
	     "fail the credentials of $DOCKER_AUTH_CONFIG were refused 2 times and are not sent "
	     "again in this run: accounts get locked",
	     "and no more");
}

static void test_identity(void)
{
	cleanup_by(run_release) struct run run =
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
		"https://corp.azurecr.io/oauth2/token POST grant_type=refresh_token&"
		"service=corp.azurecr.io&"
		"client_id=mirror-sync&scope=repository%3Aa%3Apull&refresh_token=i-secret",
		"by POST");
	answer(a, &t, 200, "{\"access_token\":\"t1\",\"refresh_token\":\"j-secret\"}");
	next(&run, a, &t, "send Bearer t1", "which gives a token");
	next(&run, b, &u, "token", "and a new identity token");
	request(&run, &u,
		"https://corp.azurecr.io/oauth2/token POST grant_type=refresh_token&"
		"service=corp.azurecr.io&"
		"client_id=mirror-sync&scope=repository%3Ab%3Apull&refresh_token=j-secret",
		"that goes for the next one");
	answer(b, &u, 401, "");
	next(&run, b, &u, "token", "if that is refused");
	request(&run, &u,
		"https://corp.azurecr.io/oauth2/token POST grant_type=refresh_token&"
		"service=corp.azurecr.io&"
		"client_id=mirror-sync&scope=repository%3Ab%3Apull&refresh_token=i-secret",
		"the first one is tried again");
	answer(b, &u, 404, "");
	next(&run, b, &u, "token", "a server that knows no POST");
	request(&run, &u,
		"https://corp.azurecr.io/oauth2/token?service=corp.azurecr.io&"
		"scope=repository%3Ab%3Apull Basic Omktc2VjcmV0",
		"is asked by GET");
	answer(b, &u, 401, "");
	next(&run, b, &u, "fail status 401", "and then it is over");
}

static void test_registry_token(void)
{
	cleanup_by(run_release) struct run run =
		run_with(ENTRY("r.corp", "\"registrytoken\":\"rt\""));
	struct auth_repo *r = auth_repo(run.auth, "https://r.corp", "app");
	struct auth_try t = { 0 };

	next(&run, r, &t, "send -", "a configured bearer token");
	refuse(&run, r, &t, ALPINE, NULL, "is wanted");
	next(&run, r, &t, "send Bearer rt", "and sent as it is");
	refuse(&run, r, &t, ALPINE, "not allowed with the credentials", "refused, it is final");
}

/* A helper whose passwords end, as ECR's do: it says another one each time. */
static void test_renewed_password(const char *challenge, const char *name)
{
	cleanup_by(tempdir_release) struct tempdir dir = tempdir_new();
	cleanup_free char *script = xasprintf("#!/bin/sh\ncd '%s'\necho x >>count\n"
					      "while read -r x; do n=$((n+1)); done <count\n"
					      "echo '{\"Username\":\"AWS\",\"Secret\":\"'$n'\"}'\n",
					      dir.path);
	cleanup_by(run_release) struct run run = run_new(&(struct keychain_options){
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
			"https://ecr.aws/t?service=s&scope=repository%3Aapp%3Apull&"
			"account=AWS Basic QVdTOjE=",
			"a helper's");
		answer(r, &t, 401, "");
		next(&run, r, &t, "token", "which has ended");
		request(&run, &t,
			"https://ecr.aws/t?service=s&scope=repository%3Aapp%3Apull&"
			"account=AWS Basic QVdTOjI=",
			"the helper is asked anew");
		answer(r, &t, 401, "");
		next(&run, r, &t, "fail status 401", "once");
		return;
	}
	next(&run, r, &t, "send Basic QVdTOjE=", "a helper's");
	auth_came_back(&t);
	auth_accepted(r, &t);
	next(&run, r, &u, "send Basic QVdTOjE=", "which is kept");
	next(&run, r, &t, "send Basic QVdTOjE=", "for all");
	refuse(&run, r, &u, challenge, NULL, "it has ended");
	next(&run, r, &u, "send Basic QVdTOjI=", "the helper is asked anew");
	refuse(&run, r, &t, challenge, NULL, "the other one is refused later");
	next(&run, r, &t, "wait", "and waits for what is there");
	auth_came_back(&u);
	next(&run, r, &t, "send Basic QVdTOjI=", "and takes it");
	now += 301 * CLOCK_SEC;
	refuse(&run, r, &u, challenge, "not allowed", "once");
}

int main(void)
{
	test_basic();
	test_basic_elsewhere_open();
	test_token_with_password();
	test_mirror_host();
	test_lockout();
	test_basic_lockout();
	test_one_tries();
	test_one_tries_for_a_token();
	test_identity();
	test_registry_token();
	test_renewed_password(BASIC, "Basic with a helper");
	test_renewed_password(
		"Bearer realm=\"https://ecr.aws/t\",service=\"s\",scope=\"repository:app:pull\"",
		"Bearer with a helper");
	return tap_done();
}
