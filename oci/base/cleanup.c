#include "oci/base/cleanup.h"

#include <string.h>

static void *must(void *p)
{
	if (!p) {
		/* the one place in oci/ that writes and ends: nothing else can be done here */
		static const char last_words[] = "out of memory\n";
		ssize_t ignored = write(STDERR_FILENO, last_words, sizeof(last_words) - 1);

		(void)ignored;
		abort();
	}
	return p;
}

void *xmalloc(size_t n)
{
	return must(malloc(n ? n : 1));
}

void *xcalloc(size_t n, size_t size)
{
	return must(calloc(n ? n : 1, size ? size : 1));
}

void *xrealloc(void *p, size_t n, size_t size)
{
	return must(reallocarray(p, n ? n : 1, size ? size : 1));
}

char *xstrdup(const char *s)
{
	return must(strdup(s));
}

char *xstrndup(const char *s, size_t n)
{
	return must(strndup(s, n));
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

	return must(vasprintf(&s, fmt, ap) < 0 ? NULL : s);
}

void *xgrow(void *p, size_t n, size_t *cap, size_t size)
{
	if (n < *cap && p)
		return p;
	*cap = *cap < 8 ? 16 : *cap * 2;
	return xrealloc(p, *cap, size);
}
