#include "oci/http/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "oci/base/base64.h"
#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/limits.h"
#include "oci/base/printable.h"
#include "oci/base/redact.h"
#include "oci/http/header.h"

/* ---- the file ---- */

static int open_file(struct trace *t, const char *path, struct err *err)
{
	struct stat st;

	if (strcmp(path, "-") == 0)
		return err_set(err, ERR_USAGE, 0,
			       "needs the name of a file: stdout has the results, stderr the "
			       "messages");
	/* without O_NONBLOCK a pipe would wait for its reader */
	t->fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW,
		     0600);
	if (t->fd < 0 && errno == ELOOP)
		return err_set(err, ERR_USAGE, ELOOP,
			       "\"%s\" is a symbolic link, and what it leads to would be emptied; "
			       "give the file's own name",
			       path);
	if (t->fd < 0)
		return err_sys(err, "cannot write", path);
	if (fstat(t->fd, &st) < 0)
		return err_sys(err, "cannot look at", path);
	if (S_ISCHR(st.st_mode))
		return 0;
	if (S_ISREG(st.st_mode) && st.st_nlink > 1)
		return err_set(err, ERR_USAGE, 0,
			       "\"%s\" has another name, too (a hard link), and would be emptied "
			       "there; give the name of a new file",
			       path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_USAGE, 0, "\"%s\" is not a file", path);
	/* an older file may be one that others read */
	if (fchmod(t->fd, 0600) < 0 || ftruncate(t->fd, 0) < 0)
		return err_sys(err, "cannot empty", path);
	return 0;
}

int trace_open(struct trace *t, const char *path, struct err *err)
{
	struct timespec now;

	if (open_file(t, path, err) < 0) {
		if (t->fd >= 0)
			close(t->fd);
		t->fd = -1;
		return -1;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	t->path = path;
	t->wall = now.tv_sec * INT64_C(1000) + now.tv_nsec / CLOCK_MS;
	t->opened = clock_now();
	return 0;
}

int trace_close(struct trace *t, struct err *err)
{
	const bool failed = t->failed;

	if (failed)
		*err = t->why;
	if (t->fd >= 0)
		close(t->fd);
	for (size_t i = 0; i < t->passwords.n; i++)
		explicit_bzero(t->passwords.v[i], strlen(t->passwords.v[i]));
	strvec_release(&t->passwords);
	*t = (struct trace)TRACE_INIT;
	return failed ? -1 : 0;
}

static void append(struct trace *t, struct span bytes)
{
	while (bytes.n && !t->failed) {
		ssize_t n = write(t->fd, bytes.p, bytes.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			t->failed = true;
			err_sys(&t->why, "cannot write to", t->path);
			return;
		}
		bytes = span_of(bytes.p + n, bytes.n - (size_t)n);
	}
}

/* ---- secrets ---- */

/* Shorter ones are parts of ordinary words. */
#define SECRET_LEAST 3

/* The last of n texts gets its place. The longest are cut out first: one may be a part of
 * another. */
static void sort_by_length(char **v, size_t n)
{
	for (size_t i = n - 1; i && strlen(v[i - 1]) < strlen(v[i]); i--) {
		char *shorter = v[i - 1];

		v[i - 1] = v[i];
		v[i] = shorter;
	}
}

static void remember_password(struct trace *t, struct span secret)
{
	if (secret.n < SECRET_LEAST || t->passwords.n == LIMIT_TRACE_PASSWORDS)
		return;
	for (size_t i = 0; i < t->passwords.n; i++)
		if (span_eq(secret, t->passwords.v[i]))
			return;
	strvec_addf(&t->passwords, "%.*s", SPAN_ARG(secret));
	sort_by_length(t->passwords.v, t->passwords.n);
}

/* "Basic am9lOnB3": what stands behind the scheme. */
static struct span authorization_word(const char *header)
{
	const char *blank = header ? strchr(header, ' ') : NULL;

	return span_str(blank ? blank + 1 : "");
}

static void remember_basic(struct trace *t, struct span word)
{
	struct buf plain;
	const char *colon;

	buf_init(&plain, LIMIT_CREDS);
	buf_reserve(&plain, word.n); /* at once: growing would leave copies behind */
	if (base64_decode(&plain, word) && (colon = memchr(plain.p, ':', plain.n)))
		remember_password(t, span_str(colon + 1));
	explicit_bzero(plain.p, plain.n);
	buf_release(&plain);
}

static void remember_secrets(struct trace *t, const struct trace_exchange *x)
{
	struct span word = authorization_word(x->authorization), rest = x->form, field, value;

	if (x->authorization && strncasecmp(x->authorization, "basic ", 6) == 0) {
		remember_password(t, word);
		remember_basic(t, word);
	}
	while (span_cut(&rest, '&', &field)) {
		value = field;
		span_cut(&value, '=', &field);
		if (span_ends(field, "token") && value.p)
			remember_password(t, value);
	}
}

/* ---- what is written ---- */

/* How the value of a header is shown. */
enum shown {
	SHOWN_WORDS, /* long words mean something: digests, numbers, types */
	SHOWN_QUOTE, /* free text: what looks like a token is cut out, too */
	SHOWN_URL,
	SHOWN_LINK, /* <URL>; parameters */
};

/* The headers that matter; no other is written. */
static const struct {
	const char *name;
	enum shown shown;
} fields[] = {
	{ "Content-Type", SHOWN_WORDS },
	{ "Content-Length", SHOWN_WORDS },
	{ "Content-Encoding", SHOWN_WORDS },
	{ "Content-Range", SHOWN_WORDS },
	{ "Docker-Content-Digest", SHOWN_WORDS },
	{ "OCI-Subject", SHOWN_WORDS },
	{ "OCI-Filters-Applied", SHOWN_WORDS },
	{ "Location", SHOWN_URL },
	{ "Link", SHOWN_LINK },
	{ "WWW-Authenticate", SHOWN_QUOTE },
	{ "Warning", SHOWN_QUOTE },
	{ "Retry-After", SHOWN_QUOTE },
	{ "RateLimit-Limit", SHOWN_QUOTE },
	{ "RateLimit-Remaining", SHOWN_QUOTE },
	{ "RateLimit-Reset", SHOWN_QUOTE },
	{ "Date", SHOWN_QUOTE },
	{ "Age", SHOWN_QUOTE },
	{ "Server", SHOWN_QUOTE },
	{ "Via", SHOWN_QUOTE },
};

/* A server may send a field often; so many are written. */
#define FIELD_MAX 4

/* The secrets that this exchange and earlier ones sent are cut out of text, wherever they stand. */
static void hide_secrets(const struct trace *t, const struct trace_exchange *x, struct span text,
			 struct buf *out)
{
	struct span word = authorization_word(x->authorization);
	cleanup_free char *sent = xstrndup(word.p, word.n);
	cleanup_by(buf_release) struct buf before = BUF_INIT(LIMIT_TRACE);

	redact_credentials(out, text, word.n >= SECRET_LEAST ? sent : NULL);
	for (size_t i = 0; i < t->passwords.n; i++) {
		buf_clear(&before);
		buf_add(&before, out->p, out->n);
		buf_clear(out);
		redact_credentials(out, buf_span(&before), t->passwords.v[i]);
	}
	if (sent)
		explicit_bzero(sent, strlen(sent));
}

static void add_text(struct buf *out, enum shown shown, struct span text)
{
	char line[REDACT_MAX];
	struct span url = text;

	switch (shown) {
	case SHOWN_WORDS: redact_credentials(out, text, NULL); break;
	case SHOWN_URL: redact_url(out, text); break;
	case SHOWN_LINK:
		if (!span_starts(text, "<") || !span_cut(&text, '>', &url) || !text.p)
			break;
		buf_addc(out, '<');
		redact_url(out, span_of(url.p + 1, url.n - 1));
		buf_addc(out, '>');
		buf_add(out, text.p, text.n);
		break;
	case SHOWN_QUOTE:
		redact(line, text, NULL);
		buf_adds(out, line);
		break;
	}
}

/* One value, on one line, fit to be shown. */
static void add_value(struct buf *out, const struct trace *t, const struct trace_exchange *x,
		      enum shown shown, struct span text)
{
	cleanup_by(buf_release) struct buf hidden = BUF_INIT(LIMIT_TRACE),
					   value = BUF_INIT(LIMIT_TRACE);

	hide_secrets(t, x, text, &hidden);
	add_text(&value, shown, buf_span(&hidden));
	if (value.n)
		buf_adds(out, printable_clean(value.p));
}

static void add_fields(struct buf *out, const struct trace *t, const struct trace_exchange *x)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		for (size_t k = 0; k < FIELD_MAX; k++) {
			struct span value = header_field(x->headers, fields[i].name, k);

			if (!value.p)
				break;
			buf_addf(out, "\t%s: ", fields[i].name);
			add_value(out, t, x, fields[i].shown, value);
			buf_addc(out, '\n');
		}
}

