#include "reduction.h"

#include <math.h>

#include "vector_math.h"

typedef float lanes __attribute__((vector_size(64), aligned(4)));

// By pointer: a 64-byte vector argument has another ABI in each clone.
CK_INLINE float sum_lanes(const lanes *pointer) {
    const lanes v = *pointer;
    float half[8], quarter[4];
    for (int i = 0; i < 8; i++) half[i] = v[i] + v[i + 8];
    for (int i = 0; i < 4; i++) quarter[i] = half[i] + half[i + 4];
    return (quarter[0] + quarter[2]) + (quarter[1] + quarter[3]);
}

CK_CLONES float ck_sum(int64_t n, const float *x) {
    lanes total = {0};
    int64_t i = 0;
    for (; i + 16 <= n; i += 16) total += *(const lanes *)(x + i);
    float result = sum_lanes(&total);
    for (; i < n; i++) result += x[i];
    return result;
}

CK_CLONES float ck_gated_sum(int64_t n, const float *x, const float *gate, float slope) {
    float partial[16] = {0};
    int64_t i = 0;
    for (; i + 16 <= n; i += 16)
        for (int k = 0; k < 16; k++) partial[k] += gate[i + k] >= 0 ? x[i + k] : x[i + k] * slope;
    lanes total = *(const lanes *)partial;
    float result = sum_lanes(&total);
    for (; i < n; i++) result += gate[i] >= 0 ? x[i] : x[i] * slope;
    return result;
}

CK_CLONES float ck_absolute_difference_sum(int64_t n, const float *a, const float *b) {
    float partial[16] = {0};
    int64_t i = 0;
    for (; i + 16 <= n; i += 16)
        for (int k = 0; k < 16; k++) partial[k] += fabsf(a[i + k] - b[i + k]);
    lanes total = *(const lanes *)partial;
    float result = sum_lanes(&total);
    for (; i < n; i++) result += fabsf(a[i] - b[i]);
    return result;
}

CK_CLONES void ck_difference_sign(int64_t n, const float *restrict a, const float *restrict b, float slope,
                                  float *restrict out) {
    for (int64_t i = 0; i < n; i++) out[i] = a[i] > b[i] ? slope : (a[i] < b[i] ? -slope : 0.0f);
}

CK_CLONES float ck_dot(int64_t n, const float *a, const float *b) {
    lanes total = {0};
    int64_t i = 0;
    for (; i + 16 <= n; i += 16) total += *(const lanes *)(a + i) * *(const lanes *)(b + i);
    float result = sum_lanes(&total);
    for (; i < n; i++) result += a[i] * b[i];
    return result;
}

// Thirty-two running sums: four vectors of them, as one would wait for itself and be slower than memory.
CK_CLONES double ck_square_sum(int64_t n, const float *x) {
    double partial[32] = {0};
    int64_t i = 0;
    for (; i + 32 <= n; i += 32)
        for (int k = 0; k < 32; k++) partial[k] += (double)x[i + k] * (double)x[i + k];
    double result = 0;
    for (int k = 0; k < 32; k++) result += partial[k];
    for (; i < n; i++) result += (double)x[i] * (double)x[i];
    return result;
}

// Sixteen running maxima: one would wait for itself at every element. NaN is passed over.
CK_INLINE float largest(int64_t n, const float *x) {
    float partial[16], best = -INFINITY;
    for (int k = 0; k < 16; k++) partial[k] = -INFINITY;
    int64_t i = 0;
    for (; i + 16 <= n; i += 16)
        for (int k = 0; k < 16; k++) partial[k] = x[i + k] > partial[k] ? x[i + k] : partial[k];
    for (; i < n; i++) best = x[i] > best ? x[i] : best;
    for (int k = 0; k < 16; k++) best = partial[k] > best ? partial[k] : best;
    return best;
}

CK_CLONES float ck_maximum(int64_t n, const float *x) { return largest(n, x); }

CK_CLONES void ck_softmax(int64_t n, const float *x, float *y) {
    const float best = largest(n, x);
    if (best == -INFINITY) {
        for (int64_t i = 0; i < n; i++) y[i] = 0;
        return;
    }
    // Sixteen at a time by way of `powers`: y may be x, which keeps the compiler from making vectors of the plain loop.
    float powers[16];
    lanes total = {0};
    int64_t i = 0;
    for (; i + 16 <= n; i += 16) {
        for (int k = 0; k < 16; k++) powers[k] = ck_exp(x[i + k] - best);
        total += *(const lanes *)powers;
        *(lanes *)(y + i) = *(const lanes *)powers;
    }
    float sum = sum_lanes(&total);
    for (int k = 0; k < 16; k++) powers[k] = i + k < n ? x[i + k] - best : 0;
    for (int k = 0; k < 16; k++) powers[k] = ck_exp(powers[k]);
    for (int k = 0; i < n; i++, k++) {
        y[i] = powers[k];
        sum += powers[k];
    }
    const float scale = 1.0f / sum;
    for (int64_t j = 0; j < n; j++) y[j] *= scale;
}

