// Convolutions of kernel 1 over a single frame: products of a matrix and a vector, which read every weight once.
#include "convolution_single.h"

int ck_is_single(const ck_convolution *c) {
    return c->kernel == 1 && c->groups == 1 && c->padding == 0 && c->long_length == 1 && c->short_length == 1;
}

enum { channels_of_item = 64 };

CK_INLINE float read(const ck_signal *signal, int64_t at) {
    const float value = signal->values[at];
    return signal->gate && signal->gate[at] < 0 ? value * signal->slope : value;
}

int64_t ck_single_gather_items(const ck_convolution *c) { return ck_ceiling(c->outputs, channels_of_item); }
int64_t ck_single_gather_scratch(const ck_convolution *c) { return c->batch * c->inputs; }

CK_CLONES void ck_single_gather_item(const ck_convolution *c, int64_t item, const ck_signal *longs, const float *weight,
                                     const ck_finish *finish, float *shorts, float *scratch) {
    enum { lanes = 32 };  // partial sums of a product, added in pairs
    for (int64_t e = 0; e < c->batch * c->inputs; e++) scratch[e] = read(longs, e);
    const int64_t end = ck_smaller(c->outputs, (item + 1) * channels_of_item);
    for (int64_t o = item * channels_of_item; o < end; o++) {
        const float *w = weight + o * c->inputs;
        for (int64_t b = 0; b < c->batch; b++) {
            const float *x = scratch + b * c->inputs;
            float sums[lanes] = {0};
            int64_t i = 0;
            for (; i + lanes <= c->inputs; i += lanes)
                for (int l = 0; l < lanes; l++) sums[l] += w[i + l] * x[i + l];
            for (int l = 0; l < 16; l++) sums[l] += sums[16 + l];
            for (int l = 0; l < 8; l++) sums[l] += sums[8 + l];
            for (int l = 0; l < 4; l++) sums[l] += sums[4 + l];
            float sum = (sums[0] + sums[2]) + (sums[1] + sums[3]);
            for (; i < c->inputs; i++) sum += w[i] * x[i];
            sum = sum * (finish->scale ? finish->scale[o] : 1) + (finish->bias ? finish->bias[o] : 0);
            ck_finish_one(finish, b * c->outputs + o, sum, shorts);
        }
    }
}

int64_t ck_single_spread_items(const ck_convolution *c) { return ck_ceiling(c->inputs, channels_of_item); }
int64_t ck_single_spread_scratch(const ck_convolution *c) { return c->batch * c->outputs; }

CK_CLONES void ck_single_spread_item(const ck_convolution *c, int64_t item, const ck_signal *shorts, const float *weight,
                                     const ck_finish *finish, float *longs, float *scratch) {
    for (int64_t e = 0; e < c->batch * c->outputs; e++)
        scratch[e] = read(shorts, e) * (finish->scale ? finish->scale[e % c->outputs] : 1);
    const int64_t first = item * channels_of_item, count = ck_smaller(channels_of_item, c->inputs - first);
    for (int64_t b = 0; b < c->batch; b++) {
        float sums[channels_of_item] = {0};
        const float *y = scratch + b * c->outputs, *w = weight + first;
        if (count == channels_of_item)
            for (int64_t o = 0; o < c->outputs; o++, w += c->inputs) {
                // Rows lie pages apart.
                __builtin_prefetch(w + 8 * c->inputs), __builtin_prefetch(w + 8 * c->inputs + 16);
                __builtin_prefetch(w + 8 * c->inputs + 32), __builtin_prefetch(w + 8 * c->inputs + 48);
                for (int l = 0; l < channels_of_item; l++) sums[l] += y[o] * w[l];
            }
        else
            for (int64_t o = 0; o < c->outputs; o++, w += c->inputs)
                for (int64_t l = 0; l < count; l++) sums[l] += y[o] * w[l];
        for (int64_t l = 0; l < count; l++)
            ck_finish_one(finish, b * c->inputs + first + l, sums[l] + (finish->bias ? finish->bias[first + l] : 0), longs);
    }
}

int64_t ck_single_weights_items(const ck_convolution *c) { return ck_ceiling(c->outputs, channels_of_item); }
int64_t ck_single_weights_scratch(const ck_convolution *c) { return c->batch * c->inputs; }

CK_CLONES void ck_single_weights_item(const ck_convolution *c, int64_t item, const ck_signal *longs,
                                      const ck_signal *shorts, float *gradient, float *scratch) {
    for (int64_t e = 0; e < c->batch * c->inputs; e++) scratch[e] = read(longs, e);
    const int64_t end = ck_smaller(c->outputs, (item + 1) * channels_of_item);
    for (int64_t o = item * channels_of_item; o < end; o++) {
        float *row = gradient + o * c->inputs;
        for (int64_t b = 0; b < c->batch; b++) {
            const float y = read(shorts, b * c->outputs + o), *x = scratch + b * c->inputs;
            if (b == 0)
                for (int64_t i = 0; i < c->inputs; i++) row[i] = y * x[i];
            else
                for (int64_t i = 0; i < c->inputs; i++) row[i] += y * x[i];
        }
    }
}
