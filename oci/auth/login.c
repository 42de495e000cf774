#include "oci/auth/login.h"

#include "oci/base/cleanup.h"

struct login *login_of(struct login **list, const struct credential *cred)
{
	struct login *l = *list;

	while (l && !credential_same(&l->cred, cred))
		l = l->next;
	if (l)
		return l;
	l = xcalloc(1, sizeof(*l));
	credential_copy(&l->cred, cred);
	l->next = *list;
	*list = l;
	return l;
}

void login_release(struct login **list)
{
	while (*list) {
		struct login *l = *list;

		*list = l->next;
		credential_release(&l->cred);
		free(l);
	}
}

enum login_step login_try(struct login *l, struct login **trying)
{
	if (l->cred.kind == CREDENTIAL_NONE || l->is_good)
		return LOGIN_GO;
	if (l->refusals >= LOGIN_TRIES)
		return LOGIN_REFUSED;
	if (l->is_tried && *trying != l) {
		l->is_waited = true;
		return LOGIN_WAIT;
	}
	l->is_tried = true;
	*trying = l;
	return LOGIN_GO;
}

bool login_came_back(struct login **trying)
{
	struct login *l = take(*trying);
	bool is_waited = l && l->is_waited;

	if (l)
		l->is_tried = l->is_waited = false;
	return is_waited;
}

void login_accepted(struct login *l)
{
	l->is_good = true;
}

void login_refused(struct login *l)
{
	l->refusals++;
}
