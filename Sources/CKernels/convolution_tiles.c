#include "convolution_tiles.h"

const float ck_no_bias[ck_most_rows] = {0};
const float ck_no_scale[ck_most_rows] = {1, 1, 1, 1, 1, 1, 1, 1};

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

CK_CLONES void ck_pack_tile(const ck_tiling *tiling, const ck_tile *tile, const ck_signal *signal, const float *scale,
                            int64_t all_channels, int64_t channel, int64_t channels, int64_t length, int64_t start,
                            int64_t stride, float *rows) {
    const int64_t used = tile->items * tiling->pitch, pitch = tiling->pitch;
    const float slope = signal->slope;
    for (int64_t i = 0; i < channels; i++)
        for (int64_t phase = 0; phase < stride; phase++) {
            float *row = rows + (i * stride + phase) * tiling->row;
            const float factor = scale ? scale[channel + i] : 1;
            for (int64_t item = 0; item < tile->items; item++) {
                const int64_t at = ((tile->first_item + item) * all_channels + channel + i) * length;
                const float *from = signal->values + at, *gate = signal->gate ? signal->gate + at : 0;
                float *to = row + item * pitch;
                // Constant strides, so that each gets its own vector loop.
                switch (stride) {
                case 1: ck_pack_row(to, pitch, from, gate, length, start + phase, 1, slope, factor); break;
                case 2: ck_pack_row(to, pitch, from, gate, length, start + phase, 2, slope, factor); break;
                case 3: ck_pack_row(to, pitch, from, gate, length, start + phase, 3, slope, factor); break;
                case 4: ck_pack_row(to, pitch, from, gate, length, start + phase, 4, slope, factor); break;
                default: ck_pack_row(to, pitch, from, gate, length, start + phase, stride, slope, factor);
                }
            }
            for (int64_t e = used; e < tiling->row; e++) row[e] = 0;
        }
}

CK_CLONES void ck_transpose_eight(const float *from, int64_t pitch, int64_t columns, float *to) {
    int64_t c = 0;
    for (; c + 8 <= columns; c += 8) ck_transpose_8(from + c, pitch, to + c * 8);
    for (; c < columns; c++)
        for (int r = 0; r < 8; r++) to[c * 8 + r] = from[r * pitch + c];
}

CK_CLONES void ck_transpose_taps(int64_t count, const float *from, int64_t pitch, int64_t kernel, int64_t taps,
                                 const int64_t *tap, float *to) {
    for (int64_t o = 0; o < count; o++) {
        float all[8 * 8];
        // Rows stand pages apart, where the processor does not look ahead by itself.
        for (int64_t at = 0; at < 8 * kernel; at += 16) __builtin_prefetch(from + (o + 12) * pitch + at);
        ck_transpose_8(from + o * pitch, kernel, all);
        for (int64_t e = 0; e < taps; e++, to += 8) *(ck_eight *)to = *(const ck_eight *)(all + tap[e] * 8);
    }
}

void ck_run_strip(const ck_convolution_blocks *blocks, int64_t rows, const ck_strip *strip, int64_t columns) {
    const ck_strip_block *table = strip->row_step       ? blocks->by_row[rows]
                                  : strip->product_step ? blocks->by_product[rows]
                                                        : blocks->strip[rows];
    const int64_t vectors = ck_ceiling(columns, blocks->lanes), steps = ck_ceiling(vectors, blocks->vectors[rows]);
    for (int64_t step = 0; step < steps; step++) {
        const int64_t v = ck_block_start(vectors, steps, step), end = ck_block_start(vectors, steps, step + 1);
        const int64_t t = v * blocks->lanes;
        table[end - v](strip, t, ck_smaller((end - v) * blocks->lanes, columns - t));
    }
}

CK_CLONES void ck_finish_row(int64_t count, const float *from, int64_t stride, int64_t at, const ck_finish *finish,
                             float *out) {
    const float *residual = finish->residual ? finish->residual + at : 0, *gate = finish->gate ? finish->gate + at : 0;
    const int gates_itself = finish->gates_itself;
    const float slope = finish->slope;
    if (stride != 1) {
        const ck_finish own = *finish;  // which `out` cannot be a part of
        for (int64_t e = 0; e < count; e++) ck_finish_one(&own, at + e * stride, from[e], out);
        return;
    }
#define FINISH(width, place)                                                                      \
    ck_finish_##width(out + at + (place), from + (place), residual ? residual + (place) : 0,      \
                      gate ? gate + (place) : 0, gates_itself, slope)
    CK_COVER(count, FINISH);
#undef FINISH
}

void ck_run_rows(const ck_tiling *tiling, const ck_tile *tile, const ck_convolution_blocks *blocks, ck_strip *strip,
                 int64_t channel, int64_t rows, int64_t all_channels, int64_t length, const ck_finish *finish,
                 float *results, float *out) {
    const int64_t target = (tile->first_item * all_channels + channel) * length + tile->first;
    if (tile->items == 1) {
        strip->y = out + target;
        strip->y_stride = length;
        strip->residual = finish->residual ? finish->residual + target : 0;
        strip->gate = finish->gate ? finish->gate + target : 0;
        strip->gates_itself = finish->gates_itself;
        strip->slope = finish->slope;
        ck_run_strip(blocks, rows, strip, tile->columns);
        return;
    }
    strip->y = results;
    strip->y_stride = tiling->row;
    ck_run_strip(blocks, rows, strip, tile->columns);
    for (int64_t i = 0; i < tile->items; i++)
        for (int64_t r = 0; r < rows; r++)
            ck_finish_row(tile->positions, results + r * tiling->row + i * tiling->pitch, 1,
                          target + (i * all_channels + r) * length, finish, out);
}
