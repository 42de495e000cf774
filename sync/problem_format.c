#include "sync/problem_format.h"

#include <string.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/percent.h"
#include "oci/base/printable.h"
#include "oci/image/digest.h"

const char *const problem_format_words[] = {
	[PROBLEM_FORMAT_TEXT] = "text",
	[PROBLEM_FORMAT_GITHUB] = "github",
	[PROBLEM_FORMAT_GITLAB] = "gitlab",
	NULL,
};

void problem_format_text(struct buf *out, const char *where, const struct problem *p)
{
	cleanup_free char *path = xasprintf("%s/%s", where, p->file);

	buf_addf(out, "%s:", printable_begin(path));
	if (p->line)
		buf_addf(out, "%d:%d:", p->line, p->column);
	buf_addf(out, " %s%s\n", p->warning ? "warning: " : "", p->text);
}

/* The names of files are those of a request. Without "./" in front: GitHub and GitLab want plain
 * paths. */
static char *path_of(const char *where, const char *file)
{
	while (strncmp(where, "./", 2) == 0)
		for (where += 2; *where == '/';)
			where++;
	if (!*where || strcmp(where, ".") == 0)
		return printable_clean(xstrdup(file));
	return printable_clean(xasprintf("%s/%s", where, file));
}

/* ---- GitHub ---- */

static void add_escaped(struct buf *out, const char *text, const char *which)
{
	for (; *text; text++)
		if (strchr(which, *text))
			percent_encode_byte(out, *text);
		else
			buf_addc(out, *text);
}

void problem_format_github(struct buf *out, const char *where, const struct problem *p)
{
	cleanup_free char *path = path_of(where, p->file);

	buf_addf(out, "::%s file=", p->warning ? "warning" : "error");
	add_escaped(out, path, "%\r\n:,");
	if (p->line)
		buf_addf(out, ",line=%d,col=%d", p->line, p->column);
	buf_adds(out, "::");
	add_escaped(out, p->text, "%\r\n");
	buf_addc(out, '\n');
}

/* ---- GitLab ---- */

static void fingerprint_of(const char *path, const char *text, unsigned again, struct digest *out)
{
	cleanup_free char *what = xasprintf("%s\n%s\n%u", path, text, again);

	digest_of(NULL, what, strlen(what), out);
}

void problem_format_gitlab(struct buf *out, const char *where, const struct problem *p,
			   unsigned again)
{
	cleanup_free char *path = path_of(where, p->file);
	struct digest print;

	fingerprint_of(path, p->text, again, &print);
	buf_adds(out, "{\"description\":");
	buf_add_json(out, p->text);
	buf_addf(out, ",\"check_name\":\"mirror-sync\",\"fingerprint\":\"%s\",\"severity\":\"%s\"",
		 digest_hex(&print), p->warning ? "minor" : "major");
	buf_adds(out, ",\"location\":{\"path\":");
	buf_add_json(out, path);
	buf_addf(out, ",\"lines\":{\"begin\":%d}}}", p->line ? p->line : 1);
}
