#include "sync/referrer_tally.h"

#include "oci/base/err.h"
#include "oci/base/limits.h"

int referrer_tally_subject(struct referrer_tally *t, struct err *err)
{
	if (t->subjects == LIMIT_REFERRERS_SUBJECTS)
		return err_set(err, ERR_INVALID, 0,
			       "more than %d manifests of one image and its referrers could be "
			       "referred to; the others are not asked about",
			       LIMIT_REFERRERS_SUBJECTS);
	t->subjects++;
	return 0;
}

int referrer_tally_referrer(struct referrer_tally *t, struct err *err)
{
	if (t->referrers == LIMIT_REFERRERS_IMAGE)
		return err_set(err, ERR_INVALID, 0,
			       "one image has more than %d referrers; the others are not fetched",
			       LIMIT_REFERRERS_IMAGE);
	t->referrers++;
	return 0;
}

int referrer_tally_bytes(struct referrer_tally *t, int64_t more, struct err *err)
{
	if (more > (int64_t)LIMIT_REFERRERS_BYTES - t->bytes)
		return err_set(err, ERR_INVALID, 0,
			       "the referrers of one image have more than %lu GiB together; this "
			       "one is not fetched",
			       LIMIT_REFERRERS_BYTES / GIB);
	t->bytes += more;
	return 0;
}
