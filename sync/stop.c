#include "sync/stop.h"

#include <stddef.h>
#include <unistd.h>

static volatile sig_atomic_t *flag;

static void on_signal(int sig)
{
	(void)sig;
	*flag = STOP_SIGNAL;
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
}

static void on_timeout(int sig)
{
	(void)sig;
	if (*flag == STOP_NOT)
		*flag = STOP_TIMEOUT;
}

void stop_on_signals(volatile sig_atomic_t *stop)
{
	struct sigaction sa = { .sa_handler = on_signal };

	flag = stop;
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
}

void stop_after(volatile sig_atomic_t *stop, long seconds)
{
	struct sigaction sa = { .sa_handler = on_timeout };

	flag = stop;
	sigaction(SIGALRM, &sa, NULL);
	alarm((unsigned)seconds);
}

const char *stop_words(int stop)
{
	static const char *const words[] = {
		[STOP_NOT] = "nothing",
		[STOP_SIGNAL] = "a signal",
		[STOP_TIMEOUT] = "--timeout",
	};

	return words[stop];
}
