#ifndef REPRISE_CONVOLUTION_H
#define REPRISE_CONVOLUTION_H

#include <stdint.h>

// One-dimensional convolution between a "long" signal [batch, inputs, long_length] and a "short" one
// [batch, outputs, short_length], with weights [outputs, inputs / groups, kernel]:
//
//   short[b, o, t] = bias[o] + sum over i, k of weight[o, i, k] * long[b, i, t * stride + k * dilation - padding]
//
// Three operators serve everything. `gather` is that sum. `spread` is its adjoint: the data gradient of a convolution
// and the transposed convolution itself. The third is the weights' gradient from a long and a short signal.

typedef struct {
    int64_t batch, inputs, outputs, groups, kernel, stride, padding, dilation, long_length, short_length;
} ck_convolution;

/// The obvious loops: the fast kernels' oracle. `slope` is that of a leaky ReLU on `longs` (1 for none).
void ck_gather_plain(const ck_convolution *c, const float *longs, float slope, const float *weight, const float *bias,
                     float *shorts);
void ck_spread_plain(const ck_convolution *c, const float *shorts, const float *weight, const float *bias,
                     float *longs);
void ck_convolution_weights_plain(const ck_convolution *c, const float *longs, float slope, const float *shorts,
                                  float *gradient);

#endif
