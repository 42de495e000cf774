#include <stdio.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/base/json.h"
#include "oci/base/limits.h"
#include "oci/cli/format.h"
#include "oci/cli/message.h"
#include "publish/moment.h"
#include "publish/verb.h"
#include "publish/verify.h"

struct verify_options {
	bool deep;
	const char *since;
};

/* ---- the result ---- */

static void add_amount(struct buf *out, uint64_t bytes)
{
	char amount[32];

	format_bytes(bytes, amount, sizeof(amount));
	buf_adds(out, amount);
}

static void add_count(struct buf *out, size_t n, const char *one, const char *many)
{
	buf_addf(out, "%zu %s", n, n == 1 ? one : many);
}

/* What was looked at besides the blobs that were rehashed. */
static void add_others(struct buf *out, const struct verify_facts *f)
{
	if (f->rehashed < f->blobs) {
		buf_adds(out, "; rehashed: ");
		add_count(out, f->rehashed, "blob, ", "blobs, ");
		add_amount(out, f->rehashed_bytes);
	}
	if (f->unreferenced) {
		buf_adds(out, "; nothing published refers to ");
		add_count(out, f->unreferenced, "of them, ", "of them, ");
		add_amount(out, f->unreferenced_bytes);
	}
	if (f->layers) {
		buf_adds(out, "; opened: ");
		add_count(out, f->layers, "layer", "layers");
	}
	if (f->device_layers) {
		buf_adds(out, "; ");
		add_count(out, f->device_layers, "layer has", "layers have");
		buf_addf(out, " devices: %s", f->device);
	}
	if (f->partials) {
		buf_adds(out, "; ");
		add_count(out, f->partials, "partial download, ", "partial downloads, ");
		add_amount(out, f->partial_bytes);
	}
	if (f->has_no_table)
		buf_adds(out, "; the table of index.json is not there, and mirror-serve does "
			      "without");
	if (f->strangers) {
		buf_adds(out, "; ");
		add_count(out, f->strangers, "file under blobs/ is no blob",
			  "files under blobs/ are no blobs");
	}
}

static void print_summary(const struct verify *v)
{
	cleanup_by(buf_release) struct buf out = BUF_INIT(4096);
	const struct verify_facts *f = &v->facts;

	buf_addf(&out, "generation %ld: ", f->generation);
	add_count(&out, f->entries, "reference, ", "references, ");
	add_count(&out, f->blobs, "blob, ", "blobs, ");
	add_amount(&out, f->bytes);
	buf_adds(&out, ", ");
	add_count(&out, f->generations, "generation kept, ", "generations kept, ");
	add_count(&out, f->journal_lines, "line of the journal", "lines of the journal");
	add_others(&out, f);
	if (v->findings.n)
		message_line("%zu damaged; %s", v->findings.n, out.p);
	else
		message_line("whole; %s", out.p);
}

static json_t *amount_json(size_t n, uint64_t bytes)
{
	return json_pack("{s:I, s:I}", "blobs", (json_int_t)n, "bytes", (json_int_t)bytes);
}

static void print_json(const struct verify *v, int status)
{
	cleanup_by(buf_release) struct buf text = BUF_INIT(LIMIT_INDEX);
	const struct verify_facts *f = &v->facts;
	cleanup_json json_t *o = json_pack(
		"{s:i, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o}", "status",
		status, "generation", (json_int_t)f->generation, "references",
		(json_int_t)f->entries, "blobs", (json_int_t)f->blobs, "bytes",
		(json_int_t)f->bytes, "generations", (json_int_t)f->generations, "journal_lines",
		(json_int_t)f->journal_lines, "strangers", (json_int_t)f->strangers, "layers",
		(json_int_t)f->layers, "device_layers", (json_int_t)f->device_layers, "rehashed",
		amount_json(f->rehashed, f->rehashed_bytes), "unreferenced",
		amount_json(f->unreferenced, f->unreferenced_bytes), "partials",
		amount_json(f->partials, f->partial_bytes), "damage", findings_json(&v->findings));

	json_write(&text, o);
	puts(text.p);
}

/* ---- the verb ---- */

/* A mirror that this user may not write to is verified as well; a copy for serving has no place for
 * what is remembered. */
