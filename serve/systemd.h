/*
 * systemd - what a service manager passes on and wants to know: sockets that it opened
 * (sd_listen_fds(3)), and the state of the service (sd_notify(3)). Both are protocols of the
 * environment and of one datagram; without a manager nothing happens.
 */
#ifndef SERVE_SYSTEMD_H
#define SERVE_SYSTEMD_H

struct err;

/* The descriptor of the first socket that was passed on; the others follow it. */
#define SYSTEMD_FIRST 3

/* How many sockets were passed on to this process; pid and fds are LISTEN_PID and LISTEN_FDS of
 * the environment, or NULL. 0 when they are meant for another process; -1 with IO when LISTEN_FDS
 * is no number. */
int systemd_sockets(const char *pid, const char *fds, struct err *err);

/* Connects to NOTIFY_SOCKET of the environment, "/run/systemd/notify" or "@abstract", while its
 * path can still be reached. Gives a descriptor, which the caller closes; or -1 when it is NULL or
 * cannot be reached: then nobody waits for a notification. */
int systemd_notify_open(const char *socket);

enum systemd_event { SYSTEMD_READY, SYSTEMD_RELOADING, SYSTEMD_STOPPING };

/* Tells the manager; fd may be -1. */
void systemd_notify(int fd, enum systemd_event e);

#endif
