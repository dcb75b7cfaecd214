// Float32, bfloat16 and, where the including file has the means, int8 dot products for one instruction set. The including file defines LANES and turns the target on;
// vectors are clang's own, so that the text is the same everywhere.
//
// Four rows share each load of the input, and their sums are folded together. Sums have a fixed order: 2 * LANES of
// them, then halves of the lanes, then the tail. Lines some rows ahead are asked for early, since a row is too short
// for the processor to see the stream: that makes up for half of the speed on rows of 512 bytes.
typedef float vector __attribute__((vector_size(LANES * 4)));
typedef float loaded __attribute__((vector_size(LANES * 4), aligned(4), may_alias));
typedef int32_t integers __attribute__((vector_size(LANES * 4)));
typedef uint32_t words __attribute__((vector_size(LANES * 4)));
typedef uint32_t loaded_words __attribute__((vector_size(LANES * 4), aligned(2), may_alias));
typedef float float_quad __attribute__((vector_size(16)));
typedef int32_t integer_quad __attribute__((vector_size(16)));

#define UNROLLED _Pragma("clang loop unroll(full)")
#define SHUFFLED __builtin_shufflevector

// The upper half of the lanes added to the lower one, until four are left.
#if LANES == 16
#define HALVES_8(v) (SHUFFLED(v, v, 0, 1, 2, 3, 4, 5, 6, 7) + SHUFFLED(v, v, 8, 9, 10, 11, 12, 13, 14, 15))
#define QUAD(v) QUAD_OF_8(HALVES_8(v))
#elif LANES == 8
#define QUAD(v) QUAD_OF_8(v)
#else
#define QUAD(v) (v)
#endif
#define QUAD_OF_8(v) (SHUFFLED(v, v, 0, 1, 2, 3) + SHUFFLED(v, v, 4, 5, 6, 7))
// The same for the last four, one row alone and four rows at once.
#define LAST(q) ((q[0] + q[2]) + (q[1] + q[3]))
#define PAIRED(a, b) (SHUFFLED(a, b, 0, 1, 4, 5) + SHUFFLED(a, b, 2, 3, 6, 7))
#define LAST_OF_4(ab, cd) (SHUFFLED(ab, cd, 0, 2, 4, 6) + SHUFFLED(ab, cd, 1, 3, 5, 7))

#define FOLD(quad, rows, totals, sums)                                                             \
    do {                                                                                           \
        quad quads[ck_weight_rows];                                                                \
        UNROLLED for (int r = 0; r < (rows); r++) quads[r] = QUAD((totals)[r]);                    \
        if ((rows) == 4) {                                                                         \
            const quad ab = PAIRED(quads[0], quads[1]), cd = PAIRED(quads[2], quads[3]);           \
            const quad all = LAST_OF_4(ab, cd);                                                    \
            UNROLLED for (int r = 0; r < 4; r++) (sums)[r] = all[r];                               \
        } else {                                                                                   \
            UNROLLED for (int r = 0; r < (rows); r++) (sums)[r] = LAST(quads[r]);                  \
        }                                                                                          \
    } while (0)

#define AHEAD(pointer) __builtin_prefetch((const char *)(pointer) + 4096, 0, 3)
// Several inputs take longer over a line, and leave less room for others in the first level.
#define FARTHER_AHEAD(pointer) __builtin_prefetch((const char *)(pointer) + 8192, 0, 2)

