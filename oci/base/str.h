/*
 * str - comparing NUL-terminated texts.
 */
#ifndef OCI_BASE_STR_H
#define OCI_BASE_STR_H

#include <stdbool.h>
#include <string.h>

static inline bool str_eq(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* As str_eq(), for texts that may be NULL: NULL is the same as NULL and as nothing else. */
static inline bool str_same(const char *a, const char *b)
{
	return a && b ? str_eq(a, b) : a == b;
}

/* For qsort() and bsearch() over an array of texts: the order of strcmp(). */
int str_order(const void *a, const void *b);

#endif
