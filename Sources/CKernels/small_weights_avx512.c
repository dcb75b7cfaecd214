#include "small_weights.h"

#if defined(__x86_64__)
#include <immintrin.h>

// Features by name: an "arch=" target would also ask for 256-bit vectors only.
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma"))), apply_to = function)

CK_INLINE __m512i widened(const int8_t *values) {
    return _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)values));
}

#define LANES 16
#define INTEGERS_AT_ONCE 32
#define MULTIPLY_PAIRS _mm512_madd_epi16
#include "small_weights_template.h"

#pragma clang attribute pop

#pragma clang attribute push(                                                                                       \
    __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx512vnni,avx2,fma"))), apply_to = function)

// VNNI multiplies unsigned by signed bytes: 128 is added to the input, and 128 times the row's sum taken off.
CK_INLINE void vnni_rows(const int rows, int64_t stride, const int8_t *weights, const int8_t *x,
                         const int32_t *row_sums, int32_t *sums) {
    const __m512i offset = _mm512_set1_epi8((char)0x80);
    integers totals[ck_weight_rows];
    UNROLLED for (int r = 0; r < rows; r++) totals[r] = (integers){0};
    for (int64_t c = 0; c < stride; c += 64) {
        const __m512i input = _mm512_xor_si512(_mm512_loadu_si512(x + c), offset);
        UNROLLED for (int r = 0; r < rows; r++) {
            const int8_t *from = weights + r * stride + c;
            AHEAD(from);
            totals[r] = (integers)_mm512_dpbusd_epi32((__m512i)totals[r], input, _mm512_loadu_si512(from));
        }
    }
    FOLD(integer_quad, rows, totals, sums);
    UNROLLED for (int r = 0; r < rows; r++) sums[r] -= 128 * row_sums[r];
}

static void vnni_products(int64_t rows, int64_t stride, const int8_t *weights, const int8_t *x,
                          const int32_t *row_sums, int32_t *sums) {
    if (rows == ck_weight_rows) return vnni_rows(ck_weight_rows, stride, weights, x, row_sums, sums);
    for (int64_t r = 0; r < rows; r++) vnni_rows(1, stride, weights + r * stride, x, row_sums + r, sums + r);
}

#pragma clang attribute pop

const ck_weight_products ck_weight_products_avx512 = {float_products, bfloat_products, integer_products};
const ck_weight_products ck_weight_products_vnni = {float_products, bfloat_products, vnni_products};
#endif
