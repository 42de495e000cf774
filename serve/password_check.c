#include "serve/password_check.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/base/str.h"
#include "oci/base/table.h"
#include "oci/image/digest.h"
#include "serve/guesses.h"
#include "serve/htpasswd.h"
#include "serve/password_hash.h"

#define REMEMBER_RIGHT (300 * CLOCK_SEC)
#define REMEMBER_WRONG (3600 * CLOCK_SEC)
#define RIGHT_MAX      16384
#define STRANGERS      256
#define NICE           10

/* What stands for user, hash and password: their HMAC in hex. */
#define KEY (2 * DIGEST_HMAC + 1)

/* Wrong passwords of a user. */
struct name_guesses {
	struct guesses guesses;
	char name[];
};

struct outcome {
	char key[KEY]; /* "" for none */
	int64_t until;
};

struct password_job {
	struct password_job *next;
	char key[KEY];
	char *hash, *password; /* owned */
	struct guesses *guesses;
	bool known; /* there is such a user */
	bool taken; /* by a thread */
	int *wakes; /* eventfds of those who wait */
	size_t nwakes, cap;
};

struct password_check {
	pthread_mutex_t lock;
	pthread_cond_t work;
	pthread_t *threads;
	int nthreads;
	bool ending;
	unsigned char secret[DIGEST_HMAC];
	struct password_job *jobs; /* the oldest first */
	size_t njobs;
	struct table right; /* of struct outcome, by key */
	struct table wrong; /* the same; they live in `ring` */
	struct outcome ring[LIMIT_PASSWORDS_KNOWN];
	size_t next;        /* in the ring: the oldest */
	struct table names; /* of struct name_guesses, by user */
	struct guesses strangers[STRANGERS];
};

static void job_free(struct password_job *j)
{
	explicit_bzero(j->password, strlen(j->password));
	free(j->password);
	free(j->hash);
	free(j->wakes);
	free(j);
}

/* ---- outcomes ---- */

static void remember_right(struct password_check *p, const char *key, int64_t now)
{
	struct outcome *o = xcalloc(1, sizeof(*o));

	/* one a user; but bcrypt takes any password that begins with the right 72 bytes */
	if (p->right.n >= RIGHT_MAX)
		table_clear(&p->right, free);
	memcpy(o->key, key, KEY);
	o->until = now + REMEMBER_RIGHT;
	free(table_put(&p->right, o->key, o));
}

static void remember_wrong(struct password_check *p, const char *key, int64_t now)
{
	struct outcome *o = &p->ring[p->next];

	p->next = (p->next + 1) % LIMIT_PASSWORDS_KNOWN;
	if (o->key[0] && table_get(&p->wrong, o->key) == o)
		table_remove(&p->wrong, o->key);
	memcpy(o->key, key, KEY);
	o->until = now + REMEMBER_WRONG;
	table_put(&p->wrong, o->key, o);
}

/* PASSWORD_RIGHT or PASSWORD_WRONG when that is remembered, else PASSWORD_PENDING. */
static enum password_verdict recall_outcome(struct password_check *p, const char *key, int64_t now)
{
	struct outcome *o = table_get(&p->right, key);

	if (o && o->until > now)
		return PASSWORD_RIGHT;
	if (o) {
		table_remove(&p->right, key);
		free(o);
	}
	o = table_get(&p->wrong, key);
	return o && o->until > now ? PASSWORD_WRONG : PASSWORD_PENDING;
}

/* ---- counting guesses ---- */

static struct guesses *guesses_of(struct password_check *p, const char *user, bool known)
{
	struct name_guesses *g;
	unsigned char mac[DIGEST_HMAC];
	size_t n;

	if (!known) {
		digest_hmac(span_of((const char *)p->secret, DIGEST_HMAC), span_str(user), mac);
		return &p->strangers[mac[0] % STRANGERS];
	}
	g = table_get(&p->names, user);
	if (!g) {
		n = strlen(user) + 1;
		g = xcalloc(1, sizeof(*g) + n);
		memcpy(g->name, user, n);
		table_put(&p->names, g->name, g);
	}
	return &g->guesses;
}

