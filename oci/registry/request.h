/*
 * request - one thing asked of an upstream, until it is answered or given up: its turn, its slot, its tries.
 *
 * A verb fills in a struct request, says what becomes of answers (oci/registry/reply.h), and queues it. From there it waits
 * for its turn at an endpoint and for a token if there must be one, is sent, perhaps redirected, perhaps
 * sent again after a failure; when an endpoint can't help it goes to the upstream's next one; and in the end
 * done() is called, once.
 *
 *	queue -> sent (-> waiting for a token -> sent) -> finished
 *	  ^        |
 *	  |        v
 *	  +----- later	after a failure, or for a quota
 *
 * It holds a slot of its endpoint while it is sent or waiting, also for its own end: what is slow to check
 * slows down what comes. All calls to the verb come from request_pump() or
 * from http_turn().
 */
#ifndef OCI_REGISTRY_REQUEST_H
#define OCI_REGISTRY_REQUEST_H

#include "oci/auth/auth.h"
#include "oci/base/buf.h"
#include "oci/base/err.h"
#include "oci/http/http.h"
#include "oci/registry/upstream.h"

struct request;

enum request_end { REQUEST_FAILED = -1, REQUEST_DONE, REQUEST_AGAIN, REQUEST_WAIT };

struct request_verb {
	/* Before each sending: makes ready to take an answer from its beginning, or from a->from. REQUEST_DONE:
	 * there is nothing to send, all is there. REQUEST_AGAIN: send. */
	enum request_end (*prepare)(struct request *a, struct err *err);
	/* Status (200 or 206) and headers of an answer; -1 refuses it. */
	int (*begin)(struct request *a, struct err *err);
	int (*data)(struct request *a, const char *p, size_t n, struct err *err);
	/* The answer is whole. REQUEST_AGAIN: something else is to be asked now (path, page or method have been
	 * changed). REQUEST_WAIT: that shows later, and the loop will be woken (http_wake()); it is called again then.
	 * An error of kind NET is tried again, here and in begin(). */
	enum request_end (*end)(struct request *a, struct err *err);
	/* It was refused: whether it is worth asking in another way, at once (a part that is not there, a method
	 * that is not known). May be NULL. */
	bool (*otherwise)(struct request *a);
	/* The end, with err NULL on success; frees the ask's owner. */
	void (*done)(struct request *a, const struct err *err);
};

struct request {
	/* by the verb */
	const struct request_verb *verb;
	enum http_method method;
	char *path;         /* owned: behind the base, "library/alpine/manifests/3.19" */
	size_t name;        /* so much of path is the repository's name */
	const char *page;   /* an URL to ask instead; NULL: what path says. Lent */
	const char *accept; /* or NULL */
	int64_t from;       /* > 0: only the bytes from there on */
	bool pull;          /* counts against the upstream's quota */

	/* by this module, to be read by others */
	struct upstream *up;
	size_t at;         /* which endpoint */
	unsigned requests; /* sent to the registry, retries included */
	uint64_t bytes;    /* that came for the verb */
	struct http_call call;
	unsigned hops; /* redirects followed */
	bool foreign;  /* redirected to another origin: nothing that is the registry's goes along */
	struct auth_repo *
		repo; /* of where it is now: the registry, or as a guest where that redirects to; or NULL */
	struct auth_try auth;

	/* by reply */
	bool good;       /* the answer is for the verb */
	struct buf said; /* the body of an answer that is none */

	/* by this module alone */
	struct request *prev, *next;
	struct request_list *list;
	char *url;      /* under way */
	unsigned tries; /* failures since the last progress */
	int64_t not_before;
	int64_t sent_at;
	unsigned round; /* of the throttle when it was sent */
	bool counted;   /* among the endpoint's pulls */
};

void request_queue(struct upstream *up, struct request *a);
/* Frees what this module, reply and `path` hold; for done(). */
void request_release(struct request *a);
/* Progress has been made: failures and refusals are counted anew. */
void request_progress(struct request *a);

struct endpoint *request_endpoint(const struct request *a);
/* A header of the answer. */
struct span request_header(const struct request *a, const char *name);

/* The throttle of the host it is at: the registry, or where that stores things. */
struct throttle *request_throttle(const struct request *a);

/* What can become of an answer; one of these, once. */
/* What the verb's end() said of it. */
void request_end_with(struct request *a, enum request_end end, const struct err *err);
/* This endpoint can't help; the next one may. */
void request_fail(struct request *a, const struct err *why);
/* Another try may mend it: after so many nanoseconds (-1: not said), so many tries at most. */
void request_fail_for_now(struct request *a, enum throttle_fault fault, int64_t after,
			  unsigned tries, const struct err *why);
/* Once more from the beginning, at once. */
void request_again(struct request *a);
/* Once more, with what auth says now. */
void request_let_in(struct request *a);
/* Where a redirect leads. Takes url. */
void request_follow(struct request *a, char *url);

/* Starts what may start at an endpoint. */
void request_pump(struct endpoint *e, int64_t now);
/* Whether anything waits or is under way there, and when the next of what waits may start (INT64_MAX: when
 * something else has happened). */
bool request_pending(const struct endpoint *e);
int64_t request_wakes_at(const struct endpoint *e);
/* Ends everything with err. */
void request_stop(struct endpoint *e, const struct err *err);

#endif
