#include "oci/auth/cached_token.h"

#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/limits.h"

/* After this time, a failure that is not of kind AUTH is tried again. */
#define RETRY_DELAY (30 * CLOCK_SEC)

void cached_token_init(struct cached_token *t, const struct token_request *purpose, char **refresh)
{
	*t = (struct cached_token){
		.realm = xstrdup(purpose->realm),
		.service = xstrdup(purpose->service),
		.scope = xstrdup(purpose->scope),
		.refresh = refresh,
		.url = BUF_INIT(LIMIT_TOKEN_REQUEST),
		.form = BUF_INIT(LIMIT_TOKEN_REQUEST),
		.authorization = BUF_INIT(LIMIT_TOKEN_REQUEST),
	};
	if (purpose->cred)
		credential_copy(&t->cred, purpose->cred);
}

static void forget_request(struct cached_token *t)
{
	credential_wipe_buf(&t->url);
	credential_wipe_buf(&t->form);
	credential_wipe_buf(&t->authorization);
}

void cached_token_release(struct cached_token *t)
{
	free(t->realm);
	free(t->service);
	free(t->scope);
	credential_release(&t->cred);
	token_release(&t->token);
	forget_request(t);
}

enum cached_token_state cached_token_state(const struct cached_token *t, int64_t now)
{
	if (t->asking)
		return CACHED_TOKEN_WAIT;
	if (t->failed && (t->why.kind == ERR_AUTH || now - t->failed_at < RETRY_DELAY))
		return CACHED_TOKEN_FAILED;
	return token_fresh(&t->token, now) ? CACHED_TOKEN_VALID : CACHED_TOKEN_ASK;
}

void cached_token_begin(struct cached_token *t)
{
	t->asking = true;
	t->failed = false;
}

static bool is_post(const struct cached_token *t)
{
	return t->cred.kind == CREDENTIAL_IDENTITY && !t->by_get;
}

int cached_token_request(struct cached_token *t, struct cached_token_request *q, struct err *err)
{
	struct credential cred =
		t->cred; /* lent, but for the refresh token that may have been renewed */
	struct token_request purpose = {
		.realm = t->realm, .service = t->service, .scope = t->scope, .cred = &cred
	};

	if (is_post(t) && *t->refresh)
		cred.secret = *t->refresh;
	forget_request(t);
	*q = (struct cached_token_request){ .url = NULL };
	if (is_post(t)) {
		if (token_form(&t->form, &purpose, err) < 0)
			return -1;
		buf_adds(&t->url, t->realm);
		q->form = t->form.p;
	} else {
		if (token_url(&t->url, &purpose, err) < 0)
			return -1;
		if (cred.kind != CREDENTIAL_NONE) {
			credential_basic(&cred, &t->authorization);
			q->authorization = t->authorization.p;
		}
	}
	q->url = t->url.p;
	return 0;
}

/* Chooses another form of request after a refusal: with the credential as it was configured, or by
 * GET when the server does not know POST (GCR says 404, Artifactory 401). */
static bool choose_other_form(struct cached_token *t, long status)
{
	if (!is_post(t) || (status != 400 && status != 401 && status != 404 && status != 405))
		return false;
	if (*t->refresh) {
		credential_wipe(*t->refresh);
		*t->refresh = NULL;
		return true;
	}
	t->by_get = status != 400;
	return t->by_get;
}

static void explain_refusal(const struct cached_token *t, long status, struct span body,
			    struct err *why)
{
	token_refused(status, body, &t->cred, why);
	if (why->kind == ERR_AUTH)
		err_set(why, ERR_AUTH, (int)status, "%s (asked with %s%s)", why->msg,
			t->cred.kind == CREDENTIAL_NONE ? "no credentials" : "the credentials of ",
			t->cred.kind == CREDENTIAL_NONE ? "" : t->cred.from);
}

bool cached_token_answer(struct cached_token *t, long status, struct span body, int64_t now)
{
	struct token fresh = TOKEN_INIT;
	struct err why = ERR_INIT;

	t->asking = false;
	if (status != 200 && choose_other_form(t, status)) {
		forget_request(t);
		return false;
	}
	if (status != 200)
		explain_refusal(t, status, body, &why);
	else
		token_parse(&fresh, body, &t->cred, now, &why);
	if (!fresh.text) {
		cached_token_fail(t, &why, now);
		return false;
	}
	forget_request(t);
	token_release(&t->token);
	t->token = fresh;
	if (fresh.refresh && t->cred.kind == CREDENTIAL_IDENTITY) {
		credential_wipe(*t->refresh);
		*t->refresh = xstrdup(fresh.refresh);
	}
	return true;
}

void cached_token_fail(struct cached_token *t, const struct err *why, int64_t now)
{
	t->asking = false;
	t->failed = true;
	t->failed_at = now;
	t->why = *why;
	forget_request(t);
}

void cached_token_drop(struct cached_token *t)
{
	token_release(&t->token);
}
