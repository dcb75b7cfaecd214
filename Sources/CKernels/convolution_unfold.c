// A convolution's signal with its taps side by side: what makes one product of matrices of it.
#include "convolution_tiles.h"

CK_CLONES void ck_unfold(const ck_convolution *c, const ck_signal *longs, float scale, int64_t channel, int64_t pitch,
                         float *rows) {
    const int64_t used = c->batch * c->short_length;
    for (int64_t k = 0; k < c->kernel; k++, rows += pitch) {
        for (int64_t b = 0; b < c->batch; b++) {
            const int64_t at = (b * c->inputs + channel) * c->long_length;
            ck_pack_row(rows + b * c->short_length, c->short_length, longs->values + at,
                        longs->gate ? longs->gate + at : 0, c->long_length, k * c->dilation - c->padding, c->stride,
                        longs->slope, scale);
        }
        for (int64_t e = used; e < pitch; e++) rows[e] = 0;
    }
}

int64_t ck_fold_scratch(const ck_convolution *c) { return ck_ceiling(c->long_length, c->stride); }

CK_CLONES void ck_fold(const ck_convolution *c, const float *rows, int64_t pitch, int64_t channel,
                       const ck_finish *finish, float *longs, float *scratch) {
    const float bias = finish->bias ? finish->bias[channel] : 0;
    for (int64_t b = 0; b < c->batch; b++)
        for (int64_t phase = 0; phase < c->stride; phase++) {
            // Positions u * stride + phase - padding hear the taps e * stride + phase, each from the short signal's u - e.
            const int64_t first = ck_ceiling(c->padding - phase, c->stride);
            const int64_t end = ck_floor(c->long_length - 1 + c->padding - phase, c->stride) + 1;
            if (end <= first) continue;
            for (int64_t u = first; u < end; u++) scratch[u - first] = bias;
            for (int64_t e = 0; e * c->stride + phase < c->kernel; e++) {
                const float *row = rows + (e * c->stride + phase) * pitch + b * c->short_length;
                const int64_t start = ck_larger(first, e), stop = ck_smaller(end, c->short_length + e);
                for (int64_t u = start; u < stop; u++) scratch[u - first] += row[u - e];
            }
            ck_finish_row(end - first, scratch, c->stride,
                          (b * c->inputs + channel) * c->long_length + first * c->stride + phase - c->padding, finish,
                          longs);
        }
}
