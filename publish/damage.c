#include "publish/damage.h"

static const char *const words[] = {
	[DAMAGE_NONE] = "",
	[DAMAGE_MISSING] = "missing",
	[DAMAGE_LINK] = "link",
	[DAMAGE_NO_FILE] = "no-file",
	[DAMAGE_SIZE] = "size",
	[DAMAGE_CONTENT] = "content",
	[DAMAGE_DENIED] = "denied",
	[DAMAGE_DISK] = "disk",
	[DAMAGE_DOCUMENT] = "document",
	[DAMAGE_DIFF_ID] = "diff-id",
	[DAMAGE_LAYER] = "layer",
	[DAMAGE_ESCAPE] = "escape",
	[DAMAGE_BOMB] = "bomb",
	[DAMAGE_INDEX] = "index",
	[DAMAGE_GENERATION] = "generation",
	[DAMAGE_JOURNAL] = "journal",
	[DAMAGE_PRIVATE] = "private-blobs",
	[DAMAGE_TABLE] = "table",
};

const char *damage_word(enum damage d)
{
	return words[d];
}
