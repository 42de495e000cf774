/*
 * missed - which reference a request meant that was answered with 404, for --record-misses.
 *
 * Only requests for manifests count, and only names that could be a reference: with its registry
 * from ?ns=, from the name's first component or from --default-registry, and of the grammar of
 * oci/image/ref.h. Tags of signatures and referrers (sha256-<hex>...) do not count.
 *
 * Of private repositories nothing is recorded: neither what their users miss in them, nor requests
 * of those who may not read them. A client that is asked to log in first has missed nothing yet.
 */
#ifndef SERVE_MISSED_H
#define SERVE_MISSED_H

struct exchange;

/* To be called when the reply to a request is 404; x->repository is the one that was found, or
 * NULL. Does nothing without --record-misses. */
void missed_note(const struct exchange *x);

#endif
