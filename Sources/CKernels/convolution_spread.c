// The adjoint of gather: the data gradient of a convolution, and the transposed convolution itself.
//
// Output position u * stride + phase - padding hears the taps k with k * dilation = e * stride + phase, each from the
// short signal's position u - e. So every phase of every channel is a row of a plain convolution over u, and only the
// last step, the interleaving of the phases, knows of the stride.
#include "convolution_single.h"
#include "convolution_winograd.h"

typedef struct {
    const ck_convolution_blocks *blocks;
    int64_t group_inputs, group_outputs;
    int64_t channel_blocks;            // of a group
    int64_t reach;                     // the largest e
    int64_t block_shifts;              // at most so many different e in a block
    int64_t first;                     // the first u
    int by_channels;                   // items share packed tiles and divide the channels; else they share packed weights
    int as_they_are;                   // where channels stand side by side, weights for one tile are not worth copying
    int64_t runs;                      // of blocks of channels
    ck_tiling tiling;
} ck_spread_plan;

static ck_spread_plan plan_of(const ck_convolution *c) {
    ck_spread_plan plan = {.blocks = ck_blocks(c)};
    plan.group_inputs = c->inputs / c->groups;
    plan.group_outputs = c->outputs / c->groups;
    plan.reach = (c->kernel - 1) * c->dilation / c->stride;
    plan.block_shifts = ck_smaller(c->kernel, plan.reach + 1);
    plan.first = c->padding / c->stride;
    const int64_t length = (c->long_length - 1 + c->padding) / c->stride - plan.first + 1;
    const int64_t all = c->batch * (length + plan.reach);
    plan.by_channels = ck_cut_by_channels(c->outputs * plan.group_inputs * c->kernel, c->outputs, all);
    if (plan.by_channels)
        plan.tiling = ck_tile_up(c->batch, length, plan.reach, ck_wide_tile_columns(c->outputs), c->batch);
    else
        plan.tiling = ck_tile_up(c->batch, length, plan.reach, ck_tile_columns(c->batch, length, c->outputs),
                                 ck_larger(1, c->batch / 16));
    plan.as_they_are = plan.by_channels && c->kernel == 1 && c->stride == 1 &&
                       plan.tiling.time_tiles * plan.tiling.batch_tiles == 1;
    plan.channel_blocks = ck_ceiling(
        plan.group_inputs, plan.as_they_are
                               ? ck_rows_of_all_columns(plan.blocks, ck_all_columns(&plan.tiling, c->batch))
                               : plan.blocks->rows);
    plan.runs = plan.by_channels ? ck_channel_runs(c->groups * plan.channel_blocks) : 1;
    return plan;
}

