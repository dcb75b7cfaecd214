#include "small_weights.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

CK_INLINE __m256i widened(const int8_t *values) {
    return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)values));
}

#define LANES 8
#define INTEGERS_AT_ONCE 16
#define MULTIPLY_PAIRS _mm256_madd_epi16
#include "small_weights_template.h"

#pragma clang attribute pop

const ck_weight_products ck_weight_products_avx2 = {float_products, bfloat_products, integer_products};
#endif
