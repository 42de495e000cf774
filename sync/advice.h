/*
 * advice - what a person can do about what ssh, TLS and proxies say when they don't let us through.
 */
#ifndef SYNC_ADVICE_H
#define SYNC_ADVICE_H

struct err;

/* Adds it to the message: "words: what to do"; nothing when none is known. */
void advice_add(struct err *err);

#endif
