#include "oci/http/certs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/file.h"
#include "oci/base/span.h"
#include "oci/image/ref.h"

static int add_name(const char *name, void *arg)
{
	strvec_add(arg, name);
	return 0;
}

/* The length of name without the ending, or 0 when it has another one. */
static size_t stem_length_of(const char *name, const char *ending)
{
	struct span s = span_str(name);

	return span_ends(s, ending) ? s.n - strlen(ending) : 0;
}

static bool has_name(const struct strvec *names, const char *name, size_t stem_length,
		     const char *ending)
{
	cleanup_free char *wanted = xasprintf("%.*s%s", (int)stem_length, name, ending);

	return strvec_has_sorted(names, wanted);
}

static int take_pair(struct certs *c, const struct strvec *names, const char *dir, const char *name,
		     size_t n, struct err *err)
{
	if (!has_name(names, name, n, ".key"))
		return err_set(err, ERR_USAGE, 0,
			       "\"%s/%s\" has no key beside it, \"%.*s.key\" (the name of a CA "
			       "ends in .crt)",
			       dir, name, (int)n, name);
	if (!c->cert) {
		c->cert = xasprintf("%s/%s", dir, name);
		c->key = xasprintf("%s/%.*s.key", dir, (int)n, name);
	}
	return 0;
}

static int read_certificates(struct certs *c, const struct strvec *names, const char *dir,
			     struct err *err)
{
	for (size_t i = 0; i < names->n; i++) {
		const char *name = names->v[i];
		size_t n;

		if (stem_length_of(name, ".crt")) {
			strvec_addf(&c->ca, "%s/%s", dir, name);
		} else if ((n = stem_length_of(name, ".cert"))) {
			if (take_pair(c, names, dir, name, n, err) < 0)
				return -1;
		} else if ((n = stem_length_of(name, ".key")) &&
			   !has_name(names, name, n, ".cert")) {
			return err_set(err, ERR_USAGE, 0,
				       "\"%s/%s\" has no certificate beside it, \"%.*s.cert\"", dir,
				       name, (int)n, name);
		}
	}
	return 0;
}

/* 1 when the directory is there, 0 when not. One that may not be entered counts as missing, as in
 * the containers stack: /etc/docker often belongs to root alone. */
static int read_names(struct strvec *names, const char *dir, struct err *err)
{
	if (file_walk(AT_FDCWD, dir, add_name, names, err) == 0)
		return 1;
	return err->kind == ERR_NOTFOUND || err->sys == EACCES || err->sys == ENOTDIR ? 0 : -1;
}

int certs_find(struct certs *c, const char *const *roots, const char *host, struct err *err)
{
	struct certs found = CERTS_INIT;

	for (; *roots; roots++) {
		cleanup_free char *dir = xasprintf("%s/%s", *roots, ref_host_alias(host));
		cleanup_by(strvec_release) struct strvec names = STRVEC_INIT;
		int there = read_names(&names, dir, err);

		if (there < 0)
			return -1;
		if (!there)
			continue;
		strvec_sort(&names);
		if (read_certificates(&found, &names, dir, err) < 0) {
			certs_release(&found);
			return -1;
		}
		break;
	}
	*c = found;
	return 0;
}

void certs_release(struct certs *c)
{
	strvec_release(&c->ca);
	free(c->cert);
	free(c->key);
	*c = (struct certs)CERTS_INIT;
}

static bool has_text(struct span bytes, const char *text)
{
	return memmem(bytes.p, bytes.n, text, strlen(text)) != NULL;
}

int certs_check_ca(const char *name, struct span bytes, struct err *err)
{
	if (has_text(bytes, "-----BEGIN CERTIFICATE-----") ||
	    has_text(bytes, "-----BEGIN X509 CERTIFICATE-----") ||
	    has_text(bytes, "-----BEGIN TRUSTED CERTIFICATE-----"))
		return 0;
	/* an ASN.1 sequence with a length of two or three bytes */
	if (bytes.n > 2 && bytes.p[0] == 0x30 && ((unsigned char)bytes.p[1] & 0xfc) == 0x80)
		return err_set(err, ERR_USAGE, 0,
			       "\"%s\" is in DER form, and PEM is wanted: openssl x509 -inform der "
			       "-in %s -out ca.pem",
			       name, name);
	if (has_text(bytes, "-----BEGIN PKCS7-----"))
		return err_set(err, ERR_USAGE, 0,
			       "\"%s\" is in PKCS #7 form, and PEM is wanted: openssl pkcs7 "
			       "-print_certs -in %s -out ca.pem",
			       name, name);
	if (has_text(bytes, "PRIVATE KEY-----"))
		return err_set(err, ERR_USAGE, 0,
			       "\"%s\" has a private key in it and no certificate: the CA's "
			       "certificate is wanted, and its key belongs nowhere near",
			       name);
	return err_set(err, ERR_USAGE, 0,
		       "\"%s\" has no certificate in it: -----BEGIN CERTIFICATE----- is missing",
		       name);
}
