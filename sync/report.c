#include "sync/asked_by.h"
#include "sync/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/base/file.h"
#include "oci/base/limits.h"
#include "oci/base/printable.h"
#include "oci/cli/exit_status.h"
#include "oci/cli/format.h"
#include "oci/lists/lists.h"
#include "oci/registry/registry.h"
#include "sync/describe.h"
#include "sync/list_source.h"
#include "sync/outcome.h"
#include "sync/run_options.h"

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

static void json_flag(struct buf *b, const char *key, bool value)
{
	if (value)
		buf_addf(b, ",\"%s\":true", key);
}

/* What came, and the warnings about what did not. */
static void json_referrers(struct buf *b, const struct referrers *rs)
{
	const char *between = ",\"referrers\":{", *end = "";

	for (size_t i = 0; i < REFERRER_KINDS; i++) {
		if (!rs->came[i])
			continue;
		buf_addf(b, "%s\"%s\":%zu", between, referrer_kinds[i].member, rs->came[i]);
		between = ",";
		end = "}";
	}
	buf_adds(b, end);
	between = ",\"warnings\":[";
	for (size_t i = 0; i < rs->warnings.n; i++) {
		buf_adds(b, between);
		buf_add_json(b, rs->warnings.v[i]);
		between = ",";
	}
	buf_adds(b, rs->warnings.n ? "]" : "");
}

static void json_time(struct buf *b, const char *key, time_t when)
{
	char text[CLOCK_RFC3339];

	if (when <= 0)
		return;
	clock_rfc3339(when, text);
	add_text(b, key, text);
}

/* What waits: since when and until when; what upstream took back. */
static void json_wait(struct buf *b, const struct target *t)
{
	const struct min_age *m = &t->wait;

	if (t->state == STATE_WAITING) {
		json_time(b, "since", m->since);
		json_time(b, "until", m->until);
	}
	if (!m->taken_back)
		return;
	buf_addf(b, ",\"taken_back\":{\"digest\":\"%s\"", m->taken_back->str);
	json_time(b, "since", m->taken_since);
	json_time(b, "seen", m->taken_seen);
	buf_addc(b, '}');
}

static void json_image(struct buf *b, const struct outcome *o, const struct target *t)
{
	cleanup_free char *place = asked_by_lines(t);
	cleanup_free char *source = ref_str(t->source);

	buf_adds(b, "\n{\"ref\":");
	buf_add_json(b, t->name);
	add_text(b, "state", target_row(t)->name);
	add_text(b, "old", t->base.str);
	add_text(b, "new", t->found.str);
	add_text(b, "snapshot", t->snapshot);
	buf_addf(b, ",\"bytes\":%lld,\"requests\":%u", (long long)t->bytes, t->requests);
	add_text(b, "error", t->error);
	add_text(b, "list", place);
	add_text(b, "source", source);
	add_text(b, "platform", t->o.platform);
	json_time(b, "checked", t->checked);
	json_wait(b, t);
	if (o->options->sizes)
		buf_addf(b, ",\"missing\":%lld", (long long)t->missing);
	json_referrers(b, &t->referrers);
	if (t->warning)
		add_text(b, "warning", t->warning);
	json_flag(b, "incomplete", t->incomplete);
	json_flag(b, "stale", t->stale);
	buf_addc(b, '}');
}

static void json_quota(struct buf *b, const struct registry_host_stats *s)
{
	char until[CLOCK_RFC3339];

	if (s->quota_limit < 0 && s->quota_remaining < 0) {
		buf_adds(b, "null");
		return;
	}
	buf_addf(b, "{\"limit\":%ld,\"remaining\":%ld", s->quota_limit, s->quota_remaining);
	if (s->quota_until) {
		clock_rfc3339(s->quota_until, until);
		add_text(b, "until", until);
	}
	buf_addc(b, '}');
}

