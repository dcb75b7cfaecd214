// What the three convolution operators share: how work is cut into tiles, and how a tile is copied out of a signal.
//
// A tile is a compact copy of all channels over a stretch of time, zeros of the padding included, that stays in the
// second-level cache while every output channel reads it. Long signals are cut in time; of short ones several batch
// items stand one behind the other in a row, so that vectors are full (what comes out between them is dropped).
// A strided convolution's long signal is split into `stride` phases, rows of every stride-th sample, after which its
// taps are plain shifts too.
#ifndef REPRISE_CONVOLUTION_TILES_H
#define REPRISE_CONVOLUTION_TILES_H

#include <stdint.h>
#include <string.h>

#include "convolution_blocks.h"

typedef struct {
    int64_t length;     // positions of a batch item in all
    int64_t positions;  // of those in one tile
    int64_t items;      // batch items in one tile
    int64_t pitch;      // from one batch item to the next in a row
    int64_t row;        // floats from row to row
    int64_t time_tiles, batch_tiles;
} ck_tiling;

/// One tile: where it begins and how much of it there is.
typedef struct { int64_t first_item, items, first, positions, columns; } ck_tile;

CK_INLINE int64_t ck_smaller(int64_t a, int64_t b) { return a < b ? a : b; }
CK_INLINE int64_t ck_larger(int64_t a, int64_t b) { return a > b ? a : b; }
CK_INLINE int64_t ck_ceiling(int64_t a, int64_t b) { return (a + b - 1) / b; }
CK_INLINE int64_t ck_floor(int64_t a, int64_t b) { return a >= 0 ? a / b : -ck_ceiling(-a, b); }
CK_INLINE int64_t ck_round_up(int64_t a, int64_t b) { return ck_ceiling(a, b) * b; }

/// Stores one sum, scale and bias in it, as its finish says.
CK_INLINE void ck_finish_one(const ck_finish *finish, int64_t at, float sum, float *out) {
    const float value = finish->residual ? sum + finish->residual[at] : sum;
    const float gate = finish->gate ? finish->gate[at] : finish->gates_itself ? value : 0;
    out[at] = gate < 0 ? value * finish->slope : value;
}

/// Whether a convolution is better cut by its output channels than in time: when its weights are many and its columns
/// few, or the columns so few that they make one tile. Each weight is then read once, where it stands, by whoever makes
/// its channels, and tiles are packed for all.
CK_INLINE int ck_cut_by_channels(int64_t weights, int64_t rows, int64_t columns) {
    enum { many_weights = 65536, most_tiles = 6, wide_tile_floats = 393216, few_columns = 256, enough_weights = 4096 };
    return (weights >= many_weights && rows * columns <= most_tiles * wide_tile_floats) ||
           (weights >= enough_weights && columns <= few_columns && rows * columns <= wide_tile_floats);
}

/// Columns of a tile of `rows` rows when all share it: a megabyte and a half.
CK_INLINE int64_t ck_wide_tile_columns(int64_t rows) {
    enum { wide_tile_floats = 393216 };
    return ck_larger(192, wide_tile_floats / rows);
}

/// Into how many runs `blocks` blocks of channels are cut to make items of.
CK_INLINE int64_t ck_channel_runs(int64_t blocks) {
    enum { enough_runs = 32 };
    return ck_smaller(blocks, enough_runs);
}

/// Columns of a tile of `rows` rows: half a megabyte, yet few enough that one batch item alone makes work for several
/// threads, and enough for whole blocks of vectors.
CK_INLINE int64_t ck_tile_columns(int64_t batch, int64_t length, int64_t rows) {
    enum { tile_floats = 131072, enough_items = 8 };
    const int64_t columns = ck_larger(192, ck_smaller(2048, tile_floats / rows));
    return ck_smaller(columns, ck_larger(96, ck_ceiling(batch * length, enough_items)));
}

