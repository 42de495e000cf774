#include "serve/tls_files.h"

#include <stdio.h>
#include <string.h>

#include "oci/base/clock.h"
#include "oci/cli/message.h"
#include "serve/sandbox.h"

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Looks at one file; true when it is another than before. */
static bool look_at(struct stat *seen, const char *path)
{
	struct stat now = { .st_size = -1 }; /* a file that is not there */
	bool same;

	if (!path)
		return false;
	if (stat(path, &now) < 0)
		now = (struct stat){ .st_size = -1 };
	same = is_same(seen, &now);
	*seen = now;
	return !same;
}

static bool have_changed(struct tls_files *f)
{
	const struct tls_options *o = &f->options;
	bool any = look_at(&f->seen[2 * TLS_PAIRS], o->client_ca);

	for (size_t i = 0; i < o->n; i++) {
		any |= look_at(&f->seen[2 * i], o->certs[i]);
		any |= look_at(&f->seen[2 * i + 1], o->keys[i]);
	}
	return any;
}

int tls_files_init(struct tls_files *f, const struct tls_options *o, struct err *err)
{
	*f = (struct tls_files){ .options = *o };
	if (!o->n)
		return 0;
	have_changed(f);
	f->tls = tls_new(o, err);
	return f->tls ? 0 : -1;
}

void tls_files_release(struct tls_files *f)
{
	tls_delete(f->tls);
}

void tls_files_check(struct tls_files *f, bool in_any_case)
{
	struct err err = ERR_INIT;
	char when[CLOCK_RFC3339];

	if (!f->tls || (!have_changed(f) && !in_any_case))
		return;
	if (tls_reload(f->tls, &err) == 0) {
		clock_rfc3339(tls_expires(f->tls), when);
		message_line("certificates were read again; the first expires at %s", when);
		f->failed[0] = '\0';
		return;
	}
	if (in_any_case || strcmp(f->failed, err.msg) != 0)
		message_warn("%s%s; the certificates read before stay in use", err.msg,
			     sandbox_words(err.sys));
	snprintf(f->failed, sizeof(f->failed), "%s", err.msg);
}
