#include "sync/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "oci/buf.h"
#include "oci/clock.h"
#include "oci/err.h"
#include "oci/file.h"
#include "oci/limits.h"
#include "oci/list.h"
#include "oci/own.h"
#include "oci/registry.h"
#include "sync/run.h"

#define MAX_HOSTS 1000

/* `,"key":"text"`, or null. */
static void add_text(struct buf *b, const char *key, const char *text)
{
	buf_addf(b, ",\"%s\":", key);
	if (text && text[0])
		buf_add_json(b, text);
	else
		buf_adds(b, "null");
}

static void json_image(struct buf *b, const struct target *t)
{
	own_free char *place = xasprintf("%s:%d", t->line->file, t->line->line);
	char checked[CLOCK_RFC3339];

	buf_adds(b, "\n{\"ref\":");
	buf_add_json(b, t->name);
	add_text(b, "state", state_names[t->state]);
	add_text(b, "old", t->base.str);
	add_text(b, "new", t->found.str);
	add_text(b, "snapshot", t->snapshot);
	buf_addf(b, ",\"bytes\":%lld,\"requests\":%u", (long long)t->bytes, t->requests);
	add_text(b, "error", t->error);
	add_text(b, "list", place);
	if (t->checked) {
		clock_rfc3339(t->checked, checked);
		add_text(b, "checked", checked);
	}
	if (t->missing)
		buf_addf(b, ",\"missing\":%lld", (long long)t->missing);
	if (t->stale)
		buf_adds(b, ",\"stale\":true");
	buf_addc(b, '}');
}

static void json_host(struct buf *b, const struct registry_host_stats *s)
{
	buf_adds(b, "\n{\"host\":");
	buf_add_json(b, s->host);
	buf_addf(b, ",\"requests\":%llu,\"bytes\":%llu,\"retries\":%llu,\"quota\":",
		 (unsigned long long)s->requests, (unsigned long long)s->bytes,
		 (unsigned long long)s->retries);
	if (s->quota_limit < 0 && s->quota_remaining < 0)
		buf_adds(b, "null}");
	else
		buf_addf(b, "{\"limit\":%ld,\"remaining\":%ld}}", s->quota_limit,
			 s->quota_remaining);
}

static void json_head(struct buf *b, const struct run *r, int status)
{
	char started[CLOCK_RFC3339];

	clock_rfc3339(r->started, started);
	buf_addf(b, "{\"generation\":%ld,\"published\":%s", r->generation,
		 r->published ? "true" : "false");
	add_text(b, "commit", r->source->commit);
	add_text(b, "label", r->o->label);
	add_text(b, "started", started);
	buf_addf(b, ",\"seconds\":%.1f,\"status\":%d",
		 (double)(clock_now() - r->started_mono) / CLOCK_SEC, status);
}

static void write_json(struct buf *b, const struct run *r, int status)
{
	own_free struct registry_host_stats *hosts = xcalloc(MAX_HOSTS, sizeof(*hosts));
	size_t nhosts = registry_stats(r->registry, hosts, MAX_HOSTS);

	json_head(b, r, status);
	buf_adds(b, ",\"images\":[");
	for (size_t i = 0; i < r->targets.n; i++) {
		if (i)
			buf_addc(b, ',');
		json_image(b, r->targets.v[i]);
	}
	buf_adds(b, "],\"hosts\":[");
	for (size_t i = 0; i < nhosts; i++) {
		if (i)
			buf_addc(b, ',');
		json_host(b, &hosts[i]);
	}
	buf_adds(b, "]}\n");
}

/* Text as XML character data (XML 1.0, 2.4). Control characters have no place in XML at all. */
static void add_xml(struct buf *b, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '<': buf_adds(b, "&lt;"); break;
		case '>': buf_adds(b, "&gt;"); break;
		case '&': buf_adds(b, "&amp;"); break;
		case '"': buf_adds(b, "&quot;"); break;
		default: buf_addc(b, (unsigned char)*text < 0x20 ? '?' : *text);
		}
	}
}

static bool is_failure(const struct target *t)
{
	return t->state == STATE_FAILED || t->state == STATE_LIMITED || t->state == STATE_GONE ||
	       t->state == STATE_PENDING;
}

static size_t count_if(const struct run *r, bool (*what)(const struct target *))
{
	size_t n = 0;

	for (size_t i = 0; i < r->targets.n; i++)
		n += what(r->targets.v[i]);
	return n;
}

