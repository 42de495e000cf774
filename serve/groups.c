#include "serve/groups.h"

#include <ctype.h>
#include <stdlib.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/base/strvec.h"
#include "serve/htpasswd.h"

struct group {
	char *name;
	struct strvec users; /* sorted once all lines are read */
};

static void group_free(void *value)
{
	struct group *g = value;

	free(g->name);
	strvec_release(&g->users);
	free(g);
}

/* A group's name, as private= of the lists takes it. */
static bool is_group_name(struct span name)
{
	for (size_t i = 0; i < name.n; i++)
		if (!isalnum((unsigned char)name.p[i]) && !memchr("._-", name.p[i], 3))
			return false;
	return name.n > 0 && name.n <= LIMIT_USER;
}

static struct group *get_group(struct groups *g, struct span name)
{
	cleanup_free char *text = xstrndup(name.p, name.n);
	struct group *have = table_get(&g->groups, text);

	if (have)
		return have;
	have = xcalloc(1, sizeof(*have));
	have->name = take(text);
	table_put(&g->groups, have->name, have);
	return have;
}

static int read_line(struct groups *g, struct span line, struct err *err)
{
	struct span users = line, name, user;
	struct group *group;

	if (line.n > LIMIT_ACCESS_LINE)
		return err_set(err, ERR_INVALID, 0,
			       "longer than %lu bytes: a group may stand on several lines",
			       LIMIT_ACCESS_LINE);
	span_cut(&users, ':', &name);
	name = span_trim(name);
	if (!users.p)
		return err_set(err, ERR_INVALID, 0,
			       "a line is \"group: user user ...\", and this one has no \":\"");
	if (!is_group_name(name))
		return err_set(err, ERR_INVALID, 0,
			       "a group's name has only letters, digits, \".\", \"_\" and \"-\"");
	group = get_group(g, name);
	for (user = span_word(&users); user.n; user = span_word(&users)) {
		cleanup_free char *text = xstrndup(user.p, user.n);

		if (!htpasswd_valid_name(user))
			return err_set(err, ERR_INVALID, 0,
				       "group \"%s\": users are parted by blanks, and their names "
				       "have at most %d visible characters and no \":\"",
				       group->name, LIMIT_USER);
		strvec_add(&group->users, text);
	}
	return 0;
}

static int read_lines(struct groups *g, const char *file, struct span text, struct err *err)
{
	struct span line;
	int number = 0;

	while (span_cut_line(&text, &number, &line))
		if (read_line(g, line, err) < 0)
			return err_wrap(err, "%s:%d", file, number);
	return 0;
}

int groups_parse(struct groups *g, const char *file, struct span text, struct err *err)
{
	struct group *group;
	size_t at = 0;

	*g = (struct groups)GROUPS_INIT;
	if (text.n > LIMIT_ACCESS_FILE)
		return err_set(err, ERR_INVALID, 0, "%s: larger than %lu bytes", file,
			       LIMIT_ACCESS_FILE);
	if (read_lines(g, file, text, err) < 0) {
		groups_release(g);
		return -1;
	}
	while ((group = table_next(&g->groups, &at)))
		strvec_sort(&group->users);
	return 0;
}

void groups_release(struct groups *g)
{
	table_clear(&g->groups, group_free);
}

bool groups_has(const struct groups *g, const char *group, const char *user)
{
	const struct group *have = table_get(&g->groups, group);

	return have && strvec_has_sorted(&have->users, user);
}
