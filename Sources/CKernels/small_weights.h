// The row products of each instruction set: what small_weights.c chooses from.
#ifndef REPRISE_SMALL_WEIGHTS_ROWS_H
#define REPRISE_SMALL_WEIGHTS_ROWS_H

#include "dispatch.h"
#include "include/small_weights.h"

/// Rows that are worked on together, and inputs.
enum { ck_weight_rows = 4, ck_weight_inputs = 4 };

/// Dot products of `rows` <= ck_weight_rows rows, `stride` weights apart, with a prepared input.
typedef struct {
    /// With `inputs` <= ck_weight_inputs inputs, `x_stride` apart; their sums are ck_weight_rows apart.
    void (*floats)(int64_t rows, int64_t inputs, int64_t columns, const float *weights, const float *x,
                   int64_t x_stride, float *sums);
    /// `x` holds the even elements, then the odd ones.
    void (*bfloats)(int64_t rows, int64_t stride, const uint16_t *weights, const float *x, float *sums);
    /// `row_sums` are those of the rows' weights.
    void (*integers)(int64_t rows, int64_t stride, const int8_t *weights, const int8_t *x, const int32_t *row_sums,
                     int32_t *sums);
} ck_weight_products;

extern const ck_weight_products ck_weight_products_generic;
#if defined(__x86_64__)
extern const ck_weight_products ck_weight_products_avx2, ck_weight_products_avx512, ck_weight_products_vnni;
#endif

#endif
