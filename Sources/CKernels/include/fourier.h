#ifndef REPRISE_FOURIER_H
#define REPRISE_FOURIER_H

#include <stdint.h>

// Fourier transforms of real frames of `size` samples, a power of two from 4 on, sixteen frames at a time: every lane of
// a vector is a frame, so that the results stand as spectrograms want them, one row of frames for each bin.
// `cosines` and `sines` hold those of 2 pi k / size for k <= size / 2.

enum { ck_fourier_lanes = 16 };

/// Floats of scratch memory.
int64_t ck_fourier_scratch(int64_t size);

/// `frames` (at most 16) frames of `size` samples, one behind the other, times `window`: real and imaginary parts of
/// bins 0 ... size / 2, bin k of frame t at k * pitch + t.
void ck_fourier_frames(int64_t size, int64_t frames, const float *samples, const float *window, const float *cosines,
                       const float *sines, float *real, float *imaginary, int64_t pitch, float *scratch);

/// The transpose: gradients of real and imaginary parts to gradients of the samples.
void ck_fourier_frames_backward(int64_t size, int64_t frames, const float *real, const float *imaginary, int64_t pitch,
                                const float *window, const float *cosines, const float *sines, float *samples,
                                float *scratch);

#endif
