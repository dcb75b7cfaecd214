#include "elementwise.h"

#include <math.h>

#include "vector_math.h"

#define BINARY_LOOP(expression)                                                     \
    if (stride_a == 1 && stride_b == 1)                                             \
        for (int64_t i = 0; i < n; i++) { const float x = a[i], y = b[i]; out[i] = expression; } \
    else if (stride_a == 1) {                                                       \
        const float y = b[0];                                                       \
        for (int64_t i = 0; i < n; i++) { const float x = a[i]; out[i] = expression; } \
    } else if (stride_b == 1) {                                                     \
        const float x = a[0];                                                       \
        for (int64_t i = 0; i < n; i++) { const float y = b[i]; out[i] = expression; } \
    } else {                                                                        \
        const float x = a[0], y = b[0];                                             \
        for (int64_t i = 0; i < n; i++) out[i] = expression;                        \
    }                                                                               \
    break

CK_CLONES void ck_binary(ck_binary_op op, int64_t n, const float *restrict a, int stride_a, const float *restrict b,
                         int stride_b, float *restrict out) {
    switch (op) {
    case CK_ADD: BINARY_LOOP(x + y);
    case CK_SUBTRACT: BINARY_LOOP(x - y);
    case CK_MULTIPLY: BINARY_LOOP(x * y);
    case CK_DIVIDE: BINARY_LOOP(x / y);
    }
}

#define UNARY_LOOP(expression)                        \
    for (int64_t i = 0; i < n; i++) {                 \
        const float v = x[i];                         \
        out[i] = expression;                          \
    }                                                 \
    break

// GELU by tanh (Hendrycks & Gimpel 2016): 0.5 v (1 + tanh(sqrt(2/pi) (v + 0.044715 v^3)))
CK_INLINE float gelu(float v) { return 0.5f * v * (1.0f + ck_tanh(0.7978845608f * (v + 0.044715f * v * v * v))); }

CK_INLINE float gelu_slope(float v) {
    const float t = ck_tanh(0.7978845608f * (v + 0.044715f * v * v * v));
    return 0.5f * (1.0f + t) + 0.5f * v * (1.0f - t * t) * 0.7978845608f * (1.0f + 3.0f * 0.044715f * v * v);
}

CK_CLONES void ck_unary(ck_unary_op op, int64_t n, const float *restrict x, float p, float *restrict out) {
    switch (op) {
    case CK_NEGATE: UNARY_LOOP(-v);
    case CK_ABSOLUTE: UNARY_LOOP(v < 0 ? -v : v);
    case CK_SQUARE: UNARY_LOOP(v * v);
    case CK_SQUARE_ROOT: UNARY_LOOP(ck_square_root(v));
    case CK_EXP: UNARY_LOOP(ck_exp(v));
    case CK_LOG: UNARY_LOOP(ck_log(v));
    case CK_TANH: UNARY_LOOP(ck_tanh(v));
    case CK_SIGMOID: UNARY_LOOP(ck_sigmoid(v));
    case CK_LEAKY_RELU: UNARY_LOOP(v >= 0 ? v : v * p);
    case CK_GELU: UNARY_LOOP(gelu(v));
    case CK_CLAMP_MINIMUM: UNARY_LOOP(v < p ? p : v);
    case CK_SCALE: UNARY_LOOP(v * p);
    case CK_OFFSET: UNARY_LOOP(v + p);
    }
}

#define BACKWARD_LOOP(expression)                              \
    for (int64_t i = 0; i < n; i++) {                          \
        const float v = x[i], r = y[i], d = dy[i];             \
        (void)v, (void)r;                                      \
        dx[i] = expression;                                    \
    }                                                          \
    break

CK_CLONES void ck_unary_backward(ck_unary_op op, int64_t n, const float *restrict x, const float *restrict y,
                                 const float *restrict dy, float p, float *restrict dx) {
    switch (op) {
    case CK_NEGATE: BACKWARD_LOOP(-d);
    case CK_ABSOLUTE: BACKWARD_LOOP(v > 0 ? d : (v < 0 ? -d : 0.0f));
    case CK_SQUARE: BACKWARD_LOOP(2.0f * v * d);
    case CK_SQUARE_ROOT: BACKWARD_LOOP(0.5f * d / r);
    case CK_EXP: BACKWARD_LOOP(d * r);
    case CK_LOG: BACKWARD_LOOP(d / v);
    case CK_TANH: BACKWARD_LOOP(d * (1.0f - r * r));
    case CK_SIGMOID: BACKWARD_LOOP(d * r * (1.0f - r));
    case CK_LEAKY_RELU: BACKWARD_LOOP(v >= 0 ? d : d * p);
    case CK_GELU: BACKWARD_LOOP(d * gelu_slope(v));
    case CK_CLAMP_MINIMUM: BACKWARD_LOOP(v < p ? 0.0f : d);
    case CK_SCALE: BACKWARD_LOOP(d * p);
    case CK_OFFSET: BACKWARD_LOOP(d);
    }
}

CK_CLONES void ck_accumulate(int64_t n, const float *restrict x, float *restrict y) {
    for (int64_t i = 0; i < n; i++) y[i] += x[i];
}

CK_CLONES void ck_multiply_into(int64_t n, const float *restrict x, float *restrict y) {
    for (int64_t i = 0; i < n; i++) y[i] *= x[i];
}

CK_CLONES void ck_axpy(int64_t n, float factor, const float *restrict x, float *restrict y) {
    for (int64_t i = 0; i < n; i++) y[i] += factor * x[i];
}

CK_CLONES void ck_multiply_add(int64_t n, const float *restrict a, const float *restrict b, const float *restrict c,
                               float *restrict out) {
    for (int64_t i = 0; i < n; i++) out[i] = a[i] + b[i] * c[i];
}

CK_CLONES void ck_masked_sum(int64_t n, const float *restrict a, const float *restrict b, const float *restrict mask,
                             float *restrict out) {
    if (mask)
        for (int64_t i = 0; i < n; i++) out[i] = (a[i] + b[i]) * mask[i];
    else
        for (int64_t i = 0; i < n; i++) out[i] = a[i] + b[i];
}

CK_CLONES void ck_combine(int64_t n, float a, float *restrict y, float b, const float *restrict x) {
    for (int64_t i = 0; i < n; i++) y[i] = a * y[i] + b * x[i];
}

CK_CLONES void ck_gate(int64_t n, const float *restrict a, float add_a, const float *restrict b, float add_b,
                       float *restrict y) {
    for (int64_t i = 0; i < n; i++) y[i] = ck_tanh(a[i] + add_a) * ck_sigmoid(b[i] + add_b);
}

CK_CLONES void ck_gate_backward(int64_t n, const float *restrict a, float add_a, const float *restrict b, float add_b,
                                const float *restrict dy, float *restrict da, float *restrict db) {
    for (int64_t i = 0; i < n; i++) {
        const float t = ck_tanh(a[i] + add_a), s = ck_sigmoid(b[i] + add_b), d = dy[i];
        da[i] = d * s * (1.0f - t * t);
        db[i] = d * t * s * (1.0f - s);
    }
}
