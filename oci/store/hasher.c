#include "oci/store/hasher.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"

#define THREADS 4
/* A smaller file is hashed in the calling thread. */
#define WORTH_IT ((int64_t)(1 * MIB))
/* A thread is woken when this many more bytes are there. */
#define STEP ((int64_t)(256 * KIB))
/* Bytes read and hashed at a time: they fit a core's own cache. */
#define PIECE ((size_t)(64 * KIB))
/* Asking for writeback early keeps the disk busy while bytes arrive, and the barrier short. */
#define FLUSH_EVERY ((int64_t)(1 * MIB))

struct hasher_pool {
	pthread_mutex_t lock;
	pthread_cond_t work; /* a file is queued, or the pool ends */
	pthread_cond_t rest; /* no thread works on some file any more */
	struct hasher *first, *last;
	pthread_t threads[THREADS];
	unsigned n;
	bool started, over;
};

struct hasher {
	struct hasher_pool *pool; /* NULL: in the calling thread */
	int fd;
	int64_t written; /* the writer's alone */
	atomic_bool dropped;

	/* under the pool's lock; while `busy`, only the thread that hashes it uses these */
	struct hasher *next;
	struct hash *hash;
	int64_t known; /* bytes the threads may read */
	int64_t hashed, flushed;
	int error; /* errno of a read */
	bool queued, busy;
	void (*tell)(void *arg);
	void *arg;
};

/* ---- the threads ---- */

static void flush_hashed(struct hasher *v)
{
	if (v->hashed - v->flushed < FLUSH_EVERY)
		return;
	/* a hint only: layout_commit() reports a failure */
	(void)sync_file_range(v->fd, v->flushed, v->hashed - v->flushed, SYNC_FILE_RANGE_WRITE);
	v->flushed = v->hashed;
}

/* Hashes what lies in the file up to `end`. */
static void hash_up_to(struct hasher *v, int64_t end)
{
	char piece[PIECE];

	while (v->hashed < end && !atomic_load_explicit(&v->dropped, memory_order_relaxed)) {
		int64_t left = end - v->hashed;
		size_t want = left < (int64_t)sizeof(piece) ? (size_t)left : sizeof(piece);
		ssize_t n = pread(v->fd, piece, want, v->hashed);

		if (n <= 0) {
			v->error = n < 0 ? errno : ENODATA;
			return;
		}
		hash_add(v->hash, piece, (size_t)n);
		v->hashed += n;
		flush_hashed(v);
	}
}

static bool at_rest(const struct hasher *v)
{
	return !v->busy && (v->error || v->hashed == v->known);
}

static void enqueue(struct hasher *v)
{
	struct hasher_pool *pool = v->pool;

	v->queued = true;
	v->next = NULL;
	if (pool->first)
		pool->last->next = v;
	else
		pool->first = v;
	pool->last = v;
	pthread_cond_signal(&pool->work);
}

static struct hasher *dequeue(struct hasher_pool *pool)
{
	struct hasher *v;

	while (!pool->first && !pool->over)
		pthread_cond_wait(&pool->work, &pool->lock);
	v = pool->first;
	if (v) {
		pool->first = v->next;
		v->queued = false;
	}
	return v;
}

static void put_down(struct hasher *v)
{
	v->busy = false;
	if (!v->error && !v->dropped && v->hashed < v->known) {
		enqueue(v);
		return;
	}
	pthread_cond_broadcast(&v->pool->rest);
	if (v->tell)
		v->tell(v->arg);
	v->tell = NULL;
}

