#include "oci/image/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"

static const struct algorithm {
	const char *prefix;
	size_t hex;
	const char *name; /* OpenSSL's */
} algorithms[] = {
	{ "sha256:", 64, "SHA256" },
	{ "sha512:", 128, "SHA512" },
};

#define COUNT (sizeof(algorithms) / sizeof(algorithms[0]))

static const struct algorithm *algorithm_of(struct span text)
{
	for (size_t i = 0; i < COUNT; i++)
		if (span_starts(text, algorithms[i].prefix))
			return &algorithms[i];
	return NULL;
}

int digest_parse(struct digest *d, struct span text, struct err *err)
{
	const struct algorithm *a = algorithm_of(text);
	size_t prefix;

	if (!a)
		return err_set(err, ERR_INVALID, 0,
			       "\"%.*s\" is not a digest (sha256:<64 hex> or sha512:<128 hex>)",
			       (int)(text.n > 80 ? 80 : text.n), text.p);
	prefix = strlen(a->prefix);
	if (text.n != prefix + a->hex)
		return err_set(err, ERR_INVALID, 0, "digest \"%.*s\" has %zu hex digits, not %zu",
			       (int)(text.n > 140 ? 140 : text.n), text.p, text.n - prefix, a->hex);
	for (size_t i = prefix; i < text.n; i++)
		if (!memchr("0123456789abcdef", text.p[i], 16))
			return err_set(
				err, ERR_INVALID, 0,
				"digest \"%.*s\" has a character that is no lower-case hex digit",
				SPAN_ARG(text));
	memcpy(d->str, text.p, text.n);
	d->str[text.n] = '\0';
	return 0;
}

const char *digest_hex(const struct digest *d)
{
	const char *colon = strchr(d->str, ':');

	return colon ? colon + 1 : "";
}

void digest_path(const struct digest *d, char out[static DIGEST_PATH])
{
	snprintf(out, DIGEST_PATH, "blobs/%.6s/%s", d->str, digest_hex(d));
}

void digest_name(const struct digest *d, char out[static DIGEST_MAX + 1])
{
	char *colon;

	memcpy(out, d->str, DIGEST_MAX + 1);
	colon = strchr(out, ':');
	if (colon)
		*colon = '-';
}

void digest_short(const struct digest *d, char out[static DIGEST_SHORT])
{
	snprintf(out, DIGEST_SHORT, "%.*s", (int)DIGEST_SHORT - 1, d->str);
}

struct hash {
	EVP_MD_CTX *ctx;
	const struct algorithm *algorithm;
};

/* Fetching an algorithm takes a lock and a search in OpenSSL 3: once for each is enough. */
static const EVP_MD *message_digest(const struct algorithm *a)
{
	static EVP_MD *fetched[COUNT];
	EVP_MD **slot = &fetched[a - algorithms], *known = __atomic_load_n(slot, __ATOMIC_ACQUIRE);

	if (!known) {
		/* two threads may both fetch it; the second one then leaks one object, once */
		known = EVP_MD_fetch(NULL, a->name, NULL);
		__atomic_store_n(slot, known, __ATOMIC_RELEASE);
	}
	return known;
}

struct hash *hash_new(const struct digest *like)
{
	struct hash *h = xcalloc(1, sizeof(*h));

	h->algorithm = like && like->str[0] ? algorithm_of(span_str(like->str)) : &algorithms[0];
	h->ctx = EVP_MD_CTX_new();
	if (!h->ctx || !EVP_DigestInit_ex2(h->ctx, message_digest(h->algorithm), NULL))
		abort(); /* OpenSSL without SHA-2, or without memory */
	return h;
}

void hash_add(struct hash *h, const void *p, size_t n)
{
	if (!EVP_DigestUpdate(h->ctx, p, n))
		abort();
}

void hash_end(struct hash *h, struct digest *out)
{
	unsigned char raw[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	size_t at = strlen(h->algorithm->prefix);

	if (!EVP_DigestFinal_ex(h->ctx, raw, &n))
		abort();
	memcpy(out->str, h->algorithm->prefix, at);
	for (unsigned i = 0; i < n; i++, at += 2)
		snprintf(out->str + at, 3, "%02x", raw[i]);
	hash_free(h);
}

void hash_free(struct hash *h)
{
	if (!h)
		return;
	EVP_MD_CTX_free(h->ctx);
	free(h);
}

void digest_of(const struct digest *like, const void *p, size_t n, struct digest *out)
{
	struct hash *h = hash_new(like);

	hash_add(h, p, n);
	hash_end(h, out);
}

void digest_hmac(struct span key, struct span bytes, unsigned char out[static DIGEST_HMAC])
{
	unsigned n = DIGEST_HMAC;

	if (!HMAC(message_digest(&algorithms[0]), key.p, (int)key.n, (const unsigned char *)bytes.p,
		  bytes.n, out, &n))
		abort();
}

bool digest_same_secret(const void *a, const void *b, size_t n)
{
	return CRYPTO_memcmp(a, b, n) == 0;
}
