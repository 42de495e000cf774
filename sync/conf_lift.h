/*
 * conf_lift - the rules of one mirror.conf that another one lifts: what a pull request would take
 * away from the target branch's deny, private= and policy.
 *
 * A request may change mirror.conf: that is how the platform team does it. A check judges by the
 * target branch's rules, so a rule that goes is no error of the request; it is said, since a sync
 * after the merge goes by the new file.
 */
#ifndef SYNC_CONF_LIFT_H
#define SYNC_CONF_LIFT_H

struct mirror_conf;
struct problems;

/* Adds a warning at `file` to ps for each rule of `base`, which is that of revision rev, that `own`
 * lacks or has in other words. */
void conf_lift_warn(struct problems *ps, const char *file, const struct mirror_conf *base,
		    const char *rev, const struct mirror_conf *own);

#endif