CK_CLONES void ck_softmax_backward(int64_t n, const float *y, const float *dy, float *dx) {
    lanes total = {0};
    int64_t i = 0;
    for (; i + 16 <= n; i += 16) total += *(const lanes *)(y + i) * *(const lanes *)(dy + i);
    float inner = sum_lanes(&total);
    for (; i < n; i++) inner += y[i] * dy[i];
    // By whole vectors: dx may be dy.
    int64_t j = 0;
    for (; j + 16 <= n; j += 16)
        *(lanes *)(dx + j) = *(const lanes *)(y + j) * (*(const lanes *)(dy + j) - inner);
    for (; j < n; j++) dx[j] = y[j] * (dy[j] - inner);
}

CK_CLONES void ck_layer_norm(int64_t n, const float *x, const float *gamma, const float *beta, float epsilon, float *y,
                             float *mean, float *rstd) {
    lanes total = {0};
    int64_t i = 0;
    for (; i + 16 <= n; i += 16) total += *(const lanes *)(x + i);
    float sum = sum_lanes(&total);
    for (; i < n; i++) sum += x[i];
    const float m = sum / (float)n;
    lanes squares = {0};
    for (i = 0; i + 16 <= n; i += 16) {
        const lanes d = *(const lanes *)(x + i) - m;
        squares += d * d;
    }
    float square = sum_lanes(&squares);
    for (; i < n; i++) square += (x[i] - m) * (x[i] - m);
    const float r = 1.0f / ck_square_root(square / (float)n + epsilon);
    if (gamma && beta)
        for (int64_t j = 0; j < n; j++) y[j] = (x[j] - m) * r * gamma[j] + beta[j];
    else
        for (int64_t j = 0; j < n; j++) y[j] = (x[j] - m) * r;
    *mean = m;
    *rstd = r;
}

CK_CLONES void ck_layer_norm_backward(int64_t n, const float *x, const float *gamma, float mean, float rstd,
                                      const float *dy, float *dx) {
    // dx = rstd * (g - mean(g) - x_hat * mean(g * x_hat)), g = dy * gamma
    lanes sums = {0}, products = {0};
    int64_t i = 0;
    for (; i + 16 <= n; i += 16) {
        const lanes d = *(const lanes *)(dy + i);
        const lanes g = gamma ? d * *(const lanes *)(gamma + i) : d;
        sums += g;
        products += g * ((*(const lanes *)(x + i) - mean) * rstd);
    }
    float sum = sum_lanes(&sums), product = sum_lanes(&products);
    for (; i < n; i++) {
        const float g = gamma ? dy[i] * gamma[i] : dy[i];
        sum += g;
        product += g * ((x[i] - mean) * rstd);
    }
    const float a = sum / (float)n, b = product / (float)n;
    for (int64_t j = 0; j < n; j++) {
        const float g = gamma ? dy[j] * gamma[j] : dy[j];
        dx[j] = rstd * (g - a - (x[j] - mean) * rstd * b);
    }
}

// A strip at a time, so that its sums stay in registers.
enum { strip = 64 };

CK_CLONES void ck_column_sums(int64_t rows, int64_t columns, const float *x, int64_t row_step, float *sums) {
    int64_t c = 0;
    for (; c + strip <= columns; c += strip) {
        float total[strip] = {0};
        for (int64_t r = 0; r < rows; r++)
            for (int k = 0; k < strip; k++) total[k] += x[r * row_step + c + k];
        for (int k = 0; k < strip; k++) sums[c + k] = total[k];
    }
    for (; c < columns; c++) {
        float total = 0;
        for (int64_t r = 0; r < rows; r++) total += x[r * row_step + c];
        sums[c] = total;
    }
}

CK_CLONES void ck_layer_norm_sums(int64_t rows, int64_t columns, const float *x, const float *dy, int64_t row_step,
                                  const float *mean, const float *rstd, float *gamma, float *beta) {
    int64_t c = 0;
    for (; c + strip <= columns; c += strip) {
        float products[strip] = {0}, sums[strip] = {0};
        for (int64_t r = 0; r < rows; r++) {
            const float *xs = x + r * row_step + c, *ds = dy + r * row_step + c;
            const float m = mean[r], s = rstd[r];
            for (int k = 0; k < strip; k++) {
                products[k] += ds[k] * ((xs[k] - m) * s);
                sums[k] += ds[k];
            }
        }
        for (int k = 0; k < strip; k++) gamma[c + k] = products[k];
        for (int k = 0; k < strip; k++) beta[c + k] = sums[k];
    }
    for (; c < columns; c++) {
        float product = 0, sum = 0;
        for (int64_t r = 0; r < rows; r++) {
            const float d = dy[r * row_step + c];
            product += d * ((x[r * row_step + c] - mean[r]) * rstd[r]);
            sum += d;
        }
        gamma[c] = product;
        beta[c] = sum;
    }
}

CK_CLONES void ck_transpose(int64_t rows, int64_t columns, const float *restrict src, float *restrict dst) {
    enum { tile = 16 };
    for (int64_t r0 = 0; r0 < rows; r0 += tile)
        for (int64_t c0 = 0; c0 < columns; c0 += tile) {
            const int64_t r1 = r0 + tile < rows ? r0 + tile : rows, c1 = c0 + tile < columns ? c0 + tile : columns;
            for (int64_t c = c0; c < c1; c++)
                for (int64_t r = r0; r < r1; r++) dst[c * rows + r] = src[r * columns + c];
        }
}
