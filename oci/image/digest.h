/*
 * digest - the name of content: "sha256:<64 hex>" or "sha512:<128 hex>".
 *
 * Grammar: OCI image-spec, descriptor.md, "Digests". Only the two registered algorithms that this
 * suite can compute are accepted, in lower case, so a digest is safe to build a path from.
 */
#ifndef OCI_IMAGE_DIGEST_H
#define OCI_IMAGE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#include "oci/base/span.h"

struct err;

#define DIGEST_MAX (sizeof("sha512:") - 1 + 128)

struct digest {
	char str[DIGEST_MAX + 1]; /* NUL-terminated; "" is no digest */
};

/* INVALID when text is no digest of a known algorithm. */
int digest_parse(struct digest *d, struct span text, struct err *err);

static inline bool digest_eq(const struct digest *a, const struct digest *b)
{
	return strcmp(a->str, b->str) == 0;
}

/* The hexadecimal part. */
const char *digest_hex(const struct digest *d);

/* "blobs/sha256/<hex>", relative to a layout's root. */
#define DIGEST_PATH (sizeof("blobs/") + DIGEST_MAX)
void digest_path(const struct digest *d, char out[static DIGEST_PATH]);

/* "sha256-<hex>", a file's name. */
void digest_name(const struct digest *d, char out[static DIGEST_MAX + 1]);

/* "sha256:" and the first 12 hex digits, for people; "" for no digest. */
#define DIGEST_SHORT (sizeof("sha256:") + 12)
void digest_short(const struct digest *d, char out[static DIGEST_SHORT]);

/* The digest of p in the algorithm of `like` (sha256 when like is NULL). */
void digest_of(const struct digest *like, const void *p, size_t n, struct digest *out);

/*
 * A digest computed while bytes stream past:
 *
 *	struct hash *h = hash_new(&want);
 *	hash_add(h, p, n) ...
 *	hash_end(h, &got);	// frees h
 */
struct hash;
struct hash *hash_new(const struct digest *like);
void hash_add(struct hash *h, const void *p, size_t n);
void hash_end(struct hash *h, struct digest *out);
void hash_free(struct hash *h);

/* HMAC-SHA256 (RFC 2104) of bytes under a key: what tokens and remembered passwords are known
 * by. */
#define DIGEST_HMAC 32
void digest_hmac(struct span key, struct span bytes, unsigned char out[static DIGEST_HMAC]);

/* Whether two secrets of n bytes are the same, in a time that depends on n alone. */
bool digest_same_secret(const void *a, const void *b, size_t n);

#endif
