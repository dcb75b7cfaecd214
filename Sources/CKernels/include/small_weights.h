#ifndef REPRISE_SMALL_WEIGHTS_H
#define REPRISE_SMALL_WEIGHTS_H

#include <stdint.h>

#include "elementwise.h"

// Products of a matrix with one row or a few, as decoding token by token needs them. Every weight is read once for all of
// them, so that memory sets the pace: smaller weights are faster ones, and a few rows take hardly longer than one.

typedef enum {
    CK_FLOAT32,
    /// The upper half of a float32, rounded to nearest even.
    CK_BFLOAT16,
    /// weight = scale of its row * -127 ... 127; the input is quantized likewise, with one scale and 7 bits more.
    CK_INT8
} ck_weight_format;

typedef struct {
    ck_weight_format format;
    int64_t rows, columns;
    /// Weights from row to row: `columns` in float32, else that rounded up to 64, with zeros behind the row.
    int64_t stride;
    const void *weights;
    /// int8 only: a scale and the sum of the integers for each row.
    const float *scales;
    const int32_t *sums;
    /// May be null.
    const float *bias;
    /// The instruction set to use: at most `ck_weights_isa_level()`.
    int64_t isa;
} ck_weights;

/// The best instruction set of this machine for these products: 3 for AVX-512 with VNNI, else `ck_isa_level()`.
int ck_weights_isa_level(void);

/// The format's own row stride, in weights.
int64_t ck_weights_stride(ck_weight_format format, int64_t columns);
/// Packs row `row` of float32 weights [rows, columns]; `scale` and `sum` are set for int8 only.
void ck_weights_pack_row(ck_weight_format format, int64_t columns, const float *weight, void *packed, float *scale,
                         int32_t *sum);

/// Bytes of a prepared input, which must lie on a multiple of 64.
int64_t ck_weights_input_bytes(ck_weight_format format, int64_t columns);
/// Brings an input of `columns` floats into the form that the products read. One that is not finite stays so.
void ck_weights_prepare(ck_weight_format format, int64_t columns, const float *x, void *input);
/// y[i * stride + r] = <weights[r], x[i]> + bias[r] for `count` rows from `first` on, y being that of row `first`, and
/// `inputs` prepared inputs, `ck_weights_input_bytes` apart. A result does not depend on which rows and inputs are asked
/// for with it.
void ck_weights_product(const ck_weights *weights, const void *input, int64_t inputs, int64_t first, int64_t count,
                        float *y, int64_t stride);

/// The obvious loops over the same packed weights and prepared input: the fast products' oracle.
void ck_weights_product_plain(const ck_weights *weights, const void *input, int64_t first, int64_t count, float *y);

/// One transformer layer with the keys and values of the rows before.
typedef struct {
    ck_weights attention, output, expand, contract;
    const float *attention_gamma, *attention_beta, *feed_forward_gamma, *feed_forward_beta;
    float *keys;    // [heads, width / heads, capacity]
    float *values;  // [heads, capacity, width / heads]
} ck_decoder_layer;

typedef struct {
    int64_t width, filter, heads, capacity;
    /// The most rows of one step.
    int64_t row_limit;
    int64_t layer_count;
    const ck_decoder_layer *layers;
    /// 1: norm before each half of a layer, 0: after the sum.
    int32_t norm_first;
    ck_unary_op activation;
    float activation_parameter, epsilon;
} ck_decoder;

/// Floats of scratch memory, on a multiple of 64 bytes.
int64_t ck_decoder_scratch(const ck_decoder *decoder);
/// Sends `count` rows x [count, width] from `position` on (below capacity) through all layers, in place. Each sees itself
/// and all rows before, whose keys and values stand in the caches; its own are added. A row's bits are those that it has
/// when sent alone.
void ck_decoder_step(const ck_decoder *decoder, int64_t position, int64_t count, float *x, float *scratch);
/// y [inputs, rows] = x [inputs, columns] * weights + bias, on the pool. `scratch` holds as many prepared inputs.
void ck_weights_apply(const ck_weights *weights, const float *x, int64_t inputs, float *y, void *scratch);

#endif
