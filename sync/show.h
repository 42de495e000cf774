/*
 * show - what a run did, for people: a line for each image that is not simply current, and a summary.
 */
#ifndef SYNC_SHOW_H
#define SYNC_SHOW_H

#include <stdbool.h>

struct run;

/* On a terminal a table; elsewhere lines: results on stdout, what failed, is limited or gone on stderr. */
void show_results(const struct run *r, bool color);

/* The progress line, for run.turn: only on a terminal. */
void show_progress(struct run *r);
/* Takes the progress line away. */
void show_progress_end(void);

#endif
