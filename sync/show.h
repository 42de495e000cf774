/*
 * show - the outcome of a run, for people: a line for each image that is not just current, and a
 * summary.
 */
#ifndef SYNC_SHOW_H
#define SYNC_SHOW_H

#include <stdbool.h>

struct outcome;

/* On a terminal a table; else lines: results on stdout; what failed, is limited or gone on
 * stderr. */
void show_results(const struct outcome *o, bool color);

/* The progress line, for struct run's turn: only on a terminal. */
void show_progress(const struct outcome *o);
/* Removes the progress line. */
void show_progress_end(void);

#endif
