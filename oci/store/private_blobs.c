#include "oci/store/private_blobs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/file.h"
#include "oci/base/span.h"
#include "oci/base/strvec.h"
#include "oci/image/digest.h"
#include "oci/store/beneath.h"
#include "oci/store/layout.h"

#define PATH ".mirror/private-blobs"

struct row {
	struct digest digest;
	struct strvec repositories;
};

static void row_free(void *p)
{
	struct row *r = p;

	strvec_release(&r->repositories);
	free(r);
}

void private_blobs_release(struct private_blobs *p)
{
	table_clear(&p->rows, row_free);
	buf_release(&p->news);
	p->is_out_of_date = p->is_torn = false;
}

/* ---- in memory ---- */

/* repository NULL: none is known. False when that was known before. */
static bool add_row(struct private_blobs *p, const struct digest *d, const char *repository)
{
	struct row *r = table_get(&p->rows, d->str);
	bool is_new = !r;

	if (!r) {
		r = xcalloc(1, sizeof(*r));
		r->digest = *d;
		table_put(&p->rows, r->digest.str, r);
	}
	if (!repository || strvec_has(&r->repositories, repository))
		return is_new;
	strvec_add(&r->repositories, repository);
	return true;
}

bool private_blobs_is_foreign(const struct private_blobs *p, const struct digest *d,
			      const char *repository)
{
	const struct row *r = table_get(&p->rows, d->str);

	return r && !strvec_has(&r->repositories, repository);
}

static void write_line(struct buf *out, const struct digest *d, const char *repository)
{
	buf_addf(out, "%s%s%s\n", d->str, *repository ? " " : "", repository);
}

void private_blobs_add(struct private_blobs *p, const struct digest *d, const char *repository)
{
	if (add_row(p, d, repository))
		write_line(&p->news, d, repository);
}

void private_blobs_publish(struct private_blobs *p, const struct digest *d)
{
	struct row *r = table_remove(&p->rows, d->str);

	if (!r)
		return;
	row_free(r);
	p->is_out_of_date = true;
}

/* ---- the file ---- */

static int read_line(struct private_blobs *p, struct span line, struct err *err)
{
	cleanup_free char *repository = NULL;
	struct digest d;
	struct span word;

	if (!span_cut(&line, ' ', &word) || digest_parse(&d, word, err) < 0)
		return -1;
	repository = line.n ? xstrndup(line.p, line.n) : NULL;
	add_row(p, &d, repository);
	return 0;
}

static int read_lines(struct private_blobs *p, struct span rest, struct err *err)
{
	struct span line;

	for (size_t n = 1; rest.n; n++) {
		if (!memchr(rest.p, '\n', rest.n)) {
			p->is_torn = true;
			break;
		}
		if (!span_cut(&rest, '\n', &line) || read_line(p, line, err) < 0)
			return err_set(err, ERR_INVALID, 0,
				       "%s:%zu: this is no digest and repository; whose the "
				       "private blobs of the mirror are is kept here, so nothing "
				       "was done: mend the line, or take it out",
				       PATH, n);
	}
	return 0;
}

int private_blobs_load(struct private_blobs *p, const struct layout *l, struct err *err)
{
	cleanup_by(buf_release) struct buf text = BUF_INIT(LIMIT_INDEX);

	private_blobs_release(p);
	if (beneath_read(l->root, PATH, &text, err) < 0)
		return err->kind == ERR_NOTFOUND ? 0 : err_wrap(err, "%s", l->path);
	return read_lines(p, buf_span(&text), err) < 0 ? err_wrap(err, "%s", l->path) : 0;
}

static int append_news(const struct private_blobs *p, const struct layout *l, struct err *err)
{
	cleanup_fd int fd = -1;
	bool is_new = faccessat(l->root, PATH, F_OK, AT_SYMLINK_NOFOLLOW) < 0;

	fd = file_open_or_create(l->root, PATH, O_WRONLY | O_APPEND, 0644);
	if (fd < 0)
		return err_sys(err, "cannot open", PATH);
	if (file_write(fd, p->news.p, p->news.n, PATH, err) < 0)
		return -1;
	if (fdatasync(fd) < 0)
		return err_sys(err, "cannot make durable", PATH);
	return is_new ? file_sync_dir(l->root, ".mirror", err) : 0;
}

static int replace_file(const struct private_blobs *p, const struct layout *l, struct err *err)
{
	cleanup_by(buf_release) struct buf text = BUF_INIT(LIMIT_INDEX);
	const struct row *r;

	for (size_t at = 0; (r = table_next(&p->rows, &at));) {
		if (!r->repositories.n)
			write_line(&text, &r->digest, "");
		for (size_t i = 0; i < r->repositories.n; i++)
			write_line(&text, &r->digest, r->repositories.v[i]);
	}
	if (file_replace(l->root, PATH, text.p, text.n, 0644, err) < 0)
		return -1;
	return file_sync_dir(l->root, ".mirror", err);
}

static int write_file(struct private_blobs *p, const struct layout *l, bool whole, struct err *err)
{
	int r = 0;

	if (p->is_torn || (whole && p->is_out_of_date))
		r = replace_file(p, l, err);
	else if (p->news.n)
		r = append_news(p, l, err);
	if (r < 0) {
		err->kind = ERR_IO;
		return err_wrap(err, "%s", l->path);
	}
	buf_clear(&p->news);
	p->is_out_of_date &= !whole;
	p->is_torn = false;
	return 0;
}

int private_blobs_flush(struct private_blobs *p, const struct layout *l, struct err *err)
{
	return write_file(p, l, false, err);
}

int private_blobs_save(struct private_blobs *p, const struct layout *l, struct err *err)
{
	return write_file(p, l, true, err);
}
