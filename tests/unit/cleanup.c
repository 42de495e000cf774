#include "oci/base/cleanup.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/wait.h>

#include "tests/tap.h"

static int released;

struct thing {
	int x;
};

static void thing_free(struct thing *t)
{
	released += t->x;
	free(t);
}

CLEANUP_PTR(own_thing_, struct thing, thing_free)

static void thing_release(struct thing *t)
{
	released += t->x;
}

static struct thing *new_thing(int x)
{
	struct thing *t = xmalloc(sizeof(*t));

	t->x = x;
	return t;
}

static struct thing *make_thing(bool keep)
{
	__attribute__((cleanup(own_thing_))) struct thing *t = new_thing(7);

	return keep ? take(t) : NULL;
}

static void test_scopes(void)
{
	struct thing *kept;

	{
		__attribute__((cleanup(own_thing_))) struct thing *none = NULL;
		cleanup_by(thing_release) struct thing by = { 100 };

		(void)none;
		(void)by;
	}
	CHECK_ROW(released == 100, "released at the end of its scope, nothing is not");
	CHECK_ROW(!make_thing(false) && released == 107, "on every way out");
	kept = make_thing(true);
	CHECK_ROW(kept && kept->x == 7 && released == 107, "but for what was taken");
	thing_free(kept);
}

static int open_null(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static void test_descriptors(void)
{
	int closed, kept;

	{
		cleanup_fd int fd = open_null();
		cleanup_fd int none = -1;

		(void)none;
		closed = fd;
	}
	CHECK_ROW(!is_open(closed), "a descriptor is closed");
	{
		cleanup_fd int fd = open_null();

		kept = take_fd(&fd);
		CHECK_ROW(fd == -1, "one that is taken leaves -1 behind");
	}
	CHECK_ROW(is_open(kept), "and stays open");
	close(kept);
}

static void test_memory(void)
{
	cleanup_free char *nothing = xmalloc(0), *zeroes = xcalloc(10, 10),
			  *no_zeroes = xcalloc(0, 8);
	cleanup_free char *text = xstrdup("abc"), *part = xstrndup("abcdef", 3),
			  *all = xstrndup("abc", 9);
	cleanup_free char *printed = xasprintf("%d-%s", 7, "x");
	cleanup_free char *moved = xrealloc(xstrdup("abc"), 4, 100);
	cleanup_free char *emptied = xrealloc(NULL, 0, 8);
	char blank[100] = { 0 };

	CHECK_ROW(nothing && no_zeroes && emptied, "a size of nothing is something");
	CHECK_ROW(memcmp(zeroes, blank, 100) == 0, "zeroes");
	CHECK_TEXT(text, "abc", "a copy");
	CHECK_TEXT(part, "abc", "a copy of a part");
	CHECK_TEXT(all, "abc", "a copy of no more than there is");
	CHECK_TEXT(printed, "7-x", "printed");
	CHECK_TEXT(moved, "abc", "moved");
}

static void test_growth(void)
{
	cleanup_free int *numbers = NULL;
	size_t n = 0, cap = 0, moves = 0, before;
	bool right = true;

	for (int i = 0; i < 10000; i++) {
		before = cap;
		numbers = xgrow(numbers, n, &cap, sizeof(*numbers));
		moves += cap != before;
		numbers[n++] = i;
		right &= n <= cap;
	}
	for (int i = 0; i < 10000; i++)
		right &= numbers[i] == i;
	CHECK_ROW(right, "an array grows under its elements");
	CHECK_ROW(moves < 20, "by doubling");
}

/* Every way to ask for too much; the child must not live on. */
static void ask_too_much(int way)
{
	volatile size_t huge = SIZE_MAX / 2;
	size_t cap = huge;

	switch (way) {
	case 0: free(xmalloc(huge)); break;
	case 1: free(xcalloc(huge, 16)); break;
	case 2: free(xrealloc(NULL, huge, 1)); break;
	case 3: free(xrealloc(NULL, huge, 16)); break;
	default: free(xgrow(NULL, cap, &cap, 16)); break;
	}
}

static void test_too_much(void)
{
	static const char *const names[] = { "malloc", "calloc that wraps around", "realloc",
					     "realloc that wraps around", "an array" };

	for (int way = 0; way < 5; way++) {
		pid_t pid;
		int status = 0;

		fflush(stdout);
		pid = fork();
		if (pid == 0) {
			int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

			dup2(null, STDERR_FILENO);
			ask_too_much(way);
			_exit(0);
		}
		CHECK_ROW(pid > 0 && waitpid(pid, &status, 0) == pid &&
				  !(WIFEXITED(status) && WEXITSTATUS(status) == 0),
			  names[way]);
	}
}

int main(void)
{
	test_scopes();
	test_descriptors();
	test_memory();
	test_growth();
	test_too_much();
	return tap_done();
}
