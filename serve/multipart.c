#include "serve/multipart.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oci/base/cleanup.h"

struct multipart {
	const char *media_type;
	int64_t size;
	size_t next; /* the part that is due; n: the end; n + 1: nothing */
	size_t n;
	char boundary[MULTIPART_BOUNDARY];
	struct range v[];
};

struct multipart *multipart_new(const struct range_set *set, const char *digest,
				const char *media_type, int64_t size)
{
	struct multipart *m = try_malloc(sizeof(*m) + set->n * sizeof(m->v[0]));
	const char *hex = strchr(digest, ':');

	if (!m)
		return NULL;
	m->media_type = media_type;
	m->size = size;
	m->next = 0;
	m->n = set->n;
	snprintf(m->boundary, sizeof(m->boundary), "%s", hex ? hex + 1 : digest);
	memcpy(m->v, set->v, set->n * sizeof(m->v[0]));
	return m;
}

struct multipart *multipart_joined(const struct range *v, size_t n)
{
	struct multipart *m = xmalloc(sizeof(*m) + n * sizeof(m->v[0]));

	m->media_type = "";
	m->size = 0;
	m->next = 0;
	m->n = n;
	m->boundary[0] = '\0';
	memcpy(m->v, v, n * sizeof(m->v[0]));
	return m;
}

void multipart_free(struct multipart *m)
{
	free(m);
}

void multipart_type(const struct multipart *m, char out[static MULTIPART_TYPE])
{
	snprintf(out, MULTIPART_TYPE, "multipart/byteranges; boundary=%s", m->boundary);
}

/* The text before part i, or after the last. */
static size_t write_head(const struct multipart *m, size_t i, char out[static MULTIPART_HEAD])
{
	const char *line = i ? "\r\n" : "";
	const struct range *r = &m->v[i];

	if (!m->boundary[0])
		return 0;
	if (i == m->n)
		return (size_t)snprintf(out, MULTIPART_HEAD, "%s--%s--\r\n", line, m->boundary);
	return (size_t)snprintf(out, MULTIPART_HEAD,
				"%s--%s\r\n"
				"Content-Type: %.127s\r\n"
				"Content-Range: bytes %lld-%lld/%lld\r\n\r\n",
				line, m->boundary, m->media_type, (long long)r->first,
				(long long)r->last, (long long)m->size);
}

static int64_t length_from(const struct multipart *m, size_t i)
{
	char head[MULTIPART_HEAD];
	int64_t n = 0;

	for (; i <= m->n; i++) {
		n += (int64_t)write_head(m, i, head);
		if (i < m->n)
			n += range_length(&m->v[i]);
	}
	return n;
}

int64_t multipart_length(const struct multipart *m)
{
	return length_from(m, 0);
}

int64_t multipart_left(const struct multipart *m)
{
	return length_from(m, m->next);
}

bool multipart_head(struct multipart *m, char out[static MULTIPART_HEAD], size_t *n,
		    struct range *r)
{
	size_t i = m->next;

	*n = i <= m->n ? write_head(m, i, out) : 0;
	if (i <= m->n)
		m->next++;
	if (i >= m->n)
		return false;
	*r = m->v[i];
	return true;
}
