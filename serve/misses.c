#include "serve/misses.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/cli/message.h"
#include "oci/store/miss_file.h"

#define WRITE_EVERY (60 * CLOCK_SEC)

static int load_list(struct misses *m, const char *path, struct err *err)
{
	if (miss_file_read(&m->list, path, err) == 0)
		return 0;
	if (err->kind != ERR_NOTFOUND)
		return err_wrap(err,
				"--record-misses (the file is left as it is: name another one, "
				"or remove it)");
	miss_list_init(&m->list);
	return 0;
}

int misses_init(struct misses *m, const char *path, struct err *err)
{
	*m = (struct misses)MISSES_INIT;
	if (!path)
		return 0;
	if (load_list(m, path, err) < 0)
		return -1;
	miss_list_expire(&m->list, clock_wall());
	if (miss_file_write(&m->list, path, err) < 0) {
		miss_list_release(&m->list);
		return err_wrap(err, "--record-misses");
	}
	pthread_mutex_init(&m->lock, NULL);
	m->queue = xcalloc(LIMIT_MISS_QUEUE, sizeof(*m->queue));
	m->next_write = clock_now() + WRITE_EVERY;
	m->path = path;
	return 0;
}

void misses_note(struct misses *m, const char *ref, const char *address, struct span agent, bool ns)
{
	struct span product = client_kind_product(agent);
	struct missed one = { .ns = ns };
	unsigned share;

	if (client_kind_scans(client_kind_of(agent)))
		return;
	share = miss_list_share(&m->list, address);
	snprintf(one.address, sizeof(one.address), "%s", address);
	snprintf(one.agent, sizeof(one.agent), "%.*s", SPAN_ARG(product));
	one.ref = xstrdup(ref);
	pthread_mutex_lock(&m->lock);
	if (m->n < LIMIT_MISS_QUEUE && m->of_share[share] < LIMIT_MISS_QUEUE_ONE) {
		m->of_share[share]++;
		m->queue[m->n++] = one;
		one.ref = NULL;
	}
	pthread_mutex_unlock(&m->lock);
	free(one.ref);
}

/* Takes the queue's contents, which the caller frees; NULL when it is empty. */
static struct missed *take_queue(struct misses *m, size_t *n)
{
	struct missed *full = NULL;

	pthread_mutex_lock(&m->lock);
	*n = m->n;
	if (m->n) {
		full = m->queue;
		m->queue = xcalloc(LIMIT_MISS_QUEUE, sizeof(*m->queue));
		m->n = 0;
		memset(m->of_share, 0, sizeof(m->of_share));
	}
	pthread_mutex_unlock(&m->lock);
	return full;
}

static void count_queue(struct misses *m)
{
	size_t n;
	struct missed *v = take_queue(m, &n);
	time_t now = clock_wall();

	for (size_t i = 0; i < n; i++) {
		const struct miss_request r = { .ref = v[i].ref,
						.address = v[i].address,
						.agent = span_str(v[i].agent),
						.ns = v[i].ns,
						.now = now };

		miss_list_note(&m->list, &r);
		free(v[i].ref);
	}
	m->changed = m->changed || n;
	free(v);
}

static void write_list(struct misses *m)
{
	struct err err;

	miss_list_expire(&m->list, clock_wall());
	m->next_write = clock_now() + WRITE_EVERY;
	if (miss_file_write(&m->list, m->path, &err) == 0) {
		m->changed = m->told = false;
		return;
	}
	if (!m->told)
		message_warn("--record-misses: %s; what is recorded stays in memory, and writing "
			     "is tried again each minute",
			     err.msg);
	m->told = true;
}

void misses_turn(struct misses *m, bool now)
{
	if (!misses_are_recorded(m))
		return;
	count_queue(m);
	if (m->changed && (now || clock_now() >= m->next_write))
		write_list(m);
}

void misses_release(struct misses *m)
{
	if (!misses_are_recorded(m))
		return;
	misses_turn(m, true);
	miss_list_release(&m->list);
	free(m->queue);
	pthread_mutex_destroy(&m->lock);
	m->path = NULL;
}
