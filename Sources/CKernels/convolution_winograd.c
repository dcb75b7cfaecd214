// The convolution and its data gradient by Winograd's filters: its two loops.
#include "convolution_winograd.h"

typedef float eight __attribute__((vector_size(32), aligned(4), may_alias));

CK_WINOGRAD_TRANSFORMS(float, one)
CK_WINOGRAD_TRANSFORMS(eight, eight)

/// Columns of panels `first` ..< `end`.
typedef struct { int64_t first, end; } column_range;

CK_INLINE column_range columns_of(const ck_winograd_plan *plan, int64_t first, int64_t end) {
    const int64_t from = ck_block_start(plan->vectors, plan->panels, first) * ck_winograd_vector;
    const int64_t to = ck_block_start(plan->vectors, plan->panels, end) * ck_winograd_vector;
    return (column_range){from, to};
}

enum { pack_channels = 8 };

/// A run's rows are its channels in its first phase, then those in the next.
typedef struct { int64_t first_channel, channels; } run_of_channels;

CK_INLINE run_of_channels run_at(const ck_winograd_plan *plan, int64_t run) {
    const int64_t most = plan->run_rows / plan->run_phases, first = run * most;
    return (run_of_channels){first, ck_smaller(most, plan->outputs / plan->run_phases - first)};
}

/// Eight output channels each, in all their phases.
CK_INLINE int64_t weight_pieces(const ck_winograd_plan *plan) {
    return plan->packs_weights ? 0 : plan->outputs / (plan->is_spread ? plan->base.phases : 1) / 8;
}

int64_t ck_winograd_packings(const ck_winograd_plan *plan) {
    return weight_pieces(plan) + (plan->packs_signal ? 0 : plan->spans * ck_ceiling(plan->inputs, pack_channels));
}

/// Floats of the weights that are packed for all, before the signal.
CK_INLINE int64_t weight_floats(const ck_winograd_plan *plan) {
    return plan->packs_weights ? 0 : plan->base.points * plan->w_plane;
}

int64_t ck_winograd_packed_count(const ck_winograd_plan *plan) {
    return weight_floats(plan) + (plan->packs_signal ? 0 : plan->base.points * plan->x_plane) + ck_most_lanes;
}

// MARK: - Weights

enum { weight_channels = 16, most_kernel = 16 };

/// Taps of eight output channels from `row` on and of input channels `channel` ..< channel + count, by input channel, tap
/// and output channel.
CK_INLINE void gather_taps(const ck_convolution *c, const float *weight, int64_t row, int64_t channel, int64_t count,
                           float *taps) {
    const int64_t pitch = c->inputs * c->kernel, all = count * c->kernel;
    const float *from = weight + row * pitch + channel * c->kernel;
    int64_t q = 0;
    for (; q + 8 <= all; q += 8) ck_transpose_8(from + q, pitch, taps + q * 8);
    for (; q < all; q++)
        for (int r = 0; r < 8; r++) taps[q * 8 + r] = from[r * pitch + q];
}

/// The same of a data gradient: inputs and outputs change places, and taps are read from the other side.
CK_INLINE void spread_taps(const int kernel, const ck_convolution *c, const float *weight, int64_t row, int64_t channel,
                           int64_t count, float *taps) {
    const int64_t pitch = c->inputs * kernel;
    const float *from = weight + channel * pitch + row * kernel;
    const float *end = weight + c->outputs * pitch;
    for (int64_t o = 0; o < count; o++, from += pitch, taps += 8 * kernel) {
        // Eight rows of `kernel` floats, read as rows of eight, which nothing follows at the very end.
        float copy[8 * most_kernel + 8], columns[64];
        const float *rows = from;
        if (end - from < 8 * kernel + 8) rows = memcpy(copy, from, sizeof(float) * 8 * (size_t)kernel);
        // They stand pages apart from channel to channel.
        for (int at = 0; at < 8 * kernel; at += 16) __builtin_prefetch(from + 12 * pitch + at);
        for (int k = 0; k < kernel; k += 8) {
            ck_columns_of_taps(kernel, rows + k, columns);
            for (int e = k; e < kernel && e < k + 8; e++)
                *(eight *)(taps + (kernel - 1 - e) * 8) = *(const eight *)(columns + (e - k) * 8);
        }
    }
}

