/*
 * referrers_api - which registries are known to have no referrers API.
 *
 * The absence of the API has many faces: a status (404, 400, 401, 403, 405, ...), a redirect to a
 * web page, a web page, JSON that lists nothing. What was learnt holds for all repositories of an
 * endpoint whose names have the same first component: one host may have several registries behind
 * it, and they are told apart by it. 400, 401 and 403 may be about one repository, so they count
 * for that one alone, and are forgotten with the run.
 */
#ifndef OCI_REGISTRY_REFERRERS_API_H
#define OCI_REGISTRY_REFERRERS_API_H

#include <stdbool.h>

struct endpoint;
struct registry;

/* Whether the repository of that name is known to have no API at this endpoint. */
bool referrers_api_is_absent(const struct endpoint *e, const char *repository);

/* Whether an answer with this status is the API's absence; others are failures. */
bool referrers_api_is_absence(long status);

/* Remembers it, and warns once per host unless the status is the one of the specification (404).
 * The status is 200 for an answer that lists nothing. */
void referrers_api_forget(struct endpoint *e, const char *repository, long status);

#endif
