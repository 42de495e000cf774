#include "serve/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/landlock.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "oci/base/cleanup.h"
#include "oci/cli/message.h"
#include "serve/sandbox_calls.h"

/* Symbolic links of one path, as the kernel counts them. */
#define LINKS_MAX 40

/* Rights that a rule on a file, and not on a directory, may have. */
#define OF_FILES                                                                                   \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE)

/* What is refused where no rule allows it, by the version of landlock that brought it. Headers of
 * Debian 12 know the first two. */
static const struct {
	int since;
	uint64_t rights;
} handled[] = {
	{ 1, LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
		     LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
		     LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
		     LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |
		     LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
		     LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
		     LANDLOCK_ACCESS_FS_MAKE_SYM },
	{ 2, LANDLOCK_ACCESS_FS_REFER },
	{ 3, UINT64_C(1) << 14 }, /* LANDLOCK_ACCESS_FS_TRUNCATE */
};

#define RIGHTS_OF(use, rights) [use] = (rights),
static const uint64_t rights_of[] = { SANDBOX_USES(RIGHTS_OF) };
#undef RIGHTS_OF

static bool entered; /* written before the first thread starts */

/* A rule on one directory or file; one that is not there needs none. */
static void add_rule(int rules, const char *path, uint64_t rights)
{
	cleanup_fd int fd = open(path, O_PATH | O_CLOEXEC);
	struct landlock_path_beneath_attr rule = { .allowed_access = rights, .parent_fd = fd };
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return;
	if (!S_ISDIR(st.st_mode))
		rule.allowed_access &= OF_FILES;
	if (rule.allowed_access)
		syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
}

/* The way to a file: what is found of it, without links, and the names that follow. */
struct way {
	char at[PATH_MAX], rest[2 * PATH_MAX];
};

/* Takes the next name off the rest; false at the end. */
static bool next_name(struct way *w, char name[static NAME_MAX + 1])
{
	const char *from = w->rest + strspn(w->rest, "/");
	size_t n = strcspn(from, "/");

	if (!n || n > NAME_MAX)
		return false;
	memcpy(name, from, n);
	name[n] = '\0';
	memmove(w->rest, from + n, strlen(from + n) + 1);
	return true;
}

static void go_up(struct way *w)
{
	char *slash = strrchr(w->at, '/');

	if (slash)
		*slash = '\0';
}

/* Goes where a link leads; false when that is too long. */
static bool follow(struct way *w, const char *target)
{
	char rest[sizeof(w->rest)];

	if ((size_t)snprintf(rest, sizeof(rest), "%s/%s", target, w->rest) >= sizeof(rest))
		return false;
	memcpy(w->rest, rest, sizeof(rest));
	if (target[0] == '/')
		w->at[0] = '\0';
	return true;
}

/* Takes one name; gives false when the path leads nowhere. A link's directory gets a rule. */
static bool take_name(struct way *w, const char *name, int rules, uint64_t rights)
{
	char target[PATH_MAX], path[sizeof(w->at)];
	ssize_t n;

	if (strcmp(name, ".") == 0)
		return true;
	if (strcmp(name, "..") == 0) {
		go_up(w);
		return true;
	}
	if ((size_t)snprintf(path, sizeof(path), "%s/%s", w->at, name) >= sizeof(path))
		return false;
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0) {
		memcpy(w->at, path, sizeof(path));
		return true;
	}
	target[n] = '\0';
	if (w->at[0])
		add_rule(rules, w->at, rights);
	return follow(w, target);
}

static void allow_path(int rules, const char *path, uint64_t rights)
{
	char name[NAME_MAX + 1], last[PATH_MAX];
	struct way w = { .at = "" };

	if ((size_t)snprintf(w.rest, sizeof(w.rest), "%s", path) >= sizeof(w.rest) ||
	    (path[0] != '/' && !getcwd(w.at, sizeof(w.at))))
		return;
	if (strcmp(w.at, "/") == 0)
		w.at[0] = '\0';
	for (int names = 0; next_name(&w, name); names++)
		if (names > LINKS_MAX * 10 || !take_name(&w, name, rules, rights))
			return;
	memcpy(last, w.at, sizeof(last));
	go_up(&w);
	if (last[0])
		add_rule(rules, w.at[0] ? w.at : last, rights);
}

/* Gives 0 or an errno. */
static int restrict_files(const struct sandbox_path *v, size_t n)
{
	struct landlock_ruleset_attr all = { .handled_access_fs = 0 };
	long version =
		syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	cleanup_fd int rules = -1;

	if (version < 0)
		return errno;
	for (size_t i = 0; i < sizeof(handled) / sizeof(handled[0]); i++)
		if (version >= handled[i].since)
			all.handled_access_fs |= handled[i].rights;
	rules = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof(all), 0);
	if (rules < 0)
		return errno;
	for (size_t i = 0; i < n; i++)
		if (v[i].path && v[i].path[0])
			allow_path(rules, v[i].path, rights_of[v[i].use]);
	if (SANDBOX_OF_SANITIZER[0])
		add_rule(rules, SANDBOX_OF_SANITIZER, rights_of[SANDBOX_READ]);
	return syscall(SYS_landlock_restrict_self, rules, 0) < 0 ? errno : 0;
}

/* One line names everything that is missing. */
static void tell_missing(int privileges, int files, int calls)
{
	char landlock[100] = "", seccomp[100] = "", nnp[100] = "";

	if (!privileges && !files && !calls)
		return;
	if (privileges)
		snprintf(nnp, sizeof(nnp), "; no_new_privs: %s", strerror(privileges));
	if (files)
		snprintf(landlock, sizeof(landlock), "; landlock: %s", strerror(files));
	if (calls)
		snprintf(seccomp, sizeof(seccomp), "; seccomp: %s", strerror(calls));
	message_line("the sandbox is not complete%s%s%s; requests are served all the same, and "
		     "the permissions of this user protect the machine",
		     nnp, landlock, seccomp);
}

void sandbox_enter(const struct sandbox_path *v, size_t n)
{
	int privileges = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? errno : 0;
	int files = restrict_files(v, n);
	int calls = sandbox_restrict_calls();

	entered = !files;
	tell_missing(privileges, files, calls);
}

const char *sandbox_words(int error)
{
	if (!entered || (error != EACCES && error != EPERM))
		return "";
	return " (the sandbox allows the directories that were there at start: restart the server, "
	       "or give --no-sandbox)";
}
