#include "sync/image_state.h"

#define TARGET_STATE_ROW(id, ...) [STATE_##id] = { __VA_ARGS__ },

const struct state_row state_rows[STATES] = { IMAGE_STATES(TARGET_STATE_ROW) };
