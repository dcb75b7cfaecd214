#include "convolution_blocks.h"

// SSE2, NEON or whatever else the compiler has for four floats.
#define LANES 4
#include "convolution_template.h"

// Sixteen registers: twelve sums, two inputs and two weights.
STRIPS_6(1) STRIPS_4(2) STRIPS_3(3) STRIPS_2(4) STRIPS_2(5) STRIPS_2(6)
PRODUCTS_8(1) PRODUCTS_6(2) PRODUCTS_4(3)

#define STRIPS(kind) \
    {{0}, {STRIP_NAMES_6(kind, 1)}, {STRIP_NAMES_4(kind, 2)}, {STRIP_NAMES_3(kind, 3)}, \
     {STRIP_NAMES_2(kind, 4)}, {STRIP_NAMES_2(kind, 5)}, {STRIP_NAMES_2(kind, 6)}}

const ck_convolution_blocks ck_convolution_blocks_generic = {
    .lanes = LANES,
    .rows = 6,
    .vectors = {0, 6, 4, 3, 2, 2, 2},
    .strip = STRIPS(strip),
    .by_product = STRIPS(by_product),
    .by_row = STRIPS(by_row),
    .product_rows = 3,
    .products = {0, 8, 6, 4},
    .product = {{0}, {PRODUCT_NAMES_8(1)}, {PRODUCT_NAMES_6(2)}, {PRODUCT_NAMES_4(3)}},
};
