#include "sync/web.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "oci/auth/credential.h"
#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/base/url.h"
#include "oci/http/http.h"
#include "oci/http/origin.h"
#include "oci/registry/http_status.h"
#include "sync/advice.h"
#include "sync/netrc.h"
#include "sync/remote.h"

#define REFS "/info/refs?service=git-upload-pack"
#define PACK "/git-upload-pack"
#define TYPE "application/x-git-upload-pack-"
/* Some hosts answer only what calls itself git as a repository. */
#define AGENT "git/2.0 (%s)"
/* Of the answer, before it is read: what one turn brings is far less. */
#define AHEAD (64UL * MIB)
/* What is sent: ids of commits that the clone has, for branches that it has not seen. */
#define REQUEST (16UL * MIB)

struct web {
	const struct remote *to;
	const struct web_options *o;
	struct net_options net;
	struct http *http;
	struct http_call call;
	char *agent;
	char *base;           /* the repository's URL, which may have moved within its origin */
	char *url;            /* under way, or the last one */
	char *authorization;  /* once it was asked for; wiped */
	char *whose;          /* where that was found */
	char *location;       /* of a redirect */
	bool asks, sent;      /* a GET; what is to be asked has been */
	bool answered, ended; /* the head of the answer is here; all of it */
	unsigned hops;
	struct buf request, answer;
	size_t taken;   /* of the answer */
	size_t skipped; /* of one that is none */
	struct err err;
};

static const char *host(const struct web *w)
{
	return w->to->host;
}

/* ---- one request ---- */

static void alive(const struct web *w)
{
	if (w->o->alive)
		w->o->alive(w->o->arg);
}

static int on_head(struct http_call *c, struct err *err)
{
	struct web *w = c->arg;
	struct span location = http_header(c, "Location", 0);
	struct span type = http_header(c, "Content-Type", 0);

	alive(w);
	w->answered = true;
	free(w->location);
	w->location = location.p ? xstrndup(location.p, location.n) : NULL;
	if (c->status != 200 || span_starts(type, TYPE))
		return 0;
	return err_set(
		err, ERR_NET, 0,
		"answers with \"%.*s\", not as a git server does: is it the URL that git clones?",
		(int)(type.n < 60 ? type.n : 60), type.n ? type.p : "");
}

static int on_data(struct http_call *c, const char *p, size_t n, struct err *err)
{
	struct web *w = c->arg;

	alive(w);
	if (c->status == 200)
		return buf_add(&w->answer, p, n)
			       ? 0
			       : err_set(err, ERR_NET, 0, "sends more than was asked for");
	w->skipped += n;
	return w->skipped <= LIMIT_HTTP_ERROR ? 0 : err_set(err, ERR_NET, 0, "endless error page");
}

static void on_done(struct http_call *c, enum http_result result, const struct err *err)
{
	struct web *w = c->arg;
	bool refused = w->answered && c->status != 200; /* which tells enough, whole or not */

	w->ended = true;
	if (result != HTTP_DONE && !refused)
		w->err = *err;
}

/* The proxy's name without its password. */
static void wrap_proxy(const struct web *w, struct err *err)
{
	struct url u;
	const char *proxy, *at;
	struct err ignored;

	if (url_parse(&u, span_str(w->url), &ignored) < 0 || !(proxy = proxy_for(&w->o->proxy, &u)))
		return;
	at = strrchr(proxy, '@');
	(void)err_wrap(err, "through the proxy %s", at ? at + 1 : proxy);
}

/* Why no whole answer came. */
static int broken(const struct web *w, struct err *err)
{
	*err = w->err;
	if (err->kind != ERR_AUTH)
		err->kind = ERR_NET;
	if (!w->answered)
		wrap_proxy(w, err);
	advice_add(err);
	return err_wrap(err, "%s", host(w));
}

static int turn(struct web *w, struct err *err)
{
	if (http_turn(w->http, NULL, 0, 1000, &w->err) < 0 || (w->ended && w->err.kind != ERR_NONE))
		return broken(w, err);
	return 0;
}

