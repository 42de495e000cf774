#include "oci/http/certs.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/span.h"
#include "tests/tap.h"
#include "tests/unit/tempdir.h"

/* files: names parted by blanks. want: CAs, the certificate, the key; or "!" and a part of the
 * message. */
static const struct {
	const char *name, *files, *want;
} rows[] = {
	{ "nothing", "", "" },
	{ "a CA", "ca.crt", "ca.crt" },
	{ "CAs in the order of their names", "b.crt a.crt c.crt", "a.crt b.crt c.crt" },
	{ "a pair", "client.cert client.key", "client.cert client.key" },
	{ "a pair and a CA", "client.key ca.crt client.cert", "ca.crt client.cert client.key" },
	{ "the first of two pairs", "z.cert z.key a.cert a.key", "a.cert a.key" },
	{ "other files", "README ca.pem ca.crt.bak .crt x.crt", "x.crt" },
	{ "a certificate without key", "client.cert",
	  "!/client.cert\" has no key beside it, \"client.key\"" },
	{ "a certificate with another's key", "client.cert other.key", "!client.cert" },
	{ "a key without certificate", "client.key",
	  "!/client.key\" has no certificate beside it, \"client.cert\"" },
	{ "the first pair whole, the second not", "a.cert a.key b.cert", "!b.cert" },
};

static void make_host(const struct tempdir *t, const char *dir, const char *files)
{
	struct span rest = span_str(files), word;
	struct err err;

	if (file_make_dirs(t->fd, dir, &err) < 0)
		abort();
	while (span_cut(&rest, ' ', &word)) {
		cleanup_free char *name = xasprintf("%s/%.*s", dir, SPAN_ARG(word));

		if (word.n)
			tempdir_write(t, name, "x");
	}
}

static const char *last(const char *path)
{
	return strrchr(path, '/') + 1;
}

/* The names found, behind their directory. */
static char *names_of(const struct certs *c)
{
	char *all = xstrdup("");

	for (size_t i = 0; i < c->ca.n + 2; i++) {
		const char *path = i < c->ca.n ? c->ca.v[i] : i == c->ca.n ? c->cert : c->key;
		cleanup_free char *before = all;

		all = path ? xasprintf("%s%s%s", before, *before ? " " : "", last(path))
			   : xstrdup(before);
	}
	return all;
}

static void test_names(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cleanup_by(tempdir_release) struct tempdir t = tempdir_new();
		cleanup_by(certs_release) struct certs c = CERTS_INIT;
		const char *const roots[] = { t.path, NULL };
		struct err err = ERR_INIT;

		make_host(&t, "registry.corp:5000", rows[i].files);
		if (certs_find(&c, roots, "registry.corp:5000", &err) < 0) {
			if (!CHECK_ROW(rows[i].want[0] == '!' &&
					       strstr(err.msg, rows[i].want + 1) &&
					       err.kind == ERR_USAGE && !c.ca.n && !c.cert,
				       rows[i].name))
				printf("#   got: %s\n", err.msg);
		} else {
			cleanup_free char *got = names_of(&c);

			CHECK_TEXT(got, rows[i].want, rows[i].name);
		}
	}
}

static void test_roots(void)
{
	cleanup_by(tempdir_release) struct tempdir t = tempdir_new();
	cleanup_free char *first = xasprintf("%s/first", t.path),
			  *second = xasprintf("%s/second", t.path);
	cleanup_free char *want = xasprintf("%s/docker.io/hub.crt", second);
	const char *const roots[] = { "/nonexistent", first, second, NULL };
	static const struct {
		const char *name, *host, *want;
	} hosts[] = {
		{ "the first root that has the host", "both", "1.crt" },
		{ "also when its directory is empty", "empty", "" },
		{ "a host that only the second has", "quay.io", "q.crt" },
		{ "a host that none has", "ghcr.io", "" },
		{ "the same host at another port", "quay.io:5000", "" },
		{ "a file where a directory should be", "file", "f.crt" },
	};

	make_host(&t, "first/both", "1.crt");
	make_host(&t, "second/both", "2.crt");
	make_host(&t, "first/empty", "");
	make_host(&t, "second/empty", "2.crt");
	make_host(&t, "second/quay.io", "q.crt");
	make_host(&t, "second/docker.io", "hub.crt");
	make_host(&t, "second/file", "f.crt");
	tempdir_write(&t, "first/file", "x");
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		cleanup_by(certs_release) struct certs c = CERTS_INIT;
		struct err err = ERR_INIT;
		int ok = certs_find(&c, roots, hosts[i].host, &err) == 0;
		cleanup_free char *got = names_of(&c);

		CHECK_TEXT(ok ? got : err.msg, hosts[i].want, hosts[i].name);
	}

	cleanup_by(certs_release) struct certs hub = CERTS_INIT;
	struct err err;

	CHECK_ROW(certs_find(&hub, roots, "registry-1.docker.io", &err) == 0 && hub.ca.n == 1,
		  "Docker Hub's real host is looked up as docker.io");
	CHECK_TEXT(hub.ca.n ? hub.ca.v[0] : NULL, want, "with its full path");
}

static void test_form(void)
{
	static const struct {
		const char *name, *bytes, *want; /* "": good */
	} forms[] = {
		{ "PEM", "x\n-----BEGIN CERTIFICATE-----\nMII", "" },
		{ "openssl's trusted form", "-----BEGIN TRUSTED CERTIFICATE-----\n", "" },
		{ "DER", "\x30\x82\x03\x01", "openssl x509 -inform der -in ca.crt" },
		{ "PKCS #7", "-----BEGIN PKCS7-----\n", "openssl pkcs7 -print_certs" },
		{ "a key", "-----BEGIN PRIVATE KEY-----\n", "a private key in it" },
		{ "a text", "0 is no sequence", "has no certificate in it" },
		{ "nothing", "", "has no certificate in it" },
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct err err = ERR_INIT;
		int r = certs_check_ca("ca.crt", span_str(forms[i].bytes), &err);

		CHECK_ROW(forms[i].want[0]
				  ? r < 0 && err.kind == ERR_USAGE && strstr(err.msg, forms[i].want)
				  : r == 0,
			  forms[i].name);
	}
}

int main(void)
{
	test_form();
	test_names();
	test_roots();
	return tap_done();
}
