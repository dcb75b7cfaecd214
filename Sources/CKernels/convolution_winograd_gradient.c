// The weights' gradient by Winograd's filters: for every point a product of matrices over the tiles.
//
// Channels stand side by side here, so that a kernel's vectors hold input channels and its broadcast weights are those
// of the short signal: what a strip sums over is time.
#include "convolution_winograd.h"

typedef float eight __attribute__((vector_size(32), aligned(4), may_alias));

CK_WINOGRAD_TRANSFORMS(eight, eight)
CK_WINOGRAD_GRADIENT_TRANSFORMS(eight, eight)
CK_WINOGRAD_GRADIENT_TRANSFORMS(float, one)

typedef struct {
    ck_winograd base;
    int64_t inputs;                   // phases included: a channel's stand side by side
    int64_t columns;                  // of all lines, to the last one's end
    int64_t vectors, panels, width;   // of input channels
    int64_t long_plane, short_plane;  // floats from point to point
    int64_t spans, span;              // of columns, packed in one piece
    int64_t run_rows, runs;           // of output channels
    int packs_own;                    // an item packs its span itself, and makes a gradient of all channels from it
} gradient_plan;

enum { span_columns = 256, most_columns = span_columns + 4 };

static gradient_plan plan_of(const ck_convolution *c) {
    gradient_plan plan = {0};
    enum { enough_items = 12, own_weights = 16384, own_floats = 262144, own_rows = 32, fewest_own = 8, shortest = 96 };
    plan.base = ck_winograd_of(c, c->short_length, !ck_winograd_multiplies_less(c));
    plan.columns = plan.base.lines * plan.base.pitch;
    plan.inputs = c->inputs * c->stride;
    plan.vectors = ck_ceiling(plan.inputs, ck_winograd_vector);
    plan.panels = ck_ceiling(plan.vectors, ck_winograd_panel / ck_winograd_vector);
    plan.width = ck_winograd_vector * ck_ceiling(plan.vectors, plan.panels);
    if (plan.inputs * c->outputs * plan.base.chunks <= own_weights && plan.columns >= fewest_own * shortest) {
        // Few weights, many columns: an item's signals stay in the second-level cache from their transforms on.
        const int64_t most = own_floats / (plan.base.points * (plan.panels * plan.width + c->outputs));
        plan.packs_own = 1;
        plan.span = ck_larger(shortest, ck_smaller(span_columns, ck_smaller(most, ck_ceiling(plan.columns, enough_items))));
        plan.long_plane = plan.panels * (plan.span + plan.base.chunks - 1) * plan.width + ck_winograd_plane_gap;
        plan.short_plane = c->outputs * plan.span + ck_winograd_plane_gap;
        plan.run_rows = ck_smaller(c->outputs, own_rows);
    } else {
        plan.span = span_columns;
        plan.long_plane = plan.panels * plan.columns * plan.width + ck_winograd_plane_gap;
        plan.short_plane = c->outputs * plan.columns + ck_winograd_plane_gap;
        plan.run_rows = ck_smaller(c->outputs, 64);
        while (plan.run_rows > 16 && plan.panels * ck_ceiling(c->outputs, plan.run_rows) < enough_items)
            plan.run_rows = ck_round_up(plan.run_rows / 2, 8);
    }
    plan.spans = ck_ceiling(plan.columns, plan.span);
    plan.runs = ck_ceiling(c->outputs, plan.run_rows);
    return plan;
}

enum { piece_channels = 16 };  // packed in one piece, so that whole cache lines are written

int64_t ck_winograd_gradient_packings(const ck_convolution *c) {
    const gradient_plan plan = plan_of(c);
    if (plan.packs_own) return 0;
    return plan.spans * (ck_ceiling(plan.inputs, piece_channels) + ck_ceiling(c->outputs, piece_channels));
}

int64_t ck_winograd_gradient_partials(const ck_convolution *c) {
    const gradient_plan plan = plan_of(c);
    return plan.packs_own ? plan.spans : 1;
}

/// Floats of both transformed signals, as far as one buffer holds them. Chunks look ahead, past the last column too; what
/// they find there meets zeros, and must be numbers for that.
CK_INLINE int64_t transformed_floats(const gradient_plan *plan) {
    return plan->base.points * (plan->long_plane + plan->short_plane) + 4 * ck_winograd_panel;
}

