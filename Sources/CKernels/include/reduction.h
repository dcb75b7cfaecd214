#ifndef REPRISE_REDUCTION_H
#define REPRISE_REDUCTION_H

#include <stdint.h>

// Every sum here has one fixed order: sixteen lanes, then the lanes pairwise, then the tail.

float ck_sum(int64_t n, const float *x);
/// The sum of x, times `slope` where `gate` is negative.
float ck_gated_sum(int64_t n, const float *x, const float *gate, float slope);
/// The sum of |a - b|.
float ck_absolute_difference_sum(int64_t n, const float *a, const float *b);
/// out = slope where a > b, -slope where a < b, 0 where they are equal.
void ck_difference_sign(int64_t n, const float *a, const float *b, float slope, float *out);
float ck_dot(int64_t n, const float *a, const float *b);
/// Sum of squares in double.
double ck_square_sum(int64_t n, const float *x);
float ck_maximum(int64_t n, const float *x);

/// y = softmax(x) over n values; a row without a finite value becomes zeros.
void ck_softmax(int64_t n, const float *x, float *y);
/// dx = y * (dy - <y, dy>)
void ck_softmax_backward(int64_t n, const float *y, const float *dy, float *dx);

/// One row of layer norm over n values: y = (x - mean) * rstd * gamma + beta; gamma and beta may be null.
void ck_layer_norm(int64_t n, const float *x, const float *gamma, const float *beta, float epsilon, float *y,
                   float *mean, float *rstd);
/// dx of the same row.
void ck_layer_norm_backward(int64_t n, const float *x, const float *gamma, float mean, float rstd, const float *dy,
                            float *dx);

/// Of some columns of a matrix, the sums over its rows from the first to the last; rows lie `row_step` floats apart.
void ck_column_sums(int64_t rows, int64_t columns, const float *x, int64_t row_step, float *sums);
/// The same for layer norm's parameters: gamma = the sums of dy * (x - mean) * rstd, beta = those of dy.
void ck_layer_norm_sums(int64_t rows, int64_t columns, const float *x, const float *dy, int64_t row_step,
                        const float *mean, const float *rstd, float *gamma, float *beta);

/// dst[c * rows + r] = src[r * columns + c]
void ck_transpose(int64_t rows, int64_t columns, const float *src, float *dst);

#endif
