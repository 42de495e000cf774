#include "publish/verb.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"

const struct exit_status_row verb_statuses[] = {
	{ EXIT_OK, NULL, "done" },
	{ EXIT_USAGE, NULL, "wrong use: nothing was done" },
	{ EXIT_PART, NULL, "done in part, or something was found" },
	{ EXIT_MIRROR, NULL, "the mirror could not be used: nothing was done" },
	{ EXIT_OK, NULL, NULL },
};

const struct cli_item verb_environment[] = {
	{ "MIRROR_DIR", "the mirror's directory, when --mirror is not given" },
	{ "SSL_CERT_FILE", "--confirm: certificates of CAs, instead of the system's" },
	{ "SSL_CERT_DIR", "the same as a directory" },
	{ "HTTPS_PROXY, HTTP_PROXY, NO_PROXY", "--confirm: proxies, as curl reads them" },
	{ "NO_COLOR", "when set and not empty: no colours on a terminal" },
	{ NULL, NULL },
};

static const char *const see_also[] = { "mirror-publish(1)", "mirror-sync(1)", "mirror-serve(1)",
					NULL };

void verb_common_options(struct invocation *inv, unsigned common, struct cli_table *table)
{
	const struct cli_opt titles = {
		.name = "titles",
		.flag = &inv->titles,
		.help = "a first row that names the columns; on a terminal there always is one",
	};
	const struct cli_opt full = {
		.name = "long",
		.flag = &inv->full,
		.help = "digests in full; --json has them always",
	};
	const struct cli_opt json = {
		.name = "json",
		.flag = &inv->json,
		.help = "print the result as JSON",
	};
	const struct cli_opt mirror = {
		.name = "mirror",
		.value = "DIR",
		.to = &inv->mirror,
		.section = "Which mirror",
		.help = "the mirror's directory; default: $MIRROR_DIR, else \"mirror\"",
	};
	const struct cli_opt publishing[] = {
		{ .name = "wait",
		  .value = "SECONDS",
		  .number = &inv->wait,
		  .max = 86400,
		  .help = "how long to wait while another publisher is at work (a running sync is "
			  "never waited for); default: 10" },
		{ .name = "confirm",
		  .value = "URL,...",
		  .list = &inv->confirm,
		  .help = "wait until each of these servers, https://HOST:PORT, answers from the "
			  "mirror's generation (X-Mirror-Generation) or a later one, also when "
			  "nothing had to be changed; a server that does not is named, with "
			  "status 2" },
		{ .name = "confirm-within",
		  .value = "SECONDS",
		  .number = &inv->confirm_within,
		  .max = 86400,
		  .help = "for how long --confirm asks them, 0 for once; default: 120" },
	};

	if (common & VERB_TITLES)
		cli_table_add(table, &titles, 1);
	if (common & VERB_LONG)
		cli_table_add(table, &full, 1);
	if (common & VERB_JSON)
		cli_table_add(table, &json, 1);
	cli_table_add(table, &mirror, 1);
	if (common & VERB_WAIT)
		CLI_TABLE_ADD(table, publishing);
}

/* "PATTERN... [--reason TEXT]": the words, and the verb's own options that these do not name. */
static char *make_synopsis(const struct verb *v, const struct cli_table *table)
{
	cleanup_by(buf_release) struct buf out = BUF_INIT(4096);

	buf_adds(&out, v->words);
	for (const struct cli_opt *o = table->rows; o->name; o++) {
		cleanup_free char *option = xasprintf("--%s", o->name);

		if (!strstr(v->words, option))
			buf_addf(&out, "%s[%s%s%s]", out.n ? " " : "", option, o->value ? " " : "",
				 o->value ? o->value : "");
	}
	return xstrdup(out.n ? out.p : "");
}

/* The program's statuses, with the verb's meaning where it has one. */
static void fill_statuses(struct verb_page *page, const struct exit_status_row *own)
{
	size_t n = 0;

	for (const struct exit_status_row *s = verb_statuses; s->meaning; s++) {
		assert(n + 1 < sizeof(page->statuses) / sizeof(page->statuses[0]));
		page->statuses[n] = *s;
		for (const struct exit_status_row *o = own; o && o->meaning; o++)
			if (o->bit == s->bit)
				page->statuses[n] = *o;
		n++;
	}
}

void verb_page_init(struct verb_page *page, const struct verb *v, struct invocation *inv)
{
	*page = (struct verb_page){ .name = xasprintf("mirror-publish %s", v->name) };
	if (v->options) {
		page->options = xcalloc(1, v->options_size);
		v->options(page->options, &page->table);
	}
	page->synopsis = make_synopsis(v, &page->table);
	verb_common_options(inv, v->common, &page->table);
	fill_statuses(page, v->statuses);
	page->program = (struct cli_program){
		.name = page->name,
		.synopsis = page->synopsis,
		.summary = v->summary,
		.text = v->text,
		.options = page->table.rows,
		.statuses = page->statuses,
		.environment = verb_environment,
		.examples = v->examples,
		.see_also = see_also,
	};
}

void verb_page_release(struct verb_page *page)
{
	free(page->options);
	free(page->name);
	free(page->synopsis);
}
