// The innermost loops of the convolutions, one table of them per instruction set.
#ifndef REPRISE_CONVOLUTION_BLOCKS_H
#define REPRISE_CONVOLUTION_BLOCKS_H

#include "convolution.h"
#include "dispatch.h"

enum { ck_most_rows = 8, ck_most_vectors = 8, ck_most_product_rows = 4, ck_most_products = 8, ck_most_lanes = 16 };

/// Rows of output over a stretch of time: y[r][t] = scale[r] * sum over q of weights of (r, q) * x[offsets[q] + t] + bias[r].
/// A product q is one (input channel, tap); where its row of x begins is all that a block knows of either.
typedef struct {
    const float *x;
    const int32_t *offsets;
    int64_t products;
    /// Packed: that of row r and product q is weights[q * rows + r]. Where they stand in the signal's own weights, one
    /// step is set: weights[q * product_step + r] or weights[r * row_step + q].
    const float *weights;
    int64_t product_step, row_step;
    const float *scale, *bias;
    float *y;
    int64_t y_stride;
    /// Laid out like y, may be null: added to it.
    const float *residual;
    /// Laid out like y, may be null: where it is negative, y is multiplied by `slope`.
    const float *gate;
    int gates_itself;
    float slope;
} ck_strip;

/// The same, transposed: gradient[r][q] = (if `adds`, +=) sum over t < columns of y[r][t] * x[offsets[q] + t].
/// `columns` is a multiple of `lanes`; what lies beyond the signal must be zero in y and finite in x.
typedef struct {
    const float *y;
    int64_t y_stride;
    const float *x;
    const int32_t *offsets;
    int64_t columns;
    float *gradient;
    int64_t gradient_stride;
    int adds;
} ck_product_strip;

typedef void (*ck_strip_block)(const ck_strip *strip, int64_t t, int64_t count);
typedef void (*ck_product_block)(const ck_product_strip *strip);

typedef struct {
    int lanes;
    /// Most output rows of a block, and most vectors of time for each number of rows.
    int rows, vectors[ck_most_rows + 1];
    /// `strip[rows][vectors]`: writes y at t ..< t + count, count being over vectors - 1 vectors long.
    ck_strip_block strip[ck_most_rows + 1][ck_most_vectors + 1];
    /// The same with `product_step` and with `row_step`.
    ck_strip_block by_product[ck_most_rows + 1][ck_most_vectors + 1];
    ck_strip_block by_row[ck_most_rows + 1][ck_most_vectors + 1];
    /// Most rows of a block of the transposed loop, and most products for each number of rows.
    int product_rows, products[ck_most_product_rows + 1];
    ck_product_block product[ck_most_product_rows + 1][ck_most_products + 1];
} ck_convolution_blocks;

extern const ck_convolution_blocks ck_convolution_blocks_generic;
#if defined(__x86_64__)
extern const ck_convolution_blocks ck_convolution_blocks_avx2;
extern const ck_convolution_blocks ck_convolution_blocks_avx512;
#endif

#endif
