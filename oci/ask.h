/*
 * ask - one thing asked of an upstream, until it is answered or given up.
 *
 * A verb (oci/registry.h) fills in a struct ask and queues it. From there it waits for its turn at an endpoint, is
 * sent, follows redirects, waits and is sent again after a failure, goes to the upstream's next endpoint when one
 * can't help; and in the end done() is called, once.
 *
 *	queued -> sent -> (redirected -> sent)* -> done
 *	   ^        |
 *	   |        +-> failed -> later -> queued
 *
 * All calls to the verb's functions come from ask_pump() or from http_turn().
 */
#ifndef OCI_ASK_H
#define OCI_ASK_H

#include "oci/buf.h"
#include "oci/err.h"
#include "oci/http.h"
#include "oci/upstream.h"

struct ask;

enum ask_end { ASK_FAILED = -1, ASK_DONE, ASK_AGAIN };

struct ask_verb {
	/* Before each sending: makes ready to take an answer from its beginning, or from a->from. ASK_DONE:
	 * there is nothing to send, all is there. ASK_AGAIN: send. May be NULL. */
	enum ask_end (*prepare)(struct ask *a, struct err *err);
	/* Status (200 or 206) and headers of an answer; -1 refuses it. */
	int (*begin)(struct ask *a, struct err *err);
	int (*data)(struct ask *a, const char *p, size_t n, struct err *err);
	/* The answer is whole. ASK_AGAIN: something else is to be asked now (path or method have been changed). An error
	 * of kind NET is tried again. */
	enum ask_end (*end)(struct ask *a, struct err *err);
	/* An answer with status 416, or another one to a request with a range that has no use for it: whether it is
	 * worth asking from the beginning. May be NULL. */
	bool (*restart)(struct ask *a);
	/* The end, with err NULL on success; frees the ask's owner. */
	void (*done)(struct ask *a, const struct err *err);
};

struct ask {
	/* by the verb */
	const struct ask_verb *verb;
	enum http_method method;
	char *path;         /* owned: behind the base, "library/alpine/manifests/3.19" */
	const char *accept; /* or NULL */
	const char *page;   /* an URL to ask instead; NULL: what path says. Lent */
	int64_t from;       /* > 0: only the bytes from there on */
	bool pull;          /* counts against the upstream's quota */

	/* to be read by the verb */
	unsigned requests; /* sent to the registry, retries included */
	uint64_t bytes;    /* of bodies that came */
	struct http_call call;

	/* by this module */
	struct upstream *up;
	size_t at; /* which endpoint */
	struct ask *prev, *next;
	struct ask_list *list;
	char *url;      /* under way */
	unsigned hops;  /* redirects followed */
	bool foreign;   /* redirected to another origin: no credentials from here on */
	bool good;      /* the answer is for the verb */
	unsigned tries; /* failures since the last progress */
	int64_t not_before;
	struct buf said; /* the body of an answer that is none */
};

/* Empties the fields of this module and queues the ask. */
void ask_queue(struct upstream *up, struct ask *a);
/* Frees what this module and `path` hold; for done(). */
void ask_release(struct ask *a);
/* Progress has been made: failures are counted anew. */
void ask_progress(struct ask *a);
/* A header of the answer. */
struct span ask_header(const struct ask *a, const char *name);

/* Starts what may start at an endpoint. */
void ask_pump(struct endpoint *e, int64_t now);
/* Whether anything waits or is under way there, and when the next of what waits may start (INT64_MAX: when
 * something else has happened). */
bool ask_pending(const struct endpoint *e);
int64_t ask_wakes_at(const struct endpoint *e);
/* Ends everything with err. */
void ask_stop(struct endpoint *e, const struct err *err);

#endif
