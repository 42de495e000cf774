/*
 * line - one line of a list or of mirror.conf, as words.
 *
 *	line    = blank* [word *(blank+ word)] blank* [comment]
 *	word    = plain / key "=" value
 *	key     = 1*(any character but blank, "=" and quote)
 *	value   = plain / quote *(any but quote and backslash / "\" any) quote
 *	comment = "#" anything, at the beginning or after a blank
 *
 * Blanks are space and tab. Inside quotes \" and \\ stand for a quote and a backslash; any other
 * backslash stands for itself. A word that begins with "=" is a plain word.
 *
 * A file is text: UTF-8 without control characters; its lines end in LF or CRLF.
 */
#ifndef OCI_LISTS_LINE_H
#define OCI_LISTS_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "oci/base/limits.h"
#include "oci/base/problem.h"
#include "oci/base/span.h"

struct err;

struct line_word {
	struct span key;  /* "platform"; p is NULL for a plain word */
	struct span text; /* the plain word, or the value without quotes and escapes */
	struct span raw;  /* as written: of a value with its quotes */
	int column;       /* of the word, 1-based, in characters */
	int value_column; /* of raw */
};

#define LINE_WORDS 64

/* Its words point into the text that was parsed and into `unquoted`. */
struct line {
	struct line_word v[LINE_WORDS];
	size_t n; /* 0: blank, or only a comment */
	char unquoted[LIMIT_LIST_LINE];
	size_t used;
};

/* Parses a line without its line end. USAGE when it breaks the grammar: *column gets the place. */
int line_parse(struct line *l, struct span text, int *column, struct err *err);

/* The first word with that key, or NULL. */
const struct line_word *line_find(const struct line *l, const char *key);

/* The column of the character at `offset` in w->text. */
int line_column(const struct line_word *w, size_t offset);

/* The line that is read, for functions that add problems. */
struct place {
	struct problems *problems;
	const char *file;
	int line;
};

/* Adds an error in that column of the line. */
#define place_error(at, column, ...)                                                               \
	problem_add((at)->problems, false, (at)->file, (at)->line, column, __VA_ARGS__)

/* Whether a part of w (its key, or its text) has a character that is not ASCII, where only names
 * can stand. Adds an error that shows it by its code. */
bool line_has_odd_char(const struct line_word *w, struct span part, const struct place *at);

/*
 * Calls each(line, place, arg) for every line of a file that has words. A line that is too long or
 * not text adds an error; after one that is not text the rest of the file is not read.
 */
void line_each(struct problems *problems, const char *file, struct span bytes,
	       void (*each)(const struct line *l, const struct place *at, void *arg), void *arg);

#endif
