/*
 * How a repository's requests are authorized (struct auth_repo.mode), and what changes it.
 *
 *  mode     is sent with        event                        next mode
 *  -------  ------------------  ---------------------------  ----------------------------------
 *  UNKNOWN  nothing             the scheme is known          TOKEN, BASIC, OPEN, DIRECT
 *           nothing             401 with a Bearer challenge  TOKEN; DIRECT: a token is configured
 *           nothing             401 with a Basic challenge   BASIC; OPEN, final: no password
 *           nothing             401 without a challenge      UNKNOWN, after GET /v2/ (AUTH_PING)
 *  TOKEN    the cached token    none, or it expires          TOKEN, after AUTH_TOKEN or AUTH_WAIT
 *           the cached token    401 for the same scope       TOKEN, with a new token, once
 *           the cached token    401 for another scope        TOKEN, for both scopes
 *           a foreign scope's   401, or no token for it      TOKEN, for the own scope, once
 *  BASIC    the password        401                          BASIC, when a helper has another one
 *  DIRECT   the given token     401                          final
 *  OPEN     nothing             401                          final
 *
 * "final" is refusal_is_final(): the request fails with AUTH. The state of the cached token itself
 * is in oci/auth/cached_token.h.
 */
#include "oci/auth/auth.h"

#include <stdlib.h>
#include <string.h>

#include "oci/auth/auth_types.h"
#include "oci/auth/challenge.h"
#include "oci/auth/challenge_cache.h"
#include "oci/auth/keychain.h"
#include "oci/auth/login.h"
#include "oci/auth/scope.h"
#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/base/redact.h"
#include "oci/base/table.h"

/* The least time before a helper is asked again for a credential that was refused. */
#define RENEWAL (300 * CLOCK_SEC)
/* The shortest password that is cut out of messages wherever it stands. */
#define SECRET_MIN 6

struct auth *auth_new(struct keychain *keychain)
{
	struct auth *a = xcalloc(1, sizeof(*a));

	a->keychain = keychain;
	return a;
}

static void free_origin(void *origin)
{
	struct origin *o = origin;

	login_release(&o->logins);
	free(o->name);
	challenge_cache_release(&o->challenges);
	credential_wipe(o->refresh);
	free(o);
}

static void free_repo(void *repo)
{
	struct auth_repo *r = repo;

	free(r->key);
	credential_release(&r->cred);
	credential_wipe(r->header);
	free(r);
}

static void free_ticket(void *ticket)
{
	struct token_slot *slot = ticket;

	cached_token_release(&slot->cached);
	free(slot->key);
	free(slot);
}

void auth_free(struct auth *a)
{
	if (!a)
		return;
	table_clear(&a->repos, free_repo);
	table_clear(&a->tokens, free_ticket);
	table_clear(&a->origins, free_origin);
	free(a);
}

static struct origin *origin_of(struct auth *a, const char *name)
{
	struct origin *o = table_get(&a->origins, name);
	const char *host;

	if (o)
		return o;
	o = xcalloc(1, sizeof(*o));
	o->name = xstrdup(name);
	host = strstr(o->name, "://");
	o->host = host ? host + 3 : o->name;
	table_put(&a->origins, o->name, o);
	return o;
}

struct auth_repo *auth_repo(struct auth *a, const char *origin, const char *path)
{
	cleanup_free char *key = xasprintf("%s %s", origin, path);
	struct auth_repo *r = table_get(&a->repos, key);

	if (r)
		return r;
	r = xcalloc(1, sizeof(*r));
	r->auth = a;
	r->origin = origin_of(a, origin);
	r->key = take(key);
	r->path = r->key + strlen(origin) + 1;
	table_put(&a->repos, r->key, r);
	return r;
}

/*
 * Passwords, and whether they are right.
 */

static struct login *login_at(struct origin *o, const struct credential *cred)
{
	return login_of(&o->logins, cred);
}

