// short = weight * long + bias: the convolution itself, and the data gradient of the transposed one.
#include "convolution_narrow.h"
#include "convolution_single.h"
#include "convolution_winograd.h"

typedef struct {
    const ck_convolution_blocks *blocks;
    int64_t group_inputs, group_outputs, products, group_blocks, reach;
    int by_channels;  // items share packed tiles and divide the channels; else they share packed weights
    int as_they_are;  // weights read for few columns alone are not worth copying
    int64_t runs;     // of blocks of output channels
    ck_tiling tiling;
} ck_gather_plan;

static ck_gather_plan plan_of(const ck_convolution *c) {
    ck_gather_plan plan = {.blocks = ck_blocks(c)};
    plan.group_inputs = c->inputs / c->groups;
    plan.group_outputs = c->outputs / c->groups;
    plan.products = plan.group_inputs * c->kernel;
    plan.reach = (c->kernel - 1) * c->dilation / c->stride;
    const int64_t rows = c->inputs * c->stride, all = c->batch * (c->short_length + plan.reach);
    plan.by_channels = ck_cut_by_channels(c->outputs * plan.products, rows, all);
    if (plan.by_channels)
        plan.tiling = ck_tile_up(c->batch, c->short_length, plan.reach, ck_wide_tile_columns(rows), c->batch);
    else
        plan.tiling = ck_tile_up(c->batch, c->short_length, plan.reach,
                                 ck_tile_columns(c->batch, c->short_length, rows), ck_larger(1, c->batch / 16));
    enum { few_columns = 64 };
    const int64_t columns = ck_all_columns(&plan.tiling, c->batch);
    plan.as_they_are = plan.by_channels && columns <= few_columns;
    plan.group_blocks = ck_ceiling(
        plan.group_outputs, plan.as_they_are ? ck_rows_of_all_columns(plan.blocks, columns) : plan.blocks->rows);
    plan.runs = plan.by_channels ? ck_channel_runs(c->groups * plan.group_blocks) : 1;
    return plan;
}

/// A block of output channels of one group.
typedef struct { int64_t group, first, count; } channel_block;

static channel_block block_at(const ck_gather_plan *plan, int64_t index) {
    const int64_t group = index / plan->group_blocks, block = index % plan->group_blocks;
    const int64_t base = group * plan->group_outputs;
    const int64_t first = base + ck_block_start(plan->group_outputs, plan->group_blocks, block);
    return (channel_block){group, first, base + ck_block_start(plan->group_outputs, plan->group_blocks, block + 1) - first};
}

/// Weights of a block, by product, then channel in the block.
static void pack_block(const ck_gather_plan *plan, channel_block block, const float *weight, float *to) {
    const float *from = weight + block.first * plan->products;
    if (block.count == 8) {
        ck_transpose_eight(from, plan->products, plan->products, to);
        return;
    }
    enum { strip = 256 };
    for (int64_t start = 0; start < plan->products; start += strip) {
        const int64_t stop = ck_smaller(plan->products, start + strip);
        for (int64_t r = 0; r < block.count; r++)
            for (int64_t q = start; q < stop; q++) to[q * block.count + r] = from[r * plan->products + q];
    }
}

static void pack_tile(const ck_convolution *c, const ck_tiling *tiling, const ck_tile *tile, const ck_signal *longs,
                      int64_t channel, int64_t channels, float *rows) {
    ck_pack_tile(tiling, tile, longs, 0, c->inputs, channel, channels, c->long_length,
                 tile->first * c->stride - c->padding, c->stride, rows);
}

enum { pack_channels = 64 };  // of the long signal, in one packing piece

CK_INLINE int64_t tiles_of(const ck_tiling *tiling) { return tiling->time_tiles * tiling->batch_tiles; }

CK_INLINE int64_t tile_floats(const ck_convolution *c, const ck_tiling *tiling) {
    return c->inputs * c->stride * tiling->row;
}

int64_t ck_gather_packings(const ck_convolution *c) {
    if (ck_is_single(c) || ck_is_narrow(c)) return 0;
    if (ck_winograd_filters(c, 0)) {
        const ck_winograd_plan filters = ck_winograd_plan_of(c, 0);
        return ck_winograd_packings(&filters);
    }
    const ck_gather_plan plan = plan_of(c);
    if (plan.by_channels) return tiles_of(&plan.tiling) * ck_ceiling(c->inputs, pack_channels);
    return c->groups * plan.group_blocks;
}

int64_t ck_gather_packed_count(const ck_convolution *c) {
    if (ck_is_single(c) || ck_is_narrow(c)) return 0;
    if (ck_winograd_filters(c, 0)) {
        const ck_winograd_plan filters = ck_winograd_plan_of(c, 0);
        return ck_winograd_packed_count(&filters);
    }
    const ck_gather_plan plan = plan_of(c);
    // Loads pass the end of the last row by less than a vector.
    if (plan.by_channels) return tiles_of(&plan.tiling) * tile_floats(c, &plan.tiling) + ck_most_lanes;
    return c->outputs * plan.products;
}