/// `reach` is how far taps look ahead, `columns` the most a row should hold, `most_items` the most batch items.
CK_INLINE ck_tiling ck_tile_up(int64_t batch, int64_t length, int64_t reach, int64_t columns, int64_t most_items) {
    ck_tiling tiling = {.length = length};
    if (length + reach > columns) {
        tiling.positions = ck_round_up(ck_ceiling(length, ck_ceiling(length, columns)), ck_most_lanes);
        tiling.items = 1;
    } else {
        tiling.positions = length;
        tiling.items = ck_larger(1, ck_smaller(ck_smaller(batch, most_items), columns / (length + reach)));
        tiling.items = ck_ceiling(batch, ck_ceiling(batch, tiling.items));
    }
    tiling.pitch = tiling.positions + reach;
    // An odd number of cache lines, so that rows do not fall on the same sets; loads pass the end by less than a vector.
    tiling.row = ck_round_up(tiling.items * tiling.pitch + ck_most_lanes, 16);
    if (tiling.row / 16 % 2 == 0) tiling.row += 16;
    tiling.time_tiles = ck_ceiling(length, tiling.positions);
    tiling.batch_tiles = ck_ceiling(batch, tiling.items);
    return tiling;
}

CK_INLINE ck_tile ck_tile_at(const ck_tiling *tiling, int64_t batch, int64_t index) {
    ck_tile tile;
    tile.first_item = index / tiling->time_tiles * tiling->items;
    tile.items = ck_smaller(tiling->items, batch - tile.first_item);
    tile.first = index % tiling->time_tiles * tiling->positions;
    tile.positions = ck_smaller(tiling->positions, tiling->length - tile.first);
    tile.columns = (tile.items - 1) * tiling->pitch + tile.positions;
    return tile;
}

/// Columns of the only tile; those of all tiles and more where there are several.
CK_INLINE int64_t ck_all_columns(const ck_tiling *tiling, int64_t batch) {
    return (batch - 1) * tiling->pitch + tiling->length;
}