/* "2026-11-28T13:40:01.123Z" */
static void add_time(struct buf *out, const struct trace *t, int64_t at)
{
	int64_t ms = t->wall + (at - t->opened) / CLOCK_MS;
	char text[CLOCK_RFC3339];

	clock_rfc3339((time_t)(ms / 1000), text);
	buf_addf(out, "%.*s.%03dZ", (int)strlen(text) - 1, text, (int)(ms % 1000));
}

static void add_request(struct buf *out, const struct trace *t, const struct trace_exchange *x)
{
	const char *blank = x->authorization ? strchr(x->authorization, ' ') : NULL;

	add_time(out, t, x->began);
	buf_addf(out, " %s ", x->method);
	add_value(out, t, x, SHOWN_URL, span_str(x->url));
	buf_addf(out, " status=%ld bytes=%llu ms=%lld attempt=%u", x->status,
		 (unsigned long long)x->bytes, (long long)((x->ended - x->began) / CLOCK_MS),
		 x->attempt);
	if (blank)
		buf_addf(out, " auth=%.*s", (int)(blank - x->authorization), x->authorization);
	if (x->proxy) {
		buf_adds(out, " proxy=");
		add_value(out, t, x, SHOWN_URL, span_str(x->proxy));
	}
	buf_addc(out, '\n');
}

void trace_write(struct trace *t, const struct trace_exchange *x)
{
	cleanup_by(buf_release) struct buf out = BUF_INIT(2 * LIMIT_TRACE);

	if (t->fd < 0 || t->failed)
		return;
	remember_secrets(t, x);
	add_request(&out, t, x);
	add_fields(&out, t, x);
	if (x->error) {
		buf_adds(&out, "\terror: ");
		add_value(&out, t, x, SHOWN_WORDS, span_str(x->error));
		buf_addc(&out, '\n');
	}
	append(t, buf_span(&out));
}
