#include "oci/auth/credential.h"

#include <stdlib.h>
#include <string.h>

#include "oci/base/base64.h"
#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/str.h"
#include "oci/base/limits.h"

void credential_wipe(char *secret)
{
	if (secret)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}

void credential_wipe_buf(struct buf *b)
{
	if (b->cap)
		explicit_bzero(b->p, b->cap);
	buf_release(b);
}

void credential_release(struct credential *c)
{
	free(c->user);
	credential_wipe(c->secret);
	free(c->from);
	*c = (struct credential)CREDENTIAL_INIT;
}

static char *copy_of(const char *s)
{
	return s ? xstrdup(s) : NULL;
}

void credential_copy(struct credential *to, const struct credential *from)
{
	*to = (struct credential){
		.kind = from->kind,
		.user = copy_of(from->user),
		.secret = copy_of(from->secret),
		.from = copy_of(from->from),
	};
}

void credential_set(struct credential *c, const char *user, const char *secret, const char *from)
{
	/* a convention of docker and podman, from the docker-credential-* protocol */
	bool identity = strcmp(user, "<token>") == 0;

	*c = (struct credential){
		.kind = identity ? CREDENTIAL_IDENTITY : CREDENTIAL_BASIC,
		.user = xstrdup(identity ? "" : user),
		.secret = xstrdup(secret),
		.from = xstrdup(from),
	};
}

bool credential_same(const struct credential *a, const struct credential *b)
{
	return a->kind == b->kind && str_same(a->user, b->user) && str_same(a->secret, b->secret);
}

void credential_basic(const struct credential *c, struct buf *out)
{
	cleanup_by(credential_wipe_buf) struct buf pair = BUF_INIT(LIMIT_CREDS);
	size_t user = strlen(c->user), secret = strlen(c->secret);

	/* all memory at once: a buffer that grows would leave copies of the secret behind */
	if (!buf_reserve(&pair, user + 1 + secret) ||
	    !buf_reserve(out, sizeof("Basic ") + (user + secret + 3) / 3 * 4)) {
		out->failed = true;
		return;
	}
	buf_add(&pair, c->user, user);
	buf_addc(&pair, ':');
	buf_add(&pair, c->secret, secret);
	buf_adds(out, "Basic ");
	base64_encode(out, pair.p, pair.n);
}