static void json_host(struct buf *b, const struct registry_host_stats *s)
{
	buf_adds(b, "\n{\"host\":");
	buf_add_json(b, s->host);
	buf_addf(b, ",\"requests\":%llu,\"bytes\":%llu,\"retries\":%llu,\"quota\":",
		 (unsigned long long)s->requests, (unsigned long long)s->bytes,
		 (unsigned long long)s->retries);
	json_quota(b, s);
	buf_addc(b, '}');
}

static void json_head(struct buf *b, const struct outcome *o, const struct report_result *result)
{
	char started[CLOCK_RFC3339];

	clock_rfc3339(o->started, started);
	buf_addf(b, "{\"generation\":%ld,\"published\":%s", o->generation,
		 o->published ? "true" : "false");
	add_text(b, "commit", o->source->commit);
	add_text(b, "label", o->options->label);
	add_text(b, "started", started);
	buf_addf(b, ",\"seconds\":%.1f,\"status\":%d",
		 (double)(clock_now() - o->started_mono) / CLOCK_SEC, result->status);
	add_text(b, "error", result->error);
}

/* What is no image's: tags that waited and are gone, and a run that would make too much
 * unlisted. */
static void json_warnings(struct buf *b, const struct outcome *o)
{
	cleanup_by(buf_release) struct buf unlisted = BUF_INIT(LIMIT_LIST_LINE);
	const char *between = "";

	buf_adds(b, ",\"warnings\":[");
	for (size_t i = 0; i < o->taken_back.n; i++) {
		buf_adds(b, between);
		buf_add_json(b, o->taken_back.v[i]);
		between = ",";
	}
	describe_unlisted(&unlisted, o);
	if (o->unlisted_refused) {
		buf_adds(b, between);
		buf_add_json(b, unlisted.p);
	}
	buf_addc(b, ']');
}

/* What newest= leaves out. */
static void json_left_out(struct buf *b, const struct outcome *o)
{
	const char *between = "";

	buf_adds(b, ",\"left_out\":[");
	for (size_t i = 0; i < o->nlistings; i++) {
		cleanup_by(buf_release) struct buf words = BUF_INIT(LIMIT_LIST_LINE);

		describe_listing(&words, &o->listings[i]);
		if (!words.n)
			continue;
		buf_adds(b, between);
		buf_add_json(b, words.p);
		between = ",";
	}
	buf_addc(b, ']');
}

static void json_denied(struct buf *b, const struct outcome *o)
{
	const char *between = ",\"denied\":[";

	for (size_t i = 0; i < o->denied.n; i++) {
		const struct denied_entry *e = &o->denied.v[i];

		buf_addf(b, "%s{\"ref\":", between);
		buf_add_json(b, e->ref);
		add_text(b, "digest", e->what->digest.str);
		add_text(b, "reason", e->what->reason);
		buf_addc(b, '}');
		between = ",";
	}
	buf_adds(b, o->denied.n ? "]" : "");
}

static void write_json(struct buf *b, const struct outcome *o, const struct report_result *result)
{
	cleanup_free struct registry_host_stats *hosts = xcalloc(MAX_HOSTS, sizeof(*hosts));
	size_t nhosts = registry_stats(o->registry, hosts, MAX_HOSTS);

	json_head(b, o, result);
	json_warnings(b, o);
	json_left_out(b, o);
	json_denied(b, o);
	buf_adds(b, ",\"images\":[");
	for (size_t i = 0; i < o->targets.n; i++) {
		if (i)
			buf_addc(b, ',');
		json_image(b, o, o->targets.v[i]);
	}
	buf_adds(b, "],\"hosts\":[");
	for (size_t i = 0; i < nhosts; i++) {
		if (i)
			buf_addc(b, ',');
		json_host(b, &hosts[i]);
	}
	buf_adds(b, "]}\n");
}

/* Whether XML can hold a character of n bytes (XML 1.0, 2.2): no control characters, U+FFFE,
 * U+FFFF. */