/* Until the head is here of an answer that is one, or all of another. */
static int send_request(struct web *w, struct err *err)
{
	free(w->url);
	w->url = xasprintf("%s%s", w->base, w->asks ? REFS : PACK);
	w->call = (struct http_call){
		.method = w->asks ? HTTP_GET : HTTP_POST,
		.url = w->url,
		.accept = w->asks ? "*/*" : TYPE "result",
		.authorization = w->authorization,
		.body = buf_span(&w->request),
		.body_type = TYPE "request",
		.zone = ORIGIN_LOCAL, /* whatever the command line names */
		.arg = w,
		.head = on_head,
		.data = on_data,
		.done = on_done,
	};
	w->answered = w->ended = false;
	w->skipped = 0;
	w->err = (struct err)ERR_INIT;
	http_send(w->http, &w->call);
	while (!w->ended && !(w->answered && w->call.status == 200))
		if (turn(w, err) < 0)
			return -1;
	return 0;
}

/* ---- being let in ---- */

/* The URL's user and password; else ~/.netrc's, of that user if it names one; else the URL's user alone, since some
 * hosts take a token for a name. */
static int find_password(const struct web *w, struct credential *out, struct err *err)
{
	const struct remote *to = w->to;
	cleanup_free char *netrc = w->o->home ? xasprintf("%s/.netrc", w->o->home) : NULL;

	if (!to->password && netrc && netrc_find(netrc, to->host, to->user, out, err) < 0) {
		err->kind = ERR_AUTH;
		return -1;
	}
	if (out->kind == CREDENTIAL_NONE && to->user)
		credential_set(out, to->user, to->password ? to->password : "", "the URL");
	return 0;
}

/* For the next request. */
static int show_password(struct web *w, struct err *err)
{
	cleanup_by(credential_release) struct credential c = CREDENTIAL_INIT;
	cleanup_by(credential_wipe_buf) struct buf basic = BUF_INIT(2 * LIMIT_CREDS);

	if (w->authorization)
		return err_set(err, ERR_AUTH, 401,
			       "%s does not take the user and the password of %s", host(w),
			       w->whose);
	if (w->to->way == REMOTE_HTTP && !origin_is_loopback(span_str(host(w))))
		return err_set(err, ERR_AUTH, 401,
			       "%s asks for a password, which is not sent over plain http",
			       host(w));
	if (find_password(w, &c, err) < 0)
		return -1;
	if (c.kind == CREDENTIAL_NONE)
		return err_set(err, ERR_AUTH, 401,
			       "%s asks for a user and a password, and ~/.netrc has none for it",
			       host(w));
	credential_basic(&c, &basic);
	w->authorization = xstrdup(basic.p);
	w->whose = xstrdup(c.from);
	return 0;
}

/* ---- answers ---- */

