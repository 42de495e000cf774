/*
 * report - the outcome of a run in a file: --report FILE. The name's ending chooses the form: .xml
 * is JUnit, .md Markdown, any other JSON (docs/formats.md).
 */
#ifndef SYNC_REPORT_H
#define SYNC_REPORT_H

struct err;
struct outcome;

/* "-" is stdout: from now on, what is printed there goes to stderr, so that the report stands
 * alone. To be called before anything is printed. IO when that fails. */
int report_take_stdout(const char *path, struct err *err);

/* Whether the report can be written there, asked before the run. USAGE when the name is a
 * directory's. */
int report_check(const char *path, struct err *err);

/* What the program adds to the outcome of its run. */
struct report_result {
	int status;        /* what the program will exit with */
	int tolerate;      /* bits left out of it; a target that only adds these is no failure */
	const char *error; /* why the mirror could not be used, or NULL */
};

/* Replaces the file, or writes to a pipe or device. LIMIT when the report is too large. */
int report_write(const struct outcome *o, const char *path, const struct report_result *result,
		 struct err *err);

#endif
