#include "oci/http/trouble.h"

#include <string.h>

#include "oci/base/err.h"

enum scheme { SCHEME_HTTP = 1, SCHEME_HTTPS = 2 };

/* The words of libcurl 7.88 with OpenSSL 3.0; the first row that is in the text decides. */
static const struct {
	const char *said;
	enum scheme scheme;
	enum trouble trouble;
} known[] = {
	{ "wrong version number", SCHEME_HTTPS, TROUBLE_NO_TLS },
	{ "HTTP/0.9", SCHEME_HTTP, TROUBLE_NO_HTTP },
	{ "Recv failure: Connection reset", SCHEME_HTTP, TROUBLE_CUT },
	{ "Empty reply from server", SCHEME_HTTP, TROUBLE_CUT },
	{ "self-signed certificate", SCHEME_HTTPS, TROUBLE_UNTRUSTED },
	{ "unable to get local issuer certificate", SCHEME_HTTPS, TROUBLE_UNTRUSTED },
	{ "unable to get issuer certificate", SCHEME_HTTPS, TROUBLE_UNTRUSTED },
	{ "unable to verify the first certificate", SCHEME_HTTPS, TROUBLE_UNTRUSTED },
	{ "certificate signature failure", SCHEME_HTTPS, TROUBLE_UNTRUSTED },
	{ "certificate subject name", SCHEME_HTTPS, TROUBLE_OTHER_NAME },
	{ "certificate has expired", SCHEME_HTTPS, TROUBLE_OUTDATED },
	{ "certificate is not yet valid", SCHEME_HTTPS, TROUBLE_OUTDATED },
};

static const struct {
	bool is_permanent;
	const char *words;
	const char *advice; /* for a URL on a command line */
} rows[TROUBLES] = {
	[TROUBLE_OTHER] = { false, NULL, NULL },
	[TROUBLE_NO_TLS] = { true, "does not speak TLS",
			     "if it is to be asked over plain http, write http:// in the URL" },
	[TROUBLE_NO_HTTP] = { false, "what it answers is no HTTP",
			      "if it speaks TLS on that port, write https:// in the URL" },
	[TROUBLE_CUT] = { false, NULL, "if it speaks TLS on that port, write https:// in the URL" },
	[TROUBLE_UNTRUSTED] = { true, NULL,
				"if the certificate is right, let SSL_CERT_FILE name a file (PEM) "
				"with the CA that signed it, or with the certificate itself" },
	[TROUBLE_OTHER_NAME] = { true, NULL,
				 "the URL has to have a name that the certificate is for" },
	[TROUBLE_OUTDATED] = { true, NULL,
			       "its owner has to renew it, unless this machine's clock is wrong" },
};

enum trouble trouble_of(const char *text, bool https)
{
	enum scheme scheme = https ? SCHEME_HTTPS : SCHEME_HTTP;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].scheme == scheme && strstr(text, known[i].said))
			return known[i].trouble;
	return TROUBLE_OTHER;
}

bool trouble_is_permanent(enum trouble t)
{
	return rows[t].is_permanent;
}

const char *trouble_words(enum trouble t)
{
	return rows[t].words;
}

void trouble_advise(enum trouble t, struct err *err)
{
	const char *advice = rows[t].advice;
	struct err plain = *err;

	if (advice)
		err_set(err, plain.kind, plain.sys, "%s; %s", plain.msg, advice);
}
