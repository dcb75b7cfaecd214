#include "small_weights.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#define LANES 8
#include "small_weights_template.h"

CK_INLINE __m256i widened(const int8_t *values) {
    return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)values));
}

// By 16 bits: the product of bytes would saturate.
CK_INLINE void integer_rows(const int rows, int64_t stride, const int8_t *weights, const int8_t *x, int32_t *sums) {
    integers totals[ck_weight_rows];
    UNROLLED for (int r = 0; r < rows; r++) totals[r] = (integers){0};
    for (int64_t c = 0; c < stride; c += 16) {
        const __m256i input = widened(x + c);
        UNROLLED for (int r = 0; r < rows; r++) {
            AHEAD(weights + r * stride + c);
            totals[r] += (integers)_mm256_madd_epi16(widened(weights + r * stride + c), input);
        }
    }
    FOLD(integer_quad, rows, totals, sums);
}

static void integer_products(int64_t rows, int64_t stride, const int8_t *weights, const int8_t *x,
                             const int32_t *row_sums, int32_t *sums) {
    (void)row_sums;
    if (rows == ck_weight_rows) return integer_rows(ck_weight_rows, stride, weights, x, sums);
    for (int64_t r = 0; r < rows; r++) integer_rows(1, stride, weights + r * stride, x, sums + r);
}

#pragma clang attribute pop

const ck_weight_products ck_weight_products_avx2 = {float_products, bfloat_products, integer_products};
#endif
