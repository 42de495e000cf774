/*
 * show - what a run did, for people: a line for each image that is not simply current, and a summary.
 */
#ifndef SYNC_SHOW_H
#define SYNC_SHOW_H

#include <stdbool.h>

struct outcome;

/* On a terminal a table; elsewhere lines: results on stdout, what failed, is limited or gone on stderr. */
void show_results(const struct outcome *o, bool color);

/* The progress line, for struct run's turn: only on a terminal. */
void show_progress(const struct outcome *o);
/* Takes the progress line away. */
void show_progress_end(void);

#endif
