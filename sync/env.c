#include "sync/env.h"

#include <stdlib.h>

#include "oci/auth/keychain.h"
#include "oci/base/cleanup.h"

static const char *get_variable(const char *name)
{
	const char *value = getenv(name);

	return value && value[0] ? value : NULL;
}

/* Lower case first, as in curl and Go: in CGI a client can set HTTP_PROXY with a header. */
static const char *get_proxy(const char *lower, const char *upper)
{
	const char *value = get_variable(lower);

	return value ? value : get_variable(upper);
}

int env_read_credentials(struct env *e, struct err *err)
{
	struct keychain_options o = { .path = e->path, .environment = e->environment };

	keychain_read_variables(&o, get_variable);
	e->wire.keychain = keychain_new(&o, err);
	return e->wire.keychain ? 0 : -1;
}

static void find_certs(struct env *e)
{
	size_t n = 0;

	if (e->home)
		e->home_certs = xasprintf("%s/.config/containers/certs.d", e->home);
	if (e->home_certs)
		e->certs_roots[n++] = e->home_certs;
	e->certs_roots[n++] = "/etc/containers/certs.d";
	e->certs_roots[n++] = "/etc/docker/certs.d";
	e->certs_roots[n] = NULL;
}

void env_read(struct env *e)
{
	*e = (struct env){
		.mirror = get_variable("MIRROR_DIR"),
		.home = get_variable("HOME"),
		.path = get_variable("PATH"),
		.environment = environ,
		.color = !get_variable("NO_COLOR"),
	};
	find_certs(e);
	e->wire = (struct registry_options){
		.net = { .user_agent = "mirror-sync/" MIRROR_VERSION,
			 .ca_file = get_variable("SSL_CERT_FILE"),
			 .ca_dir = get_variable("SSL_CERT_DIR"),
			 .proxy = { .http = get_proxy("http_proxy", "HTTP_PROXY"),
				    .https = get_proxy("https_proxy", "HTTPS_PROXY"),
				    .except = get_proxy("no_proxy", "NO_PROXY") } },
		.certs_roots = e->certs_roots,
	};
}

void env_release(struct env *e)
{
	keychain_free(e->wire.keychain);
	free(e->home_certs);
	*e = (struct env){ .mirror = NULL };
}