/* Whether this try may send the credential. */
static enum auth_step try_login(struct origin *o, const struct credential *cred, struct auth_try *t,
				struct err *err)
{
	switch (login_try(login_at(o, cred), &t->trying)) {
	case LOGIN_GO: return AUTH_SEND;
	case LOGIN_WAIT: return AUTH_WAIT;
	case LOGIN_REFUSED: break;
	}
	return (enum auth_step)err_set(err, ERR_AUTH, 0,
				       "the credentials of %s were refused %d times and are not "
				       "sent again in this run: accounts get locked",
				       cred->from, LOGIN_TRIES);
}

bool auth_came_back(struct auth_try *t)
{
	return login_came_back(&t->trying);
}

/*
 * Credentials and modes.
 */

static int find_credential(struct auth_repo *r, struct err *err)
{
	if (r->looked_up || !r->auth->keychain)
		return 0;
	if (keychain_find(r->auth->keychain, r->origin->host, r->path, &r->cred, err) < 0)
		return err_wrap(err, "credentials of %s", r->origin->host);
	r->looked_up = true;
	r->serial = ++r->auth->serial;
	return 0;
}

static struct cached_token *cached_token_for(struct auth_repo *r, const char *realm,
					     const char *service, const char *scope)
{
	struct auth *a = r->auth;
	struct token_request purpose = {
		.realm = realm, .service = service, .scope = scope, .cred = &r->cred
	};
	cleanup_free char *key = xasprintf("%s\n%s\n%s\n%s\n%d %s", r->origin->name, realm, service,
					   scope, r->cred.kind, r->cred.user ? r->cred.user : "");
	struct token_slot *slot = table_get(&a->tokens, key);

	if (!slot) {
		slot = xcalloc(1, sizeof(*slot));
		slot->key = take(key);
		cached_token_init(&slot->cached, &purpose, &r->origin->refresh);
		table_put(&a->tokens, slot->key, slot);
	}
	return &slot->cached;
}

static int use_bearer(struct auth_repo *r, const char *realm, const char *service,
		      const char *scope, struct err *err)
{
	if (find_credential(r, err) < 0)
		return -1;
	if (r->cred.kind == CREDENTIAL_BEARER) {
		r->mode = MODE_DIRECT;
		return 0;
	}
	r->cached = cached_token_for(r, realm, service, scope);
	r->mode = MODE_TOKEN;
	return 0;
}

static int use_basic(struct auth_repo *r, struct err *err)
{
	if (find_credential(r, err) < 0)
		return -1;
	r->mode = r->cred.kind == CREDENTIAL_BASIC || r->cred.kind == CREDENTIAL_IDENTITY
			  ? MODE_BASIC
			  : MODE_OPEN;
	return 0;
}

/* A challenge may name a placeholder ("repository:user/image:pull"). When the token for such a
 * scope is refused, or not given, the repository's own scope is tried once: the foreign path may be
 * right, too, where the host stands in front of another registry. */
static bool use_own_scope(struct auth_repo *r)
{
	struct cached_token *now = r->cached;
	cleanup_free char *own = challenge_cache_scope(&r->origin->challenges, r->path);
	struct err ignored;

	if (r->foreign || !scope_is_foreign(now->scope, r->path))
		return false;
	r->foreign = now;
	return use_bearer(r, now->realm, now->service, own, &ignored) == 0;
}

/* The challenges to other repositories of the origin say how this one's requests must be sent. */
static int adopt_origin_scheme(struct auth_repo *r, struct err *err)
{
	const struct origin *o = r->origin;
	cleanup_free char *scope = NULL;

	switch (o->challenges.scheme) {
	case CHALLENGE_BASIC: return use_basic(r, err);
	case CHALLENGE_BEARER:
		scope = challenge_cache_scope(&r->origin->challenges, r->path);
		return use_bearer(r, o->challenges.realm, o->challenges.service, scope, err);
	case CHALLENGE_NONE: break;
	}
	return 0;
}

/*
 * Before a request.
 */

static void set_header(struct auth_repo *r, const char *scheme, const char *text)
{
	credential_wipe(r->header);
	r->header = xasprintf("%s%s", scheme, text);
}

static enum auth_step send_without(struct auth_repo *r, struct auth_try *t)
{
	credential_wipe(take(r->header));
	r->header_serial = 0;
	t->serial = 0;
	return AUTH_SEND;
}

