#include "oci/auth/cred.h"

#include <stdlib.h>
#include <string.h>

#include "oci/base/base64.h"
#include "oci/base/buf.h"
#include "oci/base/limits.h"
#include "oci/base/own.h"

void cred_wipe(char *secret)
{
	if (secret)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}

void cred_wipe_buf(struct buf *b)
{
	if (b->cap)
		explicit_bzero(b->p, b->cap);
	buf_release(b);
}

void cred_release(struct cred *c)
{
	free(c->user);
	cred_wipe(c->secret);
	free(c->from);
	*c = (struct cred)CRED_INIT;
}

static char *copy_of(const char *s)
{
	return s ? xstrdup(s) : NULL;
}

void cred_copy(struct cred *to, const struct cred *from)
{
	*to = (struct cred){
		.kind = from->kind,
		.user = copy_of(from->user),
		.secret = copy_of(from->secret),
		.from = copy_of(from->from),
	};
}

void cred_set(struct cred *c, const char *user, const char *secret, const char *from)
{
	/* docker's and podman's convention, of the docker-credential-* protocol */
	bool identity = strcmp(user, "<token>") == 0;

	*c = (struct cred){
		.kind = identity ? CRED_IDENTITY : CRED_BASIC,
		.user = xstrdup(identity ? "" : user),
		.secret = xstrdup(secret),
		.from = xstrdup(from),
	};
}

void cred_basic(const struct cred *c, struct buf *out)
{
	own_by(cred_wipe_buf) struct buf pair = BUF_INIT(LIMIT_CREDS);
	size_t user = strlen(c->user), secret = strlen(c->secret);

	/* room at once: a buffer that grows would leave copies behind */
	if (!buf_room(&pair, user + 1 + secret) ||
	    !buf_room(out, sizeof("Basic ") + (user + secret + 3) / 3 * 4)) {
		out->failed = true;
		return;
	}
	buf_add(&pair, c->user, user);
	buf_addc(&pair, ':');
	buf_add(&pair, c->secret, secret);
	buf_adds(out, "Basic ");
	base64_encode(out, pair.p, pair.n);
}
