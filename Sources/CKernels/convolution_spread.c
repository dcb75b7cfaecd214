// The adjoint of gather: the data gradient of a convolution, and the transposed convolution itself.
//
// Output position u * stride + phase - padding hears the taps k with k * dilation = e * stride + phase, each from the
// short signal's position u - e. So every phase of every channel is a row of a plain convolution over u, and only the
// last step, the interleaving of the phases, knows of the stride.
#include "convolution_tiles.h"

typedef struct {
    const ck_convolution_blocks *blocks;
    int64_t group_inputs, group_outputs;
    int64_t group_rows, group_blocks;  // rows are (phase, channel)
    int64_t reach;                     // the largest e
    int64_t block_shifts;              // at most so many different e in a block
    int64_t first;                     // the first u
    ck_tiling tiling;
} ck_spread_plan;

static ck_spread_plan plan_of(const ck_convolution *c) {
    ck_spread_plan plan = {.blocks = ck_blocks(c)};
    plan.group_inputs = c->inputs / c->groups;
    plan.group_outputs = c->outputs / c->groups;
    plan.group_rows = plan.group_inputs * c->stride;
    plan.group_blocks = ck_ceiling(plan.group_rows, plan.blocks->rows);
    plan.reach = (c->kernel - 1) * c->dilation / c->stride;
    plan.block_shifts = ck_smaller(c->kernel, plan.reach + 1);
    plan.first = c->padding / c->stride;
    const int64_t length = (c->long_length - 1 + c->padding) / c->stride - plan.first + 1;
    const int64_t columns = ck_larger(96, ck_smaller(2048, 131072 / c->outputs));
    plan.tiling = ck_tile_up(c->batch, length, plan.reach, columns, ck_larger(1, c->batch / 16));
    return plan;
}

/// The tap that looks `shift` back in `phase`, or -1.
CK_INLINE int64_t tap_at(const ck_convolution *c, int64_t shift, int64_t phase) {
    const int64_t distance = shift * c->stride + phase;
    return distance % c->dilation == 0 && distance / c->dilation < c->kernel ? distance / c->dilation : -1;
}

/// Whether a block of rows needs the short signal `shift` back.
static int uses_shift(const ck_convolution *c, const ck_spread_plan *plan, int64_t first, int64_t end, int64_t shift) {
    for (int64_t phase = first / plan->group_inputs; phase <= (end - 1) / plan->group_inputs; phase++)
        if (tap_at(c, shift, phase) >= 0) return 1;
    return 0;
}

int64_t ck_spread_weight_items(const ck_convolution *c) { return c->groups * plan_of(c).group_blocks; }

int64_t ck_spread_packed_count(const ck_convolution *c) {
    const ck_spread_plan plan = plan_of(c);
    return c->groups * plan.group_rows * plan.group_outputs * plan.block_shifts;
}

void ck_spread_pack_weights(const ck_convolution *c, int64_t item, const float *weight, float *packed) {
    const ck_spread_plan plan = plan_of(c);
    const int64_t group = item / plan.group_blocks, block = item % plan.group_blocks;
    const int64_t first = ck_block_start(plan.group_rows, plan.group_blocks, block);
    const int64_t end = ck_block_start(plan.group_rows, plan.group_blocks, block + 1);
    float *to = packed + (group * plan.group_rows + first) * plan.group_outputs * plan.block_shifts;
    for (int64_t o = 0; o < plan.group_outputs; o++) {
        const float *from = weight + (group * plan.group_outputs + o) * plan.group_inputs * c->kernel;
        for (int64_t shift = 0; shift <= plan.reach; shift++) {
            if (!uses_shift(c, &plan, first, end, shift)) continue;
            for (int64_t row = first; row < end; row++) {
                const int64_t tap = tap_at(c, shift, row / plan.group_inputs);
                *to++ = tap < 0 ? 0 : from[row % plan.group_inputs * c->kernel + tap];
            }
        }
    }
}

int64_t ck_spread_items(const ck_convolution *c) {
    const ck_spread_plan plan = plan_of(c);
    return plan.tiling.time_tiles * plan.tiling.batch_tiles;
}

