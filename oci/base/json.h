/*
 * json - documents from outside, read strictly.
 *
 * Depth at most LIMIT_JSON_DEPTH, memory at most LIMIT_JSON_MEMORY, duplicate keys refused, nothing
 * after the value but white space. This header is the only one that includes jansson; other modules
 * use its json_t through the readers below, which treat a member of a wrong type as absent.
 */
#ifndef OCI_BASE_JSON_H
#define OCI_BASE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oci/base/cleanup.h"
#include "oci/base/span.h"

struct buf;
struct err;

CLEANUP_PTR(cleanup_json_, json_t, json_decref)
#define cleanup_json __attribute__((cleanup(cleanup_json_)))

/* Parses a document. The caller owns the value. NULL: INVALID with line and column in the
 * message. */
json_t *json_read(struct span text, struct err *err);

/* The member of an object, or NULL when it is absent or of another type. Strings are lent. */
const char *json_get_text(const json_t *object, const char *key);
const json_t *json_get_object(const json_t *object, const char *key);
const json_t *json_get_array(const json_t *object, const char *key);
/* Whether the member is an array, or the null that Go writes for an empty one. */
bool json_has_array(const json_t *object, const char *key);
/* -1 when absent, no integer, or negative. */
int64_t json_get_size(const json_t *object, const char *key);

/* Sets a member of an object to a string, or to null when value is NULL. */
void json_set_text(json_t *object, const char *key, const char *value);

/* Appends the value, compact, members in the order they have. */
void json_write(struct buf *out, const json_t *value);

#endif
