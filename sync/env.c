#include "sync/env.h"

#include <stdlib.h>

#include "oci/own.h"

static const char *get(const char *name)
{
	const char *value = getenv(name);

	return value && value[0] ? value : NULL;
}

/* curl's and Go's habit: lower case first, since HTTP_PROXY may be set by a stranger's header in CGI. */
static const char *get_proxy(const char *lower, const char *upper)
{
	const char *value = get(lower);

	return value ? value : get(upper);
}

static void find_certs(struct env *e)
{
	const char *home = get("HOME");
	size_t n = 0;

	if (home)
		e->home_certs = xasprintf("%s/.config/containers/certs.d", home);
	if (e->home_certs)
		e->certs_roots[n++] = e->home_certs;
	e->certs_roots[n++] = "/etc/containers/certs.d";
	e->certs_roots[n++] = "/etc/docker/certs.d";
	e->certs_roots[n] = NULL;
}

void env_read(struct env *e)
{
	*e = (struct env){ .mirror = get("MIRROR_DIR") };
	find_certs(e);
	e->wire = (struct registry_options){
		.user_agent = "mirror-sync/" MIRROR_VERSION,
		.certs_roots = e->certs_roots,
		.ca_file = get("SSL_CERT_FILE"),
		.ca_dir = get("SSL_CERT_DIR"),
		.proxy = { .http = get_proxy("http_proxy", "HTTP_PROXY"),
			   .https = get_proxy("https_proxy", "HTTPS_PROXY"),
			   .except = get_proxy("no_proxy", "NO_PROXY") },
	};
}

void env_release(struct env *e)
{
	free(e->home_certs);
	*e = (struct env){ .mirror = NULL };
}