CK_INLINE void float_rows(const int rows, const int inputs, int64_t columns, const float *weights, const float *x,
                          int64_t x_stride, float *sums) {
    vector even[ck_weight_inputs][ck_weight_rows], odd[ck_weight_inputs][ck_weight_rows];
    UNROLLED for (int i = 0; i < inputs; i++)
        UNROLLED for (int r = 0; r < rows; r++) even[i][r] = odd[i][r] = (vector){0};
    int64_t c = 0;
    for (; c + 2 * LANES <= columns; c += 2 * LANES) {
        vector x0[ck_weight_inputs], x1[ck_weight_inputs];
        UNROLLED for (int i = 0; i < inputs; i++) {
            x0[i] = *(const loaded *)(x + i * x_stride + c);
            x1[i] = *(const loaded *)(x + i * x_stride + c + LANES);
        }
        UNROLLED for (int r = 0; r < rows; r++) {
            const float *from = weights + r * columns + c;
            if (inputs == 1) {
                AHEAD(from);
                if (LANES == 16) AHEAD(from + LANES);
            } else {
                FARTHER_AHEAD(from);
                if (LANES == 16) FARTHER_AHEAD(from + LANES);
            }
            const vector w0 = *(const loaded *)from, w1 = *(const loaded *)(from + LANES);
            UNROLLED for (int i = 0; i < inputs; i++) {
                even[i][r] += w0 * x0[i];
                odd[i][r] += w1 * x1[i];
            }
        }
    }
    UNROLLED for (int i = 0; i < inputs; i++) {
        float *own = sums + i * ck_weight_rows;
        UNROLLED for (int r = 0; r < rows; r++) even[i][r] += odd[i][r];
        FOLD(float_quad, rows, even[i], own);
        for (int64_t rest = c; rest < columns; rest++)
            UNROLLED for (int r = 0; r < rows; r++) own[r] += weights[r * columns + rest] * x[i * x_stride + rest];
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
            const uint16_t *from = weights + r * stride + c;
            AHEAD(from);
            const words pairs = *(const loaded_words *)from;
            even[r] += (vector)(pairs << 16) * x0;
            odd[r] += (vector)(pairs & 0xffff0000u) * x1;
        }
    }
    UNROLLED for (int r = 0; r < rows; r++) even[r] += odd[r];
    FOLD(float_quad, rows, even, sums);
}

#ifdef INTEGERS_AT_ONCE
// The including file defines how many integers are widened to 16 bits at once, `widened`, and MULTIPLY_PAIRS, which adds
// the products of neighbours. By 16 bits: the product of bytes would saturate.
CK_INLINE void integer_rows(const int rows, int64_t stride, const int8_t *weights, const int8_t *x, int32_t *sums) {
    integers totals[ck_weight_rows];
    UNROLLED for (int r = 0; r < rows; r++) totals[r] = (integers){0};
    for (int64_t c = 0; c < stride; c += INTEGERS_AT_ONCE) {
        const __typeof__(widened(x)) input = widened(x + c);
        UNROLLED for (int r = 0; r < rows; r++) {
            AHEAD(weights + r * stride + c);
            totals[r] += (integers)MULTIPLY_PAIRS(widened(weights + r * stride + c), input);
        }
    }
    FOLD(integer_quad, rows, totals, sums);
}

static void integer_products(int64_t rows, int64_t stride, const int8_t *weights, const int8_t *x,
                             const int32_t *row_sums, int32_t *sums) {
    (void)row_sums;
    if (rows == ck_weight_rows) return integer_rows(ck_weight_rows, stride, weights, x, sums);
    for (int64_t r = 0; r < rows; r++) integer_rows(1, stride, weights + r * stride, x, sums + r);
}
#endif

// Several inputs share each load of the weights; fewer rows then, as many as the sums' registers allow.
#define ROWS_OF_INPUTS (LANES == 16 ? 2 : 1)
#define WITH_INPUTS(rows) \
    switch (inputs) { \
    case 1: return float_rows(rows, 1, columns, weights, x, x_stride, sums); \
    case 2: return float_rows(rows, 2, columns, weights, x, x_stride, sums); \
    case 3: return float_rows(rows, 3, columns, weights, x, x_stride, sums); \
    default: return float_rows(rows, ck_weight_inputs, columns, weights, x, x_stride, sums); \
    }

static void one_row(int64_t inputs, int64_t columns, const float *weights, const float *x, int64_t x_stride,
                    float *sums) {
    WITH_INPUTS(1)
}

static void some_rows(int64_t inputs, int64_t columns, const float *weights, const float *x, int64_t x_stride,
                      float *sums) {
    WITH_INPUTS(ROWS_OF_INPUTS)
}

static void float_products(int64_t rows, int64_t inputs, int64_t columns, const float *weights, const float *x,
                           int64_t x_stride, float *sums) {
    if (inputs == 1 && rows == ck_weight_rows)
        return float_rows(ck_weight_rows, 1, columns, weights, x, x_stride, sums);
    int64_t r = 0;
    for (; r + ROWS_OF_INPUTS <= rows; r += ROWS_OF_INPUTS)
        some_rows(inputs, columns, weights + r * columns, x, x_stride, sums + r);
    for (; r < rows; r++) one_row(inputs, columns, weights + r * columns, x, x_stride, sums + r);
}

static void bfloat_products(int64_t rows, int64_t stride, const uint16_t *weights, const float *x, float *sums) {
    if (rows == ck_weight_rows) return bfloat_rows(ck_weight_rows, stride, weights, x, sums);
    for (int64_t r = 0; r < rows; r++) bfloat_rows(1, stride, weights + r * stride, x, sums + r);
}
