// short = weight * long + bias: the convolution itself, and the data gradient of the transposed one.
#include "convolution_tiles.h"

typedef struct {
    const ck_convolution_blocks *blocks;
    int64_t group_inputs, group_outputs, products, group_blocks, reach;
    ck_tiling tiling;
} ck_gather_plan;

static ck_gather_plan plan_of(const ck_convolution *c) {
    ck_gather_plan plan = {.blocks = ck_blocks(c)};
    plan.group_inputs = c->inputs / c->groups;
    plan.group_outputs = c->outputs / c->groups;
    plan.products = plan.group_inputs * c->kernel;
    plan.group_blocks = ck_ceiling(plan.group_outputs, plan.blocks->rows);
    plan.reach = (c->kernel - 1) * c->dilation / c->stride;
    const int64_t columns = ck_tile_columns(c->batch, c->short_length, c->inputs * c->stride);
    plan.tiling = ck_tile_up(c->batch, c->short_length, plan.reach, columns, ck_larger(1, c->batch / 16));
    return plan;
}

int64_t ck_gather_weight_items(const ck_convolution *c) { return c->groups * plan_of(c).group_blocks; }

int64_t ck_gather_packed_count(const ck_convolution *c) { return c->outputs * (c->inputs / c->groups) * c->kernel; }

/// Packed weights stand by block of output channels, then product, then channel in the block.
void ck_gather_pack_weights(const ck_convolution *c, int64_t item, const float *weight, float *packed) {
    const ck_gather_plan plan = plan_of(c);
    const int64_t group = item / plan.group_blocks, block = item % plan.group_blocks;
    const int64_t first = group * plan.group_outputs + ck_block_start(plan.group_outputs, plan.group_blocks, block);
    const int64_t end = group * plan.group_outputs + ck_block_start(plan.group_outputs, plan.group_blocks, block + 1);
    const int64_t rows = end - first;
    float *to = packed + first * plan.products;
    enum { strip = 256 };
    for (int64_t start = 0; start < plan.products; start += strip) {
        const int64_t stop = ck_smaller(plan.products, start + strip);
        for (int64_t r = 0; r < rows; r++) {
            const float *from = weight + (first + r) * plan.products;
            for (int64_t q = start; q < stop; q++) to[q * rows + r] = from[q];
        }
    }
}

int64_t ck_gather_items(const ck_convolution *c) {
    const ck_gather_plan plan = plan_of(c);
    return plan.tiling.time_tiles * plan.tiling.batch_tiles;
}

int64_t ck_gather_scratch(const ck_convolution *c) {
    const ck_gather_plan plan = plan_of(c);
    return (c->inputs * c->stride + ck_most_rows) * plan.tiling.row + ck_most_lanes + plan.products;
}

void ck_gather_item(const ck_convolution *c, int64_t item, const float *longs, float slope, const float *packed,
                    const float *bias, float *shorts, float *scratch) {
    const ck_gather_plan plan = plan_of(c);
    const ck_tiling *tiling = &plan.tiling;
    const ck_tile tile = ck_tile_at(tiling, c->batch, item);
    float *rows = scratch, *results = rows + c->inputs * c->stride * tiling->row;
    int32_t *offsets = (int32_t *)(results + ck_most_rows * tiling->row + ck_most_lanes);

    ck_pack_tile(tiling, &tile, longs, c->inputs, 0, c->inputs, c->long_length, tile.first * c->stride - c->padding,
                 c->stride, slope, rows);
    for (int64_t j = 0, q = 0; j < plan.group_inputs; j++)
        for (int64_t k = 0; k < c->kernel; k++, q++) {
            const int64_t shift = k * c->dilation;
            offsets[q] = (int32_t)((j * c->stride + shift % c->stride) * tiling->row + shift / c->stride);
        }

    for (int64_t group = 0; group < c->groups; group++)
        for (int64_t block = 0; block < plan.group_blocks; block++) {
            const int64_t base = group * plan.group_outputs;
            const int64_t first = base + ck_block_start(plan.group_outputs, plan.group_blocks, block);
            const int64_t count = base + ck_block_start(plan.group_outputs, plan.group_blocks, block + 1) - first;
            float *target = shorts + (tile.first_item * c->outputs + first) * c->short_length + tile.first;
            const ck_strip strip = {
                .x = rows + group * plan.group_inputs * c->stride * tiling->row,
                .offsets = offsets,
                .products = plan.products,
                .weights = packed + first * plan.products,
                .bias = bias ? bias + first : ck_no_bias,
                .y = tile.items == 1 ? target : results,
                .y_stride = tile.items == 1 ? c->short_length : tiling->row,
            };
            ck_run_strip(plan.blocks, count, &strip, tile.columns);
            if (tile.items == 1) continue;
            for (int64_t i = 0; i < tile.items; i++)
                for (int64_t r = 0; r < count; r++)
                    memcpy(target + (i * c->outputs + r) * c->short_length,
                           results + r * tiling->row + i * tiling->pitch, (size_t)tile.positions * sizeof(float));
        }
}