/* ---- jobs ---- */

static void add_wake(struct password_job *j, int wake)
{
	for (size_t i = 0; i < j->nwakes; i++)
		if (j->wakes[i] == wake)
			return;
	j->wakes = xgrow(j->wakes, j->nwakes, &j->cap, sizeof(*j->wakes));
	j->wakes[j->nwakes++] = wake;
}

static struct password_job *find_job(struct password_check *p, const char *key)
{
	struct password_job *j = p->jobs;

	while (j && !str_eq(j->key, key))
		j = j->next;
	return j;
}

/* Whether one more password may be queued; an attack on one name leaves room for the others. */
static bool has_room(const struct password_check *p, const struct guesses *g)
{
	size_t same = 0;

	for (const struct password_job *j = p->jobs; j; j = j->next)
		same += j->guesses == g;
	return p->njobs < LIMIT_PASSWORD_JOBS && same < LIMIT_PASSWORD_JOBS_ONE;
}

static void add_job(struct password_check *p, struct password_job *j)
{
	struct password_job **end = &p->jobs;

	while (*end)
		end = &(*end)->next;
	*end = j;
	p->njobs++;
	pthread_cond_signal(&p->work);
}

static void remove_job(struct password_check *p, const struct password_job *j)
{
	struct password_job **at = &p->jobs;

	while (*at != j)
		at = &(*at)->next;
	*at = j->next;
	p->njobs--;
}

static struct password_job *oldest_job(struct password_check *p)
{
	struct password_job *j = p->jobs;

	while (j && j->taken)
		j = j->next;
	return j;
}

static void wake_all(const struct password_job *j)
{
	const uint64_t one = 1;

	for (size_t i = 0; i < j->nwakes; i++)
		(void)!write(j->wakes[i], &one, sizeof(one));
}

/* Hashes without the lock; the job stays in the list meanwhile, so that it is not queued twice. */
static void work_on(struct password_check *p, struct password_job *j)
{
	int64_t now;
	bool right;

	j->taken = true;
	pthread_mutex_unlock(&p->lock);
	right = password_hash_matches(j->hash, j->password) && j->known;
	pthread_mutex_lock(&p->lock);
	now = clock_now();
	if (right)
		remember_right(p, j->key, now);
	else
		remember_wrong(p, j->key, now);
	guesses_count(j->guesses, right, now);
	remove_job(p, j);
	wake_all(j);
	job_free(j);
}

