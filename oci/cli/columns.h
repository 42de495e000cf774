/*
 * columns - rows of words printed in columns: two blanks apart, the last one ragged.
 *
 *	cleanup_by(columns_release) struct columns c = COLUMNS_INIT;
 *	columns_add(&c, INK_PLAIN, "%s", e->ref);
 *	columns_add(&c, INK_WARN, "held");
 *	columns_end(&c);			 // one row
 *	columns_print(&c, stdout, inv->color);
 *
 * A cell is never empty ("-" stands for nothing) and only the last one of a row may hold blanks, so
 * that awk can read the columns. Only programs call it.
 */
#ifndef OCI_CLI_COLUMNS_H
#define OCI_CLI_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum ink { INK_PLAIN, INK_TITLE, INK_DIM, INK_GOOD, INK_WARN, INK_BAD };

#define COLUMNS_MAX 8

struct column_cell {
	char *text;
	enum ink ink;
};

struct column_row {
	struct column_cell cells[COLUMNS_MAX];
	size_t n;
};

struct columns {
	struct column_row *rows;
	size_t n, cap;
	struct column_row row; /* being filled */
};

#define COLUMNS_INIT                                                                               \
	{                                                                                          \
		.rows = NULL                                                                       \
	}

void columns_release(struct columns *c);
/* The next cell of the row. Control characters become '?'; "" becomes "-". */
void columns_add(struct columns *c, enum ink ink, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Ends the row. */
void columns_end(struct columns *c);
/* A row of titles. */
void columns_titles(struct columns *c, const char *const *titles);
void columns_print(const struct columns *c, FILE *out, bool color);

#endif
