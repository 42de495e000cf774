#include "oci/registry/advice.h"

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/http/http.h"
#include "oci/registry/upstream.h"

static const char use_https[] =
	"if it speaks TLS there, write https:// in its endpoint= or mirror=, or take "
	"scheme=http out";

static char *trust_advice(const struct endpoint *e)
{
	if (e->ca.n)
		return xstrdup(
			"the CA that signed it is not among those of ca= in mirror.conf (and "
			"of certs.d): ask its owner for the CA's certificate");
	return xasprintf(
		"if the certificate is right, \"registry %s ca=FILE\" in mirror.conf names "
		"a file (PEM) with the CA that signed it, or with the certificate itself",
		e->up->name);
}

/* A line of mirror.conf has no say on the scheme and the name of another host. */
static char *advice_for(const struct endpoint *e, enum trouble t, bool elsewhere)
{
	switch (t) {
	case TROUBLE_OTHER: return NULL;
	case TROUBLE_UNTRUSTED: return trust_advice(e);
	case TROUBLE_OUTDATED:
		return xstrdup("its owner has to renew it, unless this machine's clock is wrong");
	case TROUBLE_NO_TLS:
		return elsewhere ? NULL
				 : xstrdup("if it is to be asked over plain http, mirror.conf says "
					   "scheme=http, or http:// in endpoint= and mirror=");
	case TROUBLE_OTHER_NAME:
		return elsewhere ? NULL
				 : xstrdup("endpoint= or mirror= in mirror.conf has to have a name "
					   "that the certificate is for");
	case TROUBLE_NO_HTTP: return elsewhere ? NULL : xstrdup(use_https);
	case TROUBLE_CUT: /* once it has answered, it is the network */
		return elsewhere || e->host->throttle.answered ? NULL : xstrdup(use_https);
	}
	return NULL;
}

void advice_add(const struct endpoint *e, const struct http_call *c, bool elsewhere,
		struct err *err)
{
	cleanup_free char *advice = advice_for(e, c->trouble, elsewhere);
	struct err plain = *err;

	if (advice)
		err_set(err, plain.kind, plain.sys, "%s; %s", plain.msg, advice);
}
