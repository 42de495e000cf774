/*
 * layer_names - whether an entry of a layer leads out of the directory that the layer is unpacked
 * in.
 *
 * A runtime resolves names inside the image's root; a program that unpacks a layer without such
 * care writes wherever a name leads. So a name is told that is absolute, that has "..", or that
 * goes through a symbolic link of the same layer to a place outside; and a hard link to such a
 * name. A symbolic link itself may lead anywhere: only what is written through it is told.
 *
 *	cleanup_by(layer_names_release) struct layer_names n = LAYER_NAMES_INIT;
 *	layer_names_add(&n, kind, name, target)		for each entry, in their order
 *
 * Pure. Memory is bounded: LIMIT_LAYER_LINKS.
 */
#ifndef PUBLISH_LAYER_NAMES_H
#define PUBLISH_LAYER_NAMES_H

#include <stddef.h>

#include "oci/base/table.h"

enum layer_entry {
	LAYER_ENTRY_PLAIN, /* a file, a directory, a device, ... */
	LAYER_ENTRY_SYMLINK,
	LAYER_ENTRY_HARDLINK,
};

enum layer_name {
	LAYER_NAME_INSIDE,
	LAYER_NAME_ABSOLUTE,
	LAYER_NAME_UP,       /* has ".." */
	LAYER_NAME_THROUGH,  /* goes through a link that leads out */
	LAYER_NAME_HARDLINK, /* is a hard link to a name that is one of those above */
	LAYER_NAME_LONG,     /* longer than a system takes */
	LAYER_NAME_MANY,     /* more links than are remembered: the others are not looked at */
};

struct layer_names {
	struct table links; /* symbolic links, by their names */
	size_t bytes;       /* of them */
};

#define LAYER_NAMES_INIT                                                                           \
	{                                                                                          \
		.links = TABLE_INIT                                                                \
	}

void layer_names_release(struct layer_names *n);

/* Judges the next entry; target is that of a link, and not looked at otherwise. */
enum layer_name layer_names_add(struct layer_names *n, enum layer_entry kind, const char *name,
				const char *target);

/* What is wrong, after the entry's name: "is absolute"; "" for INSIDE. */
const char *layer_names_words(enum layer_name f);

#endif
