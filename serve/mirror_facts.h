/*
 * mirror_facts - what the mirror's own files tell an operator, as metrics: images that are held,
 * gone, waiting, overdue or private; the last full sync; the oldest check; free disk.
 *
 * The index, .mirror/state.json and .mirror/last-run.json are read again when they have changed,
 * not at each scrape. A file that is missing or cannot be read leaves its metrics out: an alert on
 * their absence is better than one that takes 0 for a fact. Used by one thread.
 *
 *	mirror_facts_init(&f, mirror)
 *	mirror_facts_write(&f, b, state, now)	at each scrape
 *	mirror_facts_release(&f)
 */
#ifndef SERVE_MIRROR_FACTS_H
#define SERVE_MIRROR_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

struct buf;
struct state;

/* Moments, in no order. */
struct moments {
	time_t *v;
	size_t n;
};

struct mirror_facts {
	const char *mirror; /* directory */
	/* of the index that is served */
	struct stat index; /* whose these are */
	size_t images, held, gone;
	time_t created; /* 0: the index does not say */
	/* of state.json */
	struct stat state_seen;
	bool has_state;
	time_t oldest_check;      /* 0: none */
	struct moments let_go_at; /* when images that wait may move */
	struct moments due_at;    /* when images have reached their max-age= */
	/* of last-run.json */
	struct stat run_seen;
	bool has_run;
	time_t run_start, run_end;
	int64_t run_status;
};

/* mirror is lent. */
void mirror_facts_init(struct mirror_facts *f, const char *mirror);
void mirror_facts_release(struct mirror_facts *f);

/* Appends the metrics of the state that is served, as of `now` (wall clock). */
void mirror_facts_write(struct mirror_facts *f, struct buf *b, const struct state *s, time_t now);

#endif
