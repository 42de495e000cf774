/*
 * work - the same work for many things, on all cores.
 *
 * Threads live for one call. They take one number after the other, so whatever takes longest should
 * have a small number.
 */
#ifndef PUBLISH_WORK_H
#define PUBLISH_WORK_H

#include <stddef.h>

/* Calls each(i, arg) for every i below n, in several threads at once, and returns when all are
 * done. Meanwhile the calling thread calls tick(arg) (NULL is fine) about ten times a second. Where
 * no thread can be started, the calling thread does the work. */
void work_run(size_t n, void (*each)(size_t i, void *arg), void (*tick)(void *arg), void *arg);

#endif
