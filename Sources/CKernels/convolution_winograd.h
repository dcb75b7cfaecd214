// Convolutions with fewer multiplications (Winograd 1980; Lavin & Gray 2016).
//
// Four outputs of a filter of `taps` taps are a polynomial product, and `points` = taps + 3 products determine it: in the
// domain of its values at 0, 1, -1, 2, -2, 1/2, -1/2 and infinity a convolution is one product of matrices per point,
//
//   short = A (sum over i of (G weight) * (B long)),
//
// 8 multiplications instead of 20 for 5 taps, 7 instead of 16 for 4, 6 instead of 12 for 3, 5 instead of 8 for 2. Longer
// kernels are cut into
// chunks of 4 taps, whose outputs' tiles are 4 apart too, so that all chunks read one transformed signal. At these sizes
// the error is between once and twice that of the plain sum. The adjoint of the same identity gives the weights'
// gradient: weight = G^T (sum over tiles of (A^T short) * (B long)).
//
// A convolution of a larger stride is one of stride 1 that takes the samples at every place modulo the stride, its phases,
// for channels of their own; its data gradient gives them.
//
// Columns are the tiles of all lines, one line behind the other; a line is a batch item, or one of `dilation` interleaved
// parts of it, each of which is a convolution without dilation.
#ifndef REPRISE_CONVOLUTION_WINOGRAD_H
#define REPRISE_CONVOLUTION_WINOGRAD_H

#include "convolution_tiles.h"

enum {
    ck_winograd_outputs = 4,   // of a tile
    ck_winograd_points = 8,    // at most
    ck_winograd_phases = 3,    // of a strided convolution: the one stride that is known
    ck_winograd_vector = 16,   // columns and channels are divided in these
    ck_winograd_panel = 48,    // columns or channels that stand together, and are read by one block of a kernel
    ck_winograd_plane_gap = 208,  // floats between the planes of two points, so that they do not fall on the same sets
};

typedef struct {
    const ck_convolution_blocks *blocks;
    int64_t block_rows;  // of the kernels: 8 or 4
    int64_t points, taps, chunks, phases;
    int64_t outputs;     // of a tile: four, or one where there is a point only
    // One line: outputs of it, tiles, and columns to the next one.
    int64_t lines, tiles, pitch, columns;
} ck_winograd;

/// What a pass does, as a convolution from `inputs` to `outputs` channels.
typedef struct {
    ck_winograd base;
    int is_spread;
    int64_t inputs, outputs;  // phases included
    int64_t padding, in_length;
    int64_t out_length;  // of a line, in all its phases as many
    int64_t first;       // where it begins: before the signal, if that has phases
    int64_t products;               // of a point: input channels times chunks
    int64_t vectors, panels, width; // of columns; floats of a panel's row
    int64_t x_plane, w_plane;       // floats from point to point of the transformed signal and weights
    int64_t spans;                  // of panels, packed in one piece
    int64_t tiles, run_rows, runs;  // items: groups of panels, and runs of output channels
    int packs_signal;               // an item packs its panels itself, and makes all channels of them
    int packs_weights;              // an item packs its run's weights itself, and makes all panels with them
    int64_t run_phases;             // a run is of channels in as many phases
} ck_winograd_plan;

/// Whether a pass is better done this way.
int ck_winograd_filters(const ck_convolution *c, int is_spread);
/// For the gradient also: short lines, whose plain sums are better laid out like this.
int ck_winograd_gradients(const ck_convolution *c);
int ck_winograd_multiplies_less(const ck_convolution *c);

/// `out_length` is that of the side without phases. `is_plain` makes tiles of one output and a chunk of every tap: the sum
/// as it is defined, laid out in the same way.
ck_winograd ck_winograd_of(const ck_convolution *c, int64_t out_length, int is_plain);
ck_winograd_plan ck_winograd_plan_of(const ck_convolution *c, int is_spread);