static enum auth_step send_credential(struct auth_repo *r, struct auth_try *t, struct err *err)
{
	cleanup_by(credential_wipe_buf) struct buf basic = BUF_INIT(LIMIT_TOKEN_REQUEST);
	enum auth_step step =
		r->mode == MODE_BASIC ? try_login(r->origin, &r->cred, t, err) : AUTH_SEND;

	if (step != AUTH_SEND)
		return step;
	t->serial = r->serial;
	if (r->header_serial == r->serial)
		return AUTH_SEND;
	if (r->mode == MODE_DIRECT) {
		set_header(r, "Bearer ", r->cred.secret);
	} else {
		credential_basic(&r->cred, &basic);
		if (buf_failed(&basic)) {
			auth_came_back(t);
			return (enum auth_step)err_set(err, ERR_AUTH, 0,
						       "the password of %s is too long",
						       r->origin->host);
		}
		set_header(r, "", basic.p);
	}
	r->header_serial = r->serial;
	return AUTH_SEND;
}

static enum auth_step request_token(struct auth_repo *r, struct auth_try *t, struct err *err)
{
	enum auth_step step = try_login(r->origin, &r->cached->cred, t, err);

	if (step != AUTH_SEND)
		return step;
	cached_token_begin(r->cached);
	t->waited = true;
	t->asking = r->cached;
	return AUTH_TOKEN;
}

static enum auth_step next_with_token(struct auth_repo *r, struct auth_try *t, int64_t now,
				      struct err *err)
{
	struct cached_token *cached = r->cached;

	switch (cached_token_state(cached, now)) {
	case CACHED_TOKEN_ASK: return request_token(r, t, err);
	case CACHED_TOKEN_WAIT: t->waited = true; return AUTH_WAIT;
	case CACHED_TOKEN_FAILED:
		if (cached->why.kind == ERR_AUTH && use_own_scope(r))
			return next_with_token(r, t, now, err);
		*err = cached->why;
		return AUTH_FAIL;
	case CACHED_TOKEN_VALID: break;
	}
	if (r->header_serial != cached->serial)
		set_header(r, "Bearer ", cached->token.text);
	r->header_serial = t->serial = cached->serial;
	return AUTH_SEND;
}

static enum auth_step next_with_ping(struct origin *o)
{
	if (o->ping == PING_ASKED)
		return AUTH_WAIT;
	o->ping = PING_ASKED;
	return AUTH_PING;
}

enum auth_step auth_next(struct auth_repo *r, struct auth_try *t, int64_t now, struct err *err)
{
	if (r->wants_ping && r->origin->ping != PING_DONE)
		return next_with_ping(r->origin);
	r->wants_ping = false;
	if (r->mode == MODE_UNKNOWN && adopt_origin_scheme(r, err) < 0)
		return AUTH_FAIL;
	switch (r->mode) {
	case MODE_TOKEN: return next_with_token(r, t, now, err);
	case MODE_BASIC:
	case MODE_DIRECT: return send_credential(r, t, err);
	case MODE_UNKNOWN:
	case MODE_OPEN: break;
	}
	return send_without(r, t);
}

void auth_redact(const struct auth_repo *r, char *text, size_t size)
{
	const char *secret = r ? r->cred.secret : NULL;

	/* a shorter one would take words of the message for itself */
	redact_in_place(text, size, secret && strlen(secret) >= SECRET_MIN ? secret : NULL);
}

const char *auth_header(const struct auth_repo *r)
{
	return r->header;
}

/*
 * After a refusal.
 */

/* 401 as the error's number means that the repository is refused. It is 0 when the credentials may
 * be wrong: the host has not accepted them once. */
static int refusal_is_final(struct auth_repo *r, struct err *err)
{
	if (r->cred.kind == CREDENTIAL_NONE)
		return err_set(
			err, ERR_AUTH, 401,
			"unauthorized: missing or private, and no credentials for %s are known",
			r->origin->host);
	return err_set(err, ERR_AUTH, login_at(r->origin, &r->cred)->is_good ? 401 : 0,
		       "unauthorized: missing, or not allowed with the credentials of %s",
		       r->cred.from);
}

