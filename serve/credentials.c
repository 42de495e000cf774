#include "serve/credentials.h"

#include "oci/base/base64.h"
#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/percent.h"
#include "serve/htpasswd.h"

/* A name that no user can have, or a password with NUL, is somebody else's credential. */
static void set_basic(struct credentials *c, struct span user, struct span password)
{
	if (!user.n && !password.n)
		return;
	c->kind = CREDENTIALS_ODD;
	if (!htpasswd_valid_name(user) || memchr(user.p, '\0', user.n) ||
	    password.n > LIMIT_PASSWORD || (password.n && memchr(password.p, '\0', password.n)))
		return;
	c->kind = CREDENTIALS_BASIC;
	memcpy(c->user, user.p, user.n);
	c->user[user.n] = '\0';
	if (password.n)
		memcpy(c->password, password.p, password.n);
	c->password[password.n] = '\0';
}

/* base64 of "user:password": a password may have colons. */
static void read_basic(struct credentials *c, struct span text)
{
	cleanup_by(buf_release) struct buf pair = BUF_INIT(LIMIT_USER + LIMIT_PASSWORD + 1);
	struct span rest, user;

	c->kind = CREDENTIALS_ODD;
	if (base64_decode(&pair, text)) {
		rest = buf_span(&pair);
		span_cut(&rest, ':', &user);
		if (rest.p) {
			c->kind = CREDENTIALS_NONE;
			set_basic(c, user, rest);
		}
	}
	explicit_bzero(pair.p, pair.n);
}

void credentials_of_field(struct credentials *c, struct span value)
{
	struct span scheme;

	c->kind = CREDENTIALS_NONE;
	c->token = span_of("", 0);
	if (!value.p)
		return;
	c->kind = CREDENTIALS_ODD; /* also two fields, whose value is empty */
	scheme = span_word(&value);
	value = span_trim(value);
	if (span_eq_nocase(scheme, "basic")) {
		read_basic(c, value);
	} else if (span_eq_nocase(scheme, "bearer") && value.n) {
		c->kind = CREDENTIALS_BEARER;
		c->token = value;
	}
}

/* Decodes one value of a form into `at`: "+" is a blank, and then come the escapes. */
static bool decode_value(struct span text, char *at, struct span *value)
{
	size_t n;

	for (size_t i = 0; i < text.n; i++)
		at[i] = text.p[i] == '+' ? ' ' : text.p[i];
	if (!percent_decode(at, span_of(at, text.n), &n))
		return false;
	*value = span_of(at, n);
	return true;
}

void credentials_of_form(struct credentials *c, struct span form, bool *scoped)
{
	cleanup_free char *copy = xmalloc(form.n + 1);
	struct span user = SPAN_INIT, password = SPAN_INIT, grant = SPAN_INIT, pair, key, value;
	char *at = copy;

	c->kind = CREDENTIALS_NONE;
	c->token = span_of("", 0);
	*scoped = false;
	while (form.n && span_cut(&form, '&', &pair)) {
		span_cut(&pair, '=', &key);
		if (!pair.p || !decode_value(pair, at, &value))
			continue;
		at += value.n;
		if (span_eq(key, "username"))
			user = value;
		else if (span_eq(key, "password"))
			password = value;
		else if (span_eq(key, "grant_type"))
			grant = value;
		else if (span_eq(key, "scope"))
			*scoped |= value.n > 0;
	}
	if (span_eq(grant, "password"))
		set_basic(c, user, password);
	else if (grant.n)
		c->kind = CREDENTIALS_ODD;
	explicit_bzero(copy, (size_t)(at - copy));
}

void credentials_wipe(struct credentials *c)
{
	explicit_bzero(c->password, sizeof(c->password));
}
