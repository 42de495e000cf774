#include "serve/missed.h"

#include <stdio.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/image/ref.h"
#include "serve/answer.h"
#include "serve/http_request.h"
#include "serve/misses.h"
#include "serve/server.h"
#include "serve/state.h"

/* Whether the name stands for a repository that is here, though the asker may not read it. */
static bool is_private_name(const struct exchange *x)
{
	struct repository_names it;
	const char *name;

	repository_names_init(&it, x->route.name, x->ns, x->server->registry);
	while ((name = repository_names_next(&it)))
		if (state_repository(x->state, name))
			return true;
	return false;
}

/* The name's first component as a registry: "quay.io", and "host_5000" as "host:5000". Empty when
 * it is the first part of a path. */
static bool named_host(struct span name, char host[static LIMIT_NAME + 1])
{
	struct span first = span_of("", 0);
	char *port;

	span_cut(&name, '/', &first);
	repository_names_host(first, host);
	port = strrchr(host, '_');
	if (port && port[1] && strspn(port + 1, "0123456789") == strlen(port + 1))
		*port = ':';
	return name.p && (strpbrk(host, ".:") || strcmp(host, "localhost") == 0) &&
	       ref_valid_host(span_str(host));
}

/* The repository that the client most likely meant; false when the name is too long. */
static bool meant_repository(const struct exchange *x, char out[static REPOSITORY_NAMES_MAX])
{
	char first[LIMIT_NAME + 1], ns[LIMIT_NAME + 1] = "";
	struct span path = x->route.name, ignored;
	const char *host = x->server->registry;
	int n;

	if (x->ns.n) {
		repository_names_host(x->ns, ns);
		host = ns;
	}
	if (named_host(x->route.name, first) && (!x->ns.n || strcmp(first, ns) == 0)) {
		host = first;
		span_cut(&path, '/', &ignored);
	}
	n = snprintf(out, REPOSITORY_NAMES_MAX, "%s/%.*s", host, SPAN_ARG(path));
	return n < REPOSITORY_NAMES_MAX && ref_valid_host(span_str(host));
}

/* The canonical reference, or NULL when the request means none. The caller frees it. */
static char *missed_ref(const struct exchange *x, const char *repository)
{
	struct span what = x->route.reference;
	bool by_digest = memchr(what.p, ':', what.n) != NULL;
	cleanup_by(ref_release) struct ref r = REF_INIT;
	cleanup_free char *text = NULL;
	struct err ignored;

	if (!by_digest && (!ref_valid_tag(what) || ref_is_digest_tag(what)))
		return NULL;
	text = xasprintf("%s%c%.*s", repository, by_digest ? '@' : ':', SPAN_ARG(what));
	if (strlen(text) > LIMIT_MISS_REF || ref_parse(&r, span_str(text), &ignored) < 0)
		return NULL;
	return ref_target(&r);
}

void missed_note(const struct exchange *x)
{
	char meant[REPOSITORY_NAMES_MAX];
	cleanup_free char *ref = NULL;

	if (!misses_are_recorded(x->server->misses) || x->route.kind != ROUTE_MANIFEST)
		return;
	if (x->repository ? x->repository->group != NULL : is_private_name(x))
		return;
	if (!x->repository && !meant_repository(x, meant))
		return;
	ref = missed_ref(x, x->repository ? x->repository->name : meant);
	if (ref)
		misses_note(x->server->misses, ref, x->peer, x->request->user_agent, x->ns.n > 0);
}