static bool is_redirect(long status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* The repository has moved, within its origin. */
static int follow(struct web *w, struct err *err)
{
	cleanup_free char *next =
		w->location ? url_resolve(w->url, span_str(w->location), err) : NULL;
	cleanup_free char *origin = NULL;
	struct url from, to;

	if (!next || url_parse(&from, span_str(w->url), err) < 0 ||
	    url_parse(&to, span_str(next), err) < 0)
		return err_set(err, ERR_NET, 0, "%s sends us nowhere (%ld)", host(w),
			       w->call.status);
	origin = url_origin(&to);
	if (!url_same_origin(&from, &to))
		return err_set(
			err, ERR_NET, 0,
			"%s sends us to %s, which is not followed: if the repository is there, name that URL",
			host(w), origin);
	if (!w->asks || !span_ends(span_str(next), REFS) || ++w->hops > LIMIT_HTTP_REDIRECTS)
		return err_set(
			err, ERR_NET, 0,
			"%s sends us round (%ld), not to a repository: is it the URL that git clones?",
			host(w), w->call.status);
	free(w->base);
	w->base = xstrndup(next, strlen(next) - strlen(REFS));
	return 0;
}

static int refused(const struct web *w, struct err *err)
{
	long status = w->call.status;

	if (status == 403)
		return err_set(err, ERR_AUTH, 403, "%s does not let us read it (403)%s%s", host(w),
			       w->whose ? " with the user and the password of " : "",
			       w->whose ? w->whose : "");
	if (status == 404)
		return err_set(
			err, ERR_NET, 404,
			"%s has no such repository (404), or hides it from those who may not read it",
			host(w));
	if (status == 407) {
		err_set(err, ERR_AUTH, 407, "response 407");
		wrap_proxy(w, err);
		advice_add(err);
		return -1;
	}
	return err_set(err, ERR_NET, (int)status, "%s answers %ld: %s", host(w), status,
		       http_status_is_transient(status) ? "try again later"
						     : "is it the URL that git clones?");
}

/* Asks until there is an answer that can be read. */
static int exchange(struct web *w, struct err *err)
{
	w->sent = true;
	for (;;) {
		int r;

		if (send_request(w, err) < 0)
			return -1;
		if (w->call.status == 200)
			return 0;
		if (w->call.status == 401)
			r = show_password(w, err);
		else if (is_redirect(w->call.status))
			r = follow(w, err);
		else
			r = refused(w, err);
		if (r < 0)
			return -1;
	}
}

/* ---- for who fetches ---- */

struct web *web_new(const struct remote *to, const struct web_options *o, struct err *err)
{
	struct web *w = xcalloc(1, sizeof(*w));
	size_t n = strlen(to->url);

	while (n && to->url[n - 1] == '/')
		n--;
	w->to = to;
	w->o = o;
	w->agent = xasprintf(AGENT, o->user_agent);
	w->base = xstrndup(to->url, n);
	w->net = (struct net_options){
		.user_agent = w->agent,
		.ca_file = o->ca_file,
		.ca_dir = o->ca_dir,
		.proxy = o->proxy,
	};
	buf_init(&w->request, REQUEST);
	buf_init(&w->answer, AHEAD);
	w->http = http_new(&w->net, NULL, err);
	if (w->http)
		return w;
	web_free(w);
	return NULL;
}

void web_end(struct web *w)
{
	http_cancel(w->http, &w->call);
}

void web_free(struct web *w)
{
	if (!w)
		return;
	if (w->http)
		web_end(w);
	http_free(w->http);
	free(w->agent);
	free(w->base);
	free(w->url);
	credential_wipe(w->authorization);
	free(w->whose);
	free(w->location);
	buf_release(&w->request);
	buf_release(&w->answer);
	free(w);
}

static void start(struct web *w, bool asks)
{
	web_end(w);
	buf_clear(&w->request);
	buf_clear(&w->answer);
	w->taken = 0;
	w->asks = asks;
	w->sent = false;
}

int web_ask(struct web *w, struct err *err)
{
	start(w, true);
	return exchange(w, err);
}

void web_begin(struct web *w)
{
	start(w, false);
}

int web_write(struct web *w, const char *p, size_t n, struct err *err)
{
	if (buf_add(&w->request, p, n))
		return 0;
	return err_set(err, ERR_NET, 0, "%s is to be told of more commits than fit in a request",
		       host(w));
}

ssize_t web_read(struct web *w, char *p, size_t n, struct err *err)
{
	if (!w->sent && exchange(w, err) < 0)
		return -1;
	if (w->taken == w->answer.n) {
		buf_clear(&w->answer);
		w->taken = 0;
	}
	while (!w->answer.n && !w->ended)
		if (turn(w, err) < 0)
			return -1;
	if (n > w->answer.n - w->taken)
		n = w->answer.n - w->taken;
	memcpy(p, w->answer.p + w->taken, n);
	w->taken += n;
	return (ssize_t)n;
}
