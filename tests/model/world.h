/*
 * world - an upstream, lists, and a mirror on disk, for the model: a directory of their own.
 *
 * The upstream is mirror-serve over a layout that this module writes. A content is an image for
 * linux/amd64 whose text is its number; of a broken one, the upstream lacks the layer. Programs
 * run with another wall clock when tests/preload/wallclock.so is there, and are killed with strace.
 */
#ifndef TESTS_MODEL_WORLD_H
#define TESTS_MODEL_WORLD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "oci/image/digest.h"
#include "oci/store/index.h"
#include "tests/model/model.h"

/* A server of ours. */
struct server {
	pid_t pid;
	FILE *log; /* its stderr */
	char url[128];
	int port;
};

struct world {
	const char *bin;
	char dir[64];
	struct server upstream, mirror; /* pid 0: not running */
	long upstream_generation;
	long served; /* generation that the mirror's server is known to serve */
	struct digest content[MODEL_CONTENTS];
	int64_t size[MODEL_CONTENTS];
	bool broken[MODEL_CONTENTS];
	int ncontents;
	bool has_clock, has_strace;
	long ahead;        /* of the machine's clock, in seconds */
	struct index seen; /* the mirror's index as world_look() found it */
};

#define WORLD_KILLED (-9)

/* Exits when the machine refuses. */
void world_open(struct world *w, const char *bin);
/* cleared: its directory goes, too. */
void world_close(struct world *w, bool cleared);

int world_new_content(struct world *w, bool broken);
/* The content of that digest, or NOTHING. */
int world_content_of(const struct world *w, const struct digest *d);

/* The upstream has what the model says, from now on. */
void world_set_upstream(struct world *w, const struct model *m);
void world_set_lists(struct world *w, const struct model *m);
void world_set_clock(struct world *w, long ahead);

/*
 * Runs a program of ours with these words, NULL at the end; gives its exit status, or WORLD_KILLED.
 * call and nth: it is killed at its nth such system call, if it comes so far; call NULL: not. Its
 * output is in the files out and err.
 */
int world_run(struct world *w, const char *call, int nth, const char *const *words);

/* Reads the mirror. false: there is none yet, or (message on stderr) it cannot be read. */
bool world_look(struct world *w, struct model_seen *seen);
/* Number of problems of the mirror's content, told on stdout. */
int world_verify(const struct world *w);
/* What an earlier generation says; false when it is not kept. */
bool world_look_back(const struct world *w, long number, struct model_seen *seen);
/* Whether mirror-serve serves every entry of the last world_look() by its name. */
bool world_is_served(struct world *w);

#endif