static void *hash_queued(void *arg)
{
	struct hasher_pool *pool = arg;
	struct hasher *v;

	pthread_mutex_lock(&pool->lock);
	while ((v = dequeue(pool))) {
		int64_t end = v->known;

		v->busy = true;
		pthread_mutex_unlock(&pool->lock);
		hash_up_to(v, end);
		pthread_mutex_lock(&pool->lock);
		put_down(v);
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

struct hasher_pool *hasher_pool_new(void)
{
	struct hasher_pool *pool = xcalloc(1, sizeof(*pool));

	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->work, NULL);
	pthread_cond_init(&pool->rest, NULL);
	return pool;
}

/* Called with the first file that is worth it. */
static void start_threads(struct hasher_pool *pool)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	sigset_t all, before;

	/* signals are for the thread that knows what to do */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pool->started = true;
	while (pool->n < THREADS && (long)pool->n < cores &&
	       pthread_create(&pool->threads[pool->n], NULL, hash_queued, pool) == 0)
		pool->n++;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void hasher_pool_free(struct hasher_pool *pool)
{
	if (!pool)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->over = true;
	pthread_cond_broadcast(&pool->work);
	pthread_mutex_unlock(&pool->lock);
	for (unsigned i = 0; i < pool->n; i++)
		pthread_join(pool->threads[i], NULL);
	pthread_mutex_destroy(&pool->lock);
	pthread_cond_destroy(&pool->work);
	pthread_cond_destroy(&pool->rest);
	free(pool);
}

/* ---- the writer ---- */

/* Lets the threads read everything written so far. */
static void tell_threads(struct hasher *v)
{
	pthread_mutex_lock(&v->pool->lock);
	v->known = v->written;
	if (!v->queued && !v->busy && !v->error && v->hashed < v->known)
		enqueue(v);
	pthread_mutex_unlock(&v->pool->lock);
}

struct hasher *hasher_begin(struct hasher_pool *pool, int fd, const struct digest *like,
			    int64_t size, int64_t have)
{
	struct hasher *v = xcalloc(1, sizeof(*v));

	if (pool && size >= WORTH_IT) {
		if (!pool->started)
			start_threads(pool);
		v->pool = pool->n ? pool : NULL;
	}
	v->fd = fd;
	v->hash = hash_new(like);
	v->written = have;
	if (v->pool && have)
		tell_threads(v);
	else if (have)
		hash_up_to(v, have);
	return v;
}

void hasher_add(struct hasher *v, const void *p, size_t n)
{
	bool step = (v->written + (int64_t)n) / STEP > v->written / STEP;

	v->written += (int64_t)n;
	if (!v->pool)
		hash_add(v->hash, p, n);
	else if (step)
		tell_threads(v);
}

bool hasher_ready(struct hasher *v, void (*tell)(void *arg), void *arg)
{
	bool ready;

	if (!v->pool)
		return true;
	tell_threads(v);
	pthread_mutex_lock(&v->pool->lock);
	ready = at_rest(v);
	v->tell = ready ? NULL : tell;
	v->arg = arg;
	pthread_mutex_unlock(&v->pool->lock);
	return ready;
}

static void wait_for_rest(struct hasher *v)
{
	pthread_mutex_lock(&v->pool->lock);
	v->tell = NULL;
	while (!at_rest(v))
		pthread_cond_wait(&v->pool->rest, &v->pool->lock);
	pthread_mutex_unlock(&v->pool->lock);
}

int hasher_end(struct hasher *v, struct digest *got, struct err *err)
{
	int error;

	if (v->pool) {
		tell_threads(v);
		wait_for_rest(v);
	}
	error = v->error;
	if (!error)
		hash_end(take(v->hash), got);
	hash_free(v->hash);
	free(v);
	return error ? err_set(err, ERR_IO, error, "cannot read back what was written: %s",
			       strerror(error))
		     : 0;
}

/* Afterwards no thread works on v, and none will. */
static void take_back(struct hasher *v)
{
	struct hasher_pool *pool = v->pool;

	pthread_mutex_lock(&pool->lock);
	v->tell = NULL;
	v->dropped = true;
	while (v->busy)
		pthread_cond_wait(&pool->rest, &pool->lock);
	if (v->queued) {
		struct hasher **link = &pool->first, *last = NULL;

		while (*link != v) {
			last = *link;
			link = &(*link)->next;
		}
		*link = v->next;
		pool->last = v->next ? pool->last : last;
	}
	pthread_mutex_unlock(&pool->lock);
}

void hasher_drop(struct hasher *v)
{
	if (!v)
		return;
	if (v->pool)
		take_back(v);
	hash_free(v->hash);
	free(v);
}
