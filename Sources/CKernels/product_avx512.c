#include "product_blocks.h"

#if defined(__x86_64__)
// Features by name: an "arch=" target would also ask for 256-bit vectors only.
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma"))), apply_to = function)

#define LANES 16
#define ROWS 14
#include "product_template.h"

BLOCKS_6 BLOCKS(7) BLOCKS(8) BLOCKS(9) BLOCKS(10) BLOCKS(11) BLOCKS(12) BLOCKS(13) BLOCKS(14)

#pragma clang attribute pop

const ck_product_blocks ck_product_blocks_avx512 = {
    .lanes = LANES,
    .rows = ROWS,
    .block = {NAMES_6, NAMES(7), NAMES(8), NAMES(9), NAMES(10), NAMES(11), NAMES(12), NAMES(13), NAMES(14)},
    .pack_left = pack_left,
    .pack_right = pack_right,
};
#endif
