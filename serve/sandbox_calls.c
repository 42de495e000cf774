#include "serve/sandbox_calls.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>

#define CALL(name) SCMP_SYS(name)

/* A call that this machine's architecture lacks has no row in the filter. */
static const int calls[] = {
	/* connections */
	CALL(accept),
	CALL(accept4),
	CALL(read),
	CALL(readv),
	CALL(recvfrom),
	CALL(recvmsg),
	CALL(write),
	CALL(writev),
	CALL(sendto),
	CALL(sendmsg),
	CALL(sendfile),
	CALL(shutdown),
	CALL(getsockopt),
	CALL(setsockopt),
	CALL(getsockname),
	CALL(getpeername),
	CALL(ioctl),
	/* waiting */
	CALL(epoll_create1),
	CALL(epoll_ctl),
	CALL(epoll_wait),
	CALL(epoll_pwait),
	CALL(epoll_pwait2),
	CALL(eventfd2),
	CALL(poll),
	CALL(ppoll),
	CALL(signalfd4),
	CALL(inotify_init1),
	CALL(inotify_add_watch),
	CALL(inotify_rm_watch),
	CALL(clock_nanosleep),
	CALL(nanosleep),
	CALL(restart_syscall),
	/* files; where is landlock's matter */
	CALL(open),
	CALL(openat),
	CALL(openat2),
	CALL(close),
	CALL(close_range),
	CALL(dup),
	CALL(dup3),
	CALL(fcntl),
	CALL(pread64),
	CALL(preadv),
	CALL(lseek),
	CALL(fadvise64),
	CALL(stat),
	CALL(fstat),
	CALL(lstat),
	CALL(newfstatat),
	CALL(statx),
	CALL(fstatfs),
	CALL(statfs),
	CALL(access),
	CALL(faccessat),
	CALL(faccessat2),
	CALL(readlink),
	CALL(readlinkat),
	CALL(getdents64),
	CALL(getcwd),
	CALL(unlink),
	CALL(unlinkat),
	CALL(rename),
	CALL(renameat),
	CALL(renameat2),
	CALL(fsync),
	CALL(fdatasync),
	CALL(fchmod),
	CALL(pwrite64),
	CALL(flock),
	/* memory */
	CALL(brk),
	CALL(mmap),
	CALL(munmap),
	CALL(mremap),
	CALL(mprotect),
	CALL(madvise),
	CALL(msync),
	CALL(memfd_create),
	CALL(ftruncate),
	CALL(fallocate),
	/* threads and signals */
	CALL(futex),
	CALL(set_robust_list),
	CALL(rseq),
	CALL(membarrier),
	CALL(sched_yield),
	CALL(sched_getaffinity),
	CALL(sched_setaffinity),
	CALL(getpriority),
	CALL(setpriority),
	CALL(prlimit64),
	CALL(getrlimit),
	CALL(rt_sigaction),
	CALL(rt_sigprocmask),
	CALL(rt_sigreturn),
	CALL(rt_sigtimedwait),
	CALL(sigaltstack),
	CALL(tgkill),
	CALL(gettid),
	CALL(getpid),
	CALL(exit),
	CALL(exit_group),
	/* what the machine says */
	CALL(clock_gettime),
	CALL(clock_getres),
	CALL(gettimeofday),
	CALL(time),
	CALL(getrandom),
	CALL(getrusage),
	CALL(sysinfo),
	CALL(uname),
	CALL(getcpu),
	CALL(getuid),
	CALL(geteuid),
	CALL(getgid),
	CALL(getegid),
};

/* See SANDBOX_OF_SANITIZER. */
static const int of_sanitizer[] = {
	CALL(clone), CALL(prctl),    CALL(ptrace), CALL(wait4), CALL(getppid),
	CALL(pipe2), CALL(getdents), CALL(pipe),   CALL(kill),
};

static int allow_calls(scmp_filter_ctx filter, const int *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, v[i], 0);

		if (r < 0 && r != -EDOM)
			return r;
	}
	return 0;
}

/* Threads, and no processes: the flags of clone3 cannot be looked at, so glibc has to do without
 * it. */
static int allow_threads(scmp_filter_ctx filter)
{
	int r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);

	if (r < 0)
		return r;
#if defined(__s390x__)
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
				SCMP_A1(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
#else
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
				SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
#endif
}

int sandbox_restrict_calls(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int r;

	if (!filter)
		return ENOMEM;
	seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1);
	/* the same errno as the kernel's, and the filter as a tree: a third of the comparisons */
	seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, 1);
	seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	r = allow_calls(filter, calls, sizeof(calls) / sizeof(calls[0]));
	if (r == 0 && SANDBOX_OF_SANITIZER[0])
		r = allow_calls(filter, of_sanitizer, sizeof(of_sanitizer) / sizeof(int));
	if (r == 0)
		r = allow_threads(filter);
	if (r == 0)
		r = seccomp_load(filter);
	seccomp_release(filter);
	return -r;
}