/// Transforms taps first, first + step, ... of `count` input channels, as far as there are such; `stride` products lie
/// from one channel to the next.
CK_INLINE void transform_taps(const int points, int64_t kernel, int64_t first, int64_t step, int64_t count,
                              const float *taps, int64_t plane, int64_t half, int64_t stride, float *to) {
    for (int64_t i = 0; i < count; i++) {
        eight g[5], u[ck_winograd_points];
        for (int k = 0; k < points - 3; k++) {
            const int64_t tap = first + k * step;
            g[k] = tap >= 0 && tap < kernel ? *(const eight *)(taps + (i * kernel + tap) * 8) : (eight){0};
        }
        eight_taps(points, g, u);
        if (half == 0)
            for (int p = 0; p < points; p++) *(eight *)(to + p * plane + i * stride * 8) = u[p];
        else
            for (int p = 0; p < points; p++)
                for (int r = 0; r < 8; r++) to[p * plane + r / 4 * half + i * stride * 4 + r % 4] = u[p][r];
    }
}

/// Weights of eight output channels from `row` on, in all their phases; `packed` begins with those of `run`.
CK_CLONES static void pack_weights(const ck_convolution *c, const ck_winograd_plan *plan, int64_t row,
                                   run_of_channels run, const float *weight, float *packed) {
    const ck_winograd *base = &plan->base;
    const int64_t kernel = c->kernel, half = base->block_rows == 8 ? 0 : 4 * plan->products;
    const int64_t inputs = plan->is_spread ? plan->inputs : c->inputs;
    float taps[weight_channels * most_kernel * 8];
    for (int64_t i = 0; i < inputs; i += weight_channels) {
        const int64_t count = ck_smaller(weight_channels, inputs - i);
        if (!plan->is_spread)
            gather_taps(c, weight, row, i, count, taps);
        else
            switch (kernel) {
            case 3: spread_taps(3, c, weight, row, i, count, taps); break;
            case 5: spread_taps(5, c, weight, row, i, count, taps); break;
            case 7: spread_taps(7, c, weight, row, i, count, taps); break;
            default: spread_taps(11, c, weight, row, i, count, taps);
            }
        for (int64_t part = 0; part < base->chunks * base->phases; part++) {
            // Chunks stand side by side; phases are input channels, or output channels of a data gradient.
            int64_t block = row - run.first_channel, product = i * base->chunks + part, first = part * ck_winograd_outputs;
            if (base->phases > 1 && !plan->is_spread) {
                product = part * c->inputs + i;
                first = part;
            } else if (base->phases > 1) {
                block += part * run.channels;
                product = i;
                first = kernel - 1 - part - base->phases * (base->taps - 1);
            }
            float *to = packed + block * plan->products + product * base->block_rows;
            switch (base->points) {
            case 5: transform_taps(5, kernel, first, base->phases, count, taps, plan->w_plane, half, 1, to); break;
            case 6: transform_taps(6, kernel, first, base->phases, count, taps, plan->w_plane, half, 1, to); break;
            case 7: transform_taps(7, kernel, first, 1, count, taps, plan->w_plane, half, base->chunks, to); break;
            default: transform_taps(8, kernel, first, base->phases, count, taps, plan->w_plane, half, 1, to);
            }
        }
    }
}

// MARK: - Signal

/// Eight tiles at a time, the last eight perhaps once more: the compiler would gather their numbers one by one.
CK_INLINE void transform_signal(const int points, int64_t count, const float *restrict low,
                                const float *restrict high, int64_t plane, float *restrict to) {
    if (count < 8) {
        for (int64_t t = 0; t < count; t++) {
            float d[ck_winograd_points], x[ck_winograd_points];
            for (int j = 0; j < points; j++) d[j] = j < 4 ? low[4 * t + j] : high[4 * t + j - 4];
            one_signal(points, d, x);
            for (int p = 0; p < points; p++) to[p * plane + t] = x[p];
        }
        return;
    }
    for (int64_t place = 0; place < count; place += 8) {
        const int64_t t = ck_smaller(place, count - 8);
        eight d[ck_winograd_points], x[ck_winograd_points];
        ck_unzip_4(low + 4 * t, (float *)d);
        ck_unzip_4(high + 4 * t, (float *)(d + 4));
        eight_signal(points, d, x);
        for (int p = 0; p < points; p++) *(eight *)(to + p * plane + t) = x[p];
    }
}

enum { most_span = 16 * 48 + 16 };  // columns

