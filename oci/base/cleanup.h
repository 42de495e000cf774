/*
 * cleanup - memory and descriptors that the compiler releases at the end of a scope.
 *
 * A local variable marked cleanup_free or cleanup_fd is released when its scope ends, on every
 * path. take(p) gives the value away and leaves NULL in its place; take_fd(fd) leaves -1.
 *
 * The x-functions abort when memory runs out. That is affordable: every size that a server or a
 * client controls has a ceiling in oci/base/limits.h, which is checked first.
 */
#ifndef OCI_BASE_CLEANUP_H
#define OCI_BASE_CLEANUP_H

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static inline void cleanup_free_(void *p)
{
	void *owned;

	memcpy(&owned, p, sizeof(owned)); /* p points at a pointer of any type */
	free(owned);
}

static inline void cleanup_fd_(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#define cleanup_free __attribute__((cleanup(cleanup_free_)))
#define cleanup_fd   __attribute__((cleanup(cleanup_fd_)))

/* Defines a scoped release for a pointer type: CLEANUP_PTR(own_index_, struct index, index_free),
 * then `__attribute__((cleanup(own_index_))) struct index *x = NULL;` */
#define CLEANUP_PTR(name, type, release)                                                           \
	static inline void name(type **p)                                                          \
	{                                                                                          \
		if (*p)                                                                            \
			release(*p);                                                               \
	}

/* Runs release(&local) when the scope of a struct ends: `cleanup_by(buf_release) struct buf b =
 * …`. */
#define cleanup_by(release) __attribute__((cleanup(release)))

#define take(p)                                                                                    \
	__extension__({                                                                            \
		__typeof__(p) taken_ = (p);                                                        \
		(p) = NULL;                                                                        \
		taken_;                                                                            \
	})

static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

/* As malloc, calloc, reallocarray, strdup and strndup; abort instead of failing. */
void *xmalloc(size_t n) __attribute__((malloc, returns_nonnull));
/* NULL when there is no memory: for what one client of many asks for. */
void *try_malloc(size_t n);
void *xcalloc(size_t n, size_t size) __attribute__((malloc, returns_nonnull));
void *xrealloc(void *p, size_t n, size_t size) __attribute__((returns_nonnull));
char *xstrdup(const char *s) __attribute__((malloc, returns_nonnull));
char *xstrndup(const char *s, size_t n) __attribute__((malloc, returns_nonnull));
/* As asprintf, giving the text, which the caller frees. */
char *xasprintf(const char *fmt, ...)
	__attribute__((format(printf, 1, 2), malloc, returns_nonnull));
char *xvasprintf(const char *fmt, va_list ap)
	__attribute__((format(printf, 1, 0), malloc, returns_nonnull));

/* Room for one more element in a growing array `p` of `n` used and *cap allocated elements. */
void *xgrow(void *p, size_t n, size_t *cap, size_t size) __attribute__((returns_nonnull));

#endif
