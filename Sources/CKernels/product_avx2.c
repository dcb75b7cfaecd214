#include "product_blocks.h"

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

// Sixteen registers: twelve sums, two inputs and a factor.
#define LANES 8
#define ROWS 6
#include "product_template.h"

BLOCKS_6

#pragma clang attribute pop

const ck_product_blocks ck_product_blocks_avx2 = {
    .lanes = LANES, .rows = ROWS, .block = {NAMES_6}, .pack_left = pack_left, .pack_right = pack_right};
#endif