static bool is_xml(const char *p, size_t n)
{
	return n > 1 ? n != 3 || (memcmp(p, "\xef\xbf\xbe", 3) != 0 &&
				  memcmp(p, "\xef\xbf\xbf", 3) != 0)
		     : n == 1 && (unsigned char)*p >= 0x20;
}

/* Text as XML character data (XML 1.0, 2.4); characters that XML cannot hold become "?". */
static void add_xml(struct buf *b, const char *stranger)
{
	cleanup_free char *clean = printable_clean(xstrdup(stranger));
	const char *text = clean;

	for (size_t n; *text; text += n ? n : 1) {
		n = span_utf8(span_of(text, strnlen(text, 4)));
		switch (*text) {
		case '<': buf_adds(b, "&lt;"); break;
		case '>': buf_adds(b, "&gt;"); break;
		case '&': buf_adds(b, "&amp;"); break;
		case '"': buf_adds(b, "&quot;"); break;
		default: is_xml(text, n) ? buf_add(b, text, n) : buf_addc(b, '?');
		}
	}
}

/* ---- JUnit: pipelines show it as test results; an image is a test case ---- */

static bool is_failure(const struct outcome *o, const struct target *t,
		       const struct report_result *result)
{
	return (outcome_status_of(o, t, result->tolerate) & ~EXIT_PENDING) != 0;
}

/* Not asked for, or a failure that --tolerate leaves out. */
static bool is_skipped(const struct outcome *o, const struct target *t,
		       const struct report_result *result)
{
	return !is_failure(o, t, result) &&
	       (target_row(t)->is_skipped || (outcome_status_of(o, t, 0) & ~EXIT_PENDING));
}

static size_t count_if(const struct outcome *o, const struct report_result *result,
		       bool (*what)(const struct outcome *, const struct target *,
				    const struct report_result *))
{
	size_t n = 0;

	for (size_t i = 0; i < o->targets.n; i++)
		n += what(o, o->targets.v[i], result);
	return n;
}

static void junit_result(struct buf *b, const char *element, const char *type, const char *message)
{
	buf_addf(b, "<%s", element);
	if (type)
		buf_addf(b, " type=\"%s\"", type);
	if (message && message[0]) {
		buf_adds(b, " message=\"");
		add_xml(b, message);
		buf_addc(b, '"');
	}
	buf_adds(b, "/>");
}

static void junit_case(struct buf *b, const struct outcome *o, const struct target *t,
		       const struct report_result *result)
{
	cleanup_by(buf_release) struct buf note = BUF_INIT(LIMIT_INDEX_ENTRY);
	const char *state = describe_state(t, o->options->dry_run);

	describe_size(&note, o, t);
	describe_details(&note, o, t);
	buf_adds(b, "<testcase classname=\"");
	add_xml(b, t->line->file);
	buf_adds(b, "\" name=\"");
	add_xml(b, t->name);
	buf_adds(b, "\">");
	if (is_failure(o, t, result)) {
		junit_result(b, "failure", state, note.n ? note.p : state);
	} else if (is_skipped(o, t, result)) {
		junit_result(b, "skipped", NULL, note.p);
	} else {
		buf_addf(b, "<system-out>%s%s", state, note.n ? "; " : "");
		add_xml(b, note.p);
		buf_adds(b, "</system-out>");
	}
	buf_adds(b, "</testcase>\n");
}

static void write_junit(struct buf *b, const struct outcome *o, const struct report_result *result)
{
	buf_addf(b,
		 "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		 "<testsuite name=\"mirror-sync\" tests=\"%zu\" failures=\"%zu\" skipped=\"%zu\" "
		 "errors=\"%d\">\n",
		 o->targets.n, count_if(o, result, is_failure), count_if(o, result, is_skipped),
		 result->error != NULL);
	for (size_t i = 0; i < o->targets.n; i++)
		junit_case(b, o, o->targets.v[i], result);
	if (result->error) {
		buf_adds(b, "<testcase name=\"the mirror\">");
		junit_result(b, "error", NULL, result->error);
		buf_adds(b, "</testcase>\n");
	}
	buf_adds(b, "</testsuite>\n");
}

