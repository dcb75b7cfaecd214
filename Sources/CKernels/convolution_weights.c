// The weights' gradient: for every weight the inner product of an output row and a shifted input row.
//
// An item takes a chunk of output channels and a chunk of input channels over a run of tiles ("segment"); sums grow
// tile by tile in one order, and segments, if there are several, are added in order by the caller.
#include "convolution_single.h"
#include "convolution_winograd.h"

typedef struct {
    const ck_convolution_blocks *blocks;
    int64_t group_inputs, group_outputs, output_chunks, input_chunks, reach, tiles, segments;
    ck_tiling tiling;
} ck_weights_plan;

static ck_weights_plan plan_of(const ck_convolution *c) {
    enum { most_outputs = 64, most_inputs = 128, tile_floats = 262144, enough_items = 16 };
    ck_weights_plan plan = {.blocks = ck_blocks(c)};
    plan.group_inputs = c->inputs / c->groups;
    plan.group_outputs = c->outputs / c->groups;
    plan.output_chunks = ck_ceiling(plan.group_outputs, most_outputs);
    plan.input_chunks = ck_ceiling(plan.group_inputs, ck_larger(1, most_inputs / c->stride));
    plan.reach = (c->kernel - 1) * c->dilation / c->stride;
    const int64_t rows = ck_ceiling(plan.group_outputs, plan.output_chunks) +
                         ck_ceiling(plan.group_inputs, plan.input_chunks) * c->stride;
    const int64_t columns = ck_larger(512, ck_smaller(2048, tile_floats / rows));
    plan.tiling = ck_tile_up(c->batch, c->short_length, plan.reach, columns, c->batch);
    plan.tiles = plan.tiling.time_tiles * plan.tiling.batch_tiles;
    const int64_t units = c->groups * plan.output_chunks * plan.input_chunks;
    plan.segments = ck_smaller(plan.tiles, ck_ceiling(enough_items, units));
    return plan;
}

/// Channels of a tile: of the long signal from `input`, of the short one from `output`.
typedef struct { int64_t input, inputs, output, outputs; } channel_range;

static void pack(const ck_convolution *c, const ck_weights_plan *plan, const ck_tile *tile, channel_range range,
                 const ck_signal *longs, const ck_signal *shorts, float *long_rows, float *short_rows) {
    const ck_tiling *tiling = &plan->tiling;
    ck_pack_tile(tiling, tile, longs, 0, c->inputs, range.input, range.inputs, c->long_length,
                 tile->first * c->stride - c->padding, c->stride, long_rows);
    // Where a signal goes on in another tile this one ends on a whole vector, so nothing is added twice.
    ck_pack_tile(tiling, tile, shorts, 0, c->outputs, range.output, range.outputs, c->short_length, tile->first, 1,
                 short_rows);
}

enum { pack_channels = 32 };  // of either signal, in one packing piece

/// Pieces of a tile: first those of the long signal, then those of the short one.
CK_INLINE int64_t long_pieces(const ck_convolution *c) { return ck_ceiling(c->inputs, pack_channels); }
CK_INLINE int64_t tile_pieces(const ck_convolution *c) {
    return long_pieces(c) + ck_ceiling(c->outputs, pack_channels);
}

int64_t ck_convolution_weights_packings(const ck_convolution *c) {
    if (ck_is_single(c)) return 0;
    if (ck_winograd_gradients(c)) return ck_winograd_gradient_packings(c);
    const ck_weights_plan plan = plan_of(c);
    return plan.output_chunks * plan.input_chunks > 1 ? plan.tiles * tile_pieces(c) : 0;
}

/// Floats of one packed tile of all channels.
CK_INLINE int64_t packed_tile(const ck_convolution *c, const ck_weights_plan *plan) {
    return (c->inputs * c->stride + c->outputs) * plan->tiling.row;
}

int64_t ck_convolution_weights_packed_count(const ck_convolution *c) {
    if (ck_is_single(c)) return 0;
    if (ck_winograd_gradients(c)) return ck_winograd_gradient_packed_count(c);
    const ck_weights_plan plan = plan_of(c);
    return plan.output_chunks * plan.input_chunks > 1 ? plan.tiles * packed_tile(c, &plan) : 0;
}

void ck_convolution_weights_pack(const ck_convolution *c, int64_t index, const ck_signal *longs,
                                 const ck_signal *shorts, float *packed) {
    if (ck_winograd_gradients(c)) {
        ck_winograd_gradient_pack(c, index, longs, shorts, packed);
        return;
    }
    const ck_weights_plan plan = plan_of(c);
    const int64_t number = index / tile_pieces(c), piece = index % tile_pieces(c);
    const ck_tile tile = ck_tile_at(&plan.tiling, c->batch, number);
    const int is_long = piece < long_pieces(c);
    const int64_t first = (is_long ? piece : piece - long_pieces(c)) * pack_channels;
    const int64_t count = ck_smaller(pack_channels, (is_long ? c->inputs : c->outputs) - first);
    channel_range range = {first, count, c->outputs, 0};
    if (!is_long) range = (channel_range){c->inputs, 0, first, count};
    float *long_rows = packed + number * packed_tile(c, &plan);
    float *short_rows = long_rows + c->inputs * c->stride * plan.tiling.row;
    pack(c, &plan, &tile, range, longs, shorts, long_rows + first * c->stride * plan.tiling.row,
         short_rows + first * plan.tiling.row);
}

