// How a convolution by Winograd's filters is cut, and whether one pays.
#include "convolution_winograd.h"

ck_winograd ck_winograd_of(const ck_convolution *c, int64_t out_length, int is_plain) {
    ck_winograd w = {.blocks = ck_blocks(c), .phases = c->stride, .outputs = is_plain ? 1 : ck_winograd_outputs};
    const int64_t kernel = ck_ceiling(c->kernel, c->stride);
    w.block_rows = w.blocks->rows >= 8 ? 8 : 4;
    w.taps = is_plain ? 1 : kernel > 5 ? 4 : kernel;
    w.points = w.taps + w.outputs - 1;
    w.chunks = ck_ceiling(kernel, w.taps);
    w.lines = c->batch * c->dilation;
    w.tiles = ck_ceiling(ck_ceiling(out_length, c->dilation), w.outputs);
    w.pitch = w.tiles + w.chunks - 1;
    w.columns = w.lines * w.pitch - (w.chunks - 1);
    return w;
}

/// Where the positions of a strided convolution's data gradient begin and end, in strides.
CK_INLINE int64_t first_stride(const ck_convolution *c) { return c->padding / c->stride; }
CK_INLINE int64_t strides(const ck_convolution *c) {
    return (c->long_length - 1 + c->padding) / c->stride - first_stride(c) + 1;
}

/// Whether fewer multiplications make up for the transforms, by what both were measured to cost in 1024ths of a cycle:
/// 36 a multiply-add, `direct` a direct one, and each weight's and signal element's transforms.
static int pays(const ck_convolution *c, int64_t out_length, int64_t direct, int64_t weight_cost, int64_t signal_cost) {
    if (c->groups != 1 || c->inputs % 8 != 0 || c->outputs % 8 != 0) return 0;
    const int is_known = c->stride == 1 ? c->kernel == 3 || c->kernel == 5 || c->kernel == 7 || c->kernel == 11
                                        : c->dilation == 1 && c->kernel == 5 && c->stride == ck_winograd_phases;
    if (!is_known) return 0;
    const ck_winograd w = ck_winograd_of(c, out_length, 0);
    const int64_t weights = c->inputs * c->outputs, points = w.points * w.chunks * w.phases;
    return weights * points * (36 * ck_round_up(w.columns, ck_winograd_vector) + weight_cost) +
               signal_cost * c->batch * out_length * (c->inputs * w.phases + c->outputs) <
           direct * weights * c->kernel * c->batch * c->short_length;
}

int ck_winograd_filters(const ck_convolution *c, int is_spread) {
    const int64_t length = c->stride > 1 && is_spread ? strides(c) : c->short_length;
    return pays(c, length, c->stride == 1 ? 38 : is_spread ? 56 : 44, is_spread ? 1000 : 600,
                c->dilation == 1 ? 1200 : 2300);
}

int ck_winograd_multiplies_less(const ck_convolution *c) {
    return pays(c, c->short_length, 45, 500, c->dilation == 1 ? 2000 : 3600);
}

int ck_winograd_gradients(const ck_convolution *c) {
    enum { few_positions = 256, most_taps = 7 };
    const int is_short = c->groups == 1 && c->inputs % 8 == 0 && c->outputs % 8 == 0 && c->stride == 1 &&
                         c->kernel <= most_taps && c->batch * c->short_length <= few_positions;
    return is_short || ck_winograd_multiplies_less(c);
}

ck_winograd_plan ck_winograd_plan_of(const ck_convolution *c, int is_spread) {
    ck_winograd_plan plan = {.is_spread = is_spread};
    plan.inputs = is_spread ? c->outputs : c->inputs * c->stride;
    plan.outputs = is_spread ? c->inputs * c->stride : c->outputs;
    plan.in_length = is_spread ? c->short_length : c->long_length;
    plan.out_length = !is_spread ? c->short_length : c->stride == 1 ? c->long_length : strides(c);
    plan.base = ck_winograd_of(c, plan.out_length, 0);
    plan.padding = c->padding;
    if (is_spread && c->stride == 1) plan.padding = (c->kernel - 1) * c->dilation - c->padding;
    if (is_spread && c->stride > 1) {
        plan.first = first_stride(c);
        plan.padding = plan.base.taps - 1 - plan.first;
    }
    const int64_t points = plan.base.points;
    plan.products = plan.inputs * plan.base.chunks;
    plan.vectors = ck_ceiling(plan.base.columns, ck_winograd_vector);
    plan.panels = ck_ceiling(plan.vectors, ck_winograd_panel / ck_winograd_vector);
    plan.width = ck_winograd_vector * (ck_ceiling(plan.vectors, plan.panels) + (plan.base.chunks > 1));
    plan.x_plane = plan.panels * plan.inputs * plan.width + ck_winograd_plane_gap;
    plan.w_plane = plan.outputs * plan.products + ck_winograd_plane_gap;
    plan.run_phases = is_spread ? plan.base.phases : 1;
    const int64_t unit = 8 * plan.run_phases;
    enum { span_panels = 16, plane_floats = 262144, result_floats = 196608, enough_items = 16 };
    enum { few_weights = 1200000, many_weights = 2097152, signal_floats = 131072, most_own_weights = 540672 };
    enum { own_rows = 32, many_panels = 8 };
    plan.spans = ck_ceiling(plan.panels, span_panels);
    if (points * plan.w_plane <= few_weights && plan.panels >= many_panels) {
        // Few weights, many columns: an item's signal stays in the second-level cache from its transform on.
        const int64_t most = ck_larger(1, signal_floats / (points * plan.inputs * plan.width));
        plan.packs_signal = 1;
        plan.tiles = ck_larger(ck_ceiling(plan.panels, ck_smaller(span_panels, most)),
                               ck_smaller(plan.panels, enough_items));
        plan.run_rows = ck_smaller(plan.outputs, own_rows / unit * unit);
        plan.x_plane = ck_ceiling(plan.panels, plan.tiles) * plan.inputs * plan.width + ck_winograd_plane_gap;
    } else {
        plan.run_rows = ck_smaller(plan.outputs, 64 / unit * unit);
        if (points * plan.w_plane > many_weights) {
            // Their transforms would go to memory and come back: they stay in the second-level cache, too.
            plan.packs_weights = 1;
            while (plan.run_rows > unit && points * plan.run_rows * plan.products > most_own_weights)
                plan.run_rows = ck_round_up(plan.run_rows / 2, unit);
            plan.w_plane = plan.run_rows * plan.products + ck_winograd_plane_gap;
        }
        const int64_t most = ck_smaller(plane_floats / (plan.inputs * plan.width),
                                        result_floats / (points * plan.run_rows * ck_winograd_panel));
        plan.tiles = ck_ceiling(plan.panels, ck_larger(1, ck_smaller(span_panels, most)));
        while (!plan.packs_weights && plan.run_rows > 2 * unit &&
               plan.tiles * ck_ceiling(plan.outputs, plan.run_rows) < enough_items)
            plan.run_rows = ck_round_up(plan.run_rows / 2, unit);
    }
    plan.runs = ck_ceiling(plan.outputs, plan.run_rows);
    return plan;
}