int64_t ck_winograd_packings(const ck_winograd_plan *plan);
int64_t ck_winograd_packed_count(const ck_winograd_plan *plan);
void ck_winograd_pack(const ck_convolution *c, const ck_winograd_plan *plan, int64_t index, const ck_signal *in,
                      const float *scale, const float *weight, float *packed);
int64_t ck_winograd_items(const ck_winograd_plan *plan);
int64_t ck_winograd_scratch(const ck_winograd_plan *plan);
/// `in_scale` has a factor for every channel of the signal, `scale` for every one of the result; both may be null.
void ck_winograd_item(const ck_convolution *c, const ck_winograd_plan *plan, int64_t item, const ck_signal *in,
                      const float *in_scale, const float *weight, const float *packed, const ck_finish *finish,
                      const float *scale, float *out, float *scratch);

int64_t ck_winograd_gradient_packings(const ck_convolution *c);
int64_t ck_winograd_gradient_packed_count(const ck_convolution *c);
void ck_winograd_gradient_pack(const ck_convolution *c, int64_t index, const ck_signal *longs, const ck_signal *shorts,
                               float *packed);
int64_t ck_winograd_gradient_partials(const ck_convolution *c);
int64_t ck_winograd_gradient_items(const ck_convolution *c);
int64_t ck_winograd_gradient_scratch(const ck_convolution *c);
void ck_winograd_gradient_item(const ck_convolution *c, int64_t item, const ck_signal *longs, const ck_signal *shorts,
                               const float *packed, float *partials, float *scratch);

#define CK_TRANSFORM CK_INLINE __attribute__((unused)) void

