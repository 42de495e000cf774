/*
 * problem - errors and warnings about lines of files, collected so that all are reported at once.
 */
#ifndef OCI_PROBLEM_H
#define OCI_PROBLEM_H

#include <stdbool.h>
#include <stddef.h>

struct problem {
	bool warning;
	char *file;       /* owned */
	int line, column; /* 1-based; 0 when it is about the file */
	char *text;       /* owned; one line */
};

struct problems {
	struct problem *v;
	size_t n, cap;
	size_t errors; /* counted beyond LIMIT_LIST_ERRORS too, though no longer kept */
};

void problem_add(struct problems *ps, bool warning, const char *file, int line, int column,
		 const char *fmt, ...) __attribute__((format(printf, 6, 7)));
void problems_release(struct problems *ps);

#endif
