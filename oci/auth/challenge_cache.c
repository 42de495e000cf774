#include "oci/auth/challenge_cache.h"

#include <stdlib.h>
#include <string.h>

#include "oci/base/cleanup.h"

static void replace_text(char **slot, const char *text)
{
	char *copy = text ? xstrdup(text) : NULL;

	free(*slot);
	*slot = copy;
}

/* "repository:<path>:pull,push" has the same form for other paths; "aws" (ECR Public) is the same
 * for all; any other scope says nothing about other paths. */
static void learn_scope(struct challenge_cache *g, const char *scope, const char *path)
{
	cleanup_free char *mine = xasprintf("repository:%s:", path);
	size_t n = strlen(mine);

	if (!*scope || strchr(scope, ' '))
		return;
	if (strncmp(scope, mine, n) == 0) {
		replace_text(&g->actions, scope + n - 1);
		replace_text(&g->fixed_scope, NULL);
	} else if (strncmp(scope, "repository:", strlen("repository:")) != 0) {
		replace_text(&g->fixed_scope, scope);
	}
}

void challenge_cache_learn(struct challenge_cache *g, const struct challenge *c, const char *path)
{
	g->scheme = c->scheme;
	if (c->scheme != CHALLENGE_BEARER)
		return;
	replace_text(&g->realm, c->realm);
	replace_text(&g->service, c->service);
	if (path)
		learn_scope(g, c->scope, path);
}

char *challenge_cache_scope(const struct challenge_cache *g, const char *path)
{
	if (g->fixed_scope)
		return xstrdup(g->fixed_scope);
	return *path ? xasprintf("repository:%s%s", path, g->actions ? g->actions : ":pull")
		     : xstrdup("");
}

void challenge_cache_release(struct challenge_cache *g)
{
	free(g->realm);
	free(g->service);
	free(g->fixed_scope);
	free(g->actions);
	*g = (struct challenge_cache)CHALLENGE_CACHE_INIT;
}
