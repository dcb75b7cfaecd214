// The block loops of each instruction set: what product.c chooses from.
#ifndef REPRISE_PRODUCT_BLOCKS_H
#define REPRISE_PRODUCT_BLOCKS_H

#include <string.h>

#include "dispatch.h"
#include "include/product.h"

enum { ck_most_product_block_rows = 14, ck_product_block_vectors = 2 };

/// One chunk of the sums of a block of rows and columns, and where they go. Both factors are packed in panels, `rows`
/// or `columns` of the widest block wide: all of the panel's lines at one depth, then at the next.
typedef struct {
    int64_t depth;
    const float *left, *right;
    const ck_product_finish *finish;
    /// Of the block's first element in `out`, and its first column.
    int64_t at, column;
    /// Whether this is the first chunk and whether it is the last.
    int first, last;
} ck_product_block;

/// One chunk of some panels of a factor, one behind the other, and where its numbers stand: line l at depth d is
/// values[l * line_step + d * depth_step]. Behind the last of `lines` lines a panel is filled with zeros.
typedef struct {
    int64_t panels, lines, depth;
    const float *values;
    int64_t line_step, depth_step;
    float *packed;
} ck_panels;

typedef struct {
    int lanes, rows;
    /// Indexed by rows and vectors of lanes; `count` is how many columns there are, the last vector being partly used.
    void (*block[ck_most_product_block_rows + 1][ck_product_block_vectors + 1])(const ck_product_block *b,
                                                                                int64_t count);
    void (*pack_left)(const ck_panels *p);
    void (*pack_right)(const ck_panels *p);
} ck_product_blocks;

extern const ck_product_blocks ck_product_blocks_generic;
#if defined(__x86_64__)
extern const ck_product_blocks ck_product_blocks_avx2, ck_product_blocks_avx512;
#endif

#endif
