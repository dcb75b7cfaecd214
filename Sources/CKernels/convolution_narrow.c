// Convolutions of many channels to a single one over short lines. Blocks of output channels would be empty but for one
// row, so every line is read once, where it stands, and multiplied by all of its taps; what the taps made is shifted and
// added at the end.
#include "convolution_narrow.h"

enum { most_taps = 3, least_inputs = 64, longest_line = 256, strip = 32 };

int ck_is_narrow(const ck_convolution *c) {
    return c->outputs == 1 && c->groups == 1 && c->stride == 1 && c->kernel <= most_taps && c->inputs >= least_inputs &&
           c->long_length <= longest_line;
}

int64_t ck_narrow_items(const ck_convolution *c) { return c->batch; }
int64_t ck_narrow_scratch(const ck_convolution *c) { return c->kernel * c->long_length; }

/// Sums over the channels of `count` positions, one line for each of `taps` taps.
CK_INLINE void sum_strip(const int taps, const int64_t count, const ck_convolution *c, const float *values,
                         const float *gate, float slope, const float *weight, float *sums) {
    float s[most_taps][strip] = {0};
    for (int64_t i = 0; i < c->inputs; i++, values += c->long_length, weight += taps) {
        float x[strip];
        for (int l = 0; l < count; l++) x[l] = values[l];
        if (gate) {
            for (int l = 0; l < count; l++) x[l] = gate[l] < 0 ? x[l] * slope : x[l];
            gate += c->long_length;
        }
        for (int k = 0; k < taps; k++)
            for (int l = 0; l < count; l++) s[k][l] += weight[k] * x[l];
    }
    for (int k = 0; k < taps; k++)
        for (int l = 0; l < count; l++) sums[k * c->long_length + l] = s[k][l];
}

/// All positions, in strips of known lengths: what is left over by the widest is covered by narrower ones that overlap.
CK_INLINE void sum_line(const int taps, const ck_convolution *c, const float *values, const float *gate, float slope,
                        const float *weight, float *sums) {
    const int64_t length = c->long_length;
#define STRIP(at, count) sum_strip(taps, count, c, values + (at), gate ? gate + (at) : 0, slope, weight, sums + (at))
    int64_t u = 0;
    for (; u + strip <= length; u += strip) STRIP(u, strip);
    if (u == length) return;
    if (length >= 16) {
        if (u + 16 < length) STRIP(u, 16);
        STRIP(length - 16, 16);
    } else if (length >= 8) {
        STRIP(0, 8);
        STRIP(length - 8, 8);
    } else {
        STRIP(0, length);
    }
#undef STRIP
}

CK_CLONES void ck_narrow_item(const ck_convolution *c, int64_t item, const ck_signal *longs, const float *weight,
                              const ck_finish *finish, float *shorts, float *scratch) {
    const float *values = longs->values + item * c->inputs * c->long_length;
    const float *gate = longs->gate ? longs->gate + item * c->inputs * c->long_length : 0;
    if (c->kernel == 3)
        sum_line(3, c, values, gate, longs->slope, weight, scratch);
    else if (c->kernel == 2)
        sum_line(2, c, values, gate, longs->slope, weight, scratch);
    else
        sum_line(1, c, values, gate, longs->slope, weight, scratch);
    for (int64_t t = 0; t < c->short_length; t++) {
        float sum = 0;
        for (int64_t k = 0; k < c->kernel; k++) {
            const int64_t at = t + k * c->dilation - c->padding;
            if (at >= 0 && at < c->long_length) sum += scratch[k * c->long_length + at];
        }
        sum = sum * (finish->scale ? finish->scale[0] : 1) + (finish->bias ? finish->bias[0] : 0);
        ck_finish_one(finish, item * c->short_length + t, sum, shorts);
    }
}
