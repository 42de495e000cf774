/*
 * report - what a run did, for machines: --report FILE. The file's ending says the form: .json (and any
 * other) JSON, .xml JUnit, .md Markdown.
 */
#ifndef SYNC_REPORT_H
#define SYNC_REPORT_H

struct err;
struct outcome;

/* Whether there is a place for it: before anything is done, since the report comes last. */
int report_check(const char *path, struct err *err);

/* What the program adds to the outcome of its run. */
struct report_result {
	int status;        /* what the program will exit with */
	int tolerate;      /* bits that are left out of it: what sets them is no failure here */
	const char *error; /* why the mirror could not be used, or NULL */
};

int report_write(const struct outcome *o, const char *path, const struct report_result *result,
		 struct err *err);

#endif
