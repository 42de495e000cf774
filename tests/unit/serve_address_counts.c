#include "serve/address_counts.h"

#include "tests/tap.h"

/* With 2 connections an address. Each row is one step; all are of one sequence. */
static const struct step {
	const char *name;
	enum { ENTER, LEAVE, IDLE, BUSY } what;
	int conn; /* which connection: 0 to 9 are of one address, the others of another */
	enum address_place place;
	bool over; /* of the connection's address, afterwards */
} steps[] = {
	{ "the first has a place", ENTER, 0, ADDRESS_PLACE, false },
	{ "the second has one", ENTER, 1, ADDRESS_PLACE, false },
	{ "both are busy: the third is refused", ENTER, 2, ADDRESS_REFUSED, false },
	{ "another address has places", ENTER, 10, ADDRESS_PLACE, false },
	{ "a fourth is refused", ENTER, 3, ADDRESS_REFUSED, false },
	{ "a fifth is closed at once", ENTER, 4, ADDRESS_CLOSED, false },
	{ "a refused one leaves", LEAVE, 2, 0, false },
	{ "and another may wait for its 429", ENTER, 2, ADDRESS_REFUSED, false },
	{ "a busy one becomes idle", IDLE, 0, 0, false },
	{ "so the next has a place", ENTER, 5, ADDRESS_IDLE, true },
	{ "but one only", ENTER, 6, ADDRESS_CLOSED, true },
	{ "the idle one is busy again before it is closed", BUSY, 0, 0, true },
	{ "and idle again", IDLE, 0, 0, true },
	{ "it goes", LEAVE, 0, 0, false },
	{ "both places are taken", ENTER, 7, ADDRESS_CLOSED, false },
	{ "the refused ones leave", LEAVE, 2, 0, false },
	{ "one after the other", LEAVE, 3, 0, false },
	{ "one of those with places is idle", IDLE, 1, 0, false },
	{ "and the other", IDLE, 5, 0, false },
	{ "one goes for the next", ENTER, 0, ADDRESS_IDLE, true },
	{ "and the other for the one behind it", ENTER, 2, ADDRESS_IDLE, true },
	{ "beyond twice the limit nothing has a place", ENTER, 3, ADDRESS_REFUSED, true },
	{ "the idle ones go", LEAVE, 1, 0, true },
	{ "until the limit is met", LEAVE, 5, 0, false },
	{ "the other address still has a place", ENTER, 11, ADDRESS_PLACE, false },
};

struct conns {
	struct address_count *of[12];
	bool refused[12], idle[12];
};

static void set_idle(struct conns *c, int n, bool idle)
{
	if (c->idle[n] != idle)
		address_count_idle(c->of[n], idle ? 1 : -1);
	c->idle[n] = idle;
}

static bool run_step(struct address_counts *a, const struct step *s, struct conns *c)
{
	const char *peer = s->conn < 10 ? "192.0.2.1" : "192.0.2.2";
	enum address_place place = ADDRESS_PLACE;

	switch (s->what) {
	case ENTER:
		place = address_counts_enter(a, peer, &c->of[s->conn]);
		c->refused[s->conn] = place == ADDRESS_REFUSED;
		return place == s->place && (place == ADDRESS_CLOSED) == !c->of[s->conn];
	case LEAVE:
		set_idle(c, s->conn, false);
		address_counts_leave(a, c->of[s->conn], c->refused[s->conn]);
		c->of[s->conn] = NULL;
		return true;
	case IDLE: set_idle(c, s->conn, true); return true;
	case BUSY: set_idle(c, s->conn, false); return true;
	}
	return false;
}

/* The count of any connection of the same address. */
static const struct address_count *count_beside(const struct conns *c, int conn)
{
	for (int i = conn < 10 ? 0 : 10; i < 12; i++)
		if (c->of[i])
			return c->of[i];
	return NULL;
}

int main(void)
{
	struct address_counts a = ADDRESS_COUNTS_INIT;
	struct address_count *none;
	struct conns c = { .of = { NULL } };

	CHECK(address_counts_enter(&a, "192.0.2.1", &none) == ADDRESS_PLACE && !none);
	a.most = 2;
	CHECK(address_counts_enter(&a, "unix:", &none) == ADDRESS_PLACE && !none);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		bool right = run_step(&a, &steps[i], &c);
		const struct address_count *count = count_beside(&c, steps[i].conn);

		CHECK_ROW(right && address_count_is_over(count) == steps[i].over, steps[i].name);
	}
	CHECK(a.table.n == 2);
	/* the counts of an address end with its last connection */
	for (int i = 0; i < 12; i++) {
		set_idle(&c, i, false);
		address_counts_leave(&a, c.of[i], c.refused[i]);
	}
	CHECK(a.table.n == 0);
	address_counts_release(&a);
	return tap_done();
}