int64_t ck_convolution_weights_partials(const ck_convolution *c) {
    if (ck_is_single(c)) return 1;
    return ck_winograd_gradients(c) ? ck_winograd_gradient_partials(c) : plan_of(c).segments;
}

int64_t ck_convolution_weights_items(const ck_convolution *c) {
    if (ck_is_single(c)) return ck_single_weights_items(c);
    if (ck_winograd_gradients(c)) return ck_winograd_gradient_items(c);
    const ck_weights_plan plan = plan_of(c);
    return plan.segments * c->groups * plan.output_chunks * plan.input_chunks;
}

int64_t ck_convolution_weights_scratch(const ck_convolution *c) {
    if (ck_is_single(c)) return ck_single_weights_scratch(c);
    if (ck_winograd_gradients(c)) return ck_winograd_gradient_scratch(c);
    const ck_weights_plan plan = plan_of(c);
    const int is_packed = plan.output_chunks * plan.input_chunks > 1;
    const int64_t rows = is_packed ? 0 : plan.group_outputs + plan.group_inputs * c->stride;
    return rows * plan.tiling.row + ck_most_lanes + plan.group_inputs * c->kernel;
}

/// Adds one tile's inner products to the gradient: blocks of output rows, over blocks of (input channel, tap).
static void add_tile(const ck_convolution_blocks *blocks, const ck_product_strip *all, int64_t outputs,
                     int64_t products) {
    const int64_t row_blocks = ck_ceiling(outputs, blocks->product_rows);
    for (int64_t block = 0; block < row_blocks; block++) {
        const int64_t row = ck_block_start(outputs, row_blocks, block);
        const int64_t rows = ck_block_start(outputs, row_blocks, block + 1) - row;
        const int64_t product_blocks = ck_ceiling(products, blocks->products[rows]);
        for (int64_t p = 0; p < product_blocks; p++) {
            const int64_t q = ck_block_start(products, product_blocks, p);
            const int64_t count = ck_block_start(products, product_blocks, p + 1) - q;
            ck_product_strip strip = *all;
            strip.y += row * all->y_stride;
            strip.offsets += q;
            strip.gradient += row * all->gradient_stride + q;
            blocks->product[rows][count](&strip);
        }
    }
}

void ck_convolution_weights_item(const ck_convolution *c, int64_t item, const ck_signal *longs,
                                 const ck_signal *shorts, const float *packed, float *partials, float *scratch) {
    if (ck_is_single(c)) {
        ck_single_weights_item(c, item, longs, shorts, partials, scratch);
        return;
    }
    if (ck_winograd_gradients(c)) {
        ck_winograd_gradient_item(c, item, longs, shorts, packed, partials, scratch);
        return;
    }
    const ck_weights_plan plan = plan_of(c);
    const ck_tiling *tiling = &plan.tiling;
    const int64_t input_chunk = item % plan.input_chunks, output_chunk = item / plan.input_chunks % plan.output_chunks;
    const int64_t group = item / plan.input_chunks / plan.output_chunks % c->groups;
    const int64_t segment = item / plan.input_chunks / plan.output_chunks / c->groups;
    const int64_t first_input = ck_block_start(plan.group_inputs, plan.input_chunks, input_chunk);
    const int64_t first_output = ck_block_start(plan.group_outputs, plan.output_chunks, output_chunk);
    const channel_range range = {
        .input = group * plan.group_inputs + first_input,
        .inputs = ck_block_start(plan.group_inputs, plan.input_chunks, input_chunk + 1) - first_input,
        .output = group * plan.group_outputs + first_output,
        .outputs = ck_block_start(plan.group_outputs, plan.output_chunks, output_chunk + 1) - first_output,
    };

    const int is_packed = plan.output_chunks * plan.input_chunks > 1;
    float *long_rows = scratch, *short_rows = scratch + (is_packed ? 0 : range.inputs * c->stride * tiling->row);
    int32_t *offsets = (int32_t *)(short_rows + (is_packed ? 0 : range.outputs * tiling->row) + ck_most_lanes);
    const int64_t products = range.inputs * c->kernel, weight_row = plan.group_inputs * c->kernel;
    ck_tap_offsets(c, range.inputs, tiling->row, offsets);

    float *gradient = partials + (segment * c->outputs + range.output) * weight_row + first_input * c->kernel;
    const int64_t first_tile = ck_block_start(plan.tiles, plan.segments, segment);
    const int64_t end_tile = ck_block_start(plan.tiles, plan.segments, segment + 1);
    for (int64_t index = first_tile; index < end_tile; index++) {
        const ck_tile tile = ck_tile_at(tiling, c->batch, index);
        ck_product_strip strip = {
            .y = short_rows,
            .y_stride = tiling->row,
            .x = long_rows,
            .offsets = offsets,
            .columns = ck_round_up(tile.columns, plan.blocks->lanes),
            .gradient = gradient,
            .gradient_stride = weight_row,
            .adds = index > first_tile,
        };
        if (is_packed) {
            const float *rows = packed + index * packed_tile(c, &plan);
            strip.x = rows + range.input * c->stride * tiling->row;
            strip.y = rows + (c->inputs * c->stride + range.output) * tiling->row;
        } else {
            pack(c, &plan, &tile, range, longs, shorts, long_rows, short_rows);
        }
        add_tile(plan.blocks, &strip, range.outputs, products);
    }
}
