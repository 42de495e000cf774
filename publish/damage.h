/*
 * damage - what can be wrong with a part of a mirror, one row each: what is printed, and the word
 * for programs.
 */
#ifndef PUBLISH_DAMAGE_H
#define PUBLISH_DAMAGE_H

enum damage {
	DAMAGE_NONE,
	/* of a blob */
	DAMAGE_MISSING,
	DAMAGE_LINK,     /* a symbolic link in its place */
	DAMAGE_NO_FILE,  /* a directory, a FIFO, ... */
	DAMAGE_SIZE,     /* of another size than its descriptor says */
	DAMAGE_CONTENT,  /* not what its digest says */
	DAMAGE_DENIED,   /* this user may not read it */
	DAMAGE_DISK,     /* the disk does not give it */
	DAMAGE_DOCUMENT, /* what its digest says, but no manifest that can be read */
	/* of a layer, by --deep */
	DAMAGE_DIFF_ID, /* decompresses to something else than its config says */
	DAMAGE_LAYER,   /* cannot be decompressed, or is no tar */
	DAMAGE_ESCAPE,  /* has an entry that leads out of the directory it is unpacked in */
	DAMAGE_BOMB,    /* decompresses to more than the ceiling */
	/* of records */
	DAMAGE_INDEX,
	DAMAGE_GENERATION,
	DAMAGE_JOURNAL,
	DAMAGE_PRIVATE,
	DAMAGE_TABLE,
};

/* The word in --json: "missing". */
const char *damage_word(enum damage d);

#endif