/* ---- Markdown: pipelines show it on their summary page ---- */

/* Text in a cell of a table. */
static void add_cell(struct buf *b, const char *stranger)
{
	cleanup_free char *clean = printable_clean(xstrdup(stranger));

	for (const char *text = clean; *text; text++)
		buf_addf(b, strchr("|`<\\*[&", *text) ? "\\%c" : "%c", *text);
}

static void add_code(struct buf *b, const struct digest *d)
{
	char text[DIGEST_SHORT];

	digest_short(d, text);
	if (*text)
		buf_addf(b, "`%s`", text);
	buf_adds(b, " | ");
}

static void markdown_row(struct buf *b, const struct outcome *o, const struct target *t)
{
	cleanup_by(buf_release) struct buf note = BUF_INIT(LIMIT_INDEX_ENTRY);

	describe_size(&note, o, t);
	describe_details(&note, o, t);
	buf_adds(b, "| ");
	add_cell(b, t->name);
	buf_addf(b, " | %s | ", describe_state(t, o->options->dry_run));
	add_code(b, &t->base);
	add_code(b, &t->found);
	add_cell(b, note.p);
	buf_adds(b, " |\n");
}

static bool is_quiet(const struct target *t)
{
	return !t->incomplete && !t->stale && !t->warning && !t->referrers.warnings.n &&
	       !t->completed && !t->missing && !t->wait.taken_back &&
	       target_row(t)->no_markdown_row;
}

static void markdown_images(struct buf *b, const struct outcome *o)
{
	size_t quiet = 0;

	for (size_t i = 0; i < o->targets.n; i++)
		quiet += is_quiet(o->targets.v[i]);
	if (quiet < o->targets.n)
		buf_adds(b, "| image | state | was | upstream | |\n"
			    "| --- | --- | --- | --- | --- |\n");
	for (size_t i = 0; i < o->targets.n; i++)
		if (!is_quiet(o->targets.v[i]))
			markdown_row(b, o, o->targets.v[i]);
	if (quiet)
		buf_addf(b, "\nCurrent or not due: %zu.\n", quiet);
}

static void markdown_left_out(struct buf *b, const struct outcome *o)
{
	cleanup_by(buf_release) struct buf unlisted = BUF_INIT(LIMIT_LIST_LINE);

	for (size_t i = 0; i < o->nlistings; i++) {
		cleanup_by(buf_release) struct buf words = BUF_INIT(LIMIT_LIST_LINE);

		describe_listing(&words, &o->listings[i]);
		if (!words.n)
			continue;
		buf_adds(b, "\nLeft out: ");
		add_cell(b, words.p);
		buf_addc(b, '\n');
	}
	for (size_t i = 0; i < o->taken_back.n; i++) {
		buf_adds(b, "\nWarning: ");
		add_cell(b, o->taken_back.v[i]);
		buf_addc(b, '\n');
	}
	describe_unlisted(&unlisted, o);
	if (!o->unlisted_refused)
		return;
	buf_adds(b, "\nWarning: ");
	add_cell(b, unlisted.p);
	buf_addc(b, '\n');
}

static void markdown_hosts(struct buf *b, const struct outcome *o)
{
	cleanup_free struct registry_host_stats *hosts = xcalloc(MAX_HOSTS, sizeof(*hosts));
	size_t n = registry_stats(o->registry, hosts, MAX_HOSTS);
	char amount[32];

	if (n)
		buf_adds(b, "\n| host | requests | received | retries | quota |\n"
			    "| --- | --: | --: | --: | --: |\n");
	for (size_t i = 0; i < n; i++) {
		format_bytes(hosts[i].bytes, amount, sizeof(amount));
		buf_adds(b, "| ");
		add_cell(b, hosts[i].host);
		buf_addf(b, " | %llu | %s | %llu | ", (unsigned long long)hosts[i].requests, amount,
			 (unsigned long long)hosts[i].retries);
		if (hosts[i].quota_remaining >= 0)
			buf_addf(b, "%ld left", hosts[i].quota_remaining);
		if (hosts[i].quota_limit >= 0)
			buf_addf(b, " of %ld", hosts[i].quota_limit);
		buf_adds(b, " |\n");
	}
}