int64_t ck_spread_scratch(const ck_convolution *c) {
    const ck_spread_plan plan = plan_of(c);
    return (c->outputs + ck_most_rows) * plan.tiling.row + ck_most_lanes + plan.group_outputs * plan.block_shifts;
}

/// to[e] for e < count, `stride` apart, from consecutive results; times `slope` where `gate` is negative.
CK_CLONES static void interleave(int64_t count, const float *restrict results, int64_t stride,
                                 const float *restrict gate, float slope, float *restrict to) {
    if (!gate) {
        for (int64_t e = 0; e < count; e++) to[e * stride] = results[e];
    } else if (stride == 1) {
        for (int64_t e = 0; e < count; e++) to[e] = gate[e] >= 0 ? results[e] : results[e] * slope;
    } else {
        for (int64_t e = 0; e < count; e++)
            to[e * stride] = gate[e * stride] >= 0 ? results[e] : results[e] * slope;
    }
}

void ck_spread_item(const ck_convolution *c, int64_t item, const float *shorts, const float *packed, const float *bias,
                    const float *gate, float slope, float *longs, float *scratch) {
    const ck_spread_plan plan = plan_of(c);
    const ck_tiling *tiling = &plan.tiling;
    const ck_tile tile = ck_tile_at(tiling, c->batch, item);
    float *rows = scratch, *results = rows + c->outputs * tiling->row;
    int32_t *offsets = (int32_t *)(results + ck_most_rows * tiling->row + ck_most_lanes);
    const int64_t u = plan.first + tile.first;
    ck_pack_tile(tiling, &tile, shorts, c->outputs, 0, c->outputs, c->short_length, u - plan.reach, 1, 1, rows);

    const int direct = c->stride == 1 && tile.items == 1 && !gate;
    for (int64_t group = 0; group < c->groups; group++)
        for (int64_t block = 0; block < plan.group_blocks; block++) {
            const int64_t first = ck_block_start(plan.group_rows, plan.group_blocks, block);
            const int64_t end = ck_block_start(plan.group_rows, plan.group_blocks, block + 1);
            int64_t products = 0;
            for (int64_t shift = 0; shift <= plan.reach; shift++)
                if (uses_shift(c, &plan, first, end, shift)) offsets[products++] = (int32_t)(plan.reach - shift);
            const int64_t shifts = products;
            for (int64_t o = 1; o < plan.group_outputs; o++)
                for (int64_t e = 0; e < shifts; e++) offsets[products++] = (int32_t)(offsets[e] + o * tiling->row);

            const int64_t base = group * plan.group_inputs;
            float row_bias[ck_most_rows];
            for (int64_t row = first; row < end; row++)
                row_bias[row - first] = bias ? bias[base + row % plan.group_inputs] : 0;
            const ck_strip strip = {
                .x = rows + group * plan.group_outputs * tiling->row,
                .offsets = offsets,
                .products = products,
                .weights = packed + (group * plan.group_rows + first) * plan.group_outputs * plan.block_shifts,
                .bias = row_bias,
                .y = direct ? longs + (tile.first_item * c->inputs + base + first) * c->long_length + tile.first
                            : results,
                .y_stride = direct ? c->long_length : tiling->row,
            };
            ck_run_strip(plan.blocks, end - first, &strip, tile.columns);
            if (direct) continue;
            for (int64_t row = first; row < end; row++) {
                const int64_t channel = base + row % plan.group_inputs, phase = row / plan.group_inputs;
                // Positions start + e * stride; the first and the last may fall outside the signal.
                const int64_t start = u * c->stride + phase - c->padding;
                const int64_t skipped = start < 0 ? ck_ceiling(-start, c->stride) : 0;
                const int64_t count = ck_smaller(tile.positions, ck_ceiling(c->long_length - start, c->stride));
                for (int64_t i = 0; i < tile.items; i++) {
                    const int64_t at =
                        ((tile.first_item + i) * c->inputs + channel) * c->long_length + start + skipped * c->stride;
                    interleave(count - skipped, results + (row - first) * tiling->row + i * tiling->pitch + skipped,
                               c->stride, gate ? gate + at : 0, slope, longs + at);
                }
            }
        }
}
