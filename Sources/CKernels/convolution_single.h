#ifndef REPRISE_CONVOLUTION_SINGLE_H
#define REPRISE_CONVOLUTION_SINGLE_H

#include "convolution_tiles.h"

/// Whether a convolution is a product of a matrix and a vector (or one for each batch item): kernel 1, one frame.
int ck_is_single(const ck_convolution *c);

// What `ck_gather`, `ck_spread` and `ck_convolution_weights` do of it; nothing is packed.
int64_t ck_single_gather_items(const ck_convolution *c);
int64_t ck_single_gather_scratch(const ck_convolution *c);
void ck_single_gather_item(const ck_convolution *c, int64_t item, const ck_signal *longs, const float *weight,
                           const ck_finish *finish, float *shorts, float *scratch);
int64_t ck_single_spread_items(const ck_convolution *c);
int64_t ck_single_spread_scratch(const ck_convolution *c);
void ck_single_spread_item(const ck_convolution *c, int64_t item, const ck_signal *shorts, const float *weight,
                           const ck_finish *finish, float *longs, float *scratch);
int64_t ck_single_weights_items(const ck_convolution *c);
int64_t ck_single_weights_scratch(const ck_convolution *c);
void ck_single_weights_item(const ck_convolution *c, int64_t item, const ck_signal *longs, const ck_signal *shorts,
                            float *gradient, float *scratch);

#endif
