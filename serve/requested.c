#include "serve/requested.h"

#include <stdio.h>
#include <string.h>

#include "oci/image/ref.h"
#include "serve/answer.h"
#include "serve/http_request.h"
#include "serve/login.h"
#include "serve/missed.h"
#include "serve/reply.h"
#include "serve/repository_names.h"
#include "serve/server.h"
#include "serve/state.h"
#include "serve/tls.h"
#include "serve/visible.h"

/* Whether x->host is an upstream of what the asker may read. Who asks is found out only for a host
 * that none but groups have; x->pending is set while that takes a while. */
static bool is_upstream(struct exchange *x)
{
	const struct state *s = x->state;
	size_t n = strlen(x->host);

	if (state_has_host(s, x->host))
		return true;
	if (x->pending || !state_has_private_host(s, x->host) || !asker_find(x))
		return false;
	for (size_t i = 0; i < s->n; i++) {
		const struct repository *r = &s->v[i];

		if (r->group && r->host == n && memcmp(r->name, x->host, n) == 0 &&
		    visible_repository(x, r))
			return true;
	}
	return false;
}

/* Takes the host as the namespace if it is an upstream of this mirror: as it is, or without a port
 * that its scheme implies. */
static bool is_namespace(struct exchange *x, struct span host)
{
	const struct span forms[] = { host, repository_names_bare_host(host) };

	for (size_t i = 0; i < 2; i++) {
		repository_names_host(forms[i], x->host);
		if (!x->host[0] || !is_upstream(x))
			continue;
		x->ns = forms[i];
		return true;
	}
	return false;
}

void requested_namespace(struct exchange *x)
{
	x->ns = x->route.ns;
	repository_names_host(x->ns, x->host);
	if (!x->ns.n && !is_namespace(x, x->request->host) && x->tls)
		is_namespace(x, span_str(tls_server_name(x->tls)));
}

bool requested_repository(struct exchange *x)
{
	struct repository_names it;
	const char *name;

	repository_names_init(&it, x->route.name, x->ns, x->server->registry);
	while (!x->repository && (name = repository_names_next(&it))) {
		const struct repository *r = state_repository(x->state, name);

		if (r && r->group && !asker_find(x))
			return false;
		if (r && visible_repository(x, r))
			x->repository = r;
	}
	return x->repository != NULL;
}

void requested_unknown(struct exchange *x)
{
	char tried[4 * REPOSITORY_NAMES_MAX] = "";
	struct repository_names it;
	const char *name;
	size_t n = 0;

	if (!ref_valid_path(x->route.name)) {
		reply_error(x, 404, "NAME_INVALID", "\"%.*s\" is not a repository name",
			    SPAN_ARG(x->route.name));
		return;
	}
	if (login_first(x))
		return;
	missed_note(x);
	repository_names_init(&it, x->route.name, x->ns, x->server->registry);
	while ((name = repository_names_next(&it)) && n < sizeof(tried))
		n += (size_t)snprintf(tried + n, sizeof(tried) - n, "%s%s", n ? ", " : "", name);
	reply_error(x, 404, "NAME_UNKNOWN", "not in this mirror: tried %s", tried);
}
