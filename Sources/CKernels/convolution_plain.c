// The convolutions as their definition says them: slow, and the oracle of the fast kernels' tests.
#include "convolution.h"

static inline float rectified(float x, float slope) { return x >= 0 ? x : x * slope; }

// Shared walk: runs BODY with o (output channel), i (input channel), k, t, u (position in the long signal) for
// every product of batch item b.
#define FOR_EACH_PRODUCT(BODY)                                                                     \
    do {                                                                                           \
        const int64_t group_inputs = c->inputs / c->groups, group_outputs = c->outputs / c->groups; \
        for (int64_t o = 0; o < c->outputs; o++)                                                   \
            for (int64_t j = 0; j < group_inputs; j++) {                                           \
                const int64_t i = o / group_outputs * group_inputs + j;                            \
                for (int64_t k = 0; k < c->kernel; k++) {                                          \
                    const int64_t w = (o * group_inputs + j) * c->kernel + k;                      \
                    for (int64_t t = 0; t < c->short_length; t++) {                                \
                        const int64_t u = t * c->stride + k * c->dilation - c->padding;            \
                        if (u < 0 || u >= c->long_length) continue;                                \
                        BODY;                                                                      \
                    }                                                                              \
                }                                                                                  \
            }                                                                                      \
    } while (0)

void ck_gather_plain(const ck_convolution *c, const float *longs, float slope, const float *weight, const float *bias,
                     float *shorts) {
    for (int64_t b = 0; b < c->batch; b++) {
        const float *x = longs + b * c->inputs * c->long_length;
        float *y = shorts + b * c->outputs * c->short_length;
        for (int64_t o = 0; o < c->outputs; o++)
            for (int64_t t = 0; t < c->short_length; t++) y[o * c->short_length + t] = bias ? bias[o] : 0;
        FOR_EACH_PRODUCT(y[o * c->short_length + t] += weight[w] * rectified(x[i * c->long_length + u], slope));
    }
}

void ck_spread_plain(const ck_convolution *c, const float *shorts, const float *weight, const float *bias,
                     float *longs) {
    for (int64_t b = 0; b < c->batch; b++) {
        const float *y = shorts + b * c->outputs * c->short_length;
        float *x = longs + b * c->inputs * c->long_length;
        for (int64_t i = 0; i < c->inputs; i++)
            for (int64_t u = 0; u < c->long_length; u++) x[i * c->long_length + u] = bias ? bias[i] : 0;
        FOR_EACH_PRODUCT(x[i * c->long_length + u] += weight[w] * y[o * c->short_length + t]);
    }
}

void ck_convolution_weights_plain(const ck_convolution *c, const float *longs, float slope, const float *shorts,
                                  float *gradient) {
    const int64_t count = c->outputs * (c->inputs / c->groups) * c->kernel;
    for (int64_t w = 0; w < count; w++) gradient[w] = 0;
    for (int64_t b = 0; b < c->batch; b++) {
        const float *x = longs + b * c->inputs * c->long_length;
        const float *y = shorts + b * c->outputs * c->short_length;
        FOR_EACH_PRODUCT(gradient[w] += y[o * c->short_length + t] * rectified(x[i * c->long_length + u], slope));
    }
}
