/*
 * auth_run - the decisions of oci/auth/auth.h, driven step by step.
 */
#ifndef TESTS_UNIT_AUTH_RUN_H
#define TESTS_UNIT_AUTH_RUN_H

#include "oci/auth/auth.h"

#include <stdlib.h>

#include "oci/auth/keychain.h"
#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "tests/tap.h"

#define HUB       "https://registry-1.docker.io"
#define CHALLENGE "Bearer realm=\"https://auth.docker.io/token\",service=\"registry.docker.io\""
#define ALPINE    CHALLENGE ",scope=\"repository:library/alpine:pull\""
#define ALPINE_URL                                                                                 \
	"https://auth.docker.io/token?service=registry.docker.io&scope="                           \
	"repository%3Alibrary%2Falpine%3Apull"
#define BASIC "Basic realm=\"r\""

/* ann:a-secret */
#define ANN_BASIC            "Basic YW5uOmEtc2VjcmV0"
#define ENTRY(host, members) "{\"auths\":{\"" host "\":{" members "}}}"
#define ANN(host)            ENTRY(host, "\"username\":\"ann\",\"password\":\"a-secret\"")

static int64_t now;

/* One run: what main() has made of the environment, and the decisions. */
struct run {
	struct keychain *keychain;
	struct auth *auth;
	struct err err; /* of what failed last */
};

static inline struct run run_new(const struct keychain_options *o)
{
	struct run run = { .err = ERR_INIT };

	now = 100 * CLOCK_SEC; /* soon after the machine has started */
	run.keychain = o ? keychain_new(o, &run.err) : NULL;
	if (o && !run.keychain)
		abort();
	run.auth = auth_new(run.keychain);
	return run;
}

static inline struct run run_with(const char *docker_auth_config)
{
	return run_new(&(struct keychain_options){ .docker_auth_config = docker_auth_config });
}

static inline void run_release(struct run *run)
{
	auth_free(run->auth);
	keychain_free(run->keychain);
}

/* What comes next: "send <header>", "token", "wait", "ping", or "fail <message>". */
static inline void next(struct run *run, struct auth_repo *r, struct auth_try *t, const char *want,
			const char *name)
{
	cleanup_free char *got = NULL;

	switch (auth_next(r, t, now, &run->err)) {
	case AUTH_SEND: got = xasprintf("send %s", auth_header(r) ? auth_header(r) : "-"); break;
	case AUTH_TOKEN: got = xstrdup("token"); break;
	case AUTH_WAIT: got = xstrdup("wait"); break;
	case AUTH_PING: got = xstrdup("ping"); break;
	case AUTH_FAIL: break;
	}
	if (!got)
		got = xasprintf("fail %s", run->err.msg);
	if (strncmp(want, "fail ", 5) != 0)
		CHECK_TEXT(got, want, name);
	else if (!CHECK_ROW(strncmp(got, "fail ", 5) == 0 && strstr(got, want + 5) &&
				    !strstr(got, "secret"),
			    name))
		printf("#   got: %s\n", got);
}

/* A 401 with this challenge. `says` NULL: go on; else the end, with these words. */
static inline void refuse(struct run *run, struct auth_repo *r, struct auth_try *t,
			  const char *challenge, const char *says, const char *name)
{
	struct span s = span_str(challenge ? challenge : "");
	int result;

	auth_came_back(t);
	result = auth_refused(r, t, &s, challenge != NULL, now, &run->err);
	if (!CHECK_ROW(says ? result < 0 && strstr(run->err.msg, says) &&
				       !strstr(run->err.msg, "secret")
			    : result == 0,
		       name))
		printf("#   got: %s\n", run->err.msg);
}

/* "<url>", "<url> <authorization>" or "<url> POST <form>" of the token that is asked for. */
static inline void request(struct run *run, struct auth_try *t, const char *want, const char *name)
{
	struct auth_request q;
	cleanup_free char *got = NULL;

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

static inline void answer(struct auth_repo *r, struct auth_try *t, long status, const char *body)
{
	auth_token_answer(r, t, status, span_str(body), now);
}

/* A repository with a token of some age. */
static inline struct auth_repo *with_token(struct run *run, const char *token)
{
	struct auth_repo *r = auth_repo(run->auth, HUB, "library/alpine");
	cleanup_free char *body = xasprintf("{\"token\":\"%s\",\"expires_in\":300}", token);
	struct auth_try t = { 0 };
	struct span s = span_str(ALPINE);

	auth_next(r, &t, now, &run->err);
	auth_refused(r, &t, &s, 1, now, &run->err);
	auth_next(r, &t, now, &run->err);
	answer(r, &t, 200, body);
	now += 10 * CLOCK_SEC;
	return r;
}

#endif
