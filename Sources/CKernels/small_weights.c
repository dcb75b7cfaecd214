#include "small_weights.h"

#include <math.h>
#include <string.h>

#include "include/convolution.h"
#include "vector_math.h"

// The same integers and the same last products everywhere: nothing here may be fused.
#pragma clang fp contract(off)

int ck_weights_isa_level(void) {
    const int level = ck_isa_level();
#if defined(__x86_64__)
    if (level == 2 && __builtin_cpu_supports("avx512vnni")) return 3;
#endif
    return level;
}

static const ck_weight_products *products(const ck_weights *weights) {
#if defined(__x86_64__)
    if (weights->isa >= 3) return &ck_weight_products_vnni;
    if (weights->isa == 2) return &ck_weight_products_avx512;
    if (weights->isa == 1) return &ck_weight_products_avx2;
#endif
    return &ck_weight_products_generic;
}

int64_t ck_weights_stride(ck_weight_format format, int64_t columns) {
    return format == CK_FLOAT32 ? columns : (columns + 63) / 64 * 64;
}

int64_t ck_weights_input_bytes(ck_weight_format format, int64_t columns) {
    const int64_t stride = (columns + 63) / 64 * 64;
    // An int8 input has its scale in a line of its own before it, and its fine parts behind the coarse ones.
    return format == CK_INT8 ? 64 + 2 * stride : stride * 4;
}

