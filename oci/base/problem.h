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
	int line, column; /* 1-based, in characters; 0: the problem is with the file as a whole */
	char *text;       /* owned; one line */
	size_t order;     /* its number in the order of problem_add() */
};

/* The first `kept` errors and the first `kept` warnings are kept; all are counted. */
struct problems {
	struct problem *v;
	size_t n, cap;
	size_t kept;             /* 0: LIMIT_LIST_ERRORS */
	size_t errors, warnings; /* how many were added */
};

#define PROBLEMS_INIT                                                                              \
	{                                                                                          \
		.v = NULL                                                                          \
	}

/* Adds an error or a warning; copies `file`. The text is one line. */
void problem_add(struct problems *ps, bool warning, const char *file, int line, int column,
		 const char *fmt, ...) __attribute__((format(printf, 6, 7)));
/* Sorts by file, line and column; problems of one place stay in their order. */
void problems_sort(struct problems *ps);
void problems_release(struct problems *ps);

#endif
