#include "oci/store/line_diff.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"

void lines_release(struct lines *l)
{
	free(l->v);
	*l = (struct lines)LINES_INIT;
}

static void lines_add(struct lines *l, struct span line)
{
	l->v = xgrow(l->v, l->n, &l->cap, sizeof(*l->v));
	l->v[l->n++] = line;
}

/* Cuts a line off the front; false when no whole one is left. */
static bool cut_line(struct span *rest, struct span *line)
{
	const char *newline = rest->n ? memchr(rest->p, '\n', rest->n) : NULL;

	if (!newline)
		return false;
	*line = span_of(rest->p, (size_t)(newline - rest->p));
	*rest = span_of(newline + 1, rest->n - line->n - 1);
	return true;
}

int lines_split(struct lines *l, struct span text, struct err *err)
{
	struct span line;

	while (cut_line(&text, &line))
		lines_add(l, line);
	return text.n ? err_set(err, ERR_INVALID, 0, "its last line is cut off") : 0;
}

void lines_join(const struct lines *l, struct buf *out)
{
	for (size_t i = 0; i < l->n; i++) {
		buf_add(out, l->v[i].p, l->v[i].n);
		buf_addc(out, '\n');
	}
}

static bool same_line(struct span a, struct span b)
{
	return a.n == b.n && (!a.n || memcmp(a.p, b.p, a.n) == 0);
}

/* ---- where a line is in the base ---- */

/* FNV-1a. Lines that collide are compared; the texts are our own. */
static uint64_t hash_of_line(struct span line)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < line.n; i++)
		h = (h ^ (unsigned char)line.p[i]) * UINT64_C(1099511628211);
	return h;
}

/* Numbers of the base's lines + 1, by hash; 0: free. */
struct places {
	const struct lines *base;
	size_t *slots, mask;
};

static void places_init(struct places *p, const struct lines *base)
{
	size_t cap = 16;

	while (cap < 2 * base->n)
		cap *= 2;
	*p = (struct places){ .base = base,
			      .slots = xcalloc(cap, sizeof(size_t)),
			      .mask = cap - 1 };
	for (size_t i = 0; i < base->n; i++) {
		size_t at = hash_of_line(base->v[i]) & p->mask;

		while (p->slots[at])
			at = (at + 1) & p->mask;
		p->slots[at] = i + 1;
	}
}

/* The first place from `from` on; the number of lines when there is none. */
static size_t place_of(const struct places *p, struct span line, size_t from)
{
	size_t best = p->base->n;

	for (size_t at = hash_of_line(line) & p->mask; p->slots[at]; at = (at + 1) & p->mask) {
		size_t i = p->slots[at] - 1;

		if (i >= from && i < best && same_line(p->base->v[i], line))
			best = i;
	}
	return best;
}

/* ---- writing ---- */

static void write_step(struct buf *out, char sign, size_t n)
{
	if (n)
		buf_addf(out, "%c%zu\n", sign, n);
}

static void write_put_in(struct buf *out, const struct span *v, size_t n)
{
	struct lines put = { .v = (struct span *)v, .n = n };

	write_step(out, '+', n);
	lines_join(&put, out);
}

void line_diff_write(const struct lines *base, const struct lines *to, struct buf *out)
{
	struct places places;
	size_t at = 0, i = 0, put, kept;

	places_init(&places, base);
	while (i < to->n) {
		size_t found = base->n;

		for (put = 0; i + put < to->n; put++) {
			found = place_of(&places, to->v[i + put], at);
			if (found < base->n)
				break;
		}
		write_step(out, '-', found - at);
		write_put_in(out, to->v + i, put);
		i += put;
		at = found;
		for (kept = 0; i < to->n && at < base->n && same_line(base->v[at], to->v[i]);
		     kept++)
			at++, i++;
		write_step(out, '=', kept);
	}
	write_step(out, '-', base->n - at);
	free(places.slots);
}

/* ---- applying ---- */

static int does_not_fit(struct err *err)
{
	return err_set(err, ERR_INVALID, 0, "its differences do not fit the generation after it");
}

/* Copies n lines from the front of *from. */
static int take_lines(struct lines *to, const struct lines *from, size_t *at, size_t n,
		      struct err *err)
{
	if (n > from->n - *at)
		return does_not_fit(err);
	while (n-- > 0)
		lines_add(to, from->v[(*at)++]);
	return 0;
}

static int put_lines(struct lines *to, struct span *diff, size_t n, struct err *err)
{
	struct span line;

	while (n-- > 0) {
		if (!cut_line(diff, &line))
			return does_not_fit(err);
		lines_add(to, line);
	}
	return 0;
}

static int apply_step(struct lines *to, const struct lines *base, size_t *at, struct span step,
		      struct span *diff, struct err *err)
{
	long long n = step.n ? span_number(span_of(step.p + 1, step.n - 1), INT_MAX) : -1;

	if (n <= 0)
		return does_not_fit(err);
	if (step.p[0] == '=')
		return take_lines(to, base, at, (size_t)n, err);
	if (step.p[0] == '+')
		return put_lines(to, diff, (size_t)n, err);
	if (step.p[0] != '-' || (size_t)n > base->n - *at)
		return does_not_fit(err);
	*at += (size_t)n;
	return 0;
}

int line_diff_apply(struct lines *l, struct span diff, struct err *err)
{
	struct lines out = LINES_INIT;
	struct span step;
	size_t at = 0;
	int r = 0;

	while (r == 0 && cut_line(&diff, &step))
		r = apply_step(&out, l, &at, step, &diff, err);
	if (r == 0 && (diff.n || at != l->n))
		r = does_not_fit(err);
	if (r < 0) {
		lines_release(&out);
		return -1;
	}
	lines_release(l);
	*l = out;
	return 0;
}