int64_t ck_winograd_gradient_packed_count(const ck_convolution *c) {
    const gradient_plan plan = plan_of(c);
    return plan.packs_own ? 0 : transformed_floats(&plan);
}

enum { most_positions = 4 * most_columns + 8 };

/// Positions start + e * step, e < count, of eight channels from `channel` on, transposed; a channel stands there once for
/// each of its phases, which begin one position apart.
CK_INLINE void transposed_lines(const ck_signal *signal, int64_t channel, int64_t phases, int64_t length, int64_t start,
                                int64_t step, int64_t count, float *rows, float *columns) {
    for (int r = 0; r < 8; r++) {
        const int64_t at = (channel + r) / phases * length, first = start + (channel + r) % phases;
        const float *from = signal->values + at, *gate = signal->gate ? signal->gate + at : 0;
        float *to = rows + r * most_positions;
        switch (step) {
        case 1: ck_pack_row(to, count, from, gate, length, first, 1, signal->slope, 1); break;
        case 3: ck_pack_row(to, count, from, gate, length, first, 3, signal->slope, 1); break;
        default: ck_pack_row(to, count, from, gate, length, first, step, signal->slope, 1);
        }
    }
    for (int64_t e = 0; e < count; e += 8) ck_transpose_8(rows + e, most_positions, columns + e * 8);
}

CK_INLINE void long_tiles(const int points, int64_t count, const float *columns, int64_t plane, int64_t width,
                          float *to) {
    for (int64_t t = 0; t < count; t++) {
        eight x[ck_winograd_points];
        eight d[ck_winograd_points];
        for (int j = 0; j < points; j++) d[j] = *(const eight *)(columns + (4 * t + j) * 8);
        eight_signal(points, d, x);
        for (int p = 0; p < points; p++) *(eight *)(to + p * plane + t * width) = x[p];
    }
}

CK_INLINE void plain_columns(int64_t count, const float *columns, int64_t width, float *to) {
    for (int64_t t = 0; t < count; t++) *(eight *)(to + t * width) = *(const eight *)(columns + t * 8);
}

CK_INLINE void plain_rows(int64_t count, const float *columns, int64_t half, float *to) {
    for (int64_t e = 0; e < 8 * count; e++) to[half == 0 ? e : e % 8 / 4 * half + e / 8 * 4 + e % 4] = columns[e];
}

CK_INLINE void short_tiles(const int points, int64_t count, const float *columns, int64_t plane, int64_t half,
                           float *to) {
    for (int64_t t = 0; t < count; t++) {
        eight y[4], v[ck_winograd_points];
        for (int j = 0; j < 4; j++) y[j] = *(const eight *)(columns + (4 * t + j) * 8);
        eight_output_points(points, y, v);
        if (half == 0)
            for (int p = 0; p < points; p++) *(eight *)(to + p * plane + t * 8) = v[p];
        else
            for (int p = 0; p < points; p++)
                for (int r = 0; r < 8; r++) to[p * plane + r / 4 * half + t * 4 + r % 4] = v[p][r];
    }
}