// The transforms, of numbers or of vectors of them. They come in pairs of points a and -a: a polynomial's even part plus
// and minus its odd part. Of five and of seven points 0 is left out, of five and six 2 and -2.
#define CK_WINOGRAD_TRANSFORMS(type, name)                                                                             \
    /* x = B d: the signal of a tile and what its taps reach, d[0 ..< points]. */                                      \
    CK_TRANSFORM name##_signal(const int points, const type *d, type *x) {                                             \
        if (points <= 6) {                                                                                             \
            if (points == 6) *x++ = d[4] - d[2] * 1.25f + d[0] * 0.25f, d++;                                           \
            const type odd1 = d[2] - d[0] * 0.25f, even1 = d[3] - d[1] * 0.25f;                                        \
            const type odd2 = (d[2] - d[0]) * 0.5f, even2 = d[3] - d[1];                                               \
            x[0] = even1 + odd1, x[1] = even1 - odd1, x[2] = even2 + odd2, x[3] = even2 - odd2;                        \
            x[4] = d[4] - d[2] * 1.25f + d[0] * 0.25f;                                                                 \
            return;                                                                                                    \
        }                                                                                                              \
        if (points == 8) *x++ = d[6] - d[0] + (d[2] - d[4]) * 5.25f, d++;                                              \
        const type odd1 = d[0] + d[4] - d[2] * 4.25f, even1 = d[1] + d[5] - d[3] * 4.25f;                              \
        const type odd2 = d[0] * 0.5f - d[2] * 2.5f + d[4] * 2, even2 = d[1] * 0.25f - d[3] * 1.25f + d[5];            \
        const type odd3 = d[0] * 2 - d[2] * 2.5f + d[4] * 0.5f, even3 = d[1] * 4 - d[3] * 5 + d[5];                    \
        x[0] = even1 + odd1, x[1] = even1 - odd1, x[2] = even2 + odd2, x[3] = even2 - odd2;                            \
        x[4] = even3 + odd3, x[5] = even3 - odd3;                                                                      \
        x[6] = d[6] - d[0] + (d[2] - d[4]) * 5.25f;                                                                    \
    }                                                                                                                  \
    /* u = G g: the taps g[0 ..< points - 3]. */                                                                       \
    CK_TRANSFORM name##_taps(const int points, const type *g, type *u) {                                               \
        if (points == 5) {                                                                                             \
            const type even1 = g[0] * (2 / 3.f), odd1 = g[1] * (2 / 3.f), even2 = g[0] * (4 / 3.f);                    \
            u[0] = odd1 + even1, u[1] = odd1 - even1, u[2] = -odd1 - even2, u[3] = even2 - odd1;                       \
            u[4] = g[1];                                                                                               \
        } else if (points == 6) {                                                                                      \
            const type even1 = (g[0] + g[2]) * (2 / 3.f), odd1 = g[1] * (2 / 3.f);                                     \
            const type even2 = g[0] * (-8 / 3.f) - g[2] * (2 / 3.f), odd2 = g[1] * (-4 / 3.f);                         \
            u[0] = g[0] * 4;                                                                                           \
            u[1] = even1 + odd1, u[2] = even1 - odd1, u[3] = even2 + odd2, u[4] = even2 - odd2;                        \
            u[5] = g[2];                                                                                               \
        } else if (points == 7) {                                                                                      \
            const type even1 = (g[0] + g[2]) * (-2 / 9.f), odd1 = (g[1] + g[3]) * (-2 / 9.f);                          \
            const type even2 = (g[0] + g[2] * 4) * (1 / 45.f), odd2 = (g[1] * 2 + g[3] * 8) * (1 / 45.f);              \
            const type even3 = (g[0] * 16 + g[2] * 4) * (1 / 45.f), odd3 = (g[1] * 8 + g[3] * 2) * (1 / 45.f);         \
            u[0] = odd1 + even1, u[1] = odd1 - even1, u[2] = odd2 + even2, u[3] = odd2 - even2;                        \
            u[4] = odd3 + even3, u[5] = odd3 - even3;                                                                  \
            u[6] = g[3];                                                                                               \
        } else {                                                                                                       \
            const type even1 = (g[0] + g[2] + g[4]) * (-2 / 9.f), odd1 = (g[1] + g[3]) * (-2 / 9.f);                   \
            const type even2 = (g[0] + g[2] * 4 + g[4] * 16) * (1 / 90.f), odd2 = (g[1] * 2 + g[3] * 8) * (1 / 90.f);  \
            const type even3 = (g[0] * 16 + g[2] * 4 + g[4]) * (2 / 45.f), odd3 = (g[1] * 8 + g[3] * 2) * (2 / 45.f);  \
            u[0] = -g[0];                                                                                              \
            u[1] = even1 + odd1, u[2] = even1 - odd1, u[3] = even2 + odd2, u[4] = even2 - odd2;                        \
            u[5] = even3 + odd3, u[6] = even3 - odd3;                                                                  \
            u[7] = g[4];                                                                                               \
        }                                                                                                              \
    }                                                                                                                  \
    /* y = A m: the four outputs. */                                                                                   \
    CK_TRANSFORM name##_outputs(const int points, const type *m, type *y) {                                            \
        const type *p = points % 2 ? m : m + 1;                                                                        \
        const type sum1 = p[0] + p[1], difference1 = p[0] - p[1];                                                      \
        if (points <= 6) {                                                                                             \
            const type sum2 = p[2] + p[3], difference2 = p[2] - p[3];                                                  \
            y[0] = points == 6 ? m[0] + sum1 + sum2 : sum1 + sum2;                                                     \
            y[1] = difference1 + difference2 * 0.5f;                                                                   \
            y[2] = sum1 + sum2 * 0.25f;                                                                                \
            y[3] = difference1 + difference2 * 0.125f + p[4];                                                          \
            return;                                                                                                    \
        }                                                                                                              \
        const type sum2 = p[2] + p[3], difference2 = p[2] - p[3], sum3 = p[4] + p[5], difference3 = p[4] - p[5];       \
        y[0] = sum1 + sum2 + sum3;                                                                                     \
        if (points == 8) y[0] += m[0];                                                                                 \
        y[1] = difference1 + difference2 * 2 + difference3 * 0.5f;                                                     \
        y[2] = sum1 + sum2 * 4 + sum3 * 0.25f;                                                                         \
        y[3] = difference1 + difference2 * 8 + difference3 * 0.125f + p[6];                                            \
    }