/// A line of a signal; constant dilations, so that each gets its own vector loop.
CK_INLINE void copy_line(float *to, int64_t count, const float *from, const float *gate, int64_t length, int64_t start,
                         int64_t dilation, float slope, float scale) {
    switch (dilation) {
    case 1: ck_pack_row(to, count, from, gate, length, start, 1, slope, scale); break;
    case 3: ck_pack_row(to, count, from, gate, length, start, 3, slope, scale); break;
    case 5: ck_pack_row(to, count, from, gate, length, start, 5, slope, scale); break;
    default: ck_pack_row(to, count, from, gate, length, start, dilation, slope, scale);
    }
}

/// Transforms a channel's columns of a span of panels, whose first is `origin` in `packed`.
CK_CLONES static void pack_channel(const ck_convolution *c, const ck_winograd_plan *plan, int64_t first_panel,
                                   int64_t end_panel, const ck_signal *in, int64_t channel, float scale,
                                   int64_t origin, float *packed) {
    const ck_winograd *base = &plan->base;
    const int64_t reach = base->chunks - 1, dilation = c->dilation;
    const int has_phases = base->phases > 1 && !plan->is_spread;
    const int64_t channels = has_phases ? c->inputs : plan->inputs, phase = channel / channels;
    const int64_t step = has_phases ? base->phases : dilation;
    const column_range range = columns_of(plan, first_panel, end_panel);
    const int64_t end = range.end + reach, all = base->lines * base->pitch;
    float low[4 * most_span], high[4 * most_span];
    int64_t column = range.first;
    while (column < ck_smaller(end, all)) {
        const int64_t line = column / base->pitch, tile = column % base->pitch;
        const int64_t count = ck_smaller(base->pitch - tile, end - column);
        const int64_t start = 4 * step * tile + line % dilation + phase - plan->padding;
        const int64_t at = (line / dilation * channels + channel % channels) * plan->in_length;
        const float *from = in->values + at, *gate = in->gate ? in->gate + at : 0;
        const int64_t first = 4 * (column - range.first);
        copy_line(low + first, 4 * count, from, gate, plan->in_length, start, step, in->slope, scale);
        // A tile reaches into the next one; the line's last one there into what follows it.
        memcpy(high + first, low + first + 4, sizeof(float) * 4 * (size_t)(count - 1));
        copy_line(high + first + 4 * (count - 1), base->points - 4, from, gate, plan->in_length, start + 4 * count * step,
                  step, in->slope, scale);
        column += count;
    }
    for (int64_t e = 4 * (column - range.first); e < 4 * (end - range.first); e++) low[e] = high[e] = 0;
    for (int64_t panel = first_panel; panel < end_panel; panel++) {
        const column_range own = columns_of(plan, panel, panel + 1);
        const int64_t count = own.end - own.first + reach, from = 4 * (own.first - range.first);
        float *to = packed + ((panel - origin) * plan->inputs + channel) * plan->width;
        switch (base->points) {
        case 5: transform_signal(5, count, low + from, high + from, plan->x_plane, to); break;
        case 6: transform_signal(6, count, low + from, high + from, plan->x_plane, to); break;
        case 7: transform_signal(7, count, low + from, high + from, plan->x_plane, to); break;
        default: transform_signal(8, count, low + from, high + from, plan->x_plane, to);
        }
    }
}

void ck_winograd_pack(const ck_convolution *c, const ck_winograd_plan *plan, int64_t index, const ck_signal *in,
                      const float *scale, const float *weight, float *packed) {
    if (index < weight_pieces(plan)) {
        const int64_t run = index * 8 / (plan->run_rows / plan->run_phases);
        pack_weights(c, plan, index * 8, run_at(plan, run), weight, packed + run * plan->run_rows * plan->products);
        return;
    }
    index -= weight_pieces(plan);
    const int64_t span = index % plan->spans, first = index / plan->spans * pack_channels;
    for (int64_t channel = first; channel < ck_smaller(plan->inputs, first + pack_channels); channel++)
        pack_channel(c, plan, ck_block_start(plan->panels, plan->spans, span),
                     ck_block_start(plan->panels, plan->spans, span + 1), in, channel, scale ? scale[channel] : 1, 0,
                     packed + weight_floats(plan));
}

// MARK: - Products and results

int64_t ck_winograd_items(const ck_winograd_plan *plan) {
    return (plan->packs_weights ? 1 : plan->tiles) * (plan->packs_signal ? 1 : plan->runs);
}

