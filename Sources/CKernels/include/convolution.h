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
    /// The instruction set to use: at most `ck_isa_level()`.
    int64_t isa;
} ck_convolution;

/// The best instruction set of this machine: 2 for AVX-512, 1 for AVX2 with FMA, 0 for what the compiler assumes.
int ck_isa_level(void);

/// A signal as an operator reads it: multiplied by `slope` where `gate`, laid out like it, is negative; as it stands
/// where `gate` is null. A signal that is its own gate is read through a leaky ReLU.
typedef struct {
    const float *values, *gate;
    float slope;
} ck_signal;

/// What becomes of a sum before it is stored: sum * scale + bias + residual, times `slope` where `gate` is negative
/// (where the result itself is, if `gates_itself`). Whatever is null or 0 is left out; `residual` and `gate` are laid
/// out like the result, and `scale` holds one factor for each of the weights' output channels.
typedef struct {
    const float *scale, *bias, *residual, *gate;
    int gates_itself;
    float slope;
} ck_finish;

// Each fast operator is two loops over pieces that own what they write: first `pack`, which lays out what several items
// will read (weights, where there are many columns; else the signal, beside which the weights are read once), then the
// items, each with scratch memory of its own. Counts are in pieces and floats, and follow from the shape alone.

int64_t ck_gather_packings(const ck_convolution *c);
int64_t ck_gather_packed_count(const ck_convolution *c);
void ck_gather_pack(const ck_convolution *c, int64_t index, const ck_signal *longs, const float *weight, float *packed);
int64_t ck_gather_items(const ck_convolution *c);
int64_t ck_gather_scratch(const ck_convolution *c);
void ck_gather_item(const ck_convolution *c, int64_t item, const ck_signal *longs, const float *weight,
                    const float *packed, const ck_finish *finish, float *shorts, float *scratch);

int64_t ck_spread_packings(const ck_convolution *c);
int64_t ck_spread_packed_count(const ck_convolution *c);
void ck_spread_pack(const ck_convolution *c, int64_t index, const ck_signal *shorts, const float *scale,
                    const float *weight, float *packed);
int64_t ck_spread_items(const ck_convolution *c);
int64_t ck_spread_scratch(const ck_convolution *c);
void ck_spread_item(const ck_convolution *c, int64_t item, const ck_signal *shorts, const float *weight,
                    const float *packed, const ck_finish *finish, float *longs, float *scratch);

/// Pieces of tiles to be packed once, before the items, because several items read them; none where one item would.
int64_t ck_convolution_weights_packings(const ck_convolution *c);
int64_t ck_convolution_weights_packed_count(const ck_convolution *c);
void ck_convolution_weights_pack(const ck_convolution *c, int64_t index, const ck_signal *longs,
                                 const ck_signal *shorts, float *packed);
/// How many partial gradients the items write; with more than one they are to be summed in order.
int64_t ck_convolution_weights_partials(const ck_convolution *c);
int64_t ck_convolution_weights_items(const ck_convolution *c);
int64_t ck_convolution_weights_scratch(const ck_convolution *c);
void ck_convolution_weights_item(const ck_convolution *c, int64_t item, const ck_signal *longs,
                                 const ck_signal *shorts, const float *packed, float *partials, float *scratch);

// Where positions are few, two of them may be better done as one product of matrices, with the taps of the long signal's
// channels side by side: [inputs, kernel, batch, short_length], `pitch` floats from row to row.

/// A channel's rows: its samples times `scale`, zeros outside of it and behind the last position.
void ck_unfold(const ck_convolution *c, const ck_signal *longs, float scale, int64_t channel, int64_t pitch,
               float *rows);
/// The adjoint, for a dilation of 1: every sample of a channel is the sum of what its rows say of it, finished; without a
/// scale.
void ck_fold(const ck_convolution *c, const float *rows, int64_t pitch, int64_t channel, const ck_finish *finish,
             float *longs, float *scratch);
int64_t ck_fold_scratch(const ck_convolution *c);

/// The obvious loops: the fast kernels' oracle. `slope` is that of a leaky ReLU on `longs` (1 for none).
void ck_gather_plain(const ck_convolution *c, const float *longs, float slope, const float *weight, const float *bias,
                     float *shorts);
void ck_spread_plain(const ck_convolution *c, const float *shorts, const float *weight, const float *bias,
                     float *longs);
void ck_convolution_weights_plain(const ck_convolution *c, const float *longs, float slope, const float *shorts,
                                  float *gradient);

#endif
