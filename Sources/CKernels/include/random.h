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

/// Inverted dropout: 1 / (1 - rate) where number i of the stream is at least `rate`, 0 elsewhere.
void ck_fill_dropout(float *out, int64_t start, int64_t count, uint64_t key, uint64_t step, float rate);

#endif