/// Floats from row to row of a tile's results.
CK_INLINE int64_t result_row(const ck_winograd_plan *plan) {
    return (ck_ceiling(plan->panels, plan->tiles) * ck_winograd_panel + 16) | 16;
}

/// Floats of what an item packs, in whole cache lines.
CK_INLINE int64_t own_floats(const ck_winograd_plan *plan) {
    const int64_t plane = plan->packs_signal ? plan->x_plane : plan->packs_weights ? plan->w_plane : 0;
    return ck_round_up(plan->base.points * plane, 16);
}

int64_t ck_winograd_scratch(const ck_winograd_plan *plan) {
    return own_floats(plan) + plan->base.points * plan->run_rows * result_row(plan) + plan->products +
           2 * ck_most_lanes;
}

CK_INLINE void transform_results(const int points, int64_t count, const float *restrict from, int64_t plane,
                                 float scale, float bias, float *restrict to) {
    for (int64_t t = 0; t < count; t++) {
        float m[ck_winograd_points], y[4];
        for (int p = 0; p < points; p++) m[p] = from[p * plane + t];
        one_outputs(points, m, y);
        for (int j = 0; j < 4; j++) to[4 * t + j] = y[j] * scale + bias;
    }
}

CK_INLINE void outputs_of(const ck_winograd_plan *plan, int64_t count, const float *results, int64_t plane,
                          float factor, float bias, float *row) {
    switch (plan->base.points) {
    case 5: transform_results(5, count, results, plane, factor, bias, row); break;
    case 6: transform_results(6, count, results, plane, factor, bias, row); break;
    case 7: transform_results(7, count, results, plane, factor, bias, row); break;
    default: transform_results(8, count, results, plane, factor, bias, row);
    }
}

/// Takes a channel's values at the points to its outputs' places.
CK_CLONES static void finish_channel(const ck_convolution *c, const ck_winograd_plan *plan, column_range range,
                                     int64_t channel, const float *results, int64_t plane, const ck_finish *finish,
                                     const float *scale, float *out) {
    const ck_winograd *base = &plan->base;
    const int64_t dilation = c->dilation, end = ck_smaller(range.end, base->columns);
    float row[4 * most_span];
    outputs_of(plan, end - range.first, results, plane, scale ? scale[channel] : 1,
               finish->bias ? finish->bias[channel] : 0, row);
    for (int64_t column = range.first; column < end;) {
        const int64_t line = column / base->pitch, tile = column % base->pitch;
        const int64_t count = ck_smaller(base->pitch - tile, end - column);
        const int64_t first = 4 * tile * dilation + line % dilation;
        const int64_t left = ck_ceiling(ck_larger(0, plan->out_length - first), dilation);
        const int64_t at = (line / dilation * plan->outputs + channel) * plan->out_length + first;
        ck_finish_row(ck_smaller(left, 4 * count), row + 4 * (column - range.first), dilation, at, finish, out);
        column += count;
    }
}

/// The same of a channel in three phases, whose rows of results lie `phase_floats` apart: what belongs side by side is put
/// there first.
CK_CLONES static void finish_phases(const ck_convolution *c, const ck_winograd_plan *plan, column_range range,
                                    int64_t channel, const float *results, int64_t plane, int64_t phase_floats,
                                    const ck_finish *finish, const float *scale, float *out) {
    const ck_winograd *base = &plan->base;
    const int64_t end = ck_smaller(range.end, base->columns), columns = end - range.first;
    float rows[ck_winograd_phases][4 * most_span], row[ck_winograd_phases * 4 * most_span];
    for (int64_t phase = 0; phase < ck_winograd_phases; phase++)
        outputs_of(plan, columns, results + phase * phase_floats, plane, scale ? scale[channel] : 1,
                   finish->bias ? finish->bias[channel] : 0, rows[phase]);
    ck_interleave(ck_winograd_phases, 4 * columns, rows[0], 4 * most_span, row);
    for (int64_t column = range.first; column < end;) {
        const int64_t line = column / base->pitch, tile = column % base->pitch;
        const int64_t count = ck_smaller(base->pitch - tile, end - column);
        // The first outputs may fall before the signal.
        const int64_t first = (4 * tile + plan->first) * c->stride - c->padding, skipped = ck_larger(0, -first);
        const int64_t places = ck_smaller(4 * count * c->stride, c->long_length - first) - skipped;
        const int64_t at = (line * c->inputs + channel) * c->long_length + first + skipped;
        ck_finish_row(places, row + 4 * c->stride * (column - range.first) + skipped, 1, at, finish, out);
        column += count;
    }
}

