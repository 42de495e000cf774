#include "sync/netrc.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "oci/auth/credential.h"
#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/file.h"
#include "oci/base/limits.h"

#include <fcntl.h>

/* What is read, cut off the front word by word, in place: a word ends with a NUL of its own. */
struct words {
	char *rest;
	bool line_begins;
};

static void skip_line(struct words *w)
{
	w->rest += strcspn(w->rest, "\n");
}

static void skip_blanks(struct words *w)
{
	for (;; w->rest++) {
		if (*w->rest == '#' && w->line_begins)
			skip_line(w);
		if (!*w->rest || !strchr(" \t\r\n", *w->rest))
			return;
		w->line_begins = *w->rest == '\n';
	}
}

/* Takes quotes and escapes out; gives where the word ended. */
static char *unquote(char *word)
{
	char *to = word, *from = word + 1;

	for (; *from && *from != '"'; from++) {
		if (*from == '\\' && from[1])
			from++;
		*to++ = *from;
	}
	*to = '\0';
	return *from ? from + 1 : from;
}

/* NULL at the end. */
static char *next(struct words *w)
{
	char *word;

	skip_blanks(w);
	word = w->rest;
	if (!*word)
		return NULL;
	w->line_begins = false;
	if (*word == '"') {
		w->rest = unquote(word);
		return word;
	}
	w->rest += strcspn(w->rest, " \t\r\n");
	if (*w->rest) {
		w->line_begins = *w->rest == '\n';
		*w->rest++ = '\0';
	}
	return word;
}

/* A macro's body ends with an empty line. */
static void skip_macro(struct words *w)
{
	char *end = strstr(w->rest, "\n\n");

	w->rest = end ? end : w->rest + strlen(w->rest);
}

struct entry {
	bool of_host;
	const char *login, *password;
};

static bool fits(const struct entry *e, const char *user)
{
	return e->of_host && e->password && (!user || (e->login && strcmp(e->login, user) == 0));
}

/* The first entry that fits, or one that does not. */
static struct entry find(struct words *w, const char *host, const char *user)
{
	struct entry e = { .of_host = false };
	const char *word;

	while ((word = next(w))) {
		bool machine = strcmp(word, "machine") == 0;

		if (machine || strcmp(word, "default") == 0) {
			const char *name = machine ? next(w) : host;

			if (fits(&e, user))
				break;
			e = (struct entry){ .of_host = name && strcasecmp(name, host) == 0 };
		} else if (strcmp(word, "login") == 0) {
			e.login = next(w);
		} else if (strcmp(word, "password") == 0) {
			e.password = next(w);
		} else if (strcmp(word, "macdef") == 0) {
			skip_macro(w);
		} else {
			next(w); /* account, and what else may come: a word and its value */
		}
	}
	return e;
}

int netrc_find(const char *path, const char *host, const char *user, struct credential *out,
	       struct err *err)
{
	cleanup_by(credential_wipe_buf) struct buf text = BUF_INIT(LIMIT_CREDS);
	struct words w;
	struct entry e;

	if (file_read(AT_FDCWD, path, &text, err) < 0)
		return err->kind == ERR_NOTFOUND ? 0 : -1;
	w = (struct words){ .rest = text.p, .line_begins = true };
	if (!text.n)
		return 0;
	e = find(&w, host, user);
	if (fits(&e, user))
		credential_set(out, e.login ? e.login : "", e.password, path);
	return 0;
}
