/*
 * problem_format - a problem of the lists as text: a line for people, an annotation of GitHub
 * Actions, a finding of GitLab's code quality report.
 *
 *	mirror-lists/base.list:12:5: warning: ...
 *	::warning file=mirror-lists/base.list,line=12,col=5::...
 *	{"description":"...","check_name":"mirror-sync","fingerprint":"...","severity":"minor",
 *	 "location":...}
 *
 * GitHub and GitLab name a file by its path in the repository, so the program has to be run in the
 * top directory of the checkout.
 */
#ifndef SYNC_PROBLEM_FORMAT_H
#define SYNC_PROBLEM_FORMAT_H

#include "oci/base/problem.h"

struct buf;

enum problem_format { PROBLEM_FORMAT_TEXT, PROBLEM_FORMAT_GITHUB, PROBLEM_FORMAT_GITLAB };

/* The word for each format: "text", "github", "gitlab"; NULL ends them. */
extern const char *const problem_format_words[];

/* Append one problem of a file in the directory `where`; the first two are lines. */
void problem_format_text(struct buf *out, const char *where, const struct problem *p);

/* A workflow command: in the text % and line ends are escaped, in a property also ":" and ",". */
void problem_format_github(struct buf *out, const char *where, const struct problem *p);

/* An object of the report's array. GitLab tells a known problem from a new one by the fingerprint,
 * so it is made of what stays when lines move: file, text, and `again`, the number of equal
 * problems before this one. */
void problem_format_gitlab(struct buf *out, const char *where, const struct problem *p,
			   unsigned again);

#endif
