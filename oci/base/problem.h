/*
 * problem - errors and warnings about places in files, collected so that all are reported at once.
 */
#ifndef OCI_BASE_PROBLEM_H
#define OCI_BASE_PROBLEM_H

#include <stdbool.h>
#include <stddef.h>

struct problem {
	bool warning;
	char *file;       /* owned */
	int line, column; /* 1-based; 0 when it is about the file. Columns count characters */
	char *text;       /* owned; one line */
	size_t order;     /* of being added */
};

/* The first errors, and as many warnings, are kept; all are counted. */
struct problems {
	struct problem *v;
	size_t n, cap;
	size_t kept; /* so many of each; 0: LIMIT_LIST_ERRORS */
	size_t errors, warnings;
};

#define PROBLEMS_INIT                                                                              \
	{                                                                                          \
		.v = NULL                                                                          \
	}

void problem_add(struct problems *ps, bool warning, const char *file, int line, int column,
		 const char *fmt, ...) __attribute__((format(printf, 6, 7)));
/* Puts them in the order of files, lines and columns. */
void problems_sort(struct problems *ps);
void problems_release(struct problems *ps);

#endif
