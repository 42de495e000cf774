/*
 * line_limit - how many lines a second something may write to the log, and how many it left out: a
 * client chooses how often it causes them.
 *
 *	static struct line_limit limit = LINE_LIMIT_INIT(10);
 *
 *	if (line_limit_take(&limit, 1, clock_now(), &more))
 *		write the line, with " (and %lu more since the last line)" when there are more
 */
#ifndef SERVE_LINE_LIMIT_H
#define SERVE_LINE_LIMIT_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct line_limit {
	pthread_mutex_t lock;
	unsigned most; /* lines a second */
	unsigned lines;
	int64_t since; /* when the first of these lines was written; clock_now() */
	unsigned long left_out;
};

#define LINE_LIMIT_INIT(most_)                                                                     \
	{                                                                                          \
		.lock = PTHREAD_MUTEX_INITIALIZER, .most = (most_)                                 \
	}

/* n things (at least one) are told in one line: whether it may be written now. Then *more says how
 * many more than one there were since the last line. Safe from any thread. */
bool line_limit_take(struct line_limit *l, unsigned n, int64_t now, unsigned long *more);

#endif
