// Branch-free exp, tanh and log on single floats that clang turns into vectors: the same bits from every libm.
#ifndef REPRISE_VECTOR_MATH_H
#define REPRISE_VECTOR_MATH_H

#include "dispatch.h"

CK_INLINE float ck_bits_to_float(int32_t bits) {
    union { int32_t i; float f; } u = {.i = bits};
    return u.f;
}

CK_INLINE int32_t ck_float_to_bits(float value) {
    union { float f; int32_t i; } u = {.f = value};
    return u.i;
}

/// The correctly rounded root, which sqrtf is too; but that must set errno, one number at a time.
CK_INLINE float ck_square_root(float x) { return __builtin_elementwise_sqrt(x); }

/// e^x to 1-2 ulp; 0 below -87.3, infinity above 88.7, NaN stays NaN. (Cephes' reduction and polynomial.)
CK_INLINE float ck_exp(float x) {
    float clipped = x > -87.33654f ? x : -87.33654f;  // NaN too: it has no integer
    clipped = clipped > 88.72283f ? 88.72283f : clipped;
    const float scaled = clipped * 1.44269504f + 12582912.0f;  // round to nearest by the float's own grid
    const float n = scaled - 12582912.0f;
    float r = clipped - n * 0.693359375f;
    r = r - n * -2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    // Two factors, so that neither exponent leaves the normal range at the ends.
    const int32_t k = (int32_t)n, half = k >> 1;
    float result = p * ck_bits_to_float((half + 127) << 23) * ck_bits_to_float((k - half + 127) << 23);
    result = x < -87.33654f ? 0.0f : result;
    result = x > 88.72283f ? ck_bits_to_float(0x7f800000) : result;
    return x != x ? x : result;
}

CK_INLINE float ck_sigmoid(float x) {
    const float e = ck_exp(x < 0 ? x : -x);
    const float s = 1.0f / (1.0f + e);
    return x < 0 ? e * s : s;
}

/// tanh by exp away from 0 and by its odd polynomial near it, where 1 - e^-2x would cancel.
CK_INLINE float ck_tanh(float x) {
    const float a = x < 0 ? -x : x;
    const float e = ck_exp(-2.0f * a);
    const float far = (1.0f - e) / (1.0f + e);
    const float s = x * x;
    float p = -5.70498872745e-3f;
    p = p * s + 2.06390887954e-2f;
    p = p * s - 5.37397155531e-2f;
    p = p * s + 1.33314422036e-1f;
    p = p * s - 3.33332819422e-1f;
    const float near = x + x * s * p;
    const float signed_far = x < 0 ? -far : far;
    return a < 0.625f ? near : signed_far;
}

/// ln x for positive normal x (Cephes).
CK_INLINE float ck_log(float x) {
    int32_t bits = ck_float_to_bits(x);
    int32_t exponent = (bits >> 23) - 126;
    float m = ck_bits_to_float((bits & 0x007fffff) | 0x3f000000);
    const int32_t small = m < 0.70710678f;
    exponent -= small;
    m = (small ? m + m : m) - 1.0f;
    const float z = m * m;
    float p = 7.0376836292e-2f;
    p = p * m - 1.1514610310e-1f;
    p = p * m + 1.1676998740e-1f;
    p = p * m - 1.2420140846e-1f;
    p = p * m + 1.4249322787e-1f;
    p = p * m - 1.6668057665e-1f;
    p = p * m + 2.0000714765e-1f;
    p = p * m - 2.4999993993e-1f;
    p = p * m + 3.3333331174e-1f;
    const float n = (float)exponent;
    float y = m * z * p;
    y = y + n * -2.12194440e-4f;
    y = y - 0.5f * z;
    return x != x || x < 0 ? ck_bits_to_float(0x7fc00000) : (x == 0 ? ck_bits_to_float((int32_t)0xff800000) : m + y + n * 0.693359375f);
}

#endif