// Pieces of a row of `width` numbers: a copy times a factor, through a gate if there is one, and the last step of a row
// of results.
#define CK_ROW_PIECES(width)                                                                                        \
    typedef float ck_row_##width __attribute__((vector_size(4 * width), aligned(4), may_alias));                    \
    typedef int32_t ck_mask_##width __attribute__((vector_size(4 * width)));                                        \
    CK_INLINE void ck_copy_##width(float *to, const float *from, const float *gate, float scale, float below) {     \
        const ck_row_##width x = *(const ck_row_##width *)from;                                                     \
        ck_row_##width y = x * scale;                                                                               \
        if (gate) {                                                                                                 \
            const ck_mask_##width is_open = *(const ck_row_##width *)gate >= 0;                                     \
            y = (ck_row_##width)(((ck_mask_##width)y & is_open) | ((ck_mask_##width)(x * below) & ~is_open));       \
        }                                                                                                           \
        *(ck_row_##width *)to = y;                                                                                  \
    }                                                                                                               \
    CK_INLINE void ck_finish_##width(float *to, const float *from, const float *residual, const float *gate,        \
                                     int gates_itself, float slope) {                                               \
        ck_row_##width y = *(const ck_row_##width *)from;                                                           \
        if (residual) y += *(const ck_row_##width *)residual;                                                       \
        if (gate || gates_itself) {                                                                                 \
            const ck_mask_##width is_below = (gate ? *(const ck_row_##width *)gate : y) < 0;                        \
            y = (ck_row_##width)(((ck_mask_##width)(y * slope) & is_below) | ((ck_mask_##width)y & ~is_below));     \
        }                                                                                                           \
        *(ck_row_##width *)to = y;                                                                                  \
    }
CK_ROW_PIECES(16)
CK_ROW_PIECES(8)
CK_ROW_PIECES(4)
CK_ROW_PIECES(1)

/// Calls `piece`_16, _8, _4 or _1 at places that cover 0 ..< count, some numbers twice: most rows are short, and a loop
/// over what whole vectors leave would take longer than they do.
#define CK_COVER(count, piece)                                                     \
    do {                                                                           \
        if (count >= 16) {                                                         \
            for (int64_t place = 0; place + 16 <= count; place += 16) piece(16, place); \
            if (count % 16 != 0) piece(16, count - 16);                            \
        } else if (count >= 8) {                                                   \
            piece(8, 0);                                                           \
            piece(8, count - 8);                                                   \
        } else if (count >= 4) {                                                   \
            piece(4, 0);                                                           \
            piece(4, count - 4);                                                   \
        } else                                                                     \
            for (int64_t place = 0; place < count; place++) piece(1, place);       \
    } while (0)

/// to[e] = scale * from[start + e * stride], through the gate, 0 outside 0 ..< length.
CK_INLINE void ck_pack_row(float *restrict to, int64_t count, const float *restrict from, const float *restrict gates,
                        int64_t length, int64_t start, int64_t stride, float slope, float scale) {
    const int64_t first = start < 0 ? ck_smaller(count, ck_ceiling(-start, stride)) : 0;
    const int64_t end = length > start ? ck_smaller(count, ck_ceiling(length - start, stride)) : 0;
    for (int64_t e = 0; e < first; e++) to[e] = 0;
    const float *x = from + start, *gate = gates ? gates + start : from;
    const float below = slope * scale;
    if (stride == 1) {
        const int64_t run = end - first;
#define CK_COPY(width, place) \
    ck_copy_##width(to + first + (place), x + first + (place), gates ? gate + first + (place) : 0, scale, below)
        CK_COVER(run, CK_COPY);
#undef CK_COPY
    } else if (!gates)
        for (int64_t e = first; e < end; e++) to[e] = x[e * stride] * scale;
    else
        for (int64_t e = first; e < end; e++) to[e] = x[e * stride] * (gate[e * stride] >= 0 ? scale : below);
    for (int64_t e = ck_larger(first, end); e < count; e++) to[e] = 0;
}

typedef ck_row_8 ck_eight;

#define CK_PAIRS(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)

/// Eight numbers of a and of b by turns.
CK_INLINE void ck_zip(const float *a, const float *b, float *to) {
    const ck_eight x = *(const ck_eight *)a, y = *(const ck_eight *)b;
    *(ck_eight *)to = CK_PAIRS(x, y, 0, 8, 1, 9, 2, 10, 3, 11);
    *(ck_eight *)(to + 8) = CK_PAIRS(x, y, 4, 12, 5, 13, 6, 14, 7, 15);
}

/// Every other one of sixteen numbers, the even ones and the odd ones.
CK_INLINE void ck_unzip(const float *from, float *even, float *odd) {
    const ck_eight x = *(const ck_eight *)from, y = *(const ck_eight *)(from + 8);
    *(ck_eight *)even = CK_PAIRS(x, y, 0, 2, 4, 6, 8, 10, 12, 14);
    *(ck_eight *)odd = CK_PAIRS(x, y, 1, 3, 5, 7, 9, 11, 13, 15);
}

/// Every fourth one of 32 numbers: four rows of eight.
CK_INLINE void ck_unzip_4(const float *from, float *to) {
    float even[16], odd[16];
    ck_unzip(from, even, odd);
    ck_unzip(from + 16, even + 8, odd + 8);
    ck_unzip(even, to, to + 16);
    ck_unzip(odd, to + 8, to + 24);
}

/// Eight numbers of each of three rows by turns; the way back.
CK_INLINE void ck_zip_3(const float *a, const float *b, const float *c, float *to) {
    const ck_eight x = *(const ck_eight *)a, y = *(const ck_eight *)b, z = *(const ck_eight *)c;
    const ck_eight first = CK_PAIRS(x, y, 0, 8, -1, 1, 9, -1, 2, 10), second = CK_PAIRS(x, y, -1, 3, 11, -1, 4, 12, -1, 5);
    const ck_eight third = CK_PAIRS(x, y, 13, -1, 6, 14, -1, 7, 15, -1);
    *(ck_eight *)to = CK_PAIRS(first, z, 0, 1, 8, 3, 4, 9, 6, 7);
    *(ck_eight *)(to + 8) = CK_PAIRS(second, z, 10, 1, 2, 11, 4, 5, 12, 7);
    *(ck_eight *)(to + 16) = CK_PAIRS(third, z, 0, 13, 2, 3, 14, 5, 6, 15);
}

CK_INLINE void ck_unzip_3(const float *from, float *to) {
    const ck_eight x = *(const ck_eight *)from, y = *(const ck_eight *)(from + 8), z = *(const ck_eight *)(from + 16);
    const ck_eight first = CK_PAIRS(x, y, 0, 3, 6, 9, 12, 15, -1, -1), second = CK_PAIRS(x, y, 1, 4, 7, 10, 13, -1, -1, -1);
    const ck_eight third = CK_PAIRS(x, y, 2, 5, 8, 11, 14, -1, -1, -1);
    *(ck_eight *)to = CK_PAIRS(first, z, 0, 1, 2, 3, 4, 5, 10, 13);
    *(ck_eight *)(to + 8) = CK_PAIRS(second, z, 0, 1, 2, 3, 4, 8, 11, 14);
    *(ck_eight *)(to + 16) = CK_PAIRS(third, z, 0, 1, 2, 3, 4, 9, 12, 15);
}

/// Eight rows of eight, `pitch` apart, become columns.
CK_INLINE void ck_transpose_8(const float *from, int64_t pitch, float *to) {
    ck_eight v[8], u[8];
    for (int r = 0; r < 8; r++) v[r] = *(const ck_eight *)(from + r * pitch);
    for (int r = 0; r < 8; r += 2) {
        u[r] = CK_PAIRS(v[r], v[r + 1], 0, 8, 1, 9, 4, 12, 5, 13);
        u[r + 1] = CK_PAIRS(v[r], v[r + 1], 2, 10, 3, 11, 6, 14, 7, 15);
    }
    for (int r = 0; r < 8; r += 4) {
        v[r] = CK_PAIRS(u[r], u[r + 2], 0, 1, 8, 9, 4, 5, 12, 13);
        v[r + 1] = CK_PAIRS(u[r], u[r + 2], 2, 3, 10, 11, 6, 7, 14, 15);
        v[r + 2] = CK_PAIRS(u[r + 1], u[r + 3], 0, 1, 8, 9, 4, 5, 12, 13);
        v[r + 3] = CK_PAIRS(u[r + 1], u[r + 3], 2, 3, 10, 11, 6, 7, 14, 15);
    }
    for (int r = 0; r < 4; r++) {
        *(ck_eight *)(to + r * 8) = CK_PAIRS(v[r], v[r + 4], 0, 1, 2, 3, 8, 9, 10, 11);
        *(ck_eight *)(to + (r + 4) * 8) = CK_PAIRS(v[r], v[r + 4], 4, 5, 6, 7, 12, 13, 14, 15);
    }
}

/// Eight rows of `kernel` taps, one behind the other, become columns, of which at most eight are made.
CK_INLINE void ck_columns_of_taps(int64_t kernel, const float *from, float *to) {
    if (kernel == 3)
        ck_unzip_3(from, to);
    else
        ck_transpose_8(from, kernel, to);
}

/// Channels `channel` ..< channel + channels of a signal [batch, all_channels, length] into a tile, one row for each
/// channel and phase; rows hold positions start + e * stride + phase, e < pitch, of each batch item. `scale` (may be
/// null) has a factor for each of all channels.
void ck_pack_tile(const ck_tiling *tiling, const ck_tile *tile, const ck_signal *signal, const float *scale,
                  int64_t all_channels, int64_t channel, int64_t channels, int64_t length, int64_t start,
                  int64_t stride, float *rows);

/// Rows of a block that reads weights where they stand for the only tile, `columns` columns wide: a few less than the most
/// if all columns then fit one block.
CK_INLINE int64_t ck_rows_of_all_columns(const ck_convolution_blocks *blocks, int64_t columns) {
    const int64_t vectors = ck_ceiling(columns, blocks->lanes);
    int64_t rows = blocks->rows;
    while (4 * rows > 3 * blocks->rows && blocks->vectors[rows] < vectors) rows--;
    return blocks->vectors[rows] < vectors ? blocks->rows : rows;
}

/// Where a tile of a signal [batch, channels, length] stands, if it can be read there: of one tap and one batch item, with
/// nothing to be padded, multiplied or passed through a gate, no load that leaves it, and rows that do not fall on the same
/// sets of a cache. Else it is packed.
CK_INLINE const float *ck_tile_in_place(const ck_convolution *c, const ck_tile *tile, const ck_signal *signal,
                                        const float *scale, int64_t channels, int64_t length) {
    const int is_plain = c->kernel == 1 && c->stride == 1 && c->padding == 0 && !signal->gate && !scale;
    if (!is_plain || tile->items > 1 || tile->columns < ck_most_lanes) return 0;
    if (length % 128 == 0 || channels * length > INT32_MAX) return 0;
    return signal->values + tile->first_item * channels * length + tile->first;
}

/// Where each product's row begins in a tile of the long signal, by channel, then tap. Only the first channel's are
/// worked out: divisions would take longer than a few columns' products.
CK_INLINE void ck_tap_offsets(const ck_convolution *c, int64_t channels, int64_t row, int32_t *offsets) {
    for (int64_t k = 0; k < c->kernel; k++) {
        const int64_t shift = k * c->dilation;
        offsets[k] = (int32_t)(shift % c->stride * row + shift / c->stride);
    }
    const int32_t step = (int32_t)(c->stride * row);
    for (int64_t q = c->kernel; q < channels * c->kernel; q++) offsets[q] = offsets[q - c->kernel] + step;
}

/// to[e * rows + r] = from[r * pitch + e]: rows of `count` numbers, one of each by turns.
void ck_interleave(int64_t rows, int64_t count, const float *from, int64_t pitch, float *to);

/// to[c * 8 + r] = from[r * pitch + c] for r < 8, c < columns.
void ck_transpose_eight(const float *from, int64_t pitch, int64_t columns, float *to);

/// to[(o * taps + e) * 8 + r] = from[o * pitch + r * kernel + tap[e]] for r < 8, o < count; reads eight floats of every
/// one of the eight rows, of which `kernel` <= 8 count.
void ck_transpose_taps(int64_t count, const float *from, int64_t pitch, int64_t kernel, int64_t taps,
                       const int64_t *tap, float *to);

/// The block table that `c` asks for.
const ck_convolution_blocks *ck_blocks(const ck_convolution *c);

/// Where block `index` of `blocks` equal ones begins.
CK_INLINE int64_t ck_block_start(int64_t count, int64_t blocks, int64_t index) { return count * index / blocks; }

/// Runs a strip of `rows` rows over columns 0 ..< columns.
void ck_run_strip(const ck_convolution_blocks *blocks, int64_t rows, const ck_strip *strip, int64_t columns);

/// The same for rows of a result [batch, all_channels, length]: `rows` channels from `channel` on, at the tile's place,
/// finished as asked; `results` is scratch for tiles of several batch items.
void ck_run_rows(const ck_tiling *tiling, const ck_tile *tile, const ck_convolution_blocks *blocks, ck_strip *strip,
                 int64_t channel, int64_t rows, int64_t all_channels, int64_t length, const ck_finish *finish,
                 float *results, float *out);

/// to[e * stride] = from[e] + residual, through the gate: the last step where a strip cannot store in place.
void ck_finish_row(int64_t count, const float *from, int64_t stride, int64_t at, const ck_finish *finish, float *out);

extern const float ck_no_bias[ck_most_rows], ck_no_scale[ck_most_rows];

#endif
