#include "serve/mirror_facts.h"

#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/base/file.h"
#include "oci/base/json.h"
#include "oci/base/limits.h"
#include "oci/cli/exit_status.h"
#include "oci/store/beneath.h"
#include "oci/store/index.h"
#include "oci/store/layout.h"
#include "oci/store/sync_state.h"
#include "serve/metrics.h"
#include "serve/state.h"
#include "serve/state_load.h"

void mirror_facts_init(struct mirror_facts *f, const char *mirror)
{
	*f = (struct mirror_facts){ .mirror = mirror };
}

static void drop_moments(struct moments *m)
{
	free(m->v);
	*m = (struct moments){ .v = NULL };
}

void mirror_facts_release(struct mirror_facts *f)
{
	drop_moments(&f->let_go_at);
	drop_moments(&f->due_at);
}

/* ---- the index ---- */

/* The next member of that name in JSON text: gives what stands behind its name, or empty. Within a
 * text a quotation mark is escaped, so a quoted name in front of a colon is a member's. */
static struct span find_member(struct span json, const char *quoted)
{
	size_t n = strlen(quoted);
	const char *at;

	while (json.n && (at = memmem(json.p, json.n, quoted, n))) {
		json = span_of(at + n, json.n - (size_t)(at + n - json.p));
		while (json.n && (*json.p == ' ' || *json.p == '\t' || *json.p == '\n'))
			json = span_of(json.p + 1, json.n - 1);
		if (json.n && *json.p == ':')
			return span_of(json.p + 1, json.n - 1);
	}
	return span_of("", 0);
}

static size_t count_members(struct span json, const char *quoted)
{
	size_t n = 0;

	while ((json = find_member(json, quoted)).n)
		n++;
	return n;
}

#define QUOTED(name) "\"" name "\""

static time_t find_created(struct span json)
{
	struct span value = find_member(json, QUOTED(ANNOTATION_CREATED)), text;
	char date[CLOCK_RFC3339];

	span_cut(&value, '"', &text);
	if (!span_cut(&value, '"', &text) || text.n >= sizeof(date))
		return 0;
	memcpy(date, text.p, text.n);
	date[text.n] = '\0';
	return clock_parse_rfc3339(date) > 0 ? clock_parse_rfc3339(date) : 0;
}

/* The text of the index, or NULL; it is read and not mapped, since it may be cut short
 * meanwhile. */
static char *read_text(int fd, size_t *n)
{
	cleanup_free char *text = NULL;
	struct stat st;
	ssize_t got = 1;

	if (fd < 0 || fstat(fd, &st) < 0 || st.st_size <= 0 || st.st_size > (off_t)LIMIT_INDEX)
		return NULL;
	text = xmalloc((size_t)st.st_size);
	for (*n = 0; got > 0 && *n < (size_t)st.st_size; *n += (size_t)got) {
		got = pread(fd, text + *n, (size_t)st.st_size - *n, (off_t)*n);
		if (got < 0)
			return NULL;
	}
	return take(text);
}

static void read_index(struct mirror_facts *f, const struct state *s)
{
	cleanup_free char *text = NULL;
	struct span json;
	size_t n;

	if (state_load_same(&s->file, &f->index))
		return;
	text = read_text(s->opened >= 0 ? s->opened : s->views.fd, &n);
	if (!text)
		return;
	json = span_of(text, n);
	f->held = count_members(json, QUOTED(ANNOTATION_HELD));
	f->gone = count_members(json, QUOTED(ANNOTATION_GONE_SINCE));
	f->created = find_created(json);
	f->index = s->file;
}

static size_t count_images(const struct state *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += s->v[i].ntags;
	return n;
}

static int64_t count_private(const struct state *s)
{
	int64_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += s->v[i].group != NULL;
	return n;
}

static void write_index(struct mirror_facts *f, struct buf *b, const struct state *s, time_t now)
{
	int64_t number = span_number(span_str(s->generation), INT64_MAX);

	read_index(f, s);
	if (number >= 0)
		metrics_gauge(b, "generation", "Number of the generation that is served.", number);
	if (f->created)
		metrics_gauge(b, "generation_age_seconds",
			      "Time since the generation that is served was published.",
			      now > f->created ? now - f->created : 0);
	metrics_gauge(b, "images", "Entries of the index that are served.",
		      (int64_t)count_images(s));
	metrics_gauge(b, "held_images", "Images that are frozen or kept back.", (int64_t)f->held);
	metrics_gauge(b, "gone_images", "Images that are gone upstream.", (int64_t)f->gone);
	metrics_gauge(b, "private_repositories", "Repositories that belong to a group.",
		      count_private(s));
}

/* ---- .mirror/state.json ---- */

/* Whether the file differs from *seen, which is updated; *there says whether it can be read. */
static bool file_changed(int dir, const char *path, struct stat *seen, bool *there)
{
	struct stat now = { .st_size = -1 };
	bool changed;

	*there = dir >= 0 && fstatat(dir, path, &now, 0) == 0 && S_ISREG(now.st_mode);
	changed = now.st_ino != seen->st_ino || now.st_size != seen->st_size ||
		  now.st_mtim.tv_sec != seen->st_mtim.tv_sec ||
		  now.st_mtim.tv_nsec != seen->st_mtim.tv_nsec;
	*seen = now;
	return changed && *there;
}

