#include "convolution_tiles.h"

const float ck_no_bias[ck_most_rows] = {0};

int ck_isa_level(void) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512bw"))
        return 2;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return 1;
#endif
    return 0;
}

const ck_convolution_blocks *ck_blocks(const ck_convolution *c) {
#if defined(__x86_64__)
    if (c->isa >= 2) return &ck_convolution_blocks_avx512;
    if (c->isa == 1) return &ck_convolution_blocks_avx2;
#endif
    return &ck_convolution_blocks_generic;
}

/// to[e] = leaky ReLU of from[start + e * stride], 0 outside 0 ..< length.
CK_INLINE void pack_row(float *restrict to, int64_t count, const float *restrict from, int64_t length, int64_t start,
                        int64_t stride, float slope) {
    const int64_t first = start < 0 ? ck_smaller(count, ck_ceiling(-start, stride)) : 0;
    const int64_t end = length > start ? ck_smaller(count, ck_ceiling(length - start, stride)) : 0;
    for (int64_t e = 0; e < first; e++) to[e] = 0;
    const float *x = from + start;
    if (slope == 1)
        for (int64_t e = first; e < end; e++) to[e] = x[e * stride];
    else
        for (int64_t e = first; e < end; e++) to[e] = x[e * stride] >= 0 ? x[e * stride] : x[e * stride] * slope;
    for (int64_t e = ck_larger(first, end); e < count; e++) to[e] = 0;
}

CK_CLONES void ck_pack_tile(const ck_tiling *tiling, const ck_tile *tile, const float *signal, int64_t all_channels,
                            int64_t channel, int64_t channels, int64_t length, int64_t start, int64_t stride,
                            float slope, float *rows) {
    const int64_t used = tile->items * tiling->pitch, pitch = tiling->pitch;
    for (int64_t i = 0; i < channels; i++)
        for (int64_t phase = 0; phase < stride; phase++) {
            float *row = rows + (i * stride + phase) * tiling->row;
            for (int64_t item = 0; item < tile->items; item++) {
                const float *from = signal + ((tile->first_item + item) * all_channels + channel + i) * length;
                float *to = row + item * pitch;
                // Constant strides, so that each gets its own vector loop.
                switch (stride) {
                case 1: pack_row(to, pitch, from, length, start + phase, 1, slope); break;
                case 2: pack_row(to, pitch, from, length, start + phase, 2, slope); break;
                case 3: pack_row(to, pitch, from, length, start + phase, 3, slope); break;
                case 4: pack_row(to, pitch, from, length, start + phase, 4, slope); break;
                default: pack_row(to, pitch, from, length, start + phase, stride, slope);
                }
            }
            for (int64_t e = used; e < tiling->row; e++) row[e] = 0;
        }
}

void ck_run_strip(const ck_convolution_blocks *blocks, int64_t rows, const ck_strip *strip, int64_t columns) {
    const int64_t vectors = ck_ceiling(columns, blocks->lanes), steps = ck_ceiling(vectors, blocks->vectors[rows]);
    for (int64_t step = 0; step < steps; step++) {
        const int64_t v = ck_block_start(vectors, steps, step), end = ck_block_start(vectors, steps, step + 1);
        const int64_t t = v * blocks->lanes;
        blocks->strip[rows][end - v](strip, t, ck_smaller((end - v) * blocks->lanes, columns - t));
    }
}