/* A password that a helper made may have expired (ECR: after 12 hours, GCR: after one), so helpers
 * are asked again from time to time. Gives 1 when there is another credential now, 0 when not. */
static int look_up_anew(struct auth_repo *r, int64_t now, struct err *err)
{
	cleanup_by(credential_release) struct credential old = r->cred;
	struct origin *o = r->origin;

	r->cred = (struct credential)CREDENTIAL_INIT;
	r->looked_up = false;
	if (!o->renewed || now - o->renewed > RENEWAL) {
		keychain_forget(r->auth->keychain, o->host);
		o->renewed = now;
	}
	if (find_credential(r, err) < 0)
		return -1;
	return r->cred.kind != CREDENTIAL_NONE && !credential_same(&old, &r->cred);
}

static int renew_credential(struct auth_repo *r, const struct auth_try *t, int64_t now,
			    struct err *err)
{
	int renewed;

	login_refused(login_at(r->origin, &r->cred));
	renewed = look_up_anew(r, now, err);
	if (renewed < 0)
		return -1;
	return renewed && t->refusals <= 1 ? 0 : refusal_is_final(r, err);
}

static int refused_basic(struct auth_repo *r, struct auth_try *t, int64_t now, struct err *err)
{
	if (r->mode == MODE_BASIC && t->serial)
		return t->serial == r->serial ? renew_credential(r, t, now, err)
		       : t->refusals > 2      ? refusal_is_final(r, err)
					      : 0;
	if (use_basic(r, err) < 0)
		return -1;
	return r->mode == MODE_BASIC && t->refusals <= 2 ? 0 : refusal_is_final(r, err);
}

/* Some tokens live for two seconds only, and a request may wait as long for a busy registry. */
static bool came_too_late(const struct auth_repo *r, const struct auth_try *t, int64_t now)
{
	return t->refusals <= 3 && now - r->cached->token.asked >= CLOCK_SEC;
}

/* The own scope was no better: the next requests are sent with the one that is asked for. */
static int fail_both_scopes(struct auth_repo *r, struct err *err)
{
	if (r->foreign && !r->own_works)
		r->cached = r->foreign;
	return refusal_is_final(r, err);
}

/* A token was refused: the request is sent once more, with a newer token. */
static int renew_token(struct auth_repo *r, struct auth_try *t, int64_t now, struct err *err)
{
	if (t->refusals <= 2 && t->serial != r->cached->serial)
		return 0;
	if ((t->waited || t->refusals > 1) && !came_too_late(r, t, now))
		return use_own_scope(r) ? 0 : fail_both_scopes(r, err);
	cached_token_drop(r->cached);
	return 0;
}

static bool same_server(const struct auth_repo *r, const struct challenge *c)
{
	return r->mode == MODE_TOKEN && strcmp(r->cached->realm, c->realm) == 0 &&
	       strcmp(r->cached->service, c->service) == 0;
}

static int refused_bearer(struct auth_repo *r, struct auth_try *t, const struct challenge *c,
			  int64_t now, struct err *err)
{
	bool ignored = r->foreign && r->cached != r->foreign && scope_is_foreign(c->scope, r->path);
	cleanup_free char *scope = *c->scope && !ignored
					   ? xstrdup(c->scope)
					   : challenge_cache_scope(&r->origin->challenges, r->path);
	cleanup_free char *both = NULL;

	if (r->mode == MODE_DIRECT && t->serial)
		return refusal_is_final(r, err);
	if (same_server(r, c) && token_scope_within(scope, r->cached->scope))
		return t->serial ? renew_token(r, t, now, err) : 0;
	if (t->refusals > 2)
		return refusal_is_final(r, err);
	/* some servers use only the first scope, so the one that is demanded now comes first */
	if (same_server(r, c) && strlen(r->cached->scope) + strlen(scope) < LIMIT_CHALLENGE_VALUE)
		both = xasprintf("%s %s", scope, r->cached->scope);
	return use_bearer(r, c->realm, c->service, both ? both : scope, err);
}

/* 401 without a challenge: an earlier challenge of the origin is used, or GET /v2/ may give one
 * (gcr.io). */
static int refused_without_challenge(struct auth_repo *r, struct auth_try *t, int64_t now,
				     struct err *err)
{
	struct origin *o = r->origin;

