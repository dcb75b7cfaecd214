#include "convolution_blocks.h"

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#define LANES 8
#include "convolution_template.h"

STRIPS_8(1) STRIPS_6(2) STRIPS_4(3) STRIPS_3(4)
PRODUCTS_8(1) PRODUCTS_6(2) PRODUCTS_4(3)

#pragma clang attribute pop

const ck_convolution_blocks ck_convolution_blocks_avx2 = {
    .lanes = LANES,
    .rows = 4,
    .vectors = {0, 8, 6, 4, 3},
    .strip = {{0}, {STRIP_NAMES_8(1)}, {STRIP_NAMES_6(2)}, {STRIP_NAMES_4(3)}, {STRIP_NAMES_3(4)}},
    .product_rows = 3,
    .products = {0, 8, 6, 4},
    .product = {{0}, {PRODUCT_NAMES_8(1)}, {PRODUCT_NAMES_6(2)}, {PRODUCT_NAMES_4(3)}},
};
#endif
