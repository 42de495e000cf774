/*
 * model - what the documents promise of a mirror, kept beside a real one.
 *
 * The driver (tests/model/main.c) draws actions at random: upstream moves, reverts and removes
 * tags, syncs run and are killed, operators roll back, hold, release and undo, the list and the
 * clock change. After each the model says what every reference must mean now, and the driver
 * compares (tests/model/check.c). Contents are numbers; tests/model/world.h makes images of them.
 */
#ifndef TESTS_MODEL_MODEL_H
#define TESTS_MODEL_MODEL_H

#include <stdbool.h>
#include <stddef.h>

#define MODEL_REFS     6
#define MODEL_CONTENTS 1024
#define MODEL_KEPT     1024 /* generations of one history */
#define NOTHING        (-1)

/* Why a digest is bad for a reference. A rollback's mark outranks an undo's. */
enum mark { MARK_NONE, MARK_BY_UNDO, MARK_BY_ROLLBACK };

struct model_ref {
	char name[64];           /* "up.example/team/a:1" */
	char source[64];         /* as the upstream has it: "docker.io/team/a:1" */
	int upstream;            /* content, or NOTHING */
	int had[MODEL_CONTENTS]; /* contents that upstream had there, oldest first */
	int nhad;
	bool listed;
	int pinned; /* content that its line pins, or NOTHING */
	int published;
	bool frozen, gone, unlisted;
	enum mark marks[MODEL_CONTENTS];
	bool ever[MODEL_CONTENTS]; /* has been published here: it is never lost */
	int meanings[MODEL_KEPT];  /* what it meant, one after the other */
	int nmeanings;
	bool operated; /* a verb has moved it: what a rollback finds is not predicted */
};

/* What a mirror says. */
struct model_seen {
	long generation;
	int means[MODEL_REFS]; /* content, or NOTHING */
	bool gone[MODEL_REFS], unlisted[MODEL_REFS], frozen[MODEL_REFS];
};

/* What was published as a generation. */
struct model_generation {
	int means[MODEL_REFS];
	bool moved[MODEL_REFS]; /* by a sync */
	bool sync_moved;        /* any of them */
};

struct model {
	struct model_ref refs[MODEL_REFS];
	long generation;
	struct model_generation kept[MODEL_KEPT];
};

enum model_verb {
	MODEL_SYNC,
	MODEL_ROLLBACK,
	MODEL_HOLD,
	MODEL_RELEASE,
	MODEL_UNDO,
	MODEL_DRY_RUN
};

struct model_action {
	enum model_verb verb;
	int ref;     /* one reference only; NOTHING: all (sync, undo) */
	bool freeze; /* rollback --freeze */
	bool missing, force;
	long to; /* undo --to; -1: without */
};

/* What an action must lead to. */
struct model_expect {
	int want[MODEL_REFS];
	bool any[MODEL_REFS]; /* a rollback whose snapshot is not predicted: any that is right */
	bool changes;         /* a generation is published */
	bool may_change;      /* one may be */
	int must, may;        /* bits of the exit status */
};

void model_init(struct model *m);
/* Fills in what the action must lead to. broken[c]: the content cannot be fetched whole. */
void model_predict(const struct model *m, const struct model_action *a, const bool *broken,
		   struct model_expect *x);
/* Takes over what the mirror says after the action, unless that did nothing (it was killed). */
void model_apply(struct model *m, const struct model_action *a, const struct model_seen *seen);
/* What is wrong with what the mirror says beside its meanings, after model_apply(); or NULL. */
const char *model_check(const struct model *m, const struct model_action *a,
			const struct model_seen *seen, const bool *broken);
/* Whether a rollback may bring the reference there. */
bool model_may_roll_back(const struct model_ref *r, int to);

#endif
