// A real transform of N samples by a complex one of N / 2 (Cooley & Tukey 1965), in place, radix 2, after loading in
// bit-reversed order. At 2048 samples it does a hundredth of the work of the products with cosines and sines, which
// stay in `Spectrogram` for other sizes and as the oracle.
#include "fourier.h"

#include "dispatch.h"

enum { lanes = ck_fourier_lanes };

int64_t ck_fourier_scratch(int64_t size) { return size * lanes; }

CK_INLINE int64_t reversed(int64_t index, int64_t count) {
    int64_t result = 0;
    for (int64_t bit = 1; bit < count; bit <<= 1, index >>= 1) result = result << 1 | (index & 1);
    return result;
}

/// z becomes its transform with exp(sign * 2 pi i k m / count); entry k has its sixteen real parts, then the imaginary.
CK_INLINE void transform(int64_t count, const float *cosines, const float *sines, float sign, float *z) {
    for (int64_t half = 1; half < count; half *= 2) {
        const int64_t step = count / half;  // 2 pi k / (2 half) = 2 pi (k * step) / (2 count)
        for (int64_t k = 0; k < half; k++) {
            const float c = cosines[k * step], s = sign * sines[k * step];
            for (int64_t first = k; first < count; first += 2 * half) {
                float *a = z + first * 2 * lanes, *b = a + half * 2 * lanes;
                for (int l = 0; l < lanes; l++) {
                    const float re = b[l] * c - b[lanes + l] * s, im = b[l] * s + b[lanes + l] * c;
                    b[l] = a[l] - re;
                    b[lanes + l] = a[lanes + l] - im;
                    a[l] += re;
                    a[lanes + l] += im;
                }
            }
        }
    }
}

CK_CLONES void ck_fourier_frames(int64_t size, int64_t frames, const float *samples, const float *window,
                                 const float *cosines, const float *sines, float *real, float *imaginary,
                                 int64_t pitch, float *scratch) {
    const int64_t half = size / 2;
    for (int64_t at = 0; at < half; at++) {
        const int64_t n = 2 * reversed(at, half);
        float *z = scratch + at * 2 * lanes;
        for (int64_t l = 0; l < lanes; l++) {
            z[l] = l < frames ? samples[l * size + n] * window[n] : 0;
            z[lanes + l] = l < frames ? samples[l * size + n + 1] * window[n + 1] : 0;
        }
    }
    transform(half, cosines, sines, -1, scratch);
    // The even samples' transform is (z_k + conj z_-k) / 2, the odd ones' (z_k - conj z_-k) / 2i.
    for (int64_t k = 0; k <= half; k++) {
        const float *a = scratch + k % half * 2 * lanes, *b = scratch + (half - k) % half * 2 * lanes;
        const float c = cosines[k], s = sines[k];
        for (int64_t l = 0; l < frames; l++) {
            const float even_re = 0.5f * (a[l] + b[l]), even_im = 0.5f * (a[lanes + l] - b[lanes + l]);
            const float odd_re = 0.5f * (a[lanes + l] + b[lanes + l]), odd_im = 0.5f * (b[l] - a[l]);
            real[k * pitch + l] = even_re + odd_re * c + odd_im * s;
            imaginary[k * pitch + l] = even_im + odd_im * c - odd_re * s;
        }
    }
}

CK_CLONES void ck_fourier_frames_backward(int64_t size, int64_t frames, const float *real, const float *imaginary,
                                          int64_t pitch, const float *window, const float *cosines, const float *sines,
                                          float *samples, float *scratch) {
    const int64_t half = size / 2;
    // Sample n gets the real part of the sum over k <= half of (real + i imaginary) exp(2 pi i k n / size): a real
    // inverse transform of half of each, whose ends count once.
    for (int64_t at = 0; at < half; at++) {
        const int64_t k = reversed(at, half), m = half - k;
        const float scale = k == 0 ? 1 : 0.5f, c = cosines[k], s = sines[k];
        float *z = scratch + at * 2 * lanes;
        for (int64_t l = 0; l < lanes; l++) {
            if (l >= frames) {
                z[l] = z[lanes + l] = 0;
                continue;
            }
            const float a_re = scale * real[k * pitch + l], a_im = k == 0 ? 0 : scale * imaginary[k * pitch + l];
            const float b_re = scale * real[m * pitch + l], b_im = k == 0 ? 0 : -scale * imaginary[m * pitch + l];
            const float re = a_re - b_re, im = a_im - b_im;
            z[l] = a_re + b_re - (re * s + im * c);
            z[lanes + l] = a_im + b_im + (re * c - im * s);
        }
    }
    transform(half, cosines, sines, 1, scratch);
    for (int64_t n = 0; n < half; n++)
        for (int64_t l = 0; l < frames; l++) {
            samples[l * size + 2 * n] = scratch[n * 2 * lanes + l] * window[2 * n];
            samples[l * size + 2 * n + 1] = scratch[(n * 2 + 1) * lanes + l] * window[2 * n + 1];
        }
}
