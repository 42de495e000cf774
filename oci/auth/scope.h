/*
 * scope - what a token is for, as token servers write it: words like "repository:team/app:pull"
 * (distribution, "Docker Registry Token Scope and Access").
 */
#ifndef OCI_AUTH_SCOPE_H
#define OCI_AUTH_SCOPE_H

#include <stdbool.h>

/* Whether every word of `wanted` is one of `have`. */
bool scope_within(const char *wanted, const char *have);

/* Whether the words are about repositories, and none about this path: a placeholder
 * ("repository:user/image:pull"), or the name that a registry behind the host uses. */
bool scope_is_foreign(const char *scope, const char *path);

#endif
