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

/* status: what the program will exit with. */
int report_write(const struct run *r, const char *path, int status, struct err *err);

#endif
