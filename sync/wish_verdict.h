/*
 * wish_verdict - what becomes of a reference that clients asked for and the mirror lacks: a line of
 * a list, or why not. For mirror-sync --suggest.
 *
 * wish_judge() says what can be said without upstream: is it wanted at all, do the lists cover it,
 * may they name it. What it leaves as WISH_LINE is then asked for upstream (sync/wishes.h).
 */
#ifndef SYNC_WISH_VERDICT_H
#define SYNC_WISH_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

#include "oci/base/table.h"
#include "oci/image/ref.h"

struct lists;
struct list_source;
struct miss;

/* The list that the lines are meant for: its policy (oci/lists/policy.h) holds. */
#define WISH_LIST "wanted.list"

/*
 * VERDICT(enumerator, words behind a count in the summary, whether it is told in the list as
 * a comment).
 */
#define WISH_VERDICTS(VERDICT)                                                                     \
	VERDICT(WISH_LINE, "ready as lines", false)                                                \
	VERDICT(WISH_LISTED, "covered by the lists", true)                                         \
	VERDICT(WISH_POLICY, "not allowed", true)                                                  \
	VERDICT(WISH_UNANSWERED, "left open: upstream did not answer", true)                       \
	VERDICT(WISH_LIMITED, "left open by a rate limit", true)                                   \
	VERDICT(WISH_ABSENT, "not upstream, or not to be read there", false)                       \
	VERDICT(WISH_RARE, "asked for at most twice, by one address, in one hour", false)          \
	VERDICT(WISH_STRANGE,                                                                      \
		"asked for from public addresses only, by unknown clients or of "                  \
		"registries that no line names",                                                   \
		false)                                                                             \
	VERDICT(WISH_LATER, "less wanted than those, and not asked for upstream", false)

#define WISH_ENUMERATOR(verdict, words, told) verdict,
enum wish_verdict { WISH_VERDICTS(WISH_ENUMERATOR) };
#undef WISH_ENUMERATOR
#define WISH_NVERDICTS (WISH_LATER + 1)

struct wish {
	const struct miss *miss; /* lent */
	struct ref ref;
	enum wish_verdict verdict;
	char *why; /* of a verdict that is told; or NULL */
};

/* What the lists and mirror.conf say, looked up for many wishes. */
struct wish_rules {
	const struct list_source *source; /* lent */
	struct table hosts;               /* of the lines' sources; its texts are the lists' */
};

/* The lists are finished, and have no errors. */
void wish_rules_init(struct wish_rules *rules, const struct list_source *source);
void wish_rules_release(struct wish_rules *rules);

/* Sets verdict and why; the wish has miss and ref, and nothing else. */
void wish_judge(const struct wish_rules *rules, struct wish *w);

const char *wish_verdict_words(enum wish_verdict verdict);
bool wish_verdict_is_told(enum wish_verdict verdict);

#endif
