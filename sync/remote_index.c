#include "sync/remote_index.h"

#include <stdlib.h>
#include <string.h>

#include "oci/auth/credential.h"
#include "oci/auth/keychain.h"
#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/base/percent.h"
#include "oci/base/url.h"
#include "oci/http/http.h"
#include "oci/http/pace.h"
#include "oci/registry/registry_types.h"
#include "oci/store/index.h"
#include "oci/store/index_head.h"

struct answer {
	struct buf body;
	bool ended, failed;
	struct err err;
};

static int on_index_head(struct http_call *c, struct err *err)
{
	if (c->status == 200)
		return 0;
	if (c->status == 401)
		return err_set(err, ERR_AUTH, 401,
			       c->authorization ? "does not take this user and password (401)"
						: "asks for a user and a password (401): docker "
						  "login keeps them");
	if (c->status == 404)
		return err_set(err, ERR_NET, 404,
			       "cannot compare: it gives no index (404); is it a mirror-serve, and "
			       "without --no-index?");
	return err_set(err, ERR_NET, (int)c->status, "answers %ld; is it a mirror-serve?",
		       c->status);
}

static int on_index_data(struct http_call *c, const char *p, size_t n, struct err *err)
{
	struct answer *a = c->arg;

	if (buf_add(&a->body, p, n))
		return 0;
	return err_set(err, ERR_INVALID, 0, "index is larger than %lu MiB", LIMIT_INDEX / MIB);
}

static void on_index_done(struct http_call *c, enum http_result result, const struct err *err)
{
	struct answer *a = c->arg;

	a->ended = true;
	a->failed = result != HTTP_DONE;
	if (!a->failed)
		return;
	a->err = *err;
	trouble_advise(c->trouble, &a->err);
}

static void answer_release(struct answer *a)
{
	buf_release(&a->body);
}

/* ---- the URL, and the credentials in it ---- */

/* A URL without user and password, for requests and messages. */
struct address {
	char *url;
	struct credential cred;
};

static void address_release(struct address *a)
{
	free(a->url);
	credential_release(&a->cred);
}

static char *decoded(struct span s)
{
	char *out = xcalloc(s.n + 1, 1);
	size_t n;

	if (percent_decode(out, s, &n))
		return out;
	credential_wipe(out);
	return NULL;
}

static void set_credential(struct address *a, struct span userinfo)
{
	struct span rest = userinfo, user;
	char *name, *secret;

	span_cut(&rest, ':', &user);
	name = decoded(user);
	secret = decoded(rest.p ? rest : span_of("", 0));
	if (name && secret)
		credential_set(&a->cred, name, secret, "the URL");
	credential_wipe(name);
	credential_wipe(secret);
}

/* A password may have an "@" that is not escaped: the last one before the path counts. */
static int split_url(struct address *a, const char *text, struct err *err)
{
	const char *scheme = strstr(text, "://"), *authority = scheme ? scheme + 3 : text;
	size_t n = strcspn(authority, "/?#"), end = strlen(text);
	const char *at = memrchr(authority, '@', n);
	struct url u;

	if (at)
		set_credential(a, span_of(authority, (size_t)(at - authority)));
	if (at && a->cred.kind == CREDENTIAL_NONE)
		return err_set(err, ERR_USAGE, 0,
			       "--against: the user or the password in the URL cannot be read");
	while (end && text[end - 1] == '/')
		end--;
	at = at ? at + 1 : authority;
	a->url = xasprintf("%.*s%.*s", (int)(authority - text), text,
			   text + end > at ? (int)(text + end - at) : 0, at);
	if (url_parse(&u, span_str(a->url), err) < 0)
		return err_wrap(err, "--against");
	if (memchr(u.target.p, '?', u.target.n)) /* it may be a token: no message repeats it */
		return err_set(err, ERR_USAGE, 0,
			       "--against: give the address of the mirror-serve without \"?\" and "
			       "what follows it");
	return 0;
}

/* What docker login knows of that host, when the URL says nothing. A password goes to no host that
 * is asked without TLS, but to this machine. */
static int find_credential(struct address *a, struct keychain *k, struct err *err)
{
	cleanup_free char *origin = NULL;
	struct url u;

	if (a->cred.kind != CREDENTIAL_NONE || !k || url_parse(&u, span_str(a->url), err) < 0 ||
	    (!u.https && !origin_is_loopback(u.host)))
		return 0;
	origin = url_origin(&u);
	return keychain_find(k, strstr(origin, "://") + 3, "", &a->cred, err);
}

static int get_index(struct http *h, const char *url, const char *authorization, struct answer *a,
		     struct err *err)
{
	struct pace pace;
	struct http_call call = {
		.method = HTTP_GET,
		.url = url,
		.accept = "application/json",
		.authorization = authorization,
		.zone = ORIGIN_CONFIGURED,
		.pace = &pace,
		.arg = a,
		.head = on_index_head,
		.data = on_index_data,
		.done = on_index_done,
	};

	pace_init(&pace, LIMIT_PACE_RATE, LIMIT_PACE_SECONDS);
	http_send(h, &call);
	while (!a->ended)
		if (http_turn(h, NULL, 0, 1000, err) < 0)
			return -1;
	if (a->failed) {
		*err = a->err;
		return -1;
	}
	return 0;
}

CLEANUP_PTR(own_http_, struct http, http_free)

/* All but the URL in front of an error. */
static int load_index(const struct address *at, const struct registry_options *wire,
		      struct index *x, struct err *err)
{
	__attribute__((cleanup(own_http_))) struct http *h = http_new(&wire->net, err);
	cleanup_by(answer_release) struct answer a = { .body = BUF_INIT(LIMIT_INDEX) };
	cleanup_by(credential_wipe_buf) struct buf header = BUF_INIT(2 * LIMIT_CREDS);
	cleanup_free char *full = xasprintf("%s/v2/_ocimirror/index.json", at->url);

	if (!h)
		return -1;
	if (at->cred.kind == CREDENTIAL_BASIC)
		credential_basic(&at->cred, &header);
	if (get_index(h, full, header.n ? header.p : NULL, &a, err) < 0 ||
	    index_parse(x, buf_span(&a.body), err) < 0)
		return -1;
	return index_head_check(x, err);
}

int remote_index_load(const char *url, const struct registry_options *wire, struct index *x,
		      struct err *err)
{
	cleanup_by(address_release) struct address at = { .cred = CREDENTIAL_INIT };

	if (split_url(&at, url, err) < 0)
		return -1;
	if (find_credential(&at, wire->keychain, err) < 0 || load_index(&at, wire, x, err) < 0)
		return err_wrap(err, "%s", at.url);
	return 0;
}
