#include "serve/password_hash.h"

#include <crypt.h>
#include <stdio.h>
#include <stdlib.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/image/digest.h"

/* Hashing with more would keep a thread for minutes: bcrypt's cost is a power of two. */
#define BCRYPT_COST   17
#define SHA512_ROUNDS 10000000

#define USE_BCRYPT    "write it with htpasswd -B"

/* What stands in front of a hash, what it is called, and why it is refused: NULL for an accepted
 * one. The first row that fits counts. */
static const struct format {
	const char *prefix, *name, *refused;
	size_t length; /* of the hash behind its salt */
} formats[] = {
	{ "$2y$", "bcrypt", NULL, 53 },
	{ "$2b$", "bcrypt", NULL, 53 },
	{ "$2a$", "bcrypt", NULL, 53 },
	{ "$6$", "sha512", NULL, 86 },
	{ "$y$", "yescrypt", NULL, 43 },
	{ "$apr1$", "apr1 (MD5), the default of htpasswd", USE_BCRYPT, 0 },
	{ "$1$", "MD5", USE_BCRYPT, 0 },
	{ "$5$", "sha256", USE_BCRYPT, 0 },
	{ "{SHA}", "{SHA} (SHA-1 without salt)", USE_BCRYPT, 0 },
	{ "{", "one that is not known here", USE_BCRYPT, 0 },
	{ "$", "one that is not known here", USE_BCRYPT, 0 },
	{ "", "plain text or DES crypt", USE_BCRYPT, 0 },
};

static const struct format *find_format(struct span text)
{
	const struct format *f = formats;

	while (!span_starts(text, f->prefix))
		f++; /* the last row fits every text */
	return f;
}

/* The letters of crypt(5): ./0-9A-Za-z. */
static bool is_crypt_text(struct span s)
{
	static const char letters[] = "./0123456789abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	for (size_t i = 0; i < s.n; i++)
		if (!memchr(letters, s.p[i], sizeof(letters) - 1))
			return false;
	return s.n > 0;
}

/* "12$" and the salt and hash in one piece. */
static bool is_bcrypt(struct span rest)
{
	struct span cost;
	long long n;

	span_cut(&rest, '$', &cost);
	n = span_number(cost, 99);
	return cost.n == 2 && n >= 4 && n <= BCRYPT_COST && rest.p && rest.n == 53 &&
	       is_crypt_text(rest);
}

/* "[rounds=N$]salt$hash" of sha512, "parameters$salt$hash" of yescrypt. */
static bool is_salted(struct span rest, const struct format *f)
{
	bool rounds = span_starts(rest, "rounds=");
	struct span first;
	long long n;

	if (rounds || f->length == 43) {
		span_cut(&rest, '$', &first);
		n = rounds ? span_number(span_of(first.p + 7, first.n - 7), SHA512_ROUNDS) : 1;
		if (n < 1 || (rounds && f->length != 86) || (!rounds && !is_crypt_text(first)))
			return false;
	}
	if (!rest.p || !span_cut(&rest, '$', &first) || !is_crypt_text(first))
		return false;
	return rest.p && rest.n == f->length && is_crypt_text(rest);
}

int password_hash_check(struct span text, struct err *err)
{
	const struct format *f = find_format(text);
	struct span rest = text;
	bool whole;

	if (f->refused)
		return err_set(err, ERR_INVALID, 0,
			       "the password's format is %s, which does not withstand guessing or "
			       "is not supported: %s",
			       f->name, f->refused);
	rest.p += strlen(f->prefix);
	rest.n -= strlen(f->prefix);
	whole = f->length == 53 ? is_bcrypt(rest) : is_salted(rest, f);
	if (whole && text.n <= PASSWORD_HASH_MAX)
		return 0;
	return err_set(err, ERR_INVALID, 0,
		       "the %s hash of the password is not whole, or costs more than is accepted "
		       "here: %s",
		       f->name, USE_BCRYPT);
}

bool password_hash_matches(const char *hash, const char *password)
{
	struct crypt_data *work = xcalloc(1, sizeof(*work));
	/* as crypt_r(), which AddressSanitizer replaces by one that does not find libcrypt */
	const char *got = crypt_rn(password, hash, work, sizeof(*work));
	size_t n = strlen(hash);
	bool same = got && strlen(got) == n && digest_same_secret(got, hash, n);

	explicit_bzero(work, sizeof(*work));
	free(work);
	return same;
}
