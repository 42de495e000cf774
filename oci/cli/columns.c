#include "oci/cli/columns.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>

#include "oci/base/cleanup.h"
#include "oci/base/printable.h"

static void release_row(struct column_row *row)
{
	for (size_t i = 0; i < row->n; i++)
		free(row->cells[i].text);
	row->n = 0;
}

void columns_release(struct columns *c)
{
	for (size_t i = 0; i < c->n; i++)
		release_row(&c->rows[i]);
	release_row(&c->row);
	free(c->rows);
	*c = (struct columns)COLUMNS_INIT;
}

void columns_add(struct columns *c, enum ink ink, const char *fmt, ...)
{
	va_list ap;
	char *text;

	assert(c->row.n < COLUMNS_MAX);
	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		abort();
	va_end(ap);
	/* texts of an index may come from anywhere */
	if (!text[0]) {
		free(text);
		text = xstrdup("-");
	}
	(c->row.n ? printable_clean : printable_begin)(text);
	c->row.cells[c->row.n++] = (struct column_cell){ text, ink };
}

void columns_end(struct columns *c)
{
	c->rows = xgrow(c->rows, c->n, &c->cap, sizeof(*c->rows));
	c->rows[c->n++] = c->row;
	c->row.n = 0;
}

void columns_titles(struct columns *c, const char *const *titles)
{
	for (; *titles; titles++)
		columns_add(c, INK_TITLE, "%s", *titles);
	columns_end(c);
}

/* The columns that a text takes: its UTF-8 characters, one column each. */
static size_t text_width(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

static void print_row(const struct column_row *row, const size_t *widths, FILE *out, bool color)
{
	static const char *const inks[] = {
		[INK_PLAIN] = "",        [INK_TITLE] = "\033[4m", [INK_DIM] = "\033[2m",
		[INK_GOOD] = "\033[32m", [INK_WARN] = "\033[33m", [INK_BAD] = "\033[31m",
	};

	for (size_t i = 0; i < row->n; i++) {
		const struct column_cell *cell = &row->cells[i];
		bool inked = color && cell->ink != INK_PLAIN;

		fprintf(out, "%s%s%s", inked ? inks[cell->ink] : "", cell->text,
			inked ? "\033[0m" : "");
		if (i + 1 < row->n)
			fprintf(out, "%*s", (int)(widths[i] - text_width(cell->text) + 2), "");
	}
	fputc('\n', out);
}

void columns_print(const struct columns *c, FILE *out, bool color)
{
	size_t widths[COLUMNS_MAX] = { 0 };

	for (size_t r = 0; r < c->n; r++) {
		for (size_t i = 0; i + 1 < c->rows[r].n; i++) {
			size_t w = text_width(c->rows[r].cells[i].text);

			if (w > widths[i])
				widths[i] = w;
		}
	}
	for (size_t r = 0; r < c->n; r++)
		print_row(&c->rows[r], widths, out, color);
}