void ck_gather_pack(const ck_convolution *c, int64_t index, const ck_signal *longs, const float *weight,
                    float *packed) {
    if (ck_winograd_filters(c, 0)) {
        const ck_winograd_plan filters = ck_winograd_plan_of(c, 0);
        ck_winograd_pack(c, &filters, index, longs, 0, weight, packed);
        return;
    }
    const ck_gather_plan plan = plan_of(c);
    if (!plan.by_channels) {
        const channel_block block = block_at(&plan, index);
        pack_block(&plan, block, weight, packed + block.first * plan.products);
        return;
    }
    const int64_t pieces = ck_ceiling(c->inputs, pack_channels);
    const int64_t first = index % pieces * pack_channels;
    const ck_tile tile = ck_tile_at(&plan.tiling, c->batch, index / pieces);
    if (ck_tile_in_place(c, &tile, longs, 0, c->inputs, c->long_length)) return;
    float *rows = packed + index / pieces * tile_floats(c, &plan.tiling) + first * c->stride * plan.tiling.row;
    pack_tile(c, &plan.tiling, &tile, longs, first, ck_smaller(pack_channels, c->inputs - first), rows);
}

int64_t ck_gather_items(const ck_convolution *c) {
    if (ck_is_single(c)) return ck_single_gather_items(c);
    if (ck_is_narrow(c)) return ck_narrow_items(c);
    if (ck_winograd_filters(c, 0)) {
        const ck_winograd_plan filters = ck_winograd_plan_of(c, 0);
        return ck_winograd_items(&filters);
    }
    const ck_gather_plan plan = plan_of(c);
    return tiles_of(&plan.tiling) * plan.runs;
}

int64_t ck_gather_scratch(const ck_convolution *c) {
    if (ck_is_single(c)) return ck_single_gather_scratch(c);
    if (ck_is_narrow(c)) return ck_narrow_scratch(c);
    if (ck_winograd_filters(c, 0)) {
        const ck_winograd_plan filters = ck_winograd_plan_of(c, 0);
        return ck_winograd_scratch(&filters);
    }
    const ck_gather_plan plan = plan_of(c);
    const int64_t own = plan.by_channels ? ck_most_rows * plan.products : tile_floats(c, &plan.tiling);
    return own + ck_most_rows * plan.tiling.row + ck_most_lanes + plan.products;
}

void ck_gather_item(const ck_convolution *c, int64_t item, const ck_signal *longs, const float *weight,
                    const float *packed, const ck_finish *finish, float *shorts, float *scratch) {
    if (ck_is_single(c)) {
        ck_single_gather_item(c, item, longs, weight, finish, shorts, scratch);
        return;
    }
    if (ck_is_narrow(c)) {
        ck_narrow_item(c, item, longs, weight, finish, shorts, scratch);
        return;
    }
    if (ck_winograd_filters(c, 0)) {
        const ck_winograd_plan filters = ck_winograd_plan_of(c, 0);
        ck_winograd_item(c, &filters, item, longs, 0, weight, packed, finish, finish->scale, shorts, scratch);
        return;
    }
    const ck_gather_plan plan = plan_of(c);
    const ck_tiling *tiling = &plan.tiling;
    // Tiles of one run of channels follow each other, so that its weights are still near.
    const int64_t tile_index = item % tiles_of(tiling), run = item / tiles_of(tiling);
    const ck_tile tile = ck_tile_at(tiling, c->batch, tile_index);
    float *own = scratch;
    float *results = own + (plan.by_channels ? ck_most_rows * plan.products : tile_floats(c, tiling));
    int32_t *offsets = (int32_t *)(results + ck_most_rows * tiling->row + ck_most_lanes);

    const float *in_place = ck_tile_in_place(c, &tile, longs, 0, c->inputs, c->long_length);
    const float *rows = in_place ? in_place : plan.by_channels ? packed + tile_index * tile_floats(c, tiling) : own;
    const int64_t row = in_place ? c->long_length : tiling->row;
    if (!plan.by_channels && !in_place) pack_tile(c, tiling, &tile, longs, 0, c->inputs, own);
    ck_tap_offsets(c, plan.group_inputs, row, offsets);

    const int64_t blocks = c->groups * plan.group_blocks;
    for (int64_t index = ck_block_start(blocks, plan.runs, run); index < ck_block_start(blocks, plan.runs, run + 1);
         index++) {
        const channel_block block = block_at(&plan, index);
        const float *weights = packed + block.first * plan.products;
        if (plan.as_they_are)
            weights = weight + block.first * plan.products;
        else if (plan.by_channels) {
            pack_block(&plan, block, weight, own);
            weights = own;
        }
        ck_strip strip = {
            .x = rows + block.group * plan.group_inputs * c->stride * row,
            .offsets = offsets,
            .products = plan.products,
            .weights = weights,
            .row_step = plan.as_they_are ? plan.products : 0,
            .scale = finish->scale ? finish->scale + block.first : ck_no_scale,
            .bias = finish->bias ? finish->bias + block.first : ck_no_bias,
        };
        ck_run_rows(tiling, &tile, plan.blocks, &strip, block.first, block.count, c->outputs, c->short_length,
                    finish, results, shorts);
    }
}
