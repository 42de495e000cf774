/*
 * model SEED STEPS [-v]: random histories of a mirror against what the documents promise.
 *
 * Prints TAP: one test for each history, and the last steps of one that failed. The same SEED gives
 * the same histories.
 */
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/strvec.h"
#include "tests/model/check.h"
#include "tests/model/model.h"
#include "tests/model/world.h"
#include "tests/tap.h"

/* A history ends after so many steps, and another begins with a new mirror. */
#define HISTORY 120
#define DAY     86400L

struct history {
	struct world world;
	struct model model;
	struct check check;
	uint64_t random;
	struct strvec told; /* what was done */
	bool verbose;
	long killed, syncs, verbs;
};

/* ---- chance ---- */

/* Below n. xorshift64*, by Marsaglia and Vigna. */
static unsigned draw(struct history *h, unsigned n)
{
	h->random ^= h->random >> 12;
	h->random ^= h->random << 25;
	h->random ^= h->random >> 27;
	return (unsigned)((h->random * 2685821657736338717ULL) >> 33) % n;
}

static bool chance(struct history *h, unsigned percent)
{
	return draw(h, 100) < percent;
}

__attribute__((format(printf, 2, 3))) static void tell(struct history *h, const char *fmt, ...)
{
	char text[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	strvec_add(&h->told, text);
	if (h->verbose)
		printf("# %s\n", text);
}

/* ---- what the upstream, the lists and the clock do ---- */

static int new_content(struct history *h)
{
	return world_new_content(&h->world, chance(h, 8));
}

static void offer(struct model_ref *r, int content)
{
	r->upstream = content;
	for (int k = 0; k < r->nhad; k++)
		if (r->had[k] == content)
			return;
	r->had[r->nhad++] = content;
}

static void move_upstream(struct history *h)
{
	struct model_ref *r = &h->model.refs[draw(h, MODEL_REFS)];

	if (chance(h, 10) && r->upstream != NOTHING) {
		r->upstream = NOTHING;
		tell(h, "upstream removes %s", r->name);
	} else {
		bool revert = r->nhad && chance(h, 45);
		int to = revert ? r->had[draw(h, (unsigned)r->nhad)] : new_content(h);

		offer(r, to);
		tell(h, "upstream moves %s to %d%s", r->name, to,
		     h->world.broken[to] ? " (broken)" : "");
	}
	world_set_upstream(&h->world, &h->model);
}

static void change_lists(struct history *h)
{
	struct model_ref *r = &h->model.refs[draw(h, MODEL_REFS)];

	/* reference 0 is always listed: a list is never empty */
	if (r->nhad && chance(h, 40)) {
		r->pinned = r->pinned == NOTHING ? r->had[draw(h, (unsigned)r->nhad)] : NOTHING;
		r->listed = true;
		tell(h, "the line of %s pins %d", r->name, r->pinned);
	} else if (r != h->model.refs) {
		r->listed = !r->listed;
		tell(h, "%s is %s", r->name, r->listed ? "listed" : "taken off the list");
	}
	world_set_lists(&h->world, &h->model);
}

static void step_clock(struct history *h)
{
	static const long steps[] = { 3600, DAY, DAY, DAY, 30 * DAY, 400 * DAY, -DAY, -400 * DAY };
	long step = steps[draw(h, sizeof(steps) / sizeof(steps[0]))];

	world_set_clock(&h->world, h->world.ahead + step);
	tell(h, "the clock steps %ld h", step / 3600);
}

/* ---- what the programs do ---- */

static const char *kill_call(struct history *h)
{
	static const char *const calls[] = {
		"openat", "write", "renameat", "fsync",   "fchmod",
		"syncfs", "flock", "unlinkat", "mkdirat", "ftruncate"
	};

	return calls[draw(h, sizeof(calls) / sizeof(calls[0]))];
}

static void draw_sync(struct history *h, struct model_action *a)
{
	int i = (int)draw(h, MODEL_REFS);

	*a = (struct model_action){ .verb = MODEL_SYNC, .ref = NOTHING, .to = -1 };
	if (chance(h, 8))
		a->verb = MODEL_DRY_RUN;
	else if (chance(h, 12) && h->model.refs[i].listed)
		a->ref = i;
	else if (chance(h, 10))
		a->missing = true;
	a->force = !a->missing && chance(h, 10);
}

/* A verb of mirror-publish about something that is published; false when that is nothing. */
static bool draw_verb(struct history *h, struct model_action *a)
{
	static const enum model_verb verbs[] = { MODEL_ROLLBACK, MODEL_ROLLBACK, MODEL_ROLLBACK,
						 MODEL_HOLD,     MODEL_RELEASE,  MODEL_RELEASE,
						 MODEL_UNDO,     MODEL_UNDO };
	int i = (int)draw(h, MODEL_REFS);
	long back = 1 + (long)draw(h, 8);

	*a = (struct model_action){ .ref = i, .to = -1 };
	a->verb = verbs[draw(h, sizeof(verbs) / sizeof(verbs[0]))];
	if (h->model.refs[i].published == NOTHING)
		return false;
	if (a->verb == MODEL_UNDO && chance(h, 50))
		a->to = h->model.generation > back ? h->model.generation - back : 0;
	a->freeze = a->verb == MODEL_ROLLBACK && chance(h, 25);
	return true;
}

static const char *const verb_words[] = {
	[MODEL_SYNC] = "mirror-sync", [MODEL_ROLLBACK] = "rollback",
	[MODEL_HOLD] = "hold",        [MODEL_RELEASE] = "release",
	[MODEL_UNDO] = "undo",        [MODEL_DRY_RUN] = "mirror-sync",
};

/* The command line of an action. */
static void spell(struct history *h, const struct model_action *a, struct strvec *words)
{
	bool sync = a->verb == MODEL_SYNC || a->verb == MODEL_DRY_RUN;

	strvec_add(words, sync ? "mirror-sync" : "mirror-publish");
	strvec_addf(words, "--mirror=%s/mirror", h->world.dir);
	if (sync) {
		strvec_addf(words, "--lists=%s/lists", h->world.dir);
		strvec_add(words, "--worktree");
	} else {
		strvec_add(words, verb_words[a->verb]);
	}
	if (a->verb == MODEL_DRY_RUN)
		strvec_add(words, "--dry-run");
	if (a->missing)
		strvec_add(words, "--missing");
	if (a->force)
		strvec_add(words, "--force");
	if (a->freeze)
		strvec_add(words, "--freeze");
	if (a->to >= 0)
		strvec_addf(words, "--to=%ld", a->to);
	if (a->ref != NOTHING && a->verb != MODEL_UNDO)
		strvec_add(words, h->model.refs[a->ref].name);
}

static bool act(struct history *h, const struct model_action *a)
{
	cleanup_by(strvec_release) struct strvec words = STRVEC_INIT;
	const char *call = h->world.has_strace && chance(h, 30) ? kill_call(h) : NULL;
	int nth = 1 + (int)draw(h, call && strcmp(call, "openat") == 0 ? 60 : 8);
	struct model_expect expect;
	const char *wrong;
	int status;

	spell(h, a, &words);
	words.v = xgrow(words.v, words.n, &words.cap, sizeof(*words.v));
	words.v[words.n] = NULL;
	model_predict(&h->model, a, h->world.broken, &expect);
	status = world_run(&h->world, call, nth, (const char *const *)words.v);
	tell(h, "%s%s%s%s%s%s %s: %d", a->verb == MODEL_DRY_RUN ? "dry run" : verb_words[a->verb],
	     a->missing ? " --missing" : "", a->force ? " --force" : "",
	     a->freeze ? " --freeze" : "", a->to >= 0 ? " " : "",
	     a->to >= 0 ? words.v[words.n - 1] : "",
	     a->ref != NOTHING && a->verb != MODEL_UNDO ? h->model.refs[a->ref].name : "", status);
	h->killed += status == WORLD_KILLED;
	wrong = check_action(&h->check, &h->world, &h->model, a, &expect, status);
	if (!wrong)
		return true;
	tell(h, "WRONG: %s", wrong);
	return false;
}

static bool step(struct history *h)
{
	unsigned what = draw(h, 100);
	struct model_action a;

	if (what < 32)
		move_upstream(h);
	else if (what < 36)
		change_lists(h);
	else if (what < 40)
		step_clock(h);
	else if (what < 65 || h->model.generation == 0) {
		draw_sync(h, &a);
		h->syncs++;
		return act(h, &a);
	} else if (draw_verb(h, &a)) {
		h->verbs++;
		return act(h, &a);
	}
	return true;
}

/* ---- histories ---- */

static void show_failure(const struct history *h, uint64_t seed)
{
	size_t from = h->told.n > 60 && !h->verbose ? h->told.n - 60 : 0;

	printf("# seed %llu failed; the mirror is in %s; its last steps:\n",
	       (unsigned long long)seed, h->world.dir);
	for (size_t i = from; i < h->told.n; i++)
		printf("#   %s\n", h->told.v[i]);
	check_show_output(&h->world);
}

/* Gives the number of steps that it went. */
static long run_history(const char *bin, uint64_t seed, long steps, bool verbose)
{
	struct history *h = xcalloc(1, sizeof(*h));
	bool right = true;
	long n = 0;
	char name[160];

	h->random = seed * 0x9e3779b97f4a7c15ULL + 1;
	h->verbose = verbose;
	world_open(&h->world, bin);
	model_init(&h->model);
	for (int i = 0; i < MODEL_REFS; i++)
		if (chance(h, 80))
			offer(&h->model.refs[i], new_content(h));
	world_set_upstream(&h->world, &h->model);
	world_set_lists(&h->world, &h->model);
	while (right && n < steps) {
		right = step(h);
		n++;
	}
	if (right)
		right = check_end(&h->check, &h->world, &h->model);
	snprintf(name, sizeof(name),
		 "seed %llu: %ld steps, of them %ld syncs, %ld verbs, %ld killed; %ld generations",
		 (unsigned long long)seed, n, h->syncs, h->verbs, h->killed, h->model.generation);
	CHECK_ROW(right, name);
	if (!right)
		show_failure(h, seed);
	fflush(stdout);
	check_release(&h->check);
	world_close(&h->world, right);
	strvec_release(&h->told);
	free(h);
	return n;
}

int main(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
	long steps = argc > 2 ? atol(argv[2]) : 200, done = 0;
	bool verbose = argc > 3 && strcmp(argv[3], "-v") == 0;
	const char *bin = getenv("BIN");

	signal(SIGPIPE, SIG_IGN);
	while (done < steps) {
		long left = steps - done;

		done += run_history(bin ? bin : "build", seed++, left < HISTORY ? left : HISTORY,
				    verbose);
		if (tap_bad)
			break;
	}
	printf("# %ld steps\n", done);
	return tap_done();
}
