/*
 * throttle - how many requests are sent to a host at once, when one is tried again, and when the
 * host is given up.
 *
 * Decisions only: no network, and the time is given. There is one `struct throttle` for each host,
 * shared by all requests to it:
 *
 * - Of a host that has not answered yet, or failed twice in a row, one request at a time waits for
 *   the headers of its answer. So the first of two hundred requests finds out that a host is dead,
 *   and not each of them; and a body that takes its time holds up no other request. The
 *   next one is another than those that failed, where there is one (throttle_has_failed()): what
 *   is wrong may be one image.
 * - After a failure all requests wait, longer each time (jittered, so that many mirrors do not come
 *   back together); an answer ends the wait.
 * - After THROTTLE_GIVE_UP_NETWORK failures of the network in a row, or THROTTLE_GIVE_UP_HOST of
 *   the host, without an answer between them, the host is given up for the rest of the run.
 *   Requests that were under way together when the first of them failed count as one failure: a
 *   proxy that restarts resets them all. Each request counts once in a row of failures, however
 *   often it is tried: one image that is broken upstream must not take the others of its host with
 *   it. Only where no connection is made, or a host answers nothing but 429, each try counts: that
 *   is no request's fault.
 *   THROTTLE_SILENCE without a byte counts twice: otherwise a
 *   host that accepts connections and never answers would cost minutes.
 * - With rate=, requests start no faster than that, evenly spread.
 * - 429 halves the number of requests at once; answers let it grow again.
 * - Pulls that count against a quota (GETs of manifests) stop when only the reserve is left.
 */
#ifndef OCI_REGISTRY_THROTTLE_H
#define OCI_REGISTRY_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "oci/base/err.h"
#include "oci/base/unit.h"
#include "oci/registry/bucket.h"

/* How often a request is sent in all before it fails; 503 mostly concerns one object, not the
 * host. */
#define THROTTLE_TRIES           5
#define THROTTLE_TRIES_503       3
#define THROTTLE_GIVE_UP_NETWORK 4
#define THROTTLE_GIVE_UP_HOST    8
#define THROTTLE_SILENCE         (INT64_C(30) * 1000000000)
/* The longest Retry-After that is waited for; after a longer one the host is given up for this
 * run. */
#define THROTTLE_PATIENCE (INT64_C(120) * 1000000000)

enum throttle_fault {
	THROTTLE_UNREACHED, /* not connected */
	THROTTLE_NETWORK,   /* reset, stalled */
	THROTTLE_HOST,      /* 408, 5xx */
	THROTTLE_BUSY,      /* 429 without a quota that is used up */
};

struct throttle {
	int64_t first_delay;    /* nanoseconds */
	struct bucket requests; /* rate= */
	long parallel;          /* requests at once when all is well */
	long window;            /* requests at once, since the last 429 */
	long grown;             /* answers since the window last changed */
	bool answered;          /* at least the headers of something that is no failure */
	unsigned round;  /* failures counted so far; a request keeps the number when it is sent */
	unsigned faults; /* in a row */
	unsigned long failed[THROTTLE_GIVE_UP_HOST]; /* the requests that they are of */
	unsigned network_faults;                     /* of the network, in a row */
	int64_t not_before;                          /* after failures; an answer ends it */
	int64_t retry_after_until;                   /* as Retry-After said */
	bool given_up;
	struct err why; /* once given up: the error of every request */

	long limit, remaining;   /* of the quota; -1: not said */
	long reserve;            /* pulls stop at this many remaining, */
	struct unit_share share; /* or at this share of the limit: the larger of both */
	long pulls;              /* requests under way that count against the quota */
	bool spent;              /* a 429 said that the quota is used up */
	bool spent_for_heads;    /* even for requests that do not count */
	bool doubtful;       /* `remaining` is old: one pull is sent alone to learn the new value */
	int64_t quota_until; /* when the quota is reset; 0: unknown */
	bool told_when;      /* the registry named quota_until; otherwise it is an upper bound */
	int64_t blocked_since; /* no pull is allowed since then; 0: pulls are allowed */
	int64_t recheck_at;    /* when one pull is sent to see whether the quota was reset */
};

/* `reserve` is the quota reserve: pulls stop at this many remaining; <= 0: none. */
void throttle_init(struct throttle *t, long parallel, long reserve, long first_delay_ms);

/* Merges another registry line's limits: lowest parallel, highest reserve; <= 0 changes nothing.
 * A number and a percentage are kept beside each other, since the limit is not known yet. */
void throttle_merge(struct throttle *t, long parallel, const struct unit_share *reserve);

/* The number of requests that may be under way now, as long as at most throttle_free_silent() of
 * them wait for the headers of their answers. */
long throttle_free_slots(const struct throttle *t);
long throttle_free_silent(const struct throttle *t);
/* When the next request may start (clock_now()). */
int64_t throttle_ready_at(const struct throttle *t);

/* A request is sent. */
void throttle_sent(struct throttle *t, int64_t now);
/* Whether a request, by its number, is among the failures in a row: another one had better be the
 * next. */
bool throttle_has_failed(const struct throttle *t, unsigned long request);
/* The headers of an answer have come that is no failure: the host is there. Whether all of it comes
 * is not known yet, so a row of failures goes on. */
void throttle_heard(struct throttle *t);
/* The host answered, and not with a failure. */
void throttle_answered(struct throttle *t);

/* A failed request, as the throttle sees it. */
struct throttle_failure {
	enum throttle_fault fault;
	unsigned long request; /* its number: no other request of the run has it */
	unsigned round;        /* of the throttle when it was sent */
	unsigned tries;        /* this one included */
	int64_t after;         /* what Retry-After said in nanoseconds from now, or -1 */
	int64_t silent;        /* nanoseconds without a byte; 0 once an answer had begun */
	unsigned random;
};

/* A request failed: gives when it may be sent again (clock_now()). May give the host up, with
 * `why` in the error. */
int64_t throttle_failed(struct throttle *t, const struct throttle_failure *f, int64_t now,
			const struct err *why);
/* No request can succeed, as with a certificate that is not trusted: every request fails with why.
 * */
void throttle_give_up(struct throttle *t, const struct err *why);
/* Retry-After is longer than THROTTLE_PATIENCE: gives the host up, with the time in the error. */
void throttle_leave_alone(struct throttle *t, int64_t after, time_t wall, const struct err *why);

/* The quota as headers give it; -1: not given. `reset` and `window` are seconds. */
void throttle_quota(struct throttle *t, long limit, long remaining, long reset, long window,
		    int64_t now);
/* A 429 says that the quota is used up: with `counts` for requests that count, without for all.
 * `until` is when it is reset (clock_now()); 0: unknown. */
void throttle_spent(struct throttle *t, bool counts, int64_t until);

enum throttle_gate {
	THROTTLE_GO,
	THROTTLE_WAIT,    /* a pull under way will tell how many are left */
	THROTTLE_NO_PULL, /* the quota is used up, or its reserve is reached */
};
/* Whether a request may start as far as the quota decides; `counts` when it counts against it. */
enum throttle_gate throttle_may_pull(struct throttle *t, bool counts, int64_t now);
/* After THROTTLE_NO_PULL: when to try again (clock_now()); 0 when that is more than `patience`
 * nanoseconds after the first THROTTLE_NO_PULL. */
int64_t throttle_quota_wait(struct throttle *t, int64_t patience, int64_t now);
/* Sets err (LIMIT): quota used up, and when it resets if known. Gives -1. */
int throttle_quota_error(const struct throttle *t, int64_t now, time_t wall, struct err *err);

#endif
