/*
 * repository_names - the full names that the repository name of a request may stand for.
 *
 * A client writes "alpine", "library/alpine" or "docker.io/library/alpine", with or without saying
 * which namespace it means (?ns=, or a Host field that names an upstream). The candidates, in
 * order:
 *
 *	1. <ns>/<name>
 *	2. <name> as it is
 *	3. without ns: <default registry>/<name>
 *	4. a single component under docker.io: docker.io/library/<name>
 *
 * With a namespace, never a name of another host: quay.io/app is not docker.io/app. A port is also
 * understood as "host_port", since a name cannot hold a colon; Docker Hub's other names are
 * docker.io. A namespace with port 443 or 80 is looked for as it is, then without the port, which
 * its scheme implies: the candidates of quay.io:443 are followed by those of quay.io.
 *
 *	repository_names_init(&it, name, ns, "docker.io");
 *	while ((candidate = repository_names_next(&it)) && !found(candidate)) ...
 */
#ifndef SERVE_REPOSITORY_NAMES_H
#define SERVE_REPOSITORY_NAMES_H

#include <stddef.h>

#include "oci/base/limits.h"
#include "oci/base/span.h"

/* Longest host, "/library/", longest name: no repository has a longer one. */
#define REPOSITORY_NAMES_MAX (2 * LIMIT_NAME + 16)

struct repository_names {
	struct span host;     /* first component of the name, if it looks like a host; or empty */
	struct span path;     /* the name without that host */
	const char *ns;       /* the namespace to stay in; "" for none */
	const char *registry; /* where a name without a host is looked for */
	int step;
	char ns_text[LIMIT_NAME + 1];
	char text[REPOSITORY_NAMES_MAX]; /* the candidate given last */
};

/* ns may be empty. name, and registry (lower case), must live as long as *it. */
void repository_names_init(struct repository_names *it, struct span name, struct span ns,
			   const char *registry);

/* The next candidate, NUL-terminated, valid until the next call; NULL after the last. Candidates
 * hold a port as ":port" when ns does and as "_port" when the name does. */
const char *repository_names_next(struct repository_names *it);

/* The host as names have it: in lower case, and "docker.io" for its other names; "" when the text
 * is too long for a host. */
void repository_names_host(struct span host, char out[static LIMIT_NAME + 1]);

/* The host without a port that its scheme implies, 443 or 80. */
struct span repository_names_bare_host(struct span host);

/* The name as a client can write it: "host:port/path" becomes "host_port/path". */
void repository_names_written(const char *name, char out[static REPOSITORY_NAMES_MAX]);

#endif
