/*
 * page - an exchange as it stands on its page (tests/exchanges/README.md): what is expected, and
 * what it gets.
 */
#ifndef TESTS_PAGE_H
#define TESTS_PAGE_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/base/file.h"
#include "oci/base/limits.h"
#include "oci/image/digest.h"

enum cut { CUT_NOT, CUT_CLOSE, CUT_RESET, CUT_STALL };
enum flood { FLOOD_NOT, FLOOD_INTERIM, FLOOD_TRAILERS, FLOOD_TRAILERS_SLOWLY };

struct content {
	char name[32];
	struct buf bytes;
};

/* A request that is expected, and its reply. */
struct step {
	char host; /* 'A' */
	char *method, *target;
	char *with[8], *without[8], *sent; /* headers; the body */
	size_t nwith, nwithout;
	long times; /* left; -1: any number */
	int line;
	char *status, *garbage;
	struct buf fields, body;
	long length; /* said in Content-Length; -1: the body's, -2: none */
	bool chunked, close;
	enum cut cut;
	enum flood flood;
	long drip;                /* bytes of head and body that are sent at once; -1: all */
	bool await_body;          /* await is for the body: the head is sent at once */
	long cut_at, await, head; /* head: so many bytes of it are sent; 0: all */
};

struct page {
	const char *path, *dir;
	unsigned ports[3];
	struct content contents[64];
	struct step steps[64];
	size_t ncontents, nsteps;
	FILE *file; /* being written, from the page's own lines */
};

static inline void page_die(const struct page *p, int line, const char *what)
{
	fprintf(stderr, "fakereg: %s:%d: %s\n", p->path, line, what);
	exit(2);
}

/*
 * Words in braces.
 */

static inline const struct content *page_content(const struct page *p, const char *name)
{
	for (size_t i = 0; i < p->ncontents; i++)
		if (strcmp(p->contents[i].name, name) == 0)
			return &p->contents[i];
	return NULL;
}

static inline bool page_fill_content(const struct content *c, struct buf *out, const char *name)
{
	static const struct digest sha512 = { "sha512:" };
	char tag[DIGEST_MAX + 1];
	struct digest d;

	if (strcmp(name, "size") == 0)
		return buf_addf(out, "%zu", c->bytes.n);
	if (strcmp(name, "bytes") == 0)
		return buf_add(out, c->bytes.p, c->bytes.n);
	if (strcmp(name, "digest") != 0 && strcmp(name, "sha512") != 0 && strcmp(name, "tag") != 0)
		return false;
	digest_of(name[0] == 's' ? &sha512 : NULL, c->bytes.p, c->bytes.n, &d);
	digest_name(&d, tag);
	return buf_adds(out, name[0] == 't' ? tag : d.str);
}

/* Appends what {name arg} stands for; false when it is no word of ours. */
static inline bool page_fill_word(const struct page *p, struct buf *out, const char *name,
				  const char *arg)
{
	const struct content *c = page_content(p, arg);
	char date[CLOCK_HTTP];

	if (strlen(name) == 1 && name[0] >= 'A' && name[0] <= 'C')
		return buf_addf(out, "127.0.0.%d:%u", name[0] - 'A' + 1, p->ports[name[0] - 'A']);
	if (strcmp(name, "T") == 0)
		return buf_adds(out, p->dir);
	if (strcmp(name, "epoch") == 0)
		return buf_addf(out, "%ld", (long)clock_wall() + atol(arg));
	if (strcmp(name, "date") == 0) {
		clock_http(clock_wall() + atol(arg), date);
		return buf_adds(out, date);
	}
	return c && page_fill_content(c, out, name);
}

static inline int page_scan_word(const char *text, char name[static 16], char arg[static 32])
{
	int used = 0;

	arg[0] = '\0';
	if (sscanf(text, "{%15[a-zA-Z0-9]}%n", name, &used) == 1 && used)
		return used;
	return sscanf(text, "{%15[a-zA-Z0-9] %31[a-z0-9-]}%n", name, arg, &used) == 2 ? used : 0;
}

static inline char *page_fill(const struct page *p, const char *text)
{
	struct buf out = BUF_INIT(64 * MIB);
	char name[16], arg[32];

	while (*text) {
		int used = page_scan_word(text, name, arg);

		if (used && page_fill_word(p, &out, name, arg))
			text += used;
		else
			buf_addc(&out, *text++);
	}
	return buf_take(&out);
}

