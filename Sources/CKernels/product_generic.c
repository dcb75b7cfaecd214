#include "product_blocks.h"

// SSE2, NEON or whatever else the compiler has for four floats. Sixteen registers: twelve sums, two inputs and a factor.
#define LANES 4
#define ROWS 6
#include "product_template.h"

BLOCKS_6

const ck_product_blocks ck_product_blocks_generic = {
    .lanes = LANES, .rows = ROWS, .block = {NAMES_6}, .pack_left = pack_left, .pack_right = pack_right};