static void keep_row(struct mirror_facts *f, const struct sync_row *row)
{
	if (row->checked && (!f->oldest_check || row->checked < f->oldest_check))
		f->oldest_check = row->checked;
	if (row->offer && row->offer_until > 0)
		f->let_go_at.v[f->let_go_at.n++] = row->offer_until;
	if (row->checked && row->max_age >= 0)
		f->due_at.v[f->due_at.n++] = row->checked + row->max_age;
}

static void read_state(struct mirror_facts *f, const struct layout *l)
{
	struct sync_state s = SYNC_STATE_INIT;
	const struct sync_row *row;
	struct err ignored;
	bool there;

	if (!file_changed(l->root, ".mirror/state.json", &f->state_seen, &there)) {
		f->has_state &= there;
		return;
	}
	mirror_facts_release(f);
	f->oldest_check = 0;
	f->has_state = sync_state_load(&s, l, &ignored) == 0;
	f->let_go_at.v = xcalloc(s.rows.n + 1, sizeof(time_t));
	f->due_at.v = xcalloc(s.rows.n + 1, sizeof(time_t));
	for (size_t at = 0; (row = table_next(&s.rows, &at));)
		keep_row(f, row);
	sync_state_release(&s);
}

static int64_t count_moments(const struct moments *m, time_t now, bool past)
{
	int64_t n = 0;

	for (size_t i = 0; i < m->n; i++)
		n += (m->v[i] < now) == past;
	return n;
}

static void write_state(struct mirror_facts *f, struct buf *b, const struct layout *l, time_t now)
{
	read_state(f, l);
	if (!f->has_state)
		return;
	metrics_gauge(b, "waiting_images", "Images whose new content waits for its min-age=.",
		      (int64_t)f->let_go_at.n);
	metrics_gauge(b, "overdue_images", "Images whose last check is older than their max-age=.",
		      count_moments(&f->due_at, now, true));
	if (f->oldest_check)
		metrics_gauge(b, "oldest_check_timestamp_seconds",
			      "When the image that was checked longest ago was checked.",
			      f->oldest_check);
}

/* ---- .mirror/last-run.json ---- */

static time_t read_date(const json_t *object, const char *key)
{
	const char *text = json_get_text(object, key);
	time_t t = text ? clock_parse_rfc3339(text) : -1;

	return t > 0 ? t : 0;
}

static void read_run(struct mirror_facts *f, const struct layout *l)
{
	cleanup_by(buf_release) struct buf text = BUF_INIT(MIB);
	cleanup_json json_t *doc = NULL;
	const json_t *full;
	struct err ignored;
	bool there;

	if (!file_changed(l->root, ".mirror/last-run.json", &f->run_seen, &there)) {
		f->has_run &= there;
		return;
	}
	if (beneath_read(l->root, ".mirror/last-run.json", &text, &ignored) == 0)
		doc = json_read(buf_span(&text), &ignored);
	full = doc ? json_get_object(doc, "full") : NULL;
	f->has_run = full && read_date(full, "end") && json_get_size(full, "status") >= 0;
	if (!f->has_run)
		return;
	f->run_start = read_date(full, "start");
	f->run_end = read_date(full, "end");
	f->run_status = json_get_size(full, "status");
}

static void write_run(struct mirror_facts *f, struct buf *b, const struct layout *l)
{
	read_run(f, l);
	if (!f->has_run)
		return;
	metrics_gauge(b, "last_full_sync_timestamp_seconds", "When the last full sync ended.",
		      f->run_end);
	if (f->run_start && f->run_start <= f->run_end)
		metrics_gauge(b, "last_full_sync_duration_seconds",
			      "How long the last full sync took.", f->run_end - f->run_start);
	metrics_family(b, "last_full_sync_status", "gauge",
		       "1 for each bit that the exit status of the last full sync has.");
	for (const struct exit_status_row *row = exit_status_rows; row->meaning; row++)
		if (row->bit != EXIT_OK)
			buf_addf(b, "mirror_last_full_sync_status{bit=\"%d\"} %d\n", (int)row->bit,
				 f->run_status & (int64_t)row->bit ? 1 : 0);
}

/* ---- the disk ---- */

static void write_disk(struct buf *b, const struct layout *l)
{
	struct statvfs v;

	if (fstatvfs(l->root, &v) < 0)
		return;
	metrics_gauge(b, "disk_free_bytes", "Room left on the mirror's file system.",
		      (int64_t)(v.f_bavail * v.f_frsize));
	metrics_gauge(b, "disk_size_bytes", "Size of the mirror's file system.",
		      (int64_t)(v.f_blocks * v.f_frsize));
}

void mirror_facts_write(struct mirror_facts *f, struct buf *b, const struct state *s, time_t now)
{
	cleanup_by(layout_close) struct layout l = LAYOUT_INIT;
	struct err ignored;

	write_index(f, b, s, now);
	if (layout_open(&l, f->mirror, LAYOUT_READ, &ignored) < 0)
		return;
	write_state(f, b, &l, now);
	write_run(f, b, &l);
	write_disk(b, &l);
}
