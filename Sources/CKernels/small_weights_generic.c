#include "small_weights.h"

#define LANES 4
#include "small_weights_template.h"

static void integer_products(int64_t rows, int64_t stride, const int8_t *weights, const int8_t *x,
                             const int32_t *row_sums, int32_t *sums) {
    (void)row_sums;
    for (int64_t r = 0; r < rows; r++) {
        int32_t sum = 0;
        for (int64_t c = 0; c < stride; c++) sum += (int32_t)weights[r * stride + c] * x[c];
        sums[r] = sum;
    }
}

const ck_weight_products ck_weight_products_generic = {float_products, bfloat_products, integer_products};
