/*
 * output_path - where --report and --trace may write: not within the mirror, whose index they would
 * replace or whose content a copy would carry along, and not both to one file.
 */
#ifndef SYNC_OUTPUT_PATH_H
#define SYNC_OUTPUT_PATH_H

struct err;

/* To be called before either is written. report and trace may be NULL; "-" is no file. The
 * directories are compared as links resolve them. USAGE when a path may not be written. */
int output_path_check(const char *report, const char *trace, const char *mirror, struct err *err);

#endif
