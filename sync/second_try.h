/*
 * second_try - images whose repository lacks a manifest or a blob that another image brings.
 *
 * Registries lose blobs, and copies of an image in other repositories still have them. What one
 * image brings is there for all, so whether an image fails must not depend on the order of arrival:
 * at the end, those that failed for something that has come since are tried once more.
 */
#ifndef SYNC_SECOND_TRY_H
#define SYNC_SECOND_TRY_H

#include <stdbool.h>

struct lanes;
struct run;

/* Puts such targets back into their lanes, as they were before they were started. False: none. To
 * be called once, when nothing is under way. */
bool second_try_queue(struct run *r, struct lanes *lanes);

#endif
