#ifndef REPRISE_RANDOM_H
#define REPRISE_RANDOM_H

#include <stdint.h>

/// Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011): four words from a counter
/// of (block, step) under a key.
void ck_philox(uint64_t key, uint64_t step, uint64_t block, uint32_t out[4]);

/// Numbers start ..< start + count of the stream, in [0, 1).
void ck_fill_uniform(float *out, int64_t start, int64_t count, uint64_t key, uint64_t step);

/// The same, standard normal (Box-Muller on pairs of words).
void ck_fill_normal(float *out, int64_t start, int64_t count, uint64_t key, uint64_t step);

/// Numbers of dropout that one draw of random words gives: whoever begins at a multiple of it wastes none.
enum { ck_dropout_group = 128 };

/// Inverted dropout: 0 with probability `rate`, rounded to a multiple of 1 / 65536, else `ck_dropout_kept`. Number
/// 128 g + 32 w + 16 h + l is dropped where half h (0: the lower 16 bits) of word w of block 16 g + l is less than
/// `ck_dropout_threshold`.
void ck_fill_dropout(float *out, int64_t start, int64_t count, uint64_t key, uint64_t step, float rate);
uint32_t ck_dropout_threshold(float rate);
/// 1 / (1 - the rounded rate).
float ck_dropout_kept(float rate);

#endif
