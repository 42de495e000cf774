#include "oci/store/miss_file.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/base/file.h"
#include "oci/base/json.h"
#include "oci/base/str.h"
#include "oci/image/ref.h"
#include "oci/store/miss_list.h"

#define FORMAT 1

/* ---- reading ---- */

/* A number that is missing is 0; what is none is an error of the file. */
static int read_number(const json_t *o, const char *key, uint64_t *n, struct err *err)
{
	int64_t value = json_object_get(o, key) ? json_get_size(o, key) : 0;

	if (value < 0)
		return err_set(err, ERR_INVALID, 0, "\"%s\" is no number", key);
	*n = (uint64_t)value;
	return 0;
}

static int read_date(const json_t *o, const char *key, time_t *t, struct err *err)
{
	const char *text = json_get_text(o, key);

	*t = text ? clock_parse_rfc3339(text) : -1;
	return *t < 0 ? err_set(err, ERR_INVALID, 0, "\"%s\" is no date", key) : 0;
}

/* Exactly 2 * n hexadecimal digits. */
static int read_hex(const json_t *o, const char *key, unsigned char *out, size_t n, struct err *err)
{
	const char *text = json_get_text(o, key);

	if (!text || strlen(text) != 2 * n || strspn(text, "0123456789abcdef") != 2 * n)
		return err_set(err, ERR_INVALID, 0, "\"%s\" is not %zu hexadecimal digits", key,
			       2 * n);
	for (size_t i = 0; i < n; i++) {
		char two[3] = { text[2 * i], text[2 * i + 1], '\0' };

		out[i] = (unsigned char)strtoul(two, NULL, 16);
	}
	return 0;
}

static int read_numbers(struct miss *m, const json_t *o, struct err *err)
{
	const json_t *clients = json_get_object(o, "clients");
	unsigned char sketch[sizeof(m->sketch)];
	uint64_t share;

	if (read_number(o, "requests", &m->count, err) < 0 ||
	    read_number(o, "ns", &m->ns, err) < 0 || read_number(o, "hours", &m->hours, err) < 0 ||
	    read_number(o, "share", &share, err) < 0 ||
	    read_hex(o, "sketch", sketch, sizeof(sketch), err) < 0)
		return -1;
	if (!m->count || !m->hours || share >= MISS_SHARES)
		return err_set(err, ERR_INVALID, 0,
			       "\"requests\", \"hours\" or \"share\" is out of range");
	m->share = (unsigned)share;
	for (size_t i = 0; i < sizeof(sketch); i++)
		m->sketch = m->sketch << 8 | sketch[i];
	for (size_t i = 0; i < CLIENT_NKINDS; i++)
		if (read_number(clients, client_kind_word((enum client_kind)i), &m->clients[i],
				err) < 0)
			return -1;
	return 0;
}

static void read_texts(struct miss *m, const json_t *o)
{
	const json_t *from = json_get_array(o, "from"), *word;
	const char *agent = json_get_text(o, "agent");
	struct span product = client_kind_product(span_str(agent ? agent : ""));
	size_t i;

	snprintf(m->agent, sizeof(m->agent), "%.*s", SPAN_ARG(product));
	json_array_foreach(from, i,
			   word) for (size_t k = 0; k < MISS_NORIGINS;
				      k++) if (json_is_string(word) &&
					       str_eq(json_string_value(word),
						      miss_origin_word((enum miss_origin)k)))
		m->from[k] = true;
}

/* A reference that is canonical already, so that each has one spelling. */
static int check_ref(const char *text, struct err *err)
{
	cleanup_by(ref_release) struct ref r = REF_INIT;

	if (!text)
		return err_set(err, ERR_INVALID, 0, "there is no \"ref\"");
	if (strlen(text) > LIMIT_MISS_REF)
		return err_set(err, ERR_INVALID, 0, "a reference of more than %d bytes",
			       LIMIT_MISS_REF);
	return ref_parse_canonical(&r, span_str(text), err);
}

static int read_miss(struct miss_list *l, const json_t *o, struct err *err)
{
	const char *ref = json_get_text(o, "ref");
	struct miss m = { .ref = NULL };

	if (check_ref(ref, err) < 0 || read_numbers(&m, o, err) < 0 ||
	    read_date(o, "since", &m.since, err) < 0 || read_date(o, "last", &m.last, err) < 0)
		return -1;
	read_texts(&m, o);
	m.ref = xstrdup(ref);
	if (miss_list_add(l, &m))
		return 0;
	free(m.ref);
	return err_set(err, ERR_INVALID, 0, "twice the same reference, or more than %d",
		       LIMIT_MISSES);
}

