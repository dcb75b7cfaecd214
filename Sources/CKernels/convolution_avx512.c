#include "convolution_blocks.h"

#if defined(__x86_64__)
// Features by name: an "arch=" target would also ask for 256-bit vectors only.
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma"))), apply_to = function)

#define LANES 16
#include "convolution_template.h"

STRIPS_8(1) STRIPS_8(2) STRIPS_6(3) STRIPS_6(4) STRIPS_4(5) STRIPS_4(6) STRIPS_3(7) STRIPS_3(8)
PRODUCTS_8(1) PRODUCTS_8(2) PRODUCTS_8(3) PRODUCTS_6(4)

#pragma clang attribute pop

#define STRIPS(kind) \
    {{0}, {STRIP_NAMES_8(kind, 1)}, {STRIP_NAMES_8(kind, 2)}, {STRIP_NAMES_6(kind, 3)}, \
     {STRIP_NAMES_6(kind, 4)}, {STRIP_NAMES_4(kind, 5)}, {STRIP_NAMES_4(kind, 6)}, {STRIP_NAMES_3(kind, 7)}, \
     {STRIP_NAMES_3(kind, 8)}}

const ck_convolution_blocks ck_convolution_blocks_avx512 = {
    .lanes = LANES,
    .rows = 8,
    .vectors = {0, 8, 8, 6, 6, 4, 4, 3, 3},
    .strip = STRIPS(strip),
    .by_product = STRIPS(by_product),
    .by_row = STRIPS(by_row),
    .product_rows = 4,
    .products = {0, 8, 8, 8, 6},
    .product = {{0},
                {PRODUCT_NAMES_8(1)},
                {PRODUCT_NAMES_8(2)},
                {PRODUCT_NAMES_8(3)},
                {PRODUCT_NAMES_6(4)}},
};
#endif