CK_INLINE uint16_t bfloat(float value) {
    const uint32_t bits = (uint32_t)ck_float_to_bits(value);
    // NaN would round to infinity.
    if ((bits & 0x7fffffffu) > 0x7f800000u) return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/// The largest magnitude; not finite when one value is not.
CK_INLINE float largest_magnitude(int64_t n, const float *x) {
    // Magnitudes are in the order of their bits, infinity and NaN last.
    int32_t largest = 0;
    for (int64_t i = 0; i < n; i++) {
        const int32_t magnitude = ck_float_to_bits(x[i]) & 0x7fffffff;
        largest = magnitude > largest ? magnitude : largest;
    }
    return ck_bits_to_float(largest);
}

CK_INLINE int is_usable(float bound) { return bound < INFINITY && bound >= 1e-30f; }

/// The nearest integer, the even one of two, by the float's own grid.
CK_INLINE int32_t nearest(float value) { return ck_float_to_bits(value + 12582912.0f) - 0x4b400000; }

CK_INLINE float scale_of(float bound, float most) {
    return is_usable(bound) ? bound / most : bound < INFINITY ? 0.0f : NAN;
}

/// Sets n integers to values / scale and returns the scale: the largest magnitude over 127; NaN when one value is not
/// finite.
CK_CLONES static float quantize(int64_t n, const float *x, int8_t *integers) {
    const float bound = largest_magnitude(n, x);
    const int usable = is_usable(bound);
    const float factor = usable ? 127.0f / bound : 0.0f;
    for (int64_t i = 0; i < n; i++) integers[i] = (int8_t)nearest(usable ? x[i] * factor : 0.0f);
    return scale_of(bound, 127.0f);
}

/// The same in 128 times finer steps: values = scale * (128 * coarse + fine), fine from -64 to 63.
CK_CLONES static float quantize_input(int64_t n, const float *x, int8_t *coarse, int8_t *fine) {
    const float bound = largest_magnitude(n, x);
    const int usable = is_usable(bound);
    const float factor = usable ? 127.0f * 128.0f / bound : 0.0f;
    for (int64_t i = 0; i < n; i++) {
        const int32_t integer = nearest(usable ? x[i] * factor : 0.0f), upper = (integer + 64) >> 7;
        coarse[i] = (int8_t)upper;
        fine[i] = (int8_t)(integer - 128 * upper);
    }
    return scale_of(bound, 127.0f * 128.0f);
}

void ck_weights_pack_row(ck_weight_format format, int64_t columns, const float *weight, void *packed, float *scale,
                         int32_t *sum) {
    const int64_t stride = ck_weights_stride(format, columns);
    switch (format) {
    case CK_FLOAT32: memcpy(packed, weight, columns * sizeof(float)); break;
    case CK_BFLOAT16: {
        uint16_t *row = packed;
        for (int64_t c = 0; c < columns; c++) row[c] = bfloat(weight[c]);
        memset(row + columns, 0, (stride - columns) * sizeof(uint16_t));
        break;
    }
    case CK_INT8: {
        int8_t *row = packed;
        *scale = quantize(columns, weight, row);
        memset(row + columns, 0, stride - columns);
        int32_t total = 0;
        for (int64_t c = 0; c < columns; c++) total += row[c];
        *sum = total;
        break;
    }
    }
}

CK_CLONES static void split_pairs(int64_t pairs, const float *x, float *even, float *odd) {
    for (int64_t i = 0; i < pairs; i++) {
        even[i] = x[2 * i];
        odd[i] = x[2 * i + 1];
    }
}

void ck_weights_prepare(ck_weight_format format, int64_t columns, const float *x, void *input) {
    const int64_t stride = ck_weights_stride(format, columns);
    switch (format) {
    case CK_FLOAT32: memcpy(input, x, columns * sizeof(float)); break;
    case CK_BFLOAT16: {
        float *even = input, *odd = even + stride / 2;
        const int64_t pairs = columns / 2;
        split_pairs(pairs, x, even, odd);
        for (int64_t i = pairs; i < stride / 2; i++) even[i] = odd[i] = 0;
        if (columns % 2 != 0) even[pairs] = x[columns - 1];
        break;
    }
    case CK_INT8: {
        int8_t *coarse = (int8_t *)input + 64, *fine = coarse + stride;
        *(float *)input = quantize_input(columns, x, coarse, fine);
        memset(coarse + columns, 0, stride - columns);
        memset(fine + columns, 0, stride - columns);
        break;
    }
    }
}

CK_INLINE float finished(const ck_weights *weights, int64_t row, float value) {
    return weights->bias ? value + weights->bias[row] : value;
}

CK_INLINE float rescaled(const ck_weights *weights, const void *input, int64_t row, int32_t coarse, int32_t fine) {
    const float scale = weights->scales[row] * *(const float *)input;
    return ((float)coarse * 128.0f + (float)fine) * scale;
}

/// Sums of `rows` <= ck_weight_rows rows from `row` on with `inputs` <= ck_weight_inputs inputs.
static void block(const ck_weights *weights, const ck_weight_products *chosen, int64_t row, int64_t rows,
                  const char *input, int64_t inputs, int64_t input_bytes, float *sums) {
    const int64_t stride = weights->stride;
    if (weights->format == CK_FLOAT32)
        return chosen->floats(rows, inputs, stride, (const float *)weights->weights + row * stride,
                              (const float *)input, input_bytes / (int64_t)sizeof(float), sums);
    // Only float32 is asked for several at once: what drafts reads one row after the other.
    for (int64_t i = 0; i < inputs; i++, input += input_bytes, sums += ck_weight_rows) {
        if (weights->format == CK_BFLOAT16) {
            chosen->bfloats(rows, stride, (const uint16_t *)weights->weights + row * stride, (const float *)input, sums);
        } else {
            const int8_t *from = (const int8_t *)weights->weights + row * stride, *x = (const int8_t *)input + 64;
            int32_t coarse[ck_weight_rows], fine[ck_weight_rows];
            chosen->integers(rows, stride, from, x, weights->sums + row, coarse);
            chosen->integers(rows, stride, from, x + stride, weights->sums + row, fine);
            for (int64_t r = 0; r < rows; r++) sums[r] = rescaled(weights, input, row + r, coarse[r], fine[r]);
        }
    }
}

CK_INLINE int64_t at_most(int64_t count, int64_t limit) { return count < limit ? count : limit; }

void ck_weights_product(const ck_weights *weights, const void *input, int64_t inputs, int64_t first, int64_t count,
                        float *y, int64_t stride) {
    const ck_weight_products *chosen = products(weights);
    const int64_t input_bytes = ck_weights_input_bytes(weights->format, weights->columns);
    for (int64_t done = 0; done < count; done += ck_weight_rows) {
        const int64_t row = first + done, rows = at_most(count - done, ck_weight_rows);
        for (int64_t i = 0; i < inputs; i += ck_weight_inputs) {
            const int64_t together = at_most(inputs - i, ck_weight_inputs);
            float sums[ck_weight_inputs * ck_weight_rows];
            block(weights, chosen, row, rows, (const char *)input + i * input_bytes, together, input_bytes, sums);
            for (int64_t k = 0; k < together; k++)
                for (int64_t r = 0; r < rows; r++)
                    y[(i + k) * stride + done + r] = finished(weights, row + r, sums[k * ck_weight_rows + r]);
        }
    }
}

void ck_weights_product_plain(const ck_weights *weights, const void *input, int64_t first, int64_t count, float *y) {
    const int64_t stride = weights->stride, half = stride / 2;
    for (int64_t row = first; row < first + count; row++) {
        double sum = 0;
        int32_t coarse = 0, fine = 0;
        for (int64_t c = 0; c < weights->columns; c++) switch (weights->format) {
            case CK_FLOAT32:
                sum += (double)((const float *)weights->weights)[row * stride + c] * ((const float *)input)[c];
                break;
            case CK_BFLOAT16: {
                const uint32_t bits = (uint32_t)((const uint16_t *)weights->weights)[row * stride + c] << 16;
                sum += (double)ck_bits_to_float((int32_t)bits) * ((const float *)input)[c / 2 + c % 2 * half];
                break;
            }
            case CK_INT8: {
                const int8_t weight = ((const int8_t *)weights->weights)[row * stride + c], *x = (const int8_t *)input + 64;
                coarse += weight * x[c];
                fine += weight * x[stride + c];
                break;
            }
            }
        const float value = weights->format == CK_INT8 ? rescaled(weights, input, row, coarse, fine) : (float)sum;
        y[row - first] = finished(weights, row, value);
    }
}
