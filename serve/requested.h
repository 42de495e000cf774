/*
 * requested - which namespace and which repository a request means. The names that are tried are
 * those of repository_names.h; visible.h decides who may read what they name.
 *
 *	requested_namespace(x);				first, for every route
 *	if (x->pending) ...				a password is being hashed
 *	if (requested_repository(x)) ...		the asker may read x->repository
 *	else if (!x->pending) requested_unknown(x);	404, or a challenge
 *
 * Both look at who asks (asker.h) only where something is not public.
 */
#ifndef SERVE_REQUESTED_H
#define SERVE_REQUESTED_H

#include <stdbool.h>

struct exchange;

/* Sets x->ns and x->host to the namespace a client means: ns=, or else a Host field or a TLS server
 * name that names an upstream of this mirror (in a client for which quay.io leads here, by DNS or
 * by its settings). */
void requested_namespace(struct exchange *x);

/* Sets x->repository to the repository of x->route.name; false when the mirror has none of its
 * names that the asker may read, or when x->pending is set. */
bool requested_repository(struct exchange *x);

/* Answers for a repository that this mirror does not have, or not for this asker: 404 with all the
 * names that were tried, or what login_first() answers; 400 when the name is none. */
void requested_unknown(struct exchange *x);

#endif
