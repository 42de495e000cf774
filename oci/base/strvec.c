#include "oci/base/strvec.h"

#include <stdarg.h>

#include "oci/base/cleanup.h"
#include "oci/base/str.h"

void strvec_release(struct strvec *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i]);
	free(s->v);
	*s = (struct strvec)STRVEC_INIT;
}

const char *strvec_add_owned(struct strvec *s, char *text)
{
	s->v = xgrow(s->v, s->n, &s->cap, sizeof(*s->v));
	return s->v[s->n++] = text;
}

const char *strvec_add(struct strvec *s, const char *text)
{
	return strvec_add_owned(s, xstrdup(text));
}

const char *strvec_addf(struct strvec *s, const char *fmt, ...)
{
	char *text;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	return strvec_add_owned(s, text);
}

void strvec_sort(struct strvec *s)
{
	if (s->n)
		qsort(s->v, s->n, sizeof(*s->v), str_order);
}

bool strvec_has_sorted(const struct strvec *s, const char *text)
{
	return s->n && bsearch(&text, s->v, s->n, sizeof(*s->v), str_order);
}

bool strvec_has(const struct strvec *s, const char *text)
{
	for (size_t i = 0; i < s->n; i++)
		if (str_eq(s->v[i], text))
			return true;
	return false;
}
