/*
 * missing_repository - the answers that say that a tag or its repository is not upstream any more.
 *
 * Most registries answer 404. Docker Hub and Quay answer 401 for a repository that was deleted, as
 * they do for one that never existed. That is believed of what the mirror has only, and only from
 * these two, since 401 has other causes as well.
 */
#ifndef SYNC_MISSING_REPOSITORY_H
#define SYNC_MISSING_REPOSITORY_H

#include <stdbool.h>

struct err;
struct ref;

/* Whether a failed request for `source` means that it is not there; is_mirrored: the mirror has it
 * from an earlier run. */
bool missing_repository(const struct ref *source, const struct err *err, bool is_mirrored);

#endif