	if (t->serial && r->mode == MODE_TOKEN)
		return renew_token(r, t, now, err);
	if (t->serial || t->refusals > 1 ||
	    (o->ping == PING_DONE && o->challenges.scheme == CHALLENGE_NONE))
		return refusal_is_final(r, err);
	if (o->challenges.scheme == CHALLENGE_NONE) {
		r->wants_ping = true;
		return 0;
	}
	if (r->mode == MODE_OPEN)
		return refusal_is_final(r, err);
	return 0;
}

int auth_refused(struct auth_repo *r, struct auth_try *t, const struct span *challenges, size_t n,
		 int64_t now, struct err *err)
{
	cleanup_by(challenge_release) struct challenge c = CHALLENGE_INIT;

	t->refusals++;
	if (challenge_read(&c, challenges, n, err) < 0)
		return -1;
	if (c.scheme == CHALLENGE_NONE)
		return refused_without_challenge(r, t, now, err);
	challenge_cache_learn(&r->origin->challenges, &c, r->path);
	return c.scheme == CHALLENGE_BASIC ? refused_basic(r, t, now, err)
					   : refused_bearer(r, t, &c, now, err);
}

void auth_accepted(struct auth_repo *r, const struct auth_try *t)
{
	if (r->mode == MODE_BASIC && t->serial == r->serial)
		login_accepted(login_at(r->origin, &r->cred));
	r->own_works |= r->foreign && r->cached != r->foreign && t->serial;
}

bool auth_stale(const struct auth_repo *r, const struct auth_try *t, long status, int64_t now)
{
	const struct token *token = r->mode == MODE_TOKEN ? &r->cached->token : NULL;

	if ((status != 400 && status != 403) || !token || !token->text || !t->serial || t->waited ||
	    t->refusals)
		return false;
	return now - token->asked >= (token->expires - token->asked) / 2;
}

void auth_pinged(struct auth_repo *r, long status, const struct span *challenges, size_t n)
{
	cleanup_by(challenge_release) struct challenge c = CHALLENGE_INIT;
	struct err ignored;

	r->origin->ping = PING_DONE;
	if (status == 401 && challenge_read(&c, challenges, n, &ignored) == 0 &&
	    c.scheme != CHALLENGE_NONE)
		challenge_cache_learn(&r->origin->challenges, &c, NULL);
}

/*
 * Tokens.
 */

int auth_token_request(struct auth_try *t, struct auth_request *q, struct err *err)
{
	struct cached_token_request made;

	if (cached_token_request(t->asking, &made, err) < 0)
		return -1;
	*q = (struct auth_request){ .url = made.url,
				    .form = made.form,
				    .authorization = made.authorization };
	return 0;
}

/* A token server refused a password: when a helper has another one, that is tried. */
static void renew_login(struct auth_repo *r, struct cached_token *cached, int64_t now)
{
	struct err ignored;

	if (look_up_anew(r, now, &ignored) >= 0 && r->cred.kind != CREDENTIAL_NONE &&
	    !credential_same(&cached->cred, &r->cred)) {
		credential_release(&cached->cred);
		credential_copy(&cached->cred, &r->cred);
		cached->failed = false;
	}
}

/* GitLab says 403 where others say 401. */
static bool is_login_refused(const struct cached_token *cached, long status)
{
	return cached->cred.kind != CREDENTIAL_NONE && (status == 401 || status == 403);
}

void auth_token_answer(struct auth_repo *r, struct auth_try *t, long status, struct span body,
		       int64_t now)
{
	struct cached_token *cached = take(t->asking);
	struct login *login = login_at(r->origin, &cached->cred);

	auth_came_back(t);
	if (cached_token_answer(cached, status, body, now)) {
		cached->serial = ++r->auth->serial;
		login_accepted(login);
	} else if (is_login_refused(cached, status)) {
		login_refused(login);
		if (cached->failed)
			renew_login(r, cached, now);
	}
}

void auth_token_failed(struct auth_try *t, const struct err *why, int64_t now)
{
	auth_came_back(t);
	cached_token_fail(take(t->asking), why, now);
}
