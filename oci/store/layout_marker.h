/*
 * layout_marker - the file `oci-layout`, which makes a directory an OCI image layout (image-spec,
 * image-layout.md, "oci-layout file").
 */
#ifndef OCI_STORE_LAYOUT_MARKER_H
#define OCI_STORE_LAYOUT_MARKER_H

#include <stdbool.h>

struct err;

/* Whether a writer would make the marker: there is no such directory, or it is empty. */
bool layout_marker_is_wanted(const char *path);

/* Checks the marker in the directory handle `root`; `make`: an empty directory gets one. INVALID
 * for another version, for a directory without a marker, and for one that a writer would not
 * take. */
int layout_marker_check(int root, bool make, struct err *err);

#endif