static int read_head(struct miss_list *l, const json_t *o, struct err *err)
{
	int64_t format = json_get_size(o, "misses");

	if (format < 0)
		return err_set(err, ERR_INVALID, 0, "this is no list of misses");
	if (format != FORMAT)
		return err_set(err, ERR_INVALID, 0,
			       "a list of misses of format %lld: a newer mirror-serve wrote it",
			       (long long)format);
	return read_hex(o, "key", l->key, sizeof(l->key), err) < 0 ||
			       read_number(o, "left_out", &l->left_out, err) < 0
		       ? -1
		       : 0;
}

static int read_line(struct miss_list *l, struct span line, bool first, struct err *err)
{
	cleanup_json json_t *o = NULL;

	if (line.n > LIMIT_MISS_LINE)
		return err_set(err, ERR_INVALID, 0, "a line of more than %lu bytes",
			       LIMIT_MISS_LINE);
	if (!(o = json_read(line, err)))
		return -1;
	if (!json_is_object(o))
		return err_set(err, ERR_INVALID, 0, "no JSON object");
	return first ? read_head(l, o, err) : read_miss(l, o, err);
}

int miss_file_parse(struct miss_list *l, const char *name, struct span bytes, struct err *err)
{
	struct span rest = bytes, line;
	size_t n = 0;

	if (!bytes.n)
		return err_set(err, ERR_INVALID, 0, "%s: it is empty, so no list of misses", name);
	miss_list_init(l);
	while (span_cut(&rest, '\n', &line)) {
		n++;
		if (!line.n && !rest.n && n > 1)
			break; /* behind the last line break */
		if (read_line(l, line, n == 1, err) == 0)
			continue;
		miss_list_release(l);
		return err_wrap(err, "%s:%zu", name, n);
	}
	return 0;
}

int miss_file_read(struct miss_list *l, const char *path, struct err *err)
{
	cleanup_by(buf_release) struct buf b = BUF_INIT(LIMIT_MISS_FILE);

	return file_read(AT_FDCWD, path, &b, err) < 0
		       ? -1
		       : miss_file_parse(l, path, span_of(b.p ? b.p : "", b.n), err);
}

/* ---- writing ---- */

static void print_words(const struct miss *m, struct buf *out)
{
	const char *comma = "";

	buf_adds(out, ",\"from\":[");
	for (size_t i = 0; i < MISS_NORIGINS; i++) {
		if (!m->from[i])
			continue;
		buf_addf(out, "%s\"%s\"", comma, miss_origin_word((enum miss_origin)i));
		comma = ",";
	}
	buf_adds(out, "],\"clients\":{");
	comma = "";
	for (size_t i = 0; i < CLIENT_NKINDS; i++) {
		if (!m->clients[i])
			continue;
		buf_addf(out, "%s\"%s\":%" PRIu64, comma, client_kind_word((enum client_kind)i),
			 m->clients[i]);
		comma = ",";
	}
	buf_adds(out, "}");
}

static void print_miss(const struct miss *m, struct buf *out)
{
	char since[CLOCK_RFC3339], last[CLOCK_RFC3339];

	clock_rfc3339(m->since, since);
	clock_rfc3339(m->last, last);
	buf_adds(out, "{\"ref\":");
	buf_add_json(out, m->ref);
	buf_addf(out,
		 ",\"requests\":%" PRIu64 ",\"ns\":%" PRIu64 ",\"hours\":%" PRIu64
		 ",\"addresses\":%u",
		 m->count, m->ns, m->hours, miss_addresses(m));
	print_words(m, out);
	buf_addf(out, ",\"since\":\"%s\",\"last\":\"%s\",\"agent\":", since, last);
	buf_add_json(out, m->agent);
	buf_addf(out, ",\"sketch\":\"%016" PRIx64 "\",\"share\":%u}\n", m->sketch, m->share);
}

void miss_file_print(const struct miss_list *l, struct buf *out)
{
	cleanup_free struct miss **v = xcalloc(l->n + 1, sizeof(struct miss *));
	cleanup_by(buf_release) struct buf line = BUF_INIT(LIMIT_MISS_LINE);

	memcpy(v, l->v, l->n * sizeof(struct miss *));
	qsort(v, l->n, sizeof(struct miss *), miss_order);
	buf_addf(out, "{\"misses\":%d,\"key\":\"", FORMAT);
	for (size_t i = 0; i < sizeof(l->key); i++)
		buf_addf(out, "%02x", l->key[i]);
	buf_addf(out, "\",\"left_out\":%" PRIu64 "}\n", l->left_out);
	for (size_t i = 0; i < l->n; i++) {
		buf_clear(&line);
		print_miss(v[i], &line);
		if (!buf_failed(&line) && out->n + line.n <= LIMIT_MISS_FILE)
			buf_add(out, line.p, line.n);
	}
}

int miss_file_write(const struct miss_list *l, const char *path, struct err *err)
{
	cleanup_by(buf_release) struct buf b = BUF_INIT(LIMIT_MISS_FILE);

	miss_file_print(l, &b);
	return file_replace(AT_FDCWD, path, b.p, b.n, 0640, err);
}
