#include "serve/htpasswd.h"

#include <stdlib.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "serve/password_hash.h"

bool htpasswd_valid_name(struct span name)
{
	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = (unsigned char)name.p[i];

		if (c <= 0x20 || c == 0x7f || c == ':')
			return false;
	}
	return name.n > 0 && name.n <= LIMIT_USER;
}

/* "user:hash"; the bytes behind both are replaced by NUL. */
static int read_user(struct htpasswd_user *u, char *line, size_t n, struct err *err)
{
	struct span hash = span_of(line, n), name;

	span_cut(&hash, ':', &name);
	if (!hash.p)
		return err_set(err, ERR_INVALID, 0,
			       "a line is user:hash, and this one has no \":\"");
	if (!htpasswd_valid_name(name))
		return err_set(err, ERR_INVALID, 0,
			       "a user's name has 1 to %d visible characters and no blank",
			       LIMIT_USER);
	if (password_hash_check(hash, err) < 0)
		return err_wrap(err, "user \"%.*s\"", SPAN_ARG(name));
	line[name.n] = '\0';
	line[n] = '\0';
	u->name = line;
	u->hash = line + name.n + 1;
	return 0;
}

static int add_user(struct htpasswd *h, size_t *cap, char *line, size_t n, int number,
		    struct err *err)
{
	struct htpasswd_user u = { .line = number };

	if (n && line[n - 1] == '\r')
		n--;
	if (!n || line[0] == '#')
		return 0;
	if (memchr(line, '\0', n))
		return err_set(err, ERR_INVALID, 0, "a NUL byte: this is no text");
	if (read_user(&u, line, n, err) < 0)
		return -1;
	h->v = xgrow(h->v, h->n, cap, sizeof(*h->v));
	h->v[h->n++] = u;
	return 0;
}

/* Puts all users into the table, once the array does not move any more. */
static int index_users(struct htpasswd *h, const char *file, struct err *err)
{
	for (size_t i = 0; i < h->n; i++) {
		const struct htpasswd_user *twin = table_put(&h->users, h->v[i].name, &h->v[i]);

		if (twin)
			return err_set(err, ERR_INVALID, 0,
				       "%s:%d: user \"%s\" is already on line %d: take one out",
				       file, h->v[i].line, twin->name, twin->line);
	}
	return 0;
}

static int read_lines(struct htpasswd *h, const char *file, struct err *err)
{
	size_t cap = 0;
	int number = 1;

	for (char *line = h->text, *end = line + h->size; line < end; number++) {
		char *lf = memchr(line, '\n', (size_t)(end - line));
		size_t n = (size_t)((lf ? lf : end) - line);

		if (add_user(h, &cap, line, n, number, err) < 0)
			return err_wrap(err, "%s:%d", file, number);
		line += n + 1;
	}
	return index_users(h, file, err);
}

int htpasswd_parse(struct htpasswd *h, const char *file, struct span text, struct err *err)
{
	if (text.n > LIMIT_ACCESS_FILE)
		return err_set(err, ERR_INVALID, 0, "%s: larger than %lu bytes", file,
			       LIMIT_ACCESS_FILE);
	*h = (struct htpasswd){ .text = xmalloc(text.n + 1), .size = text.n };
	memcpy(h->text, text.p, text.n);
	h->text[text.n] = '\0';
	if (read_lines(h, file, err) == 0)
		return 0;
	htpasswd_release(h);
	return -1;
}

void htpasswd_release(struct htpasswd *h)
{
	table_release(&h->users);
	free(h->v);
	if (h->text)
		explicit_bzero(h->text, h->size);
	free(h->text);
	*h = (struct htpasswd){ .text = NULL };
}

const struct htpasswd_user *htpasswd_find(const struct htpasswd *h, const char *name)
{
	return table_get(&h->users, name);
}
