#include "oci/registry/flow.h"

#include "oci/base/clock.h"
#include "oci/base/limits.h"

/* A turn of the loop comes late by a millisecond or more; this makes up for it. */
#define CREDIT (100 * CLOCK_MS)
/* The smallest and the largest piece; there are eight in a second, if that is not too small. */
#define PIECE_LEAST (4L * 1024)
#define PIECE_MOST  (128L * 1024)

long flow_piece(const struct unit_rate *lowest)
{
	int64_t piece;

	if (lowest->amount <= 0)
		return 0;
	piece = lowest->amount / lowest->seconds / 8;
	return piece < PIECE_LEAST ? PIECE_LEAST : piece > PIECE_MOST ? PIECE_MOST : (long)piece;
}

void flow_limit(struct bucket *b, const struct unit_rate *rate)
{
	b->credit = CREDIT;
	bucket_limit(b, rate);
}

void flow_init(struct flow *f, const struct unit_rate *rate,
	       void (*hold)(struct http_call *c, bool hold))
{
	*f = (struct flow){ .hold = hold };
	flow_limit(&f->all, rate);
}

void flow_begin(struct flow_reader *r, struct http_call *call, struct bucket *own)
{
	*r = (struct flow_reader){ .call = call, .own = own };
}

/* When both limits allow a reader to go on. */
static int64_t reader_ready_at(const struct flow *f, const struct flow_reader *r)
{
	int64_t all = bucket_ready_at(&f->all), own = bucket_ready_at(r->own);

	return all > own ? all : own;
}

static void take_bytes(struct flow *f, struct flow_reader *r, int64_t n, int64_t now)
{
	bucket_take(&f->all, n, now);
	bucket_take(r->own, n, now);
}

static void give_back(struct flow *f, struct flow_reader *r, int64_t now)
{
	if (r->granted)
		take_bytes(f, r, -r->granted, now);
	r->granted = 0;
}

static void join_line(struct flow *f, struct flow_reader *r)
{
	r->is_held = true;
	r->next = NULL;
	r->prev = f->last;
	*(f->last ? &f->last->next : &f->first) = r;
	f->last = r;
}

static void leave_line(struct flow *f, struct flow_reader *r)
{
	r->is_held = false;
	*(r->prev ? &r->prev->next : &f->first) = r->next;
	*(r->next ? &r->next->prev : &f->last) = r->prev;
	r->prev = r->next = NULL;
}

void flow_take(struct flow *f, struct flow_reader *r, size_t n, int64_t now)
{
	int64_t paid = (int64_t)n < r->granted ? (int64_t)n : r->granted;

	r->granted -= paid;
	take_bytes(f, r, (int64_t)n - paid, now);
	if (r->is_held || reader_ready_at(f, r) <= now)
		return;
	give_back(f, r, now);
	join_line(f, r);
	f->hold(r->call, true);
}

void flow_pump(struct flow *f, int64_t now)
{
	struct flow_reader *next;

	for (struct flow_reader *r = f->first; r; r = next) {
		next = r->next;
		if (reader_ready_at(f, r) > now)
			continue;
		leave_line(f, r);
		r->granted = f->piece;
		take_bytes(f, r, r->granted, now);
		f->hold(r->call, false);
	}
}

int64_t flow_wakes_at(const struct flow *f)
{
	int64_t at = INT64_MAX;

	for (const struct flow_reader *r = f->first; r; r = r->next)
		if (reader_ready_at(f, r) < at)
			at = reader_ready_at(f, r);
	return at;
}

void flow_end(struct flow *f, struct flow_reader *r, int64_t now)
{
	if (!r->own)
		return;
	if (r->is_held)
		leave_line(f, r);
	give_back(f, r, now);
}
