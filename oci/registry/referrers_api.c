#include "oci/registry/referrers_api.h"

#include <stdlib.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/registry/http_status.h"
#include "oci/registry/upstream.h"

/* "https://ghcr.io/v2/org": the endpoint and the first component of the name. */
static char *make_group_key(const struct endpoint *e, const char *repository)
{
	return xasprintf("%s%.*s", e->base, (int)strcspn(repository, "/"), repository);
}

/* The blank keeps it apart from the key of a group. */
static char *make_repository_key(const struct endpoint *e, const char *repository)
{
	return xasprintf("%s%s ", e->base, repository);
}

bool referrers_api_is_absent(const struct endpoint *e, const char *repository)
{
	const struct registry *r = e->up->registry;
	cleanup_free char *group = make_group_key(e, repository);
	cleanup_free char *one = make_repository_key(e, repository);

	return table_get(&r->no_referrers, group) || table_get(&r->no_referrers, one);
}

bool referrers_api_is_absence(long status)
{
	return status >= 300 && (status < 500 || status == 501) &&
	       !http_status_is_transient(status);
}

static bool is_of_one_repository(long status)
{
	return status == 400 || status == 401 || status == 403;
}

static void tell_absence(struct endpoint *e, long status)
{
	cleanup_free char *text = NULL;

	if (e->host->told_no_referrers || status == 404 || status == 410)
		return;
	e->host->told_no_referrers = true;
	text = status == 200
		       ? xstrdup("answers requests for referrers with something else; signatures "
				 "are looked for under their tags")
		       : xasprintf("answers requests for referrers with %ld; signatures are looked "
				   "for under their tags",
				   status);
	upstream_warn(e->up->registry, e->shown, text);
}

void referrers_api_forget(struct endpoint *e, const char *repository, long status)
{
	struct registry *r = e->up->registry;
	char *key = is_of_one_repository(status) ? make_repository_key(e, repository)
						 : make_group_key(e, repository);

	free(table_put(&r->no_referrers, key, key));
	tell_absence(e, status);
}