/// A run over a tile, whose first panel is `signal`'s first; `weights` begin with the run's.
static void run_of_rows(const ck_convolution *c, const ck_winograd_plan *plan, int64_t run, int64_t tile,
                        const float *weights, const float *signal, const int32_t *offsets, const ck_finish *finish,
                        const float *scale, float *out, float *results) {
    const ck_winograd *base = &plan->base;
    const int64_t first_panel = ck_block_start(plan->panels, plan->tiles, tile);
    const int64_t end_panel = ck_block_start(plan->panels, plan->tiles, tile + 1);
    const column_range range = columns_of(plan, first_panel, end_panel);
    const run_of_channels own_rows = run_at(plan, run);
    const int64_t rows = own_rows.channels * plan->run_phases;
    const int64_t row_floats = result_row(plan), plane = plan->run_rows * row_floats;
    for (int64_t point = 0; point < base->points; point++)
        for (int64_t row = 0; row < rows; row += base->block_rows)
            for (int64_t panel = first_panel; panel < end_panel; panel++) {
                const column_range own = columns_of(plan, panel, panel + 1);
                const ck_strip strip = {
                    .x = signal + point * plan->x_plane + (panel - first_panel) * plan->inputs * plan->width,
                    .offsets = offsets,
                    .products = plan->products,
                    .weights = weights + point * plan->w_plane + row * plan->products,
                    .scale = ck_no_scale,
                    .bias = ck_no_bias,
                    .y = results + point * plane + row * row_floats + own.first - range.first,
                    .y_stride = row_floats,
                };
                ck_run_strip(base->blocks, base->block_rows, &strip, own.end - own.first);
            }
    for (int64_t i = 0; i < own_rows.channels; i++) {
        const int64_t channel = own_rows.first_channel + i;
        const float *own = results + i * row_floats;
        if (plan->run_phases > 1)
            finish_phases(c, plan, range, channel, own, plane, own_rows.channels * row_floats, finish, scale, out);
        else
            finish_channel(c, plan, range, channel, own, plane, finish, scale, out);
    }
}

void ck_winograd_item(const ck_convolution *c, const ck_winograd_plan *plan, int64_t item, const ck_signal *in,
                      const float *in_scale, const float *weight, const float *packed, const ck_finish *finish,
                      const float *scale, float *out, float *scratch) {
    const ck_winograd *base = &plan->base;
    float *own = scratch, *results = scratch + own_floats(plan);
    int32_t *offsets = (int32_t *)(results + base->points * plan->run_rows * result_row(plan));
    for (int64_t i = 0, q = 0; i < plan->inputs; i++)
        for (int64_t chunk = 0; chunk < base->chunks; chunk++) offsets[q++] = (int32_t)(i * plan->width + chunk);
    const int64_t run_weights = plan->run_rows * plan->products;
    if (plan->packs_signal) {
        const int64_t first = ck_block_start(plan->panels, plan->tiles, item);
        const int64_t end = ck_block_start(plan->panels, plan->tiles, item + 1);
        for (int64_t channel = 0; channel < plan->inputs; channel++)
            pack_channel(c, plan, first, end, in, channel, in_scale ? in_scale[channel] : 1, first, own);
        for (int64_t run = 0; run < plan->runs; run++)
            run_of_rows(c, plan, run, item, packed + run * run_weights, own, offsets, finish, scale, out, results);
        return;
    }
    const int64_t run = plan->packs_weights ? item : item / plan->tiles;
    const float *weights = plan->packs_weights ? own : packed + run * run_weights;
    if (plan->packs_weights) {
        const run_of_channels rows = run_at(plan, run);
        for (int64_t row = 0; row < rows.channels; row += 8)
            pack_weights(c, plan, rows.first_channel + row, rows, weight, own);
    }
    const int64_t first_tile = plan->packs_weights ? 0 : item % plan->tiles;
    const int64_t end_tile = plan->packs_weights ? plan->tiles : first_tile + 1;
    for (int64_t tile = first_tile; tile < end_tile; tile++) {
        const int64_t panel = ck_block_start(plan->panels, plan->tiles, tile);
        run_of_rows(c, plan, run, tile, weights, packed + weight_floats(plan) + panel * plan->inputs * plan->width,
                    offsets, finish, scale, out, results);
    }
}
