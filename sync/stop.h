/*
 * stop - why a run is to end before its work is done. A signal handler sets it; the loops of the
 * program look at it.
 */
#ifndef SYNC_STOP_H
#define SYNC_STOP_H

#include <signal.h>

enum stop { STOP_NOT, STOP_SIGNAL, STOP_TIMEOUT };

/* From now on SIGINT and SIGTERM set *stop. A second SIGINT or SIGTERM finds
 * the default action and ends the program. `stop` is lent for the life of the program. */
void stop_on_signals(volatile sig_atomic_t *stop);
/* Sets *stop after so many seconds. */
void stop_after(volatile sig_atomic_t *stop, long seconds);

/* "a signal", "--timeout" */
const char *stop_words(int stop);

#endif