/// Transforms eight channels' tiles of one line.
CK_INLINE void pack_line(const ck_convolution *c, const gradient_plan *plan, int64_t column, int64_t count,
                         int64_t origin, int64_t panel_columns, int64_t channel, const ck_signal *longs,
                         const ck_signal *shorts, float *packed) {
    const ck_winograd *base = &plan->base;
    const int64_t line = column / base->pitch, tile = column % base->pitch;
    const int64_t dilation = c->dilation, batch = line / dilation;
    float rows[8 * most_positions], columns[8 * most_positions];
    if (channel < plan->inputs) {
        const int64_t step = dilation * c->stride, positions = base->outputs * (count - 1) + base->points;
        transposed_lines(longs, batch * plan->inputs + channel, c->stride, c->long_length,
                         base->outputs * step * tile + line % dilation - c->padding, step, positions, rows, columns);
        const int64_t panel = channel / plan->width;
        float *to = packed + (panel * panel_columns + column - origin) * plan->width + channel % plan->width;
        switch (base->points) {
        case 1: plain_columns(count, columns, plan->width, to); break;
        case 5: long_tiles(5, count, columns, plan->long_plane, plan->width, to); break;
        case 6: long_tiles(6, count, columns, plan->long_plane, plan->width, to); break;
        case 7: long_tiles(7, count, columns, plan->long_plane, plan->width, to); break;
        default: long_tiles(8, count, columns, plan->long_plane, plan->width, to);
        }
        return;
    }
    channel -= plan->inputs;
    // Beyond a line's tiles the signal has ended: those columns are zeros.
    transposed_lines(shorts, batch * c->outputs + channel, 1, c->short_length,
                     base->outputs * dilation * tile + line % dilation, dilation, base->outputs * count, rows, columns);
    const int64_t half = base->block_rows == 8 ? 0 : 4 * panel_columns;
    float *to = packed + base->points * plan->long_plane + channel * panel_columns + (column - origin) * base->block_rows;
    switch (base->points) {
    case 1: plain_rows(count, columns, half, to); break;
    case 5: short_tiles(5, count, columns, plan->short_plane, half, to); break;
    case 6: short_tiles(6, count, columns, plan->short_plane, half, to); break;
    case 7: short_tiles(7, count, columns, plan->short_plane, half, to); break;
    default: short_tiles(8, count, columns, plan->short_plane, half, to);
    }
}

/// Transforms columns `column` ..< end, in which a panel has `panel_columns`, from `origin` on, of all channels `first`
/// ..< last of either signal; those of the short one are counted on from the long one's.
CK_CLONES static void pack_channels(const ck_convolution *c, const gradient_plan *plan, int64_t column, int64_t end,
                                    int64_t origin, int64_t panel_columns, int64_t first, int64_t last,
                                    const ck_signal *longs, const ck_signal *shorts, float *packed) {
    while (column < end) {
        const int64_t count = ck_smaller(plan->base.pitch - column % plan->base.pitch, end - column);
        for (int64_t channel = first; channel < last; channel += 8)
            pack_line(c, plan, column, count, origin, panel_columns, channel, longs, shorts, packed);
        column += count;
    }
}

/// The gap behind each plane, and at the last panel's beginning the places of channels that do not exist, which the panel
/// before it reads beyond its own end.
static void clear_what_chunks_look_ahead_to(const gradient_plan *plan, float *packed) {
    const int64_t panel = (plan->panels - 1) * plan->width, channels = plan->inputs - panel;
    for (int64_t point = 0; point < plan->base.points; point++) {
        float *plane = packed + point * plan->long_plane;
        memset(plane + plan->long_plane - ck_winograd_plane_gap, 0, sizeof(float) * ck_winograd_plane_gap);
        for (int64_t column = 0; column < ck_smaller(plan->columns, plan->base.chunks - 1); column++)
            for (int64_t i = channels; i < plan->width; i++) plane[panel * plan->columns + column * plan->width + i] = 0;
    }
}

void ck_winograd_gradient_pack(const ck_convolution *c, int64_t index, const ck_signal *longs, const ck_signal *shorts,
                               float *packed) {
    const gradient_plan plan = plan_of(c);
    const int64_t column = index % plan.spans * plan.span;
    if (index == 0) clear_what_chunks_look_ahead_to(&plan, packed);
    const int64_t pieces = ck_ceiling(plan.inputs, piece_channels), piece = index / plan.spans;
    const int64_t all = piece < pieces ? plan.inputs : plan.inputs + c->outputs;
    const int64_t first = piece < pieces ? piece * piece_channels : plan.inputs + (piece - pieces) * piece_channels;
    pack_channels(c, &plan, column, ck_smaller(plan.columns, column + plan.span), 0, plan.columns, first,
                  ck_smaller(all, first + piece_channels), longs, shorts, packed);
}

int64_t ck_winograd_gradient_items(const ck_convolution *c) {
    const gradient_plan plan = plan_of(c);
    return plan.packs_own ? plan.spans : plan.panels * plan.runs;
}

enum { segment_columns = 512 };  // summed over at once, so that both factors stay in the nearest caches

