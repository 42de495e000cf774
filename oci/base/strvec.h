/*
 * strvec - a growable list of texts that it owns.
 *
 *	cleanup_by(strvec_release) struct strvec names = STRVEC_INIT;
 *	strvec_add(&names, entry->d_name);
 *	strvec_sort(&names);
 *	for (size_t i = 0; i < names.n; i++) ... names.v[i]
 *
 * A text stays where it is while others are added and sorted, so it may be lent until
 * strvec_release().
 */
#ifndef OCI_BASE_STRVEC_H
#define OCI_BASE_STRVEC_H

#include <stdbool.h>
#include <stddef.h>

struct strvec {
	char **v;
	size_t n, cap;
};

#define STRVEC_INIT                                                                                \
	{                                                                                          \
		.v = NULL                                                                          \
	}

/* Frees the texts and the list, which is empty afterwards. */
void strvec_release(struct strvec *s);

/* Each adds a text at the end and gives the list's own copy, lent. */
const char *strvec_add(struct strvec *s, const char *text);
const char *strvec_addf(struct strvec *s, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* The same without a copy: takes `text`, which malloc() gave. */
const char *strvec_add_owned(struct strvec *s, char *text);

/* Sorts by strcmp(). */
void strvec_sort(struct strvec *s);
/* Whether the text is in the list, which strvec_sort() has sorted. */
bool strvec_has_sorted(const struct strvec *s, const char *text);
/* Whether the text is in the list, in whatever order: looks at each. */
bool strvec_has(const struct strvec *s, const char *text);

#endif
