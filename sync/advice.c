#include "sync/advice.h"

#include <stdio.h>
#include <string.h>

#include "oci/base/err.h"

/* The first one whose words are in the message. */
static const struct {
	const char *words, *remedy;
} remedies[] = {
	/* OpenSSH */
	{ "has changed and you have requested strict checking",
	  "ask the host's owner; if it is so, take the old one out with ssh-keygen -R" },
	{ "host key is known for",
	  "ssh-keyscan asks for it: compare it with what the host's owner says, and add it to ~/.ssh/known_hosts" },
	{ "Permission denied",
	  "a key that may read it must be in an agent, or in ~/.ssh without a passphrase" },
	{ "does not appear to be a git repository",
	  "the path is wrong, or who we are there may not read it" },
	/* libcurl, OpenSSL */
	{ "issuer certificate", "SSL_CERT_FILE names the CAs to trust" },
	{ "self-signed certificate", "SSL_CERT_FILE names the CAs to trust" },
	{ "response 407", "the user and the password for it belong into the proxy's URL, "
			  "http://user:password@proxy:port" },
	{ "CONNECT tunnel failed", "NO_PROXY names the hosts that are asked without it" },
};

void advice_add(struct err *err)
{
	size_t n = strlen(err->msg);

	for (size_t i = 0; i < sizeof(remedies) / sizeof(remedies[0]); i++)
		if (strstr(err->msg, remedies[i].words)) {
			snprintf(err->msg + n, sizeof(err->msg) - n, ": %s", remedies[i].remedy);
			return;
		}
}
