// Float32 and bfloat16 dot products for one instruction set. The including file defines LANES and turns the target on;
// vectors are clang's own, so that the text is the same everywhere.
//
// Four rows share each load of the input. Sums have a fixed order: 2 * LANES of them, then pairwise, then the tail.
typedef float vector __attribute__((vector_size(LANES * 4)));
typedef float loaded __attribute__((vector_size(LANES * 4), aligned(4), may_alias));
typedef uint32_t words __attribute__((vector_size(LANES * 4)));
typedef uint32_t loaded_words __attribute__((vector_size(LANES * 4), aligned(2), may_alias));

#define UNROLLED _Pragma("clang loop unroll(full)")

CK_INLINE float sum_of_lanes(vector v) {
    float values[LANES];
    *(loaded *)values = v;
    for (int width = LANES / 2; width > 0; width /= 2)
        for (int i = 0; i < width; i++) values[i] += values[i + width];
    return values[0];
}

CK_INLINE void float_rows(const int rows, int64_t columns, const float *weights, const float *x, float *sums) {
    vector even[ck_weight_rows], odd[ck_weight_rows];
    UNROLLED for (int r = 0; r < rows; r++) even[r] = odd[r] = (vector){0};
    int64_t c = 0;
    for (; c + 2 * LANES <= columns; c += 2 * LANES) {
        const vector x0 = *(const loaded *)(x + c), x1 = *(const loaded *)(x + c + LANES);
        UNROLLED for (int r = 0; r < rows; r++) {
            even[r] += *(const loaded *)(weights + r * columns + c) * x0;
            odd[r] += *(const loaded *)(weights + r * columns + c + LANES) * x1;
        }
    }
    UNROLLED for (int r = 0; r < rows; r++) {
        float sum = sum_of_lanes(even[r] + odd[r]);
        for (int64_t i = c; i < columns; i++) sum += weights[r * columns + i] * x[i];
        sums[r] = sum;
    }
}

// A pair of bfloat16 in a 32-bit word is two floats by a shift and a mask. The input stays float32: AVX512-BF16's own
// product would round it too, and the memory is what one waits for.
CK_INLINE void bfloat_rows(const int rows, int64_t stride, const uint16_t *weights, const float *x, float *sums) {
    vector even[ck_weight_rows], odd[ck_weight_rows];
    UNROLLED for (int r = 0; r < rows; r++) even[r] = odd[r] = (vector){0};
    const float *x_odd = x + stride / 2;
    for (int64_t c = 0; c < stride; c += 2 * LANES) {
        const vector x0 = *(const loaded *)(x + c / 2), x1 = *(const loaded *)(x_odd + c / 2);
        UNROLLED for (int r = 0; r < rows; r++) {
            const words pairs = *(const loaded_words *)(weights + r * stride + c);
            even[r] += (vector)(pairs << 16) * x0;
            odd[r] += (vector)(pairs & 0xffff0000u) * x1;
        }
    }
    UNROLLED for (int r = 0; r < rows; r++) sums[r] = sum_of_lanes(even[r] + odd[r]);
}

static void float_products(int64_t rows, int64_t columns, const float *weights, const float *x, float *sums) {
    if (rows == ck_weight_rows) return float_rows(ck_weight_rows, columns, weights, x, sums);
    for (int64_t r = 0; r < rows; r++) float_rows(1, columns, weights + r * columns, x, sums + r);
}

static void bfloat_products(int64_t rows, int64_t stride, const uint16_t *weights, const float *x, float *sums) {
    if (rows == ck_weight_rows) return bfloat_rows(ck_weight_rows, stride, weights, x, sums);
    for (int64_t r = 0; r < rows; r++) bfloat_rows(1, stride, weights + r * stride, x, sums + r);
}