static void markdown_head(struct buf *b, const struct outcome *o,
			  const struct report_result *result)
{
	buf_addf(b, "## mirror-sync: %s, ", result->status & ~EXIT_PENDING ? "attention" : "done");
	if (o->options->dry_run)
		buf_adds(b, "nothing was changed (dry run)\n\n");
	else
		buf_addf(b, "generation %ld %s\n\n", o->generation,
			 o->published ? "published" : "stands");
	if (o->options->label) {
		buf_adds(b, "Label: ");
		add_cell(b, o->options->label);
		buf_adds(b, "\n\n");
	}
	if (result->error) {
		buf_adds(b, "The mirror could not be used: ");
		add_cell(b, result->error);
		buf_adds(b, "\n\n");
	}
}

static void write_markdown(struct buf *b, const struct outcome *o,
			   const struct report_result *result)
{
	markdown_head(b, o, result);
	markdown_images(b, o);
	markdown_left_out(b, o);
	markdown_hosts(b, o);
}

/* ---- the file ---- */

/* A regular file is replaced; anything else (/dev/stdout, a pipe, a symbolic link) is written
 * to. */
static bool is_replaced(const char *path)
{
	struct stat st;

	return lstat(path, &st) < 0 || S_ISREG(st.st_mode);
}

/* Where stdout leads, after report_take_stdout(). */
static int stdout_fd = STDOUT_FILENO;

static bool is_stdout(const char *path)
{
	return strcmp(path, "-") == 0;
}

int report_take_stdout(const char *path, struct err *err)
{
	if (!is_stdout(path))
		return 0;
	stdout_fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	if (stdout_fd < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		return err_sys(err, "cannot write to", "stdout");
	return 0;
}

int report_check(const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');
	cleanup_free char *dir = slash ? xstrndup(path, (size_t)(slash - path) + 1) : xstrdup(".");
	struct stat st;

	if (is_stdout(path))
		return 0;
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return err_set(err, ERR_USAGE, EISDIR, "--report: \"%s\" is a directory", path);
	if (is_replaced(path) && access(dir, W_OK | X_OK) < 0)
		return err_sys(err, "--report: cannot write in", dir);
	if (!is_replaced(path) && access(path, W_OK) < 0)
		return err_sys(err, "--report: cannot write to", path);
	return 0;
}

static int write_out(const char *path, const struct buf *b, struct err *err)
{
	cleanup_fd int fd = -1;

	if (is_stdout(path))
		return file_write(stdout_fd, b->p, b->n, "stdout", err);
	if (is_replaced(path))
		return file_replace(AT_FDCWD, path, b->p, b->n, 0644, err);
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "cannot open", path);
	return file_write(fd, b->p, b->n, path, err);
}

int report_write(const struct outcome *o, const char *path, const struct report_result *result,
		 struct err *err)
{
	cleanup_by(buf_release) struct buf b = BUF_INIT(LIMIT_INDEX);
	struct span name = span_str(path);

	if (span_ends(name, ".xml"))
		write_junit(&b, o, result);
	else if (span_ends(name, ".md"))
		write_markdown(&b, o, result);
	else
		write_json(&b, o, result);
	if (buf_failed(&b))
		return err_set(err, ERR_LIMIT, 0, "report is larger than %lu MiB",
			       LIMIT_INDEX / MIB);
	return write_out(path, &b, err);
}
