#include "serve/asker.h"

#include <string.h>

#include "oci/base/clock.h"
#include "serve/access.h"
#include "serve/answer.h"
#include "serve/credentials.h"
#include "serve/http_request.h"
#include "serve/password_check.h"
#include "serve/reply.h"
#include "serve/tls.h"

/* What follows from a kind. */
static const struct kind {
	bool challenged;  /* 401 for what is not public */
	int put_off;      /* the status that asks to come again, or 0 */
	const char *code; /* with that status */
	const char *text;
} kinds[] = {
	[ASKER_UNKNOWN] = { .challenged = true },
	[ASKER_NOBODY] = { .challenged = true },
	[ASKER_REFUSED] = { .challenged = true },
	[ASKER_SLOWED] = { .put_off = 429,
			   .code = "TOOMANYREQUESTS",
			   .text = "too many wrong passwords for this user: try again later" },
	[ASKER_BUSY] = { .put_off = 503,
			 .code = "UNAVAILABLE",
			 .text = "too many passwords to check: try again" },
	[ASKER_ANONYMOUS] = { .challenged = false },
	[ASKER_USER] = { .challenged = false },
};

static void set_user(struct asker *a, const char *user)
{
	a->kind = ASKER_USER;
	memcpy(a->user, user, strlen(user) + 1);
}

static bool check_password(struct exchange *x, const struct credentials *c)
{
	struct asker *a = &x->asker;

	switch (password_check_ask(x->passwords, &x->access->users, c->user, c->password,
				   x->wake)) {
	case PASSWORD_RIGHT: set_user(a, c->user); break;
	case PASSWORD_WRONG: a->kind = ASKER_REFUSED; break;
	case PASSWORD_SLOWED: a->kind = ASKER_SLOWED; break;
	case PASSWORD_BUSY: a->kind = ASKER_BUSY; break;
	case PASSWORD_PENDING: x->pending = true; return false;
	}
	return true;
}

static void check_token(struct exchange *x, struct span token)
{
	struct asker *a = &x->asker;
	char user[LIMIT_USER + 1];

	a->kind = ASKER_REFUSED;
	if (token_read(&x->access->keys, token, clock_wall(), user) != TOKEN_GOOD)
		return;
	if (!user[0])
		a->kind = ASKER_ANONYMOUS;
	else if (htpasswd_find(&x->access->users, user))
		set_user(a, user);
}

bool asker_find_from(struct exchange *x, struct credentials *c)
{
	bool found = true;

	switch (c->kind) {
	case CREDENTIALS_NONE: x->asker.kind = ASKER_NOBODY; break;
	case CREDENTIALS_ODD: x->asker.kind = ASKER_REFUSED; break;
	case CREDENTIALS_BEARER: check_token(x, c->token); break;
	case CREDENTIALS_BASIC: found = check_password(x, c); break;
	}
	credentials_wipe(c);
	return found;
}

/* Whether the connection has a certificate that names a user. */
static bool take_certificate(struct exchange *x)
{
	const char *user = x->tls ? tls_user(x->tls) : "";

	if (!user[0] || strlen(user) > LIMIT_USER)
		return false;
	set_user(&x->asker, user);
	x->asker.groups = tls_groups(x->tls);
	return true;
}

bool asker_find(struct exchange *x)
{
	struct credentials c;

	if (x->asker.kind != ASKER_UNKNOWN || take_certificate(x))
		return true;
	if (!access_logins(x->access)) {
		x->asker.kind = ASKER_NOBODY;
		return true;
	}
	credentials_of_field(&c, x->request->authorization);
	return asker_find_from(x, &c);
}

bool asker_is_challenged(const struct asker *a)
{
	return kinds[a->kind].challenged;
}

/* Whether a certificate has the group among its O. */
static bool has_organization(const struct asker *a, const char *group)
{
	struct span lines = span_str(a->groups ? a->groups : ""), line;

	while (span_cut(&lines, '\n', &line))
		if (line.n && span_eq(line, group))
			return true;
	return false;
}

bool asker_in_group(const struct exchange *x, const char *group)
{
	const struct asker *a = &x->asker;

	return a->kind == ASKER_USER &&
	       (has_organization(a, group) ||
		(x->access && groups_has(&x->access->groups, group, a->user)));
}

bool asker_put_off(struct exchange *x)
{
	const struct kind *k = &kinds[x->asker.kind];

	if (!k->put_off)
		return false;
	x->extra = "Retry-After: 5\r\n";
	reply_error(x, k->put_off, k->code, "%s", k->text);
	return true;
}
