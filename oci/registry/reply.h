/*
 * reply - what came back for an ask, and what is done about it: hand it to the verb, follow a redirect (by the
 * rule of oci/http/origin.h), answer a challenge, try again, or tell why not.
 */
#ifndef OCI_REGISTRY_REPLY_H
#define OCI_REGISTRY_REPLY_H

struct request;

/* Answers to a come here from now on; before request_queue(). */
void reply_expect(struct request *a);

#endif
