// The adjoint of gather: the data gradient of a convolution, and the transposed convolution itself.
//
// Output position u * stride + phase - padding hears the taps k with k * dilation = e * stride + phase, each from the
// short signal's position u - e. So every phase of every channel is a row of a plain convolution over u, and only the
// last step, the interleaving of the phases, knows of the stride.
#include "convolution_tiles.h"

typedef struct {
    const ck_convolution_blocks *blocks;
    int64_t group_inputs, group_outputs;
    int64_t channel_blocks;            // of a group
    int64_t reach;                     // the largest e
    int64_t block_shifts;              // at most so many different e in a block
    int64_t first;                     // the first u
    ck_tiling tiling;
} ck_spread_plan;

static ck_spread_plan plan_of(const ck_convolution *c) {
    ck_spread_plan plan = {.blocks = ck_blocks(c)};
    plan.group_inputs = c->inputs / c->groups;
    plan.group_outputs = c->outputs / c->groups;
    plan.channel_blocks = ck_ceiling(plan.group_inputs, plan.blocks->rows);
    plan.reach = (c->kernel - 1) * c->dilation / c->stride;
    plan.block_shifts = ck_smaller(c->kernel, plan.reach + 1);
    plan.first = c->padding / c->stride;
    const int64_t length = (c->long_length - 1 + c->padding) / c->stride - plan.first + 1;
    const int64_t columns = ck_tile_columns(c->batch, length, c->outputs);
    plan.tiling = ck_tile_up(c->batch, length, plan.reach, columns, ck_larger(1, c->batch / 16));
    return plan;
}

/// The tap that looks `shift` back in `phase`, or -1.
CK_INLINE int64_t tap_at(const ck_convolution *c, int64_t shift, int64_t phase) {
    const int64_t distance = shift * c->stride + phase;
    return distance % c->dilation == 0 && distance / c->dilation < c->kernel ? distance / c->dilation : -1;
}

/// A block of channels of one group. Its rows are (phase, channel), in sub-blocks of at most the kernels' rows, which
/// may mix phases: with few channels that is what fills a kernel.
typedef struct { int64_t group, first_channel, channels, sub_blocks; } channel_block;

static channel_block block_at(const ck_convolution *c, const ck_spread_plan *plan, int64_t item) {
    channel_block block = {.group = item / plan->channel_blocks};
    const int64_t index = item % plan->channel_blocks;
    block.first_channel = ck_block_start(plan->group_inputs, plan->channel_blocks, index);
    block.channels = ck_block_start(plan->group_inputs, plan->channel_blocks, index + 1) - block.first_channel;
    block.sub_blocks = ck_ceiling(block.channels * c->stride, plan->blocks->rows);
    return block;
}

/// Rows of a sub-block, and where its packed weights begin.
typedef struct { int64_t first, end, weights; } row_range;

static row_range rows_at(const ck_convolution *c, const ck_spread_plan *plan, const channel_block *block, int64_t sub) {
    const int64_t rows = block->channels * c->stride;
    row_range range = {ck_block_start(rows, block->sub_blocks, sub), ck_block_start(rows, block->sub_blocks, sub + 1), 0};
    range.weights = ((block->group * plan->group_inputs + block->first_channel) * c->stride + range.first) *
                    plan->group_outputs * plan->block_shifts;
    return range;
}

/// Whether a range of rows needs the short signal `shift` back.
static int uses_shift(const ck_convolution *c, const channel_block *block, row_range range, int64_t shift) {
    for (int64_t phase = range.first / block->channels; phase <= (range.end - 1) / block->channels; phase++)
        if (tap_at(c, shift, phase) >= 0) return 1;
    return 0;
}

int64_t ck_spread_weight_items(const ck_convolution *c) { return c->groups * plan_of(c).channel_blocks; }

int64_t ck_spread_packed_count(const ck_convolution *c) {
    const ck_spread_plan plan = plan_of(c);
    return c->inputs * c->stride * plan.group_outputs * plan.block_shifts;
}

