#include "oci/http/trouble.h"

#include "oci/base/err.h"
#include "tests/tap.h"

/* Texts of libcurl 7.88 with OpenSSL 3.0, as servers in a laboratory brought them about. */
static const struct {
	const char *name, *text;
	bool https;
	enum trouble trouble;
	const char *advised; /* "why", and the advice for a URL */
} rows[] = {
	{ "https at a plain port", "error:0A00010B:SSL routines::wrong version number", true,
	  TROUBLE_NO_TLS, "why; if it is to be asked over plain http, write http:// in the URL" },
	{ "http at a TLS port: an alert", "Received HTTP/0.9 when not allowed", false,
	  TROUBLE_NO_HTTP, "why; if it speaks TLS on that port, write https:// in the URL" },
	{ "http at a TLS port: a reset", "Recv failure: Connection reset by peer", false,
	  TROUBLE_CUT, "why; if it speaks TLS on that port, write https:// in the URL" },
	{ "http at a TLS port: the end", "Empty reply from server", false, TROUBLE_CUT,
	  "why; if it speaks TLS on that port, write https:// in the URL" },
	{ "a reset over TLS", "Recv failure: Connection reset by peer", true, TROUBLE_OTHER,
	  "why" },
	{ "an end over TLS", "Empty reply from server", true, TROUBLE_OTHER, "why" },
	{ "a self-signed certificate", "SSL certificate problem: self-signed certificate", true,
	  TROUBLE_UNTRUSTED,
	  "why; if the certificate is right, let SSL_CERT_FILE name a file (PEM) with the CA that "
	  "signed it, or with the certificate itself" },
	{ "a private CA", "SSL certificate problem: self-signed certificate in certificate chain",
	  true, TROUBLE_UNTRUSTED, NULL },
	{ "a private CA that is not sent along",
	  "SSL certificate problem: unable to get local issuer certificate", true,
	  TROUBLE_UNTRUSTED, NULL },
	{ "another name",
	  "SSL: no alternative certificate subject name matches target host name 'a.example'", true,
	  TROUBLE_OTHER_NAME, "why; the URL has to have a name that the certificate is for" },
	{ "expired", "SSL certificate problem: certificate has expired", true, TROUBLE_OUTDATED,
	  "why; its owner has to renew it, unless this machine's clock is wrong" },
	{ "of tomorrow", "SSL certificate problem: certificate is not yet valid", true,
	  TROUBLE_OUTDATED, NULL },
	{ "refused", "Failed to connect to a.example port 443: Connection refused", true,
	  TROUBLE_OTHER, "why" },
	{ "nothing", "", false, TROUBLE_OTHER, "why" },
};

int main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum trouble got = trouble_of(rows[i].text, rows[i].https);
		struct err err;

		CHECK_ROW(got == rows[i].trouble, rows[i].name);
		err_set(&err, ERR_NET, 0, "why");
		trouble_advise(got, &err);
		if (rows[i].advised)
			CHECK_TEXT(err.msg, rows[i].advised, rows[i].name);
	}
	CHECK(!trouble_words(TROUBLE_OTHER) && !trouble_is_permanent(TROUBLE_OTHER));
	CHECK(!trouble_is_permanent(TROUBLE_CUT) && trouble_is_permanent(TROUBLE_NO_TLS));
	return tap_done();
}
