#ifndef REPRISE_CONVOLUTION_NARROW_H
#define REPRISE_CONVOLUTION_NARROW_H

#include "convolution_tiles.h"

/// Whether a convolution makes one channel of many short lines, as the last one of a discriminator does.
int ck_is_narrow(const ck_convolution *c);

// What `ck_gather` does of it, a batch item at a time; nothing is packed.
int64_t ck_narrow_items(const ck_convolution *c);
int64_t ck_narrow_scratch(const ck_convolution *c);
void ck_narrow_item(const ck_convolution *c, int64_t item, const ck_signal *longs, const float *weight,
                    const ck_finish *finish, float *shorts, float *scratch);

#endif
