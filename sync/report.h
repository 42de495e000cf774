/*
 * report - what a run did, for machines: --report FILE. The file's ending says the form: .json (and any
 * other) JSON, .xml JUnit, .md Markdown.
 */
#ifndef SYNC_REPORT_H
#define SYNC_REPORT_H

struct err;
struct run;

/* Whether there is a place for it: before anything is done, since the report comes last. */
int report_check(const char *path, struct err *err);

struct outcome {
	int status;        /* what the program will exit with */
	int tolerate;      /* bits that are left out of it: what sets them is no failure here */
	const char *error; /* why the mirror could not be used, or NULL */
};

int report_write(const struct run *r, const char *path, const struct outcome *o, struct err *err);

#endif
