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

// Eight numbers of each row at a time, the last eight perhaps once more.
#define EIGHTS(count)                                     \
    for (int64_t place = 0; place < (count); place += 8)  \
        for (int64_t e = ck_smaller(place, (count) - 8), once = 1; once; once = 0)

CK_CLONES void ck_interleave(int64_t rows, int64_t count, const float *from, int64_t pitch, float *to) {
    if (count >= 8 && rows == 2) {
        EIGHTS(count) ck_zip(from + e, from + pitch + e, to + e * 2);
    } else if (count >= 8 && rows == 3) {
        EIGHTS(count) ck_zip_3(from + e, from + pitch + e, from + 2 * pitch + e, to + e * 3);
    } else if (count >= 8 && rows == 4) {
        EIGHTS(count) {
            float even[16], odd[16];
            ck_zip(from + e, from + 2 * pitch + e, even);
            ck_zip(from + pitch + e, from + 3 * pitch + e, odd);
            ck_zip(even, odd, to + e * 4);
            ck_zip(even + 8, odd + 8, to + e * 4 + 16);
        }
    } else if (count >= 8 && rows == 8) {
        EIGHTS(count) ck_transpose_8(from + e, pitch, to + e * 8);
    } else
        for (int64_t r = 0; r < rows; r++)
            for (int64_t e = 0; e < count; e++) to[e * rows + r] = from[r * pitch + e];
}

/// The way back, of 2, 3, 4 or 8 rows: to[r * pitch + e] = from[e * rows + r].
CK_INLINE void deal(const int rows, int64_t count, const float *from, float *to, int64_t pitch) {
    if (count < 8) {
        for (int r = 0; r < rows; r++)
            for (int64_t e = 0; e < count; e++) to[r * pitch + e] = from[e * rows + r];
        return;
    }
    EIGHTS(count) {
        const float *all = from + e * rows;
        float row[8 * 8];
        if (rows == 2)
            ck_unzip(all, row, row + 8);
        else if (rows == 3)
            ck_unzip_3(all, row);
        else if (rows == 4)
            ck_unzip_4(all, row);
        else
            ck_transpose_8(all, 8, row);
        for (int r = 0; r < rows; r++) *(ck_eight *)(to + r * pitch + e) = *(const ck_eight *)(row + 8 * r);
    }
}

/// Positions start + e * stride + phase of a row, e < count: a row for each of 2, 3, 4 or 8 phases, `pitch` apart.
CK_INLINE void pack_phases(const int stride, float *to, int64_t pitch, int64_t count, const float *from,
                           const float *gate, int64_t length, int64_t start, float slope, float factor) {
    enum { most = 64 };
    for (int64_t e = 0; e < count; e += most) {
        const int64_t some = ck_smaller(most, count - e);
        float line[most * 8];
        ck_pack_row(line, some * stride, from, gate, length, start + e * stride, 1, slope, factor);
        deal(stride, some, line, to + e, pitch);
    }
}

CK_CLONES void ck_pack_tile(const ck_tiling *tiling, const ck_tile *tile, const ck_signal *signal, const float *scale,
                            int64_t all_channels, int64_t channel, int64_t channels, int64_t length, int64_t start,
                            int64_t stride, float *rows) {
    const int64_t used = tile->items * tiling->pitch, pitch = tiling->pitch;
    const float slope = signal->slope;
    for (int64_t i = 0; i < channels; i++) {
        float *first = rows + i * stride * tiling->row;
        const float factor = scale ? scale[channel + i] : 1;
        for (int64_t item = 0; item < tile->items; item++) {
            const int64_t at = ((tile->first_item + item) * all_channels + channel + i) * length;
            const float *from = signal->values + at, *gate = signal->gate ? signal->gate + at : 0;
            float *to = first + item * pitch;
#define PHASES(count) pack_phases(count, to, tiling->row, pitch, from, gate, length, start, slope, factor)
            switch (stride) {
            case 1: ck_pack_row(to, pitch, from, gate, length, start, 1, slope, factor); break;
            case 2: PHASES(2); break;
            case 3: PHASES(3); break;
            case 4: PHASES(4); break;
            case 8: PHASES(8); break;
            default:
                for (int64_t phase = 0; phase < stride; phase++)
                    ck_pack_row(to + phase * tiling->row, pitch, from, gate, length, start + phase, stride, slope, factor);
            }
#undef PHASES
        }
        for (int64_t phase = 0; phase < stride; phase++)
            for (int64_t e = used; e < tiling->row; e++) first[phase * tiling->row + e] = 0;
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
        ck_columns_of_taps(kernel, from + o * pitch, all);
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
