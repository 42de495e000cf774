#include "oci/auth/guard.h"

#include <stdlib.h>
#include <string.h>

#include "oci/base/own.h"

static void replace(char **slot, const char *text)
{
	char *copy = text ? xstrdup(text) : NULL;

	free(*slot);
	*slot = copy;
}

/* "repository:<path>:pull,push" is made alike for other paths; "aws" (ECR Public) is the same for all; anything else
 * teaches nothing. */
static void learn_scope(struct guard *g, const char *scope, const char *path)
{
	own_free char *mine = xasprintf("repository:%s:", path);
	size_t n = strlen(mine);

	if (!*scope || strchr(scope, ' '))
		return;
	if (strncmp(scope, mine, n) == 0) {
		replace(&g->actions, scope + n - 1);
		replace(&g->fixed_scope, NULL);
	} else if (strncmp(scope, "repository:", strlen("repository:")) != 0) {
		replace(&g->fixed_scope, scope);
	}
}

void guard_learn(struct guard *g, const struct challenge *c, const char *path)
{
	g->scheme = c->scheme;
	if (c->scheme != CHALLENGE_BEARER)
		return;
	replace(&g->realm, c->realm);
	replace(&g->service, c->service);
	if (path)
		learn_scope(g, c->scope, path);
}

char *guard_scope(const struct guard *g, const char *path)
{
	if (g->fixed_scope)
		return xstrdup(g->fixed_scope);
	return *path ? xasprintf("repository:%s%s", path, g->actions ? g->actions : ":pull")
		     : xstrdup("");
}

void guard_release(struct guard *g)
{
	free(g->realm);
	free(g->service);
	free(g->fixed_scope);
	free(g->actions);
	*g = (struct guard)GUARD_INIT;
}
