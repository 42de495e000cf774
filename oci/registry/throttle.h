/*
 * throttle - how fast a registry is asked, when it is asked again, and when it is left alone.
 *
 * Decisions only: no network, and the time is given. One `struct throttle` for each host that is asked, shared by
 * all requests to it:
 *
 * - A host that has not answered yet, or failed twice in a row, is asked one request at a time. So two hundred
 *   requests to a dead host do not find out one by one, and the first learns what all need to know.
 * - A failure makes everybody wait, longer each time (jittered, so that many mirrors do not come back together);
 *   an answer ends the waiting.
 * - Failures in a row, without a single answer between them, end in giving the host up for the rest of the run:
 *   THROTTLE_GIVE_UP_NETWORK of the network, THROTTLE_GIVE_UP_HOST of the host. Those that were under way together when the first
 *   of them failed count as one: a proxy that restarts resets them all. Half a minute of silence counts twice:
 *   otherwise a host that takes connections and says nothing would cost minutes.
 * - 429 halves how many go at once; answers let it grow again.
 * - Pulls that count against a quota (GETs of manifests) stop when as many are left as are to be left.
 */
#ifndef OCI_REGISTRY_THROTTLE_H
#define OCI_REGISTRY_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "oci/base/err.h"

/* What one request may cost: how often it is tried before it fails. 503 mostly means the object, not the host. */
#define THROTTLE_TRIES           5
#define THROTTLE_TRIES_503       3
#define THROTTLE_GIVE_UP_NETWORK 4
#define THROTTLE_GIVE_UP_HOST    8
#define THROTTLE_SILENCE         (INT64_C(30) * 1000000000)
/* The longest we wait because a host says so; who asks for more is left alone for this run. */
#define THROTTLE_PATIENCE (INT64_C(120) * 1000000000)

enum throttle_fault {
	THROTTLE_NETWORK, /* not connected, reset, stalled */
	THROTTLE_HOST,    /* 408, 5xx */
	THROTTLE_BUSY,    /* 429 that is no quota */
};

struct throttle {
	int64_t first_delay; /* nanoseconds */
	long parallel;       /* how many at once when all is well */
	long window;         /* how many since the last 429 */
	long grown;          /* answers since the window last changed */
	bool answered;       /* ever */
	unsigned
		round; /* how many failures have been counted; a request annotations it when it is sent */
	unsigned faults;           /* in a row */
	unsigned network_faults;   /* of the network, in a row */
	int64_t not_before;        /* because it failed; an answer ends it */
	int64_t retry_after_until; /* because it said so (Retry-After) */
	bool given_up;
	struct err why; /* once given up: what every request is told */

	long limit, remaining; /* of the quota; -1: not said */
	long reserve;          /* so many are left */
	long pulls;            /* counted requests under way */
	bool spent;            /* said so by a 429 */
	bool spent_for_heads;  /* on a request that does not count */
	bool doubtful;         /* time has passed since: the next pull finds out, alone */
	int64_t quota_until;   /* when to come back, as far as is known; 0 unknown */
	bool told_when;        /* quota_until is what the registry said, not the latest it can be */
	int64_t blocked_since; /* 0: it is not */
	int64_t recheck_at;    /* when somebody who waits tries again */
};

void throttle_init(struct throttle *t, long parallel, long reserve, long first_delay_ms);

/* One more says how it is to be asked: the least that anybody says holds, and the largest reserve; <= 0 says nothing. */
void throttle_merge(struct throttle *t, long parallel, long reserve);

/* How many requests may be under way now. */
long throttle_free_slots(const struct throttle *t);
/* When the next may start. */
int64_t throttle_ready_at(const struct throttle *t);

/* An answer that is no fault. */
void throttle_answered(struct throttle *t);

/* What a request that fails tells of itself. */
struct throttle_failure {
	enum throttle_fault fault;
	unsigned round; /* of the throttle when it was sent */
	unsigned tries; /* this one included */
	int64_t after;  /* what Retry-After said in nanoseconds from now, or -1 */
	int64_t silent; /* how long nothing came, in nanoseconds; 0 once an answer had begun */
	unsigned random;
};

/* A failure: gives when the request that met it may try again. May give the host up, because of `why`. */
int64_t throttle_failed(struct throttle *t, const struct throttle_failure *f, int64_t now,
			const struct err *why);
/* It can't get better: a certificate that is not trusted. */
void throttle_give_up(struct throttle *t, const struct err *why);
/* It asks to be left alone for longer than THROTTLE_PATIENCE, so it is, and everybody is told until when. */
void throttle_leave_alone(struct throttle *t, int64_t for_how_long, time_t wall,
			  const struct err *why);

/* The quota as headers tell it; -1 where they do not. `reset` and `window` are seconds. */
void throttle_quota(struct throttle *t, long limit, long remaining, long reset, long window,
		    int64_t now);
/* A 429 says the quota is used up, for requests that count or for all. */
void throttle_spent(struct throttle *t, bool counts, int64_t until);

enum throttle_gate {
	THROTTLE_GO,
	THROTTLE_WAIT,    /* until a pull under way has told what is left */
	THROTTLE_NO_PULL, /* the quota is used up, or its reserve is reached */
};
enum throttle_gate throttle_may_pull(struct throttle *t, bool counts, int64_t now);
/* After THROTTLE_NO_PULL: when to try again for somebody who waits for so many nanoseconds in all; 0: not within those. */
int64_t throttle_quota_wait(struct throttle *t, int64_t patience, int64_t now);
/* What it was about, of kind LIMIT, with the time to come back where that is known. */
int throttle_quota_error(const struct throttle *t, int64_t now, time_t wall, struct err *err);

#endif