/// The tap that looks `shift` back in `phase`, or -1.
CK_INLINE int64_t tap_at(const ck_convolution *c, int64_t shift, int64_t phase) {
    const int64_t distance = shift * c->stride + phase;
    if (c->dilation == 1) return distance < c->kernel ? distance : -1;  // divisions would take longer than few channels
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

/// Rows of a sub-block, and where its packed weights begin behind those of its block.
typedef struct { int64_t first, end, weights; } row_range;

static row_range rows_at(const ck_convolution *c, const ck_spread_plan *plan, const channel_block *block, int64_t sub) {
    const int64_t rows = block->channels * c->stride;
    row_range range = {ck_block_start(rows, block->sub_blocks, sub), ck_block_start(rows, block->sub_blocks, sub + 1), 0};
    range.weights = range.first * plan->group_outputs * plan->block_shifts;
    return range;
}

/// Whether a range of rows needs the short signal `shift` back.
static int uses_shift(const ck_convolution *c, const channel_block *block, row_range range, int64_t shift) {
    for (int64_t phase = range.first / block->channels; phase <= (range.end - 1) / block->channels; phase++)
        if (tap_at(c, shift, phase) >= 0) return 1;
    return 0;
}

/// Where the packed weights of a block begin among those of all.
static int64_t weights_at(const ck_convolution *c, const ck_spread_plan *plan, const channel_block *block) {
    return (block->group * plan->group_inputs + block->first_channel) * c->stride * plan->group_outputs *
           plan->block_shifts;
}

/// Floats that the packed weights of the largest block take.
static int64_t block_floats(const ck_convolution *c, const ck_spread_plan *plan) {
    return ck_most_rows * c->stride * plan->group_outputs * plan->block_shifts;
}

/// Weights of a block, by sub-block, output channel, shift and row.
static void pack_block(const ck_convolution *c, const ck_spread_plan *plan, const channel_block *block,
                       const float *weight, float *packed) {
    const int64_t from_row = plan->group_inputs * c->kernel, first_output = block->group * plan->group_outputs;
    const float *from = weight + first_output * from_row + block->first_channel * c->kernel;
    for (int64_t sub = 0; sub < block->sub_blocks; sub++) {
        const row_range range = rows_at(c, plan, block, sub);
        const int64_t rows = range.end - range.first;
        int64_t shifts = 0, transposed = 0;
        for (int64_t shift = 0; shift <= plan->reach; shift++) shifts += uses_shift(c, block, range, shift);
        // One phase of eight channels whose taps fit eight columns. The last row has nothing behind it to be read over.
        if (rows == 8 && block->channels == 8 && c->kernel <= 8) {
            int64_t taps[8], e = 0;
            for (int64_t shift = 0; shift <= plan->reach; shift++) {
                const int64_t tap = tap_at(c, shift, range.first / 8);
                if (tap >= 0) taps[e++] = tap;
            }
            transposed = plan->group_outputs - (first_output + plan->group_outputs == c->outputs);
            ck_transpose_taps(transposed, from, from_row, c->kernel, shifts, taps, packed + range.weights);
        }
        enum { strip = 64 };  // output channels whose weights stay in the first-level cache
        for (int64_t start = transposed; start < plan->group_outputs; start += strip) {
            const int64_t stop = ck_smaller(plan->group_outputs, start + strip);
            int64_t e = 0;
            for (int64_t shift = 0; shift <= plan->reach; shift++) {
                if (!uses_shift(c, block, range, shift)) continue;
                int64_t source[ck_most_rows];
                for (int64_t r = 0; r < rows; r++) {
                    const int64_t row = range.first + r, tap = tap_at(c, shift, row / block->channels);
                    source[r] = tap < 0 ? -1 : row % block->channels * c->kernel + tap;
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

static void pack_tile(const ck_convolution *c, const ck_spread_plan *plan, const ck_tile *tile,
                      const ck_signal *shorts, const float *scale, int64_t channel, int64_t channels, float *rows) {
    ck_pack_tile(&plan->tiling, tile, shorts, scale, c->outputs, channel, channels, c->short_length,
                 plan->first + tile->first - plan->reach, 1, rows);
}

enum { pack_channels = 64 };  // of the short signal, in one packing piece

CK_INLINE int64_t tiles_of(const ck_tiling *tiling) { return tiling->time_tiles * tiling->batch_tiles; }

int64_t ck_spread_packings(const ck_convolution *c) {
    if (ck_is_single(c)) return 0;
    if (ck_winograd_filters(c, 1)) {
        const ck_winograd_plan filters = ck_winograd_plan_of(c, 1);
        return ck_winograd_packings(&filters);
    }
    const ck_spread_plan plan = plan_of(c);
    if (plan.by_channels) return tiles_of(&plan.tiling) * ck_ceiling(c->outputs, pack_channels);
    return c->groups * plan.channel_blocks;
}

int64_t ck_spread_packed_count(const ck_convolution *c) {
    if (ck_is_single(c)) return 0;
    if (ck_winograd_filters(c, 1)) {
        const ck_winograd_plan filters = ck_winograd_plan_of(c, 1);
        return ck_winograd_packed_count(&filters);
    }
    const ck_spread_plan plan = plan_of(c);
    // Loads pass the end of the last row by less than a vector.
    if (plan.by_channels) return tiles_of(&plan.tiling) * c->outputs * plan.tiling.row + ck_most_lanes;
    return c->inputs * c->stride * plan.group_outputs * plan.block_shifts;
}

void ck_spread_pack(const ck_convolution *c, int64_t index, const ck_signal *shorts, const float *scale,
                    const float *weight, float *packed) {
    if (ck_winograd_filters(c, 1)) {
        const ck_winograd_plan filters = ck_winograd_plan_of(c, 1);
        ck_winograd_pack(c, &filters, index, shorts, scale, weight, packed);
        return;
    }
    const ck_spread_plan plan = plan_of(c);
    if (!plan.by_channels) {
        const channel_block block = block_at(c, &plan, index);
        pack_block(c, &plan, &block, weight, packed + weights_at(c, &plan, &block));
        return;
    }
    const int64_t pieces = ck_ceiling(c->outputs, pack_channels);
    const int64_t first = index % pieces * pack_channels;
    const ck_tile tile = ck_tile_at(&plan.tiling, c->batch, index / pieces);
    if (ck_tile_in_place(c, &tile, shorts, scale, c->outputs, c->short_length)) return;
    float *rows = packed + (index / pieces * c->outputs + first) * plan.tiling.row;
    pack_tile(c, &plan, &tile, shorts, scale, first, ck_smaller(pack_channels, c->outputs - first), rows);
}

int64_t ck_spread_items(const ck_convolution *c) {
    if (ck_is_single(c)) return ck_single_spread_items(c);
    if (ck_winograd_filters(c, 1)) {
        const ck_winograd_plan filters = ck_winograd_plan_of(c, 1);
        return ck_winograd_items(&filters);
    }
    const ck_spread_plan plan = plan_of(c);
    return tiles_of(&plan.tiling) * plan.runs;
}

int64_t ck_spread_scratch(const ck_convolution *c) {
    if (ck_is_single(c)) return ck_single_spread_scratch(c);
    if (ck_winograd_filters(c, 1)) {
        const ck_winograd_plan filters = ck_winograd_plan_of(c, 1);
        return ck_winograd_scratch(&filters);
    }
    const ck_spread_plan plan = plan_of(c);
    const int64_t own = plan.by_channels ? block_floats(c, &plan) : c->outputs * plan.tiling.row;
    // All phases of a block's channels and, of one channel, their numbers by turns.
    const int64_t phases = (ck_most_rows * c->stride + (c->stride > 1 ? c->stride : 0)) * plan.tiling.row;
    return own + phases + ck_most_lanes + plan.group_outputs * plan.block_shifts;
}

/// A channel's results, all phases of a tile, to their places in the long signal from position `start` on, of which the
/// first and the last may fall outside it. A phase's row stands `pitch` behind that of the phase before.
static void store_phases(const ck_convolution *c, const ck_tiling *tiling, const ck_tile *tile, int64_t channel,
                         int64_t start, const float *results, int64_t pitch, const ck_finish *finish, float *longs,
                         float *line) {
    const int64_t first = ck_larger(0, -start);
    const int64_t end = ck_smaller(tile->positions * c->stride, c->long_length - start);
    for (int64_t i = 0; i < tile->items; i++) {
        ck_interleave(c->stride, tile->positions, results + i * tiling->pitch, pitch, line);
        const int64_t at = ((tile->first_item + i) * c->inputs + channel) * c->long_length + start + first;
        ck_finish_row(end - first, line + first, 1, at, finish, longs);
    }
}

void ck_spread_item(const ck_convolution *c, int64_t item, const ck_signal *shorts, const float *weight,
                    const float *packed, const ck_finish *finish, float *longs, float *scratch) {
    if (ck_is_single(c)) {
        ck_single_spread_item(c, item, shorts, weight, finish, longs, scratch);
        return;
    }
    if (ck_winograd_filters(c, 1)) {
        const ck_winograd_plan filters = ck_winograd_plan_of(c, 1);
        ck_winograd_item(c, &filters, item, shorts, finish->scale, weight, packed, finish, 0, longs, scratch);
        return;
    }
    const ck_spread_plan plan = plan_of(c);
    const ck_tiling *tiling = &plan.tiling;
    // Tiles of one run of channels follow each other, so that its weights are still near.
    const int64_t tile_index = item % tiles_of(tiling), run = item / tiles_of(tiling);
    const ck_tile tile = ck_tile_at(tiling, c->batch, tile_index);
    float *own = scratch, *results = own + (plan.by_channels ? block_floats(c, &plan) : c->outputs * tiling->row);
    float *line = results + ck_most_rows * c->stride * tiling->row + ck_most_lanes;
    int32_t *offsets = (int32_t *)(line + (c->stride > 1 ? c->stride * tiling->row : 0));
    const float *in_place = ck_tile_in_place(c, &tile, shorts, finish->scale, c->outputs, c->short_length);
    const float *rows = in_place ? in_place : plan.by_channels ? packed + tile_index * c->outputs * tiling->row : own;
    const int64_t row_step = in_place ? c->short_length : tiling->row;
    if (!plan.by_channels && !in_place) pack_tile(c, &plan, &tile, shorts, finish->scale, 0, c->outputs, own);

    const int64_t u = plan.first + tile.first, blocks = c->groups * plan.channel_blocks;
    row_range known = {-1, -1, 0};  // the sub-block that `offsets` were made for
    int64_t known_channels = 0, products = 0;
    for (int64_t index = ck_block_start(blocks, plan.runs, run); index < ck_block_start(blocks, plan.runs, run + 1);
         index++) {
        const channel_block block = block_at(c, &plan, index);
        const int64_t base = block.group * plan.group_inputs + block.first_channel;
        const float *weights = packed + weights_at(c, &plan, &block);
        if (plan.as_they_are)
            weights = weight + block.group * plan.group_outputs * plan.group_inputs + block.first_channel;
        else if (plan.by_channels) {
            pack_block(c, &plan, &block, weight, own);
            weights = own;
        }
        for (int64_t sub = 0; sub < block.sub_blocks; sub++) {
            const row_range range = rows_at(c, &plan, &block, sub);
            if (range.first != known.first || range.end != known.end || block.channels != known_channels) {
                products = 0;
                for (int64_t shift = 0; shift <= plan.reach; shift++)
                    if (uses_shift(c, &block, range, shift)) offsets[products++] = (int32_t)(plan.reach - shift);
                const int64_t shifts = products;
                for (int64_t o = 1; o < plan.group_outputs; o++)
                    for (int64_t e = 0; e < shifts; e++) offsets[products++] = (int32_t)(offsets[e] + o * row_step);
                known = range;
                known_channels = block.channels;
            }
            float row_bias[ck_most_rows];
            for (int64_t row = range.first; row < range.end; row++)
                row_bias[row - range.first] = finish->bias ? finish->bias[base + row % block.channels] : 0;
            ck_strip strip = {
                .x = rows + block.group * plan.group_outputs * row_step,
                .offsets = offsets,
                .products = products,
                .weights = weights + range.weights,
                .product_step = plan.as_they_are ? plan.group_inputs : 0,
                .scale = ck_no_scale,  // the signal's rows are scaled
                .bias = row_bias,
            };
            if (c->stride == 1) {
                ck_run_rows(tiling, &tile, plan.blocks, &strip, base + range.first, range.end - range.first, c->inputs,
                            c->long_length, finish, results, longs);
                continue;
            }
            strip.y = results + range.first * tiling->row;
            strip.y_stride = tiling->row;
            ck_run_strip(plan.blocks, range.end - range.first, &strip, tile.columns);
        }
        for (int64_t channel = 0; channel < block.channels && c->stride > 1; channel++)
            store_phases(c, tiling, &tile, base + channel, u * c->stride - c->padding, results + channel * tiling->row,
                         block.channels * tiling->row, finish, longs, line);
    }
}