/*
 * Lines.
 */

/* Takes a word off the front of *rest. */
static inline char *page_word(char **rest)
{
	char *w;

	*rest += strspn(*rest, " \t");
	w = *rest;
	*rest += strcspn(*rest, " \t");
	if (**rest)
		*(*rest)++ = '\0';
	*rest += strspn(*rest, " \t");
	return w;
}

/* content NAME TEXT, content NAME repeat N TEXT */
static inline void page_read_content(struct page *p, char *rest, int line)
{
	struct content *c = &p->contents[p->ncontents++];
	long n = 1;

	if (p->ncontents == sizeof(p->contents) / sizeof(p->contents[0]))
		page_die(p, line, "too much content");
	snprintf(c->name, sizeof(c->name), "%s", page_word(&rest));
	if (strncmp(rest, "repeat ", 7) == 0) {
		page_word(&rest);
		n = atol(page_word(&rest));
	}
	buf_init(&c->bytes, 256 * MIB);
	while (n--)
		buf_adds(&c->bytes, rest);
}

/* request [HOST] METHOD TARGET [times N | always] */
static inline void page_read_request(struct page *p, char *rest, int line)
{
	struct step *s = &p->steps[p->nsteps++];
	char *w = page_word(&rest);

	if (p->nsteps == sizeof(p->steps) / sizeof(p->steps[0]))
		page_die(p, line, "too many requests");
	*s = (struct step){ .host = 'A', .times = 1, .line = line, .length = -1, .drip = -1 };
	if (strlen(w) == 1) {
		s->host = *w;
		w = page_word(&rest);
	}
	s->method = xstrdup(w);
	s->target = xstrdup(page_word(&rest));
	w = page_word(&rest);
	if (*w)
		s->times = strcmp(w, "always") == 0 ? -1 : atol(page_word(&rest));
	buf_init(&s->fields, 128 * KIB);
	buf_init(&s->body, 256 * MIB);
}

/* body NAME [FROM [TO]], TO not included */
static inline void page_read_body(const struct page *p, struct step *s, char *rest, int line)
{
	const struct content *c = page_content(p, page_word(&rest));
	size_t from = (size_t)atol(page_word(&rest)), to = (size_t)atol(page_word(&rest));

	if (!c)
		page_die(p, line, "no such content");
	if (!to || to > c->bytes.n)
		to = c->bytes.n;
	buf_add(&s->body, c->bytes.p + from, to - from);
}

/* close, close after N, reset after N, stall after N */
static inline void page_read_cut(struct step *s, enum cut cut, char *rest)
{
	if (!*rest) {
		s->close = true;
		return;
	}
	page_word(&rest);
	s->cut = cut;
	s->cut_at = atol(page_word(&rest));
}

enum page_order {
	ORDER_HEADER, /* none of the words below: a header of the reply */
	ORDER_WITH,
	ORDER_WITHOUT,
	ORDER_SENT,
	ORDER_REPLY,
	ORDER_GARBAGE,
	ORDER_BODY,
	ORDER_TEXT,
	ORDER_LENGTH,
	ORDER_CHUNKED,
	ORDER_AWAIT,
	ORDER_HEAD,
	ORDER_CLOSE,
	ORDER_RESET,
	ORDER_STALL,
	ORDER_DRIP,
	ORDER_FLOOD,
};

static inline enum page_order page_order(const char *verb)
{
	static const char *const words[] = {
		[ORDER_WITH] = "with",   [ORDER_WITHOUT] = "without", [ORDER_SENT] = "sent",
		[ORDER_REPLY] = "reply", [ORDER_GARBAGE] = "garbage", [ORDER_BODY] = "body",
		[ORDER_TEXT] = "text",   [ORDER_LENGTH] = "length",   [ORDER_CHUNKED] = "chunked",
		[ORDER_AWAIT] = "await", [ORDER_CLOSE] = "close",     [ORDER_RESET] = "reset",
		[ORDER_STALL] = "stall", [ORDER_HEAD] = "head",       [ORDER_DRIP] = "drip",
		[ORDER_FLOOD] = "flood",
	};

	for (size_t i = ORDER_WITH; i <= ORDER_FLOOD; i++)
		if (strcmp(verb, words[i]) == 0)
			return (enum page_order)i;
	return ORDER_HEADER;
}

