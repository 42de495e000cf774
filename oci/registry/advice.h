/*
 * advice - what to write in mirror.conf when an endpoint cannot be asked: its CA, its scheme, its
 * name (oci/http/trouble.h).
 */
#ifndef OCI_REGISTRY_ADVICE_H
#define OCI_REGISTRY_ADVICE_H

#include <stdbool.h>

struct endpoint;
struct err;
struct http_call;

/* Adds what may help to the error of a call that failed at the endpoint; nothing where nothing is
 * known. elsewhere: the call was to another host, to which the endpoint sent us. */
void advice_add(const struct endpoint *e, const struct http_call *c, bool elsewhere,
		struct err *err);

#endif