static void remember(struct verify *v)
{
	struct err err = ERR_INIT;

	if (verify_remember(v, &err) < 0 && err.kind != ERR_NOTFOUND)
		message_warn("%s: --since will not know of this run", err.msg);
}

static int verify_verb(const struct invocation *inv, const void *options, char **words, size_t n,
		       struct err *err)
{
	cleanup_by(verify_release) struct verify v;
	const struct verify_options *o = options;
	time_t since = o->since ? moment_since(o->since, clock_wall()) : 0;
	int status;

	verify_init(&v);
	if (n)
		return err_set(err, ERR_USAGE, 0, "verify takes no words, and \"%s\" is one",
			       words[0]);
	if (since < 0)
		return err_set(err, ERR_USAGE, 0,
			       "--since \"%s\" is neither a duration (30d) nor a day (2026-11-20) "
			       "nor an instant (2026-11-20T08:15:00Z)",
			       o->since);
	v.since = since;
	v.deep = o->deep;
	if (verify_run(&v, inv->mirror, err) < 0)
		return -1;
	status = v.findings.n ? EXIT_PART : EXIT_OK;
	remember(&v);
	if (inv->json) {
		print_json(&v, status);
	} else {
		findings_print(&v.findings);
		fflush(stdout);
		print_summary(&v);
	}
	return status;
}

static void verify_rows(void *options, struct cli_table *table)
{
	struct verify_options *o = options;
	const struct cli_opt rows[] = {
		{ .name = "deep",
		  .flag = &o->deep,
		  .help = "also decompress the layers of images (gzip, zstd, xz, bzip2), compare "
			  "them with the diff_ids of their configs, and name entries that lead out "
			  "of the directory where a layer is unpacked; with --since, layers that "
			  "no --deep has found right since then" },
		{ .name = "since",
		  .value = "D",
		  .to = &o->since,
		  .help = "rehash only blobs that no verify has found right since then: a duration "
			  "(30d), a day in UTC (2026-11-20) or an instant; of the others, presence "
			  "and size are looked at" },
	};

	CLI_TABLE_ADD(table, rows);
}

const struct verb verb_verify = {
	.name = "verify",
	.words = "",
	.summary = "rehash every blob; is the mirror whole?",
	.text = "Reads every file of the mirror once, on all cores, and names what is damaged. "
		"Blobs: present, of their size, what their digest says; manifests that can be "
		"read. index.json, each generation that is kept (rebuilt, and its digest "
		"compared), the journal, .mirror/private-blobs and the table for mirror-serve. It "
		"takes no lock and changes nothing that is published; syncs, verbs and pulls go "
		"on.\n\n"
		"A line on stdout for each blob or record that is damaged: its name, what is wrong "
		"with it, and the references and snapshots that need it. Platforms that platform= "
		"leaves out and layers that are stored elsewhere are not missing. The last line, "
		"on stderr, says how much was looked at. A damaged blob is not fetched again: set "
		"its file aside, and \"mirror-sync --force\" fetches what the lists name.\n\n"
		"With --deep, a layer that decompresses to more than 256 GiB, or beyond 1 GiB to "
		"more than 200 times its size, is not decompressed further, and named. Devices in "
		"layers are counted, and are no damage.\n\n"
		".mirror/verified remembers when each blob was found right, for --since. A file "
		"that was written to since then, or a copy of the mirror elsewhere, is rehashed.",
	.examples =
		(const struct cli_item[]){
			{ "mirror-publish verify", NULL },
			{ "mirror-publish verify --since 30d",
			  "what was not looked at in 30 days" },
			{ "mirror-publish verify --deep", "also what the layers unpack to" },
			{ "mirror-publish verify --json", NULL },
			{ NULL, NULL },
		},
	.statuses =
		(const struct exit_status_row[]){
			{ EXIT_OK, NULL, "the mirror is whole" },
			{ EXIT_PART, NULL, "something is damaged" },
			{ EXIT_MIRROR, NULL, "the mirror could not be read" },
			{ EXIT_OK, NULL, NULL },
		},
	.common = VERB_JSON,
	.options_size = sizeof(struct verify_options),
	.options = verify_rows,
	.run = verify_verb,
};
