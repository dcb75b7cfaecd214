#ifndef REPRISE_ELEMENTWISE_H
#define REPRISE_ELEMENTWISE_H

#include <stdint.h>

typedef enum { CK_ADD, CK_SUBTRACT, CK_MULTIPLY, CK_DIVIDE } ck_binary_op;

/// out[i] = a[i * stride_a] op b[i * stride_b]; strides are 0 or 1.
void ck_binary(ck_binary_op op, int64_t n, const float *a, int stride_a, const float *b, int stride_b, float *out);

typedef enum {
    CK_NEGATE, CK_ABSOLUTE, CK_SQUARE, CK_SQUARE_ROOT, CK_EXP, CK_LOG, CK_TANH, CK_SIGMOID, CK_LEAKY_RELU,
    CK_GELU, CK_CLAMP_MINIMUM, CK_SCALE, CK_OFFSET
} ck_unary_op;

/// out[i] = op(x[i]); `parameter` is the slope, bound, factor or offset.
void ck_unary(ck_unary_op op, int64_t n, const float *x, float parameter, float *out);

/// dx[i] = dy[i] * op'(x[i]), where y[i] = op(x[i]).
void ck_unary_backward(ck_unary_op op, int64_t n, const float *x, const float *y, const float *dy, float parameter,
                       float *dx);

/// y += x
void ck_accumulate(int64_t n, const float *x, float *y);
/// y *= x
void ck_multiply_into(int64_t n, const float *x, float *y);
/// y += factor * x
void ck_axpy(int64_t n, float factor, const float *x, float *y);
/// out = a + b * c
void ck_multiply_add(int64_t n, const float *a, const float *b, const float *c, float *out);
/// out = (a + b) * mask, a + b without a mask
void ck_masked_sum(int64_t n, const float *a, const float *b, const float *mask, float *out);
/// y = a * y + b * x
void ck_combine(int64_t n, float a, float *y, float b, const float *x);

/// WaveNet's gate over n positions: y = tanh(a + add_a) * sigmoid(b + add_b).
void ck_gate(int64_t n, const float *a, float add_a, const float *b, float add_b, float *y);
void ck_gate_backward(int64_t n, const float *a, float add_a, const float *b, float add_b, const float *dy, float *da,
                      float *db);

#endif
