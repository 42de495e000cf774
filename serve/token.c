#include "serve/token.h"

#include <stdio.h>
#include <sys/random.h>

#include "oci/base/base64.h"
#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "serve/htpasswd.h"

/* The clocks of servers that share a key may differ by that much, in seconds. */
#define CLOCKS_APART 60

/* The longest token: id, a time of 20 digits, a name and an HMAC in base64url. */
#define TOKEN_MAX (TOKEN_ID + 20 + 4 * ((LIMIT_USER + 2) / 3) + 44 + 3)

/* The secret is not the text of the file, so that its id tells nothing of it. */
static void set_key(struct token_key *key, struct span text)
{
	unsigned char id[DIGEST_HMAC];

	digest_hmac(text, span_str("mirror-serve token key"), key->secret);
	digest_hmac(text, span_str("mirror-serve token key id"), id);
	for (size_t i = 0; i < TOKEN_ID / 2; i++)
		snprintf(key->id + 2 * i, 3, "%02x", id[i]);
}

static int read_key(struct token_keys *k, struct span line, struct err *err)
{
	for (size_t i = 0; i < line.n; i++)
		if ((unsigned char)line.p[i] <= 0x20 || (unsigned char)line.p[i] >= 0x7f)
			return err_set(err, ERR_INVALID, 0,
				       "a key is of visible ASCII characters: openssl rand -hex 32 "
				       "makes one");
	if (line.n < TOKEN_KEY_MIN)
		return err_set(
			err, ERR_INVALID, 0,
			"a key of %zu characters can be guessed, %d are wanted: openssl rand "
			"-hex 32 makes one",
			line.n, TOKEN_KEY_MIN);
	if (k->n == LIMIT_TOKEN_KEYS)
		return err_set(err, ERR_INVALID, 0, "more than %d keys", LIMIT_TOKEN_KEYS);
	set_key(&k->v[k->n++], line);
	return 0;
}

int token_keys_parse(struct token_keys *k, const char *file, struct span text, struct err *err)
{
	struct span line;
	int number = 0;

	*k = (struct token_keys){ .n = 0 };
	while (span_cut_line(&text, &number, &line)) {
		if (read_key(k, line, err) < 0) {
			token_keys_wipe(k);
			return err_wrap(err, "%s:%d", file, number);
		}
	}
	if (!k->n)
		return err_set(err, ERR_INVALID, 0,
			       "%s: there is no key: openssl rand -hex 32 makes one", file);
	return 0;
}

int token_keys_random(struct token_keys *k, struct err *err)
{
	char bytes[DIGEST_HMAC];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return err_sys(err, "cannot make", "a key for tokens");
	*k = (struct token_keys){ .n = 1 };
	set_key(&k->v[0], span_of(bytes, sizeof(bytes)));
	explicit_bzero(bytes, sizeof(bytes));
	return 0;
}

void token_keys_wipe(struct token_keys *k)
{
	explicit_bzero(k, sizeof(*k));
}

/* base64url without padding (RFC 4648, 5). */
static void add_base64url(struct buf *out, const void *p, size_t n)
{
	size_t at = out->n;

	base64_encode(out, p, n);
	while (out->n > at && out->p[out->n - 1] == '=')
		out->n--;
	for (char *c = out->p + at; c < out->p + out->n; c++)
		*c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
	out->p[out->n] = '\0';
}

void token_make(const struct token_keys *k, const char *user, time_t now, struct buf *out)
{
	size_t at = out->n;
	unsigned char mac[DIGEST_HMAC];

	buf_addf(out, "%s.%lld.", k->v[0].id, (long long)now + TOKEN_SECONDS);
	add_base64url(out, user, strlen(user));
	digest_hmac(span_of((const char *)k->v[0].secret, DIGEST_HMAC),
		    span_of(out->p + at, out->n - at), mac);
	buf_addc(out, '.');
	add_base64url(out, mac, sizeof(mac));
}

static const struct token_key *find_key(const struct token_keys *k, struct span id)
{
	for (size_t i = 0; i < k->n; i++)
		if (span_eq(id, k->v[i].id))
			return &k->v[i];
	return NULL;
}

/* The user in its base64url; false when it is not what token_make() writes. */
static bool read_user(struct span text, char user[static LIMIT_USER + 1])
{
	cleanup_by(buf_release) struct buf copy = BUF_INIT(TOKEN_MAX);
	cleanup_by(buf_release) struct buf name = BUF_INIT(LIMIT_USER);

	buf_add(&copy, text.p, text.n);
	for (char *c = copy.p; c < copy.p + copy.n; c++)
		*c = *c == '-' ? '+' : *c == '_' ? '/' : *c;
	if (!base64_decode(&name, buf_span(&copy)) ||
	    (name.n && !htpasswd_valid_name(buf_span(&name))))
		return false;
	memcpy(user, name.p, name.n);
	user[name.n] = '\0';
	return true;
}

enum token_verdict token_read(const struct token_keys *k, struct span text, time_t now,
			      char user[static LIMIT_USER + 1])
{
	cleanup_by(buf_release) struct buf want = BUF_INIT(64);
	struct span rest = text, id, ends, name;
	unsigned char mac[DIGEST_HMAC];
	const struct token_key *key;
	long long end;

	if (text.n > TOKEN_MAX || !span_cut(&rest, '.', &id) || !span_cut(&rest, '.', &ends) ||
	    !span_cut(&rest, '.', &name) || !rest.p)
		return TOKEN_FOREIGN;
	key = find_key(k, id);
	if (!key)
		return TOKEN_FOREIGN;
	digest_hmac(span_of((const char *)key->secret, DIGEST_HMAC),
		    span_of(text.p, (size_t)(rest.p - text.p) - 1), mac);
	add_base64url(&want, mac, sizeof(mac));
	if (want.n != rest.n || !digest_same_secret(want.p, rest.p, rest.n))
		return TOKEN_FOREIGN;
	end = span_number(ends, INT64_MAX);
	if (end < 0 || end > (long long)now + TOKEN_SECONDS + CLOCKS_APART ||
	    !read_user(name, user))
		return TOKEN_FOREIGN;
	return end <= (long long)now ? TOKEN_EXPIRED : TOKEN_GOOD;
}