static void *run_hashing(void *arg)
{
	struct password_check *p = arg;
	struct password_job *j;

	/* of this thread alone (Linux): serving comes first */
	setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
	pthread_mutex_lock(&p->lock);
	while (!p->ending) {
		j = oldest_job(p);
		if (j)
			work_on(p, j);
		else
			pthread_cond_wait(&p->work, &p->lock);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

/* ---- asking ---- */

/* A user whose hash stands for that of a name that is no user's: always the same for one name. */
static const struct htpasswd_user *stand_in(const struct password_check *p,
					    const struct htpasswd *users, const char *name)
{
	unsigned char mac[DIGEST_HMAC];
	uint32_t n;

	digest_hmac(span_of((const char *)p->secret, DIGEST_HMAC), span_str(name), mac);
	memcpy(&n, mac + 1, sizeof(n));
	return users->n ? &users->v[n % users->n] : NULL;
}

static void make_key(const struct password_check *p, const char *user, const char *hash,
		     const char *password, char out[static KEY])
{
	size_t nu = strlen(user) + 1, nh = strlen(hash) + 1, np = strlen(password);
	cleanup_free char *all = xmalloc(nu + nh + np + 1);
	unsigned char mac[DIGEST_HMAC];

	memcpy(all, user, nu);
	memcpy(all + nu, hash, nh);
	memcpy(all + nu + nh, password, np + 1);
	digest_hmac(span_of((const char *)p->secret, DIGEST_HMAC), span_of(all, nu + nh + np), mac);
	explicit_bzero(all, nu + nh + np);
	for (size_t i = 0; i < DIGEST_HMAC; i++)
		snprintf(out + 2 * i, 3, "%02x", mac[i]);
}

/* Under the lock: what is known of it, or a job. */
static enum password_verdict find_or_queue(struct password_check *p, struct password_job *j,
					   const char *user, int wake)
{
	int64_t now = clock_now();
	enum password_verdict known = recall_outcome(p, j->key, now);
	struct password_job *same = find_job(p, j->key);

	if (known != PASSWORD_PENDING)
		return known;
	if (same) {
		add_wake(same, wake);
		return PASSWORD_PENDING;
	}
	j->guesses = guesses_of(p, user, j->known);
	if (!guesses_allow(j->guesses, now))
		return PASSWORD_SLOWED;
	if (!has_room(p, j->guesses))
		return PASSWORD_BUSY;
	add_wake(j, wake);
	add_job(p, j);
	return PASSWORD_PENDING;
}

enum password_verdict password_check_ask(struct password_check *p, const struct htpasswd *users,
					 const char *user, const char *password, int wake)
{
	const struct htpasswd_user *known = htpasswd_find(users, user);
	const struct htpasswd_user *u = known ? known : stand_in(p, users, user);
	struct password_job *j;
	enum password_verdict verdict;
	bool queued;

	if (!u)
		return PASSWORD_WRONG;
	j = xcalloc(1, sizeof(*j));
	j->known = known != NULL;
	j->hash = xstrdup(u->hash);
	j->password = xstrdup(password);
	make_key(p, user, u->hash, password, j->key);
	pthread_mutex_lock(&p->lock);
	verdict = find_or_queue(p, j, user, wake);
	queued = j->nwakes;
	pthread_mutex_unlock(&p->lock);
	if (!queued)
		job_free(j);
	return verdict;
}

void password_check_forget(struct password_check *p)
{
	struct name_guesses *g;
	size_t at = 0;

	pthread_mutex_lock(&p->lock);
	table_clear(&p->right, free);
	table_release(&p->wrong);
	for (size_t i = 0; i < LIMIT_PASSWORDS_KNOWN; i++)
		p->ring[i].key[0] = '\0';
	/* a job under way points to its counts, so they are emptied and stay */
	while ((g = table_next(&p->names, &at)))
		g->guesses = (struct guesses){ .wrong = 0 };
	pthread_mutex_unlock(&p->lock);
}

/* Signals are for the main thread: these threads take none. */
static int start_threads(struct password_check *p, int threads, struct err *err)
{
	sigset_t all, before;
	int error = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	while (!error && p->nthreads < threads) {
		error = pthread_create(&p->threads[p->nthreads], NULL, run_hashing, p);
		p->nthreads += !error;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error ? err_set(err, ERR_IO, error, "cannot start a thread: %s", strerror(error))
		     : 0;
}

struct password_check *password_check_new(int threads, struct err *err)
{
	struct password_check *p = xcalloc(1, sizeof(*p));

	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->work, NULL);
	p->threads = xcalloc((size_t)threads, sizeof(*p->threads));
	if (getrandom(p->secret, sizeof(p->secret), 0) != sizeof(p->secret)) {
		err_sys(err, "cannot make", "a key for passwords");
		password_check_free(p);
		return NULL;
	}
	if (start_threads(p, threads, err) == 0)
		return p;
	password_check_free(p);
	return NULL;
}

void password_check_free(struct password_check *p)
{
	struct password_job *next;

	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->ending = true;
	pthread_cond_broadcast(&p->work);
	pthread_mutex_unlock(&p->lock);
	for (int i = 0; i < p->nthreads; i++)
		pthread_join(p->threads[i], NULL);
	for (struct password_job *j = p->jobs; j; j = next) {
		next = j->next;
		job_free(j);
	}
	table_clear(&p->right, free);
	table_release(&p->wrong);
	table_clear(&p->names, free);
	pthread_cond_destroy(&p->work);
	pthread_mutex_destroy(&p->lock);
	free(p->threads);
	explicit_bzero(p->secret, sizeof(p->secret));
	free(p);
}