void ck_spread_pack_weights(const ck_convolution *c, int64_t item, const float *weight, float *packed) {
    const ck_spread_plan plan = plan_of(c);
    const channel_block block = block_at(c, &plan, item);
    const int64_t from_row = plan.group_inputs * c->kernel;
    const float *from = weight + block.group * plan.group_outputs * from_row + block.first_channel * c->kernel;
    for (int64_t sub = 0; sub < block.sub_blocks; sub++) {
        const row_range range = rows_at(c, &plan, &block, sub);
        const int64_t rows = range.end - range.first;
        int64_t shifts = 0;
        for (int64_t shift = 0; shift <= plan.reach; shift++) shifts += uses_shift(c, &block, range, shift);
        enum { strip = 64 };  // output channels whose weights stay in the first-level cache
        for (int64_t start = 0; start < plan.group_outputs; start += strip) {
            const int64_t stop = ck_smaller(plan.group_outputs, start + strip);
            int64_t e = 0;
            for (int64_t shift = 0; shift <= plan.reach; shift++) {
                if (!uses_shift(c, &block, range, shift)) continue;
                int64_t source[ck_most_rows];
                for (int64_t r = 0; r < rows; r++) {
                    const int64_t row = range.first + r, tap = tap_at(c, shift, row / block.channels);
                    source[r] = tap < 0 ? -1 : row % block.channels * c->kernel + tap;
                }
                for (int64_t o = start; o < stop; o++) {
                    float *to = packed + range.weights + (o * shifts + e) * rows;
                    for (int64_t r = 0; r < rows; r++) to[r] = source[r] < 0 ? 0 : from[o * from_row + source[r]];
                }
                e++;
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

/// to[e * stride] = results[e], times `slope` where `gate` is negative.
CK_INLINE void interleave(int64_t count, const float *restrict results, int64_t stride, const float *restrict gate,
                          float slope, float *restrict to) {
    if (!gate)
        for (int64_t e = 0; e < count; e++) to[e * stride] = results[e];
    else
        for (int64_t e = 0; e < count; e++) to[e * stride] = gate[e * stride] >= 0 ? results[e] : results[e] * slope;
}

/// One row's results to their places in the long signal: positions start + e * stride of each batch item.
CK_CLONES static void store_row(const ck_convolution *c, const ck_tiling *tiling, const ck_tile *tile, int64_t channel,
                                int64_t start, const float *results, const float *gate, float slope, float *longs) {
    // The first and the last position may fall outside the signal, by less than a stride.
    const int64_t skipped = start < 0;
    const int64_t count = ck_smaller(tile->positions, ck_ceiling(c->long_length - start, c->stride)) - skipped;
    for (int64_t i = 0; i < tile->items; i++) {
        const int64_t at =
            ((tile->first_item + i) * c->inputs + channel) * c->long_length + start + skipped * c->stride;
        const float *from = results + i * tiling->pitch + skipped, *sign = gate ? gate + at : 0;
        if (c->stride == 1)
            interleave(count, from, 1, sign, slope, longs + at);
        else
            interleave(count, from, c->stride, sign, slope, longs + at);
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

    const int direct = c->stride == 1 && tile.items == 1;
    for (int64_t index = 0; index < c->groups * plan.channel_blocks; index++) {
        const channel_block block = block_at(c, &plan, index);
        const int64_t base = block.group * plan.group_inputs + block.first_channel;
        for (int64_t sub = 0; sub < block.sub_blocks; sub++) {
            const row_range range = rows_at(c, &plan, &block, sub);
            int64_t products = 0;
            for (int64_t shift = 0; shift <= plan.reach; shift++)
                if (uses_shift(c, &block, range, shift)) offsets[products++] = (int32_t)(plan.reach - shift);
            const int64_t shifts = products;
            for (int64_t o = 1; o < plan.group_outputs; o++)
                for (int64_t e = 0; e < shifts; e++) offsets[products++] = (int32_t)(offsets[e] + o * tiling->row);

            float row_bias[ck_most_rows];
            for (int64_t row = range.first; row < range.end; row++)
                row_bias[row - range.first] = bias ? bias[base + row % block.channels] : 0;
            const int64_t target = (tile.first_item * c->inputs + base) * c->long_length + tile.first;
            const ck_strip strip = {
                .x = rows + block.group * plan.group_outputs * tiling->row,
                .offsets = offsets,
                .products = products,
                .weights = packed + range.weights,
                .bias = row_bias,
                .y = direct ? longs + target : results,
                .y_stride = direct ? c->long_length : tiling->row,
                .gate = direct && gate ? gate + target : 0,
                .slope = slope,
            };
            ck_run_strip(plan.blocks, range.end - range.first, &strip, tile.columns);
            if (direct) continue;
            for (int64_t row = range.first; row < range.end; row++)
                store_row(c, tiling, &tile, base + row % block.channels,
                          u * c->stride + row / block.channels - c->padding,
                          results + (row - range.first) * tiling->row, gate, slope, longs);
        }
    }
}