int64_t ck_winograd_gradient_scratch(const ck_convolution *c) {
    const gradient_plan plan = plan_of(c);
    return plan.base.points * plan.base.chunks * plan.run_rows * plan.width + segment_columns + ck_most_lanes +
           (plan.packs_own ? transformed_floats(&plan) : 0);
}

/// taps[k][i] of one chunk and phase to gradient[i * kernel + k]: eight input channels at once, and what is written behind
/// a channel's last tap is written over by the next, but for the last ones.
CK_INLINE void store_taps(const int64_t kernel, int64_t count, const float taps[16][ck_winograd_panel], float *gradient) {
    int64_t i = 0;
    for (; i + 8 + (16 + kernel - 1) / kernel <= count; i += 8) {
        float low[64], high[64];
        ck_transpose_8(taps[0] + i, ck_winograd_panel, low);
        if (kernel > 8) ck_transpose_8(taps[8] + i, ck_winograd_panel, high);
        for (int64_t e = 0; e < 8; e++) {
            float *to = gradient + (i + e) * kernel;
            *(eight *)to = *(const eight *)(low + e * 8);
            if (kernel > 8) *(eight *)(to + 8) = *(const eight *)(high + e * 8);
        }
    }
    for (; i < count; i++)
        for (int64_t k = 0; k < kernel; k++) gradient[i * kernel + k] = taps[k][i];
}

/// The same of a strided convolution with two taps in a phase: inputs `first` ..< first + count are phases of channels.
CK_INLINE void store_phases(const int64_t kernel, int64_t first, int64_t count,
                            const float taps[16][ck_winograd_panel], float *gradient) {
    enum { stride = ck_winograd_phases };
    int64_t i = 0;
    while (i < count) {
        const int64_t phase = (first + i) % stride;
        float *to = gradient + (first + i) / stride * kernel;
        if (phase == 0 && i + 3 * stride <= count) {
            *(ck_row_4 *)to = *(const ck_row_4 *)(taps[0] + i);
            *(ck_row_4 *)(to + stride) = *(const ck_row_4 *)(taps[1] + i);
            i += stride;
            continue;
        }
        to[phase] = taps[0][i];
        if (phase + stride < kernel) to[phase + stride] = taps[1][i];
        i++;
    }
}

/// One output channel's taps, from its values at the points, for inputs `first` ..< first + count.
CK_INLINE void transform_row(const int points, const ck_convolution *c, int64_t chunks, int64_t first, int64_t count,
                             const float *sums, int64_t plane, float *gradient) {
    const int chunk_taps = points == 1 ? 1 : points - 3;
    float taps[16][ck_winograd_panel];
    for (int64_t chunk = 0; chunk < chunks; chunk++) {
        const float *from = sums + chunk * points * plane;
        for (int64_t i = 0; i < count; i++) {
            float u[ck_winograd_points], g[5];
            for (int p = 0; p < points; p++) u[p] = from[p * plane + i];
            if (points == 1)
                g[0] = u[0];
            else
                one_tap_gradients(points, u, g);
            for (int k = 0; k < chunk_taps; k++) taps[chunk * chunk_taps + k][i] = g[k];
        }
    }
    if (c->stride > 1) {
        store_phases(c->kernel, first, count, taps, gradient);
        return;
    }
    gradient += first * c->kernel;
    switch (c->kernel) {
    case 3: store_taps(3, count, taps, gradient); break;
    case 5: store_taps(5, count, taps, gradient); break;
    case 7: store_taps(7, count, taps, gradient); break;
    case 11: store_taps(11, count, taps, gradient); break;
    default: store_taps(c->kernel, count, taps, gradient);
    }
}

/// Rows of output channels, of a panel's input channels from `first` on.
CK_CLONES static void finish_rows(const ck_convolution *c, const gradient_plan *plan, int64_t rows, int64_t first,
                                  int64_t inputs, const float *sums, float *gradient) {
    const int64_t plane = plan->run_rows * plan->width, chunks = plan->base.chunks;
    for (int64_t row = 0; row < rows; row++, sums += plan->width, gradient += c->inputs * c->kernel)
        switch (plan->base.points) {
        case 1: transform_row(1, c, chunks, first, inputs, sums, plane, gradient); break;
        case 5: transform_row(5, c, chunks, first, inputs, sums, plane, gradient); break;
        case 6: transform_row(6, c, chunks, first, inputs, sums, plane, gradient); break;
        case 7: transform_row(7, c, chunks, first, inputs, sums, plane, gradient); break;
        default: transform_row(8, c, chunks, first, inputs, sums, plane, gradient);
        }
}