// The same for the weights' gradient.
#define CK_WINOGRAD_GRADIENT_TRANSFORMS(type, name)                                                                    \
    /* v = A^T y. */                                                                                                   \
    CK_TRANSFORM name##_output_points(const int points, const type *y, type *v) {                                      \
        if (points % 2 == 0) *v++ = y[0];                                                                              \
        const type even1 = y[0] + y[2], odd1 = y[1] + y[3];                                                            \
        const type even3 = y[0] + y[2] * 0.25f, odd3 = y[1] * 0.5f + y[3] * 0.125f;                                    \
        *v++ = even1 + odd1, *v++ = even1 - odd1;                                                                      \
        if (points > 6) {                                                                                              \
            const type even2 = y[0] + y[2] * 4, odd2 = y[1] * 2 + y[3] * 8;                                            \
            *v++ = even2 + odd2, *v++ = even2 - odd2;                                                                  \
        }                                                                                                              \
        *v++ = even3 + odd3, *v++ = even3 - odd3;                                                                      \
        *v = y[3];                                                                                                     \
    }                                                                                                                  \
    /* g = G^T u. */                                                                                                   \
    CK_TRANSFORM name##_tap_gradients(const int points, const type *u, type *g) {                                      \
        if (points == 5) {                                                                                             \
            g[0] = (u[0] - u[1]) * (2 / 3.f) - (u[2] - u[3]) * (4 / 3.f);                                              \
            g[1] = (u[0] + u[1]) * (2 / 3.f) - (u[2] + u[3]) * (2 / 3.f) + u[4];                                       \
            return;                                                                                                    \
        }                                                                                                              \
        if (points == 6) {                                                                                             \
            const type sum1 = u[1] + u[2], difference1 = u[1] - u[2], sum2 = u[3] + u[4], difference2 = u[3] - u[4];   \
            g[0] = u[0] * 4 + sum1 * (2 / 3.f) - sum2 * (8 / 3.f);                                                     \
            g[1] = difference1 * (2 / 3.f) - difference2 * (4 / 3.f);                                                  \
            g[2] = sum1 * (2 / 3.f) - sum2 * (2 / 3.f) + u[5];                                                         \
            return;                                                                                                    \
        }                                                                                                              \
        const type *p = points == 7 ? u : u + 1;                                                                       \
        const type sum1 = (p[0] + p[1]) * (-2 / 9.f), difference1 = (p[0] - p[1]) * (-2 / 9.f);                        \
        const type sum2 = p[2] + p[3], difference2 = p[2] - p[3], sum3 = p[4] + p[5], difference3 = p[4] - p[5];       \
        if (points == 7) {                                                                                             \
            g[0] = difference1 + difference2 * (1 / 45.f) + difference3 * (16 / 45.f);                                 \
            g[1] = sum1 + sum2 * (2 / 45.f) + sum3 * (8 / 45.f);                                                       \
            g[2] = difference1 + difference2 * (4 / 45.f) + difference3 * (4 / 45.f);                                  \
            g[3] = sum1 + sum2 * (8 / 45.f) + sum3 * (2 / 45.f) + u[6];                                                \
        } else {                                                                                                       \
            g[0] = sum1 + sum2 * (1 / 90.f) + sum3 * (32 / 45.f) - u[0];                                               \
            g[1] = difference1 + difference2 * (1 / 45.f) + difference3 * (16 / 45.f);                                 \
            g[2] = sum1 + sum2 * (2 / 45.f) + sum3 * (8 / 45.f);                                                       \
            g[3] = difference1 + difference2 * (4 / 45.f) + difference3 * (4 / 45.f);                                  \
            g[4] = sum1 + sum2 * (8 / 45.f) + sum3 * (2 / 45.f) + u[7];                                                \
        }                                                                                                              \
    }

#endif
