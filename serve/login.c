#include "serve/login.h"

#include <stdio.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/image/ref.h"
#include "serve/access.h"
#include "serve/answer.h"
#include "serve/credentials.h"
#include "serve/http_request.h"
#include "serve/out.h"
#include "serve/reply.h"
#include "serve/token.h"

#define SERVICE "mirror-serve"

/* How long a client keeps the anonymous token that it got for credentials that are not ours, in
 * seconds; docker takes less for this. */
#define SHORT_TOKEN 60

/* Room for the line: a host, which stands in it once, and a name. */
#define CHALLENGE (2 * LIMIT_NAME + 256)

/* https when TLS ends here or in a proxy in front. A client that only claims a proxy lies to
 * itself. */
static const char *scheme_of(const struct exchange *x)
{
	if (x->tls || span_eq_nocase(x->request->forwarded_proto, "https"))
		return "https";
	return "http";
}

/* The field that tells where tokens are, or Basic when the request does not name this server. */
static void write_challenge(const struct exchange *x, char line[static CHALLENGE])
{
	struct span host = x->request->host, name = x->route.name;
	size_t n;

	if (!host.n || host.n > LIMIT_NAME) {
		snprintf(line, CHALLENGE, "WWW-Authenticate: Basic realm=\"" SERVICE "\"\r\n");
		return;
	}
	n = (size_t)snprintf(line, CHALLENGE,
			     "WWW-Authenticate: Bearer realm=\"%s://%.*s/v2/_ocimirror/token\","
			     "service=\"" SERVICE "\"",
			     scheme_of(x), SPAN_ARG(host));
	if (name.n && name.n <= LIMIT_NAME && ref_valid_path(name))
		n += (size_t)snprintf(line + n, CHALLENGE - n, ",scope=\"repository:%.*s:pull\"",
				      SPAN_ARG(name));
	if (x->asker.kind == ASKER_REFUSED)
		n += (size_t)snprintf(line + n, CHALLENGE - n, ",error=\"invalid_token\"");
	snprintf(line + n, CHALLENGE - n, "\r\n");
}

void login_challenge(struct exchange *x)
{
	char line[CHALLENGE];

	write_challenge(x, line);
	x->extra = line;
	reply_error(x, 401, "UNAUTHORIZED", "%s",
		    x->asker.kind == ASKER_REFUSED
			    ? "the credentials are wrong, expired, or not of this mirror"
			    : "authentication required");
	x->extra = NULL;
}

bool login_first(struct exchange *x)
{
	if (!access_logins(x->access))
		return false;
	if (!asker_find(x) || asker_put_off(x))
		return true;
	if (!asker_is_challenged(&x->asker))
		return false;
	login_challenge(x);
	return true;
}

static void reply_token(struct exchange *x, const char *user, int seconds)
{
	struct buf *b = &x->out->text;
	cleanup_by(buf_release) struct buf token = BUF_INIT(KIB);
	char issued[CLOCK_RFC3339];
	time_t now = clock_wall();

	token_make(&x->access->keys, user, now, &token);
	clock_rfc3339(now, issued);
	buf_clear(b);
	buf_addf(b,
		 "{\"token\":\"%s\",\"access_token\":\"%s\",\"token_type\":\"Bearer\","
		 "\"expires_in\":%d,\"issued_at\":\"%s\"}\n",
		 token.p, token.p, seconds, issued);
	reply_text(x, 200, "application/json");
}

static void reply_refused(struct exchange *x)
{
	x->extra = "WWW-Authenticate: Basic realm=\"" SERVICE "\"\r\n";
	reply_error(x, 401, "UNAUTHORIZED", "the user or the password is wrong");
	x->extra = NULL;
}

/* Finds out who asks; *scoped: whether the request is for a pull. */
static bool find_token_asker(struct exchange *x, bool *scoped)
{
	struct credentials c;
	bool form_scoped = false;

	credentials_of_field(&c, x->request->authorization);
	*scoped = x->route.scope.n > 0;
	if (c.kind == CREDENTIALS_BEARER)
		c.kind = CREDENTIALS_NONE; /* a token does not prolong itself */
	if (x->request->method == METHOD_POST && c.kind == CREDENTIALS_NONE)
		credentials_of_form(&c, x->body, &form_scoped);
	*scoped |= form_scoped;
	return asker_find_from(x, &c);
}

void login_token(struct exchange *x)
{
	bool scoped;

	if (!find_token_asker(x, &scoped))
		return;
	switch (x->asker.kind) {
	case ASKER_USER: reply_token(x, x->asker.user, TOKEN_SECONDS); return;
	case ASKER_NOBODY:
	case ASKER_ANONYMOUS: reply_token(x, "", TOKEN_SECONDS); return;
	case ASKER_UNKNOWN:
	case ASKER_REFUSED:
	case ASKER_SLOWED:
	case ASKER_BUSY: break;
	}
	if (scoped)
		reply_token(x, "", SHORT_TOKEN);
	else if (!asker_put_off(x))
		reply_refused(x);
}
