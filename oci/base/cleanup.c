#include "oci/base/cleanup.h"

#include <string.h>

static void *or_abort(void *p)
{
	if (!p) {
		/* no other place in oci/ writes and ends the program; here nothing else is
		 * possible */
		static const char last_words[] = "out of memory\n";
		ssize_t ignored = write(STDERR_FILENO, last_words, sizeof(last_words) - 1);

		(void)ignored;
		abort();
	}
	return p;
}

void *xmalloc(size_t n)
{
	return or_abort(malloc(n ? n : 1));
}

void *try_malloc(size_t n)
{
	return malloc(n ? n : 1);
}

void *xcalloc(size_t n, size_t size)
{
	return or_abort(calloc(n ? n : 1, size ? size : 1));
}

void *xrealloc(void *p, size_t n, size_t size)
{
	return or_abort(reallocarray(p, n ? n : 1, size ? size : 1));
}

char *xstrdup(const char *s)
{
	return or_abort(strdup(s));
}

char *xstrndup(const char *s, size_t n)
{
	return or_abort(strndup(s, n));
}

char *xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = xvasprintf(fmt, ap);
	va_end(ap);
	return s;
}

char *xvasprintf(const char *fmt, va_list ap)
{
	char *s;

	return or_abort(vasprintf(&s, fmt, ap) < 0 ? NULL : s);
}

void *xgrow(void *p, size_t n, size_t *cap, size_t size)
{
	if (n < *cap && p)
		return p;
	*cap = *cap < 8 ? 16 : *cap * 2;
	return xrealloc(p, *cap, size);
}