/// The gradient of a run of output channels and a panel of input channels, from `columns` columns; a panel and a channel
/// of the short signal have `long_columns` and `short_columns` of them in `packed`.
static void run_of_rows(const ck_convolution *c, const gradient_plan *plan, int64_t panel, int64_t run, int64_t columns,
                        int64_t long_columns, int64_t short_columns, const float *packed, const int32_t *offsets,
                        float *gradient, float *sums) {
    const ck_winograd *base = &plan->base;
    const int64_t first_row = run * plan->run_rows, rows = ck_smaller(plan->run_rows, c->outputs - first_row);
    const int64_t first_input = panel * plan->width, inputs = ck_smaller(plan->width, plan->inputs - first_input);
    const int64_t plane = plan->run_rows * plan->width;
    for (int64_t point = 0; point < base->points; point++)
        for (int64_t segment = 0; segment < columns; segment += segment_columns)
            for (int64_t chunk = 0; chunk < base->chunks; chunk++)
                for (int64_t row = 0; row < rows; row += base->block_rows) {
                    float *y = sums + (chunk * base->points + point) * plane + row * plan->width;
                    const ck_strip strip = {
                        .x = packed + point * plan->long_plane + (panel * long_columns + segment + chunk) * plan->width,
                        .offsets = offsets,
                        .products = ck_smaller(segment_columns, columns - segment),
                        .weights = packed + base->points * plan->long_plane + point * plan->short_plane +
                                   (first_row + row) * short_columns + segment * base->block_rows,
                        .scale = ck_no_scale,
                        .bias = ck_no_bias,
                        .y = y,
                        .y_stride = plan->width,
                        .residual = segment > 0 ? y : 0,
                    };
                    ck_run_strip(base->blocks, base->block_rows, &strip, ck_round_up(inputs, ck_winograd_vector));
                }
    finish_rows(c, plan, rows, first_input, inputs, sums, gradient + first_row * c->inputs * c->kernel);
}

void ck_winograd_gradient_item(const ck_convolution *c, int64_t item, const ck_signal *longs, const ck_signal *shorts,
                               const float *packed, float *partials, float *scratch) {
    const gradient_plan plan = plan_of(c);
    const int64_t reach = plan.base.chunks - 1;
    int32_t *offsets = (int32_t *)scratch;
    for (int64_t t = 0; t < segment_columns; t++) offsets[t] = (int32_t)(t * plan.width);
    float *sums = scratch + segment_columns;
    if (!plan.packs_own) {
        // Runs of one panel follow each other, so that it is still near.
        run_of_rows(c, &plan, item / plan.runs, item % plan.runs, plan.columns, plan.columns, plan.columns, packed,
                    offsets, partials, sums);
        return;
    }
    float *own = sums + plan.base.points * plan.base.chunks * plan.run_rows * plan.width;
    const int64_t column = item * plan.span, end = ck_smaller(plan.columns, column + plan.span);
    const int64_t long_columns = plan.span + reach;
    pack_channels(c, &plan, column, ck_smaller(plan.columns, end + reach), column, long_columns, 0, plan.inputs, longs,
                  shorts, own);
    if (end + reach > plan.columns)
        for (int64_t point = 0; point < plan.base.points; point++)
            for (int64_t panel = 0; panel < plan.panels; panel++)
                memset(own + point * plan.long_plane + (panel * long_columns + plan.columns - column) * plan.width, 0,
                       sizeof(float) * (size_t)((end + reach - plan.columns) * plan.width));
    pack_channels(c, &plan, column, end, column, plan.span, plan.inputs, plan.inputs + c->outputs, longs, shorts, own);
    for (int64_t panel = 0; panel < plan.panels; panel++)
        for (int64_t run = 0; run < plan.runs; run++)
            run_of_rows(c, &plan, panel, run, end - column, long_columns, plan.span, own, offsets,
                        partials + item * c->outputs * c->inputs * c->kernel, sums);
}
