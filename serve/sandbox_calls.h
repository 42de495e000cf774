/*
 * sandbox_calls - the list of system calls that mirror-serve makes once it serves (seccomp(2), by
 * libseccomp). Private to sandbox.h.
 */
#ifndef SERVE_SANDBOX_CALLS_H
#define SERVE_SANDBOX_CALLS_H

/* LeakSanitizer stops all threads by a process of its own, which reads /proc: in a build with it
 * the sandbox has room for that. */
#ifdef __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANDBOX_OF_SANITIZER "/proc"
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANDBOX_OF_SANITIZER "/proc"
#endif
#ifndef SANDBOX_OF_SANITIZER
#define SANDBOX_OF_SANITIZER ""
#endif

/* From now on all threads of the process make only these calls. Gives 0, or the errno that the
 * kernel refuses it with. */
int sandbox_restrict_calls(void);

#endif
