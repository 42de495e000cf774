#include "publish/layer_names.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/limits.h"

/* As Linux: PATH_MAX, and how many links one name may go through. */
#define LONGEST 4096
#define HOPS    40

struct link {
	char *target; /* behind the name */
	char name[];
};

static const char *const words[] = {
	[LAYER_NAME_INSIDE] = "",
	[LAYER_NAME_ABSOLUTE] = "is absolute",
	[LAYER_NAME_UP] = "has \"..\"",
	[LAYER_NAME_THROUGH] = "goes through a symbolic link that leads out",
	[LAYER_NAME_HARDLINK] = "is a hard link to a name that leads out",
	[LAYER_NAME_LONG] = "is longer than a system takes",
	[LAYER_NAME_MANY] = "is behind more links than are looked at",
};

const char *layer_names_words(enum layer_name f)
{
	return words[f];
}

void layer_names_release(struct layer_names *n)
{
	table_clear(&n->links, free);
	n->bytes = 0;
}

/* Cuts the next component that is neither empty nor "." off the front; false at the end. */
static bool cut_component(const char **at, struct span *out)
{
	for (;;) {
		*at += strspn(*at, "/");
		*out = span_of(*at, strcspn(*at, "/"));
		*at += out->n;
		if (!out->n)
			return false;
		if (!span_eq(*out, "."))
			return true;
	}
}

static bool has_component(const char *name, const char *wanted)
{
	struct span c;

	while (cut_component(&name, &c))
		if (!wanted || span_eq(c, wanted))
			return true;
	return false;
}

/* Appends a component; false when the path becomes too long. */
static bool push(struct buf *path, struct span c)
{
	return (!path->n || buf_addc(path, '/')) && buf_add(path, c.p, c.n);
}

/* Takes the last component off; false when there is none. */
static bool pop(struct buf *path)
{
	if (!path->n)
		return false;
	while (path->n && path->p[path->n - 1] != '/')
		path->n--;
	path->n -= path->n > 0;
	path->p[path->n] = '\0';
	return true;
}

/* The name without empty components and ".". */
static bool tidy(const char *name, struct buf *out)
{
	struct span c;

	while (cut_component(&name, &c))
		if (!push(out, c))
			return false;
	return true;
}

/* Goes the way of a name, links of the layer followed in all but its last component; whether it
 * leads out. A way that is too long or goes round is none that a system would go. */
static bool leads_out(const struct layer_names *n, const char *name)
{
	cleanup_by(buf_release) struct buf path = BUF_INIT(LONGEST);
	cleanup_free char *rest = xstrdup(name);
	const char *at = rest;
	struct span c;

	for (int hops = 0; cut_component(&at, &c);) {
		const struct link *l;
		char *next;

		if (span_eq(c, "..") ? !pop(&path) : !push(&path, c))
			return true;
		l = has_component(at, NULL) ? table_get(&n->links, path.p) : NULL;
		if (!l)
			continue;
		if (l->target[0] == '/' || ++hops > HOPS || strlen(at) > 2UL * LONGEST)
			return true;
		(void)pop(&path);
		next = xasprintf("%s/%s", l->target, at);
		free(rest);
		at = rest = next;
	}
	return false;
}

static enum layer_name judge(const struct layer_names *n, const char *name)
{
	if (strlen(name) >= LONGEST)
		return LAYER_NAME_LONG;
	if (name[0] == '/' && has_component(name, NULL)) /* "/" itself is the root */
		return LAYER_NAME_ABSOLUTE;
	if (has_component(name, ".."))
		return LAYER_NAME_UP;
	return n->links.n && leads_out(n, name) ? LAYER_NAME_THROUGH : LAYER_NAME_INSIDE;
}

static enum layer_name remember(struct layer_names *n, const char *name, const char *target)
{
	cleanup_by(buf_release) struct buf key = BUF_INIT(LONGEST);
	size_t length = strlen(target);
	struct link *l;

	if (length >= LONGEST || !tidy(name, &key))
		return LAYER_NAME_LONG;
	n->bytes += sizeof(*l) + sizeof(struct table_slot) + key.n + length + 2;
	if (n->bytes > LIMIT_LAYER_LINKS)
		return LAYER_NAME_MANY;
	l = xmalloc(sizeof(*l) + key.n + length + 2);
	memcpy(l->name, key.p, key.n);
	l->name[key.n] = '\0';
	l->target = l->name + key.n + 1;
	memcpy(l->target, target, length + 1);
	free(table_put(&n->links, l->name, l));
	return LAYER_NAME_INSIDE;
}

enum layer_name layer_names_add(struct layer_names *n, enum layer_entry kind, const char *name,
				const char *target)
{
	enum layer_name f = judge(n, name);

	if (f != LAYER_NAME_INSIDE)
		return f;
	switch (kind) {
	case LAYER_ENTRY_PLAIN: break;
	case LAYER_ENTRY_SYMLINK: return remember(n, name, target);
	case LAYER_ENTRY_HARDLINK:
		if (judge(n, target) != LAYER_NAME_INSIDE)
			return LAYER_NAME_HARDLINK;
		break;
	}
	return LAYER_NAME_INSIDE;
}
