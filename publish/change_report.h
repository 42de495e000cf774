/*
 * change_report - what a verb did to each image, as text or JSON on stdout; failures on stderr.
 *
 * A pattern with wildcards that matches several tags and changes none of them is one line on
 * stderr, not one for each tag. JSON has them all.
 */
#ifndef PUBLISH_CHANGE_REPORT_H
#define PUBLISH_CHANGE_REPORT_H

struct change;
struct invocation;

void change_report(const struct change *c, const struct invocation *inv);

#endif