static bool is_skipped(const struct target *t)
{
	return t->state == STATE_SKIPPED;
}

/* The form that pipelines show as test results: an image is a test case. */
static void write_junit(struct buf *b, const struct run *r)
{
	buf_addf(
		b,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<testsuite name=\"mirror-sync\" tests=\"%zu\" failures=\"%zu\" skipped=\"%zu\">\n",
		r->targets.n, count_if(r, is_failure), count_if(r, is_skipped));
	for (size_t i = 0; i < r->targets.n; i++) {
		const struct target *t = r->targets.v[i];

		buf_adds(b, "<testcase classname=\"");
		add_xml(b, t->line->file);
		buf_adds(b, "\" name=\"");
		add_xml(b, t->name);
		buf_adds(b, "\">");
		if (is_failure(t)) {
			buf_addf(b, "<failure type=\"%s\" message=\"", state_names[t->state]);
			add_xml(b, t->error ? t->error : "not reached");
			buf_adds(b, "\"/>");
		} else if (is_skipped(t)) {
			buf_adds(b, "<skipped/>");
		}
		buf_adds(b, "</testcase>\n");
	}
	buf_adds(b, "</testsuite>\n");
}

/* Text in a cell of a Markdown table. */
static void add_cell(struct buf *b, const char *text)
{
	for (; *text; text++)
		buf_addf(b, strchr("|`<\\", *text) ? "\\%c" : "%c", *text);
}

static void markdown_row(struct buf *b, const struct target *t)
{
	buf_adds(b, "| ");
	add_cell(b, t->name);
	buf_addf(b, " | %s | %.19s | %.19s | ", state_names[t->state], t->base.str, t->found.str);
	if (t->snapshot)
		buf_addf(b, "kept as %s", t->snapshot);
	else if (t->error)
		add_cell(b, t->error);
	buf_adds(b, " |\n");
}

static void write_markdown(struct buf *b, const struct run *r, int status)
{
	size_t quiet = 0;

	buf_addf(b, "## mirror-sync: %s, generation %ld%s\n\n", status ? "attention" : "done",
		 r->generation, r->published ? " published" : " stands");
	if (r->o->label) {
		buf_adds(b, "Label: ");
		add_cell(b, r->o->label);
		buf_adds(b, "\n\n");
	}
	buf_adds(b, "| image | state | was | upstream | |\n| --- | --- | --- | --- | --- |\n");
	for (size_t i = 0; i < r->targets.n; i++) {
		const struct target *t = r->targets.v[i];

		if (t->state == STATE_CURRENT || t->state == STATE_SKIPPED)
			quiet++;
		else
			markdown_row(b, t);
	}
	buf_addf(b, "\n%zu more are current or were not due.\n", quiet);
}

int report_check(const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');
	own_free char *dir = slash ? xstrndup(path, (size_t)(slash - path) + 1) : xstrdup(".");
	struct stat st;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return err_set(err, ERR_USAGE, EISDIR, "--report: \"%s\" is a directory", path);
	if (access(dir, W_OK | X_OK) < 0 && access(path, W_OK) < 0)
		return err_sys(err, "--report: cannot write in", dir);
	return 0;
}

/* A file is replaced; what is none (/dev/stdout, a pipe), or a link to one, is written to. */
static int write_out(const char *path, const struct buf *b, struct err *err)
{
	struct stat st;
	own_fd int fd = -1;

	if (lstat(path, &st) < 0 || S_ISREG(st.st_mode))
		return file_replace(AT_FDCWD, path, b->p, b->n, 0644, err);
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "cannot open", path);
	return file_write(fd, b->p, b->n, path, err);
}

int report_write(const struct run *r, const char *path, int status, struct err *err)
{
	own_by(buf_release) struct buf b = BUF_INIT(LIMIT_INDEX);
	struct span name = span_str(path);

	if (span_ends(name, ".xml"))
		write_junit(&b, r);
	else if (span_ends(name, ".md"))
		write_markdown(&b, r, status);
	else
		write_json(&b, r, status);
	if (buf_failed(&b))
		return err_set(err, ERR_LIMIT, 0, "report is larger than %lu MiB",
			       LIMIT_INDEX / MIB);
	return write_out(path, &b, err);
}