static inline void page_read_order(const struct page *p, struct step *s, const char *verb,
				   char *rest, int line)
{
	switch (page_order(verb)) {
	case ORDER_HEADER: buf_addf(&s->fields, "%s %s\r\n", verb, rest); break;
	case ORDER_WITH: s->with[s->nwith++ % 8] = xstrdup(rest); break;
	case ORDER_WITHOUT: s->without[s->nwithout++ % 8] = xstrdup(rest); break;
	case ORDER_SENT: s->sent = xstrdup(rest); break;
	case ORDER_REPLY: s->status = xstrdup(rest); break;
	case ORDER_GARBAGE: s->garbage = xstrdup(rest); break;
	case ORDER_BODY: page_read_body(p, s, rest, line); break;
	case ORDER_TEXT: buf_adds(&s->body, rest); break;
	case ORDER_LENGTH: s->length = strcmp(rest, "none") == 0 ? -2 : atol(rest); break;
	case ORDER_CHUNKED: s->chunked = true; break;
	case ORDER_AWAIT:
		s->await = atol(rest);
		s->await_body = strstr(rest, " body") != NULL;
		break;
	case ORDER_HEAD: s->head = atol(rest); break;
	case ORDER_CLOSE: page_read_cut(s, CUT_CLOSE, rest); break;
	case ORDER_RESET: page_read_cut(s, CUT_RESET, rest); break;
	case ORDER_STALL: page_read_cut(s, CUT_STALL, rest); break;
	case ORDER_DRIP:
		if (*rest == 't')
			s->flood = FLOOD_TRAILERS_SLOWLY;
		else
			s->drip = atol(rest);
		break;
	case ORDER_FLOOD: s->flood = *rest == 'i' ? FLOOD_INTERIM : FLOOD_TRAILERS; break;
	}
}

/* Words for the client are printed. */
static inline bool page_say(const char *verb, const char *rest)
{
	static const char *const words[] = { "run", "do", "then", "out" };

	for (size_t i = 0; i < 4; i++)
		if (strcmp(verb, words[i]) == 0)
			return printf("%s %s\n", verb, rest) > 0;
	return false;
}

/* file NAME, program NAME: the indented lines that follow. */
static inline void page_open_file(struct page *p, const char *verb, const char *name, int line)
{
	cleanup_free char *path = xasprintf("%s/%s", p->dir, name);

	p->file = fopen(path, "we");
	if (!p->file || fchmod(fileno(p->file), *verb == 'p' ? 0755 : 0644) < 0)
		page_die(p, line, "can't write the file");
}

static inline void page_read_word(struct page *p, const char *verb, char *rest, int line)
{
	if (strcmp(verb, "content") == 0)
		page_read_content(p, rest, line);
	else if (strcmp(verb, "request") == 0)
		page_read_request(p, rest, line);
	else if (strcmp(verb, "file") == 0 || strcmp(verb, "program") == 0)
		page_open_file(p, verb, rest, line);
	else if (page_say(verb, rest))
		return;
	else if (p->nsteps && (page_order(verb) || verb[strlen(verb) - 1] == ':'))
		page_read_order(p, &p->steps[p->nsteps - 1], verb, rest, line);
	else
		page_die(p, line, "no such word");
}

static inline void page_read_line(struct page *p, const char *text, int line)
{
	cleanup_free char *filled = page_fill(p, text);
	char *rest = filled, *verb;

	if (p->file && text[0] == '\t') {
		fprintf(p->file, "%s\n", filled + 1);
		return;
	}
	if (p->file)
		fclose(p->file);
	p->file = NULL;
	verb = page_word(&rest);
	if (*verb && *verb != '#')
		page_read_word(p, verb, rest, line);
}

/* Reads p->path; its files go to p->dir, what the client is to do and to see to stdout. */
static inline void page_read(struct page *p)
{
	cleanup_by(buf_release) struct buf b = BUF_INIT(MIB);
	struct err err;
	struct span rest, text;

	if (file_read(AT_FDCWD, p->path, &b, &err) < 0)
		page_die(p, 0, err.msg);
	rest = buf_span(&b);
	for (int line = 1; span_cut(&rest, '\n', &text); line++) {
		cleanup_free char *copy = xstrndup(text.p, text.n);

		page_read_line(p, copy, line);
	}
	page_read_line(p, "", 0);
}

#endif
