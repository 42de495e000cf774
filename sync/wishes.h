/*
 * wishes - mirror-sync --suggest FILE: what clients asked for and the mirror lacks, as lines of
 * a list that are ready for a pull request.
 *
 * FILE is what mirror-serve --record-misses wrote. The most wanted come first. Each is judged by
 * the lists and mirror.conf (sync/wish_verdict.h); of what is left, the LIMIT_SUGGESTIONS most
 * wanted ones are asked for upstream, with a HEAD each. Nothing is fetched or written.
 *
 *	# 12 requests of containerd, 4 addresses (private), 3 hours, 2026-11-20 to 2026-11-28
 *	docker.io/library/alpine:3.21
 *
 * What is no line for a reason that a reader of the list can act on is a comment with that reason;
 * the rest is counted in a summary on stderr.
 */
#ifndef SYNC_WISHES_H
#define SYNC_WISHES_H

#include "sync/run_options.h"

struct err;
struct list_source;

/*
 * Prints the lines on stdout and the summary on stderr. options: jobs, wire and stop. Gives the
 * exit status: EXIT_PART when an upstream did not answer or a signal came, EXIT_LIMITED for a rate
 * limit, both, or 0; or -1 when nothing could be asked: USAGE or INVALID with the file, IO.
 */
int wishes_print(const char *file, struct list_source *source, const struct run_options *options,
		 struct err *err);

#endif
