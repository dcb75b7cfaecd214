// The block loops for one instruction set. The including file defines LANES and turns the target on; vectors are
// clang's own, so that the text is the same everywhere.
//
// A block keeps rows x vectors sums in registers, reads `vectors` loads and `rows` broadcast weights per product and
// does rows x vectors multiply-adds with them: 6 x 4 or 8 x 3 of 16 lanes keep both of a core's FMA ports busy. On the
// shapes of the nano preset that is 90-160 GFLOP/s a core with AVX-512, where im2col and sgemm reach 37-57 below 128
// channels and the plain loops of convolution_plain.c 1-2.
typedef float vector __attribute__((vector_size(LANES * 4)));
typedef float loaded __attribute__((vector_size(LANES * 4), aligned(4), may_alias));

typedef int32_t mask __attribute__((vector_size(LANES * 4)));

#define UNROLLED _Pragma("clang loop unroll(full)")

CK_INLINE void store(const ck_strip *strip, int64_t at, vector y) {
    if (strip->residual) y += *(const loaded *)(strip->residual + at);
    if (strip->gate || strip->gates_itself) {
        const vector gate = strip->gate ? *(const loaded *)(strip->gate + at) : y;
        const mask is_negative = gate < (vector){0};
        y = (vector)(((mask)y & ~is_negative) | ((mask)(y * strip->slope) & is_negative));
    }
    *(loaded *)(strip->y + at) = y;
}

/// The first `count` lanes only.
CK_INLINE void store_first(const ck_strip *strip, int64_t at, int64_t count, vector y) {
    float values[LANES];
    *(loaded *)values = y;
    for (int64_t i = 0; i < count; i++) {
        const float value = strip->residual ? values[i] + strip->residual[at + i] : values[i];
        const float gate = strip->gate ? strip->gate[at + i] : strip->gates_itself ? value : 0;
        strip->y[at + i] = gate < 0 ? value * strip->slope : value;
    }
}

/// The block's last vector begins at x + tail.
CK_INLINE void multiply_add(const int rows, const int vectors, const float *x, int64_t tail, const float *w,
                            int64_t row_step, vector sums[ck_most_rows][ck_most_vectors]) {
    vector inputs[ck_most_vectors];
    UNROLLED for (int v = 0; v < vectors - 1; v++) inputs[v] = *(const loaded *)(x + v * LANES);
    inputs[vectors - 1] = *(const loaded *)(x + tail);
    UNROLLED for (int r = 0; r < rows; r++) {
        const float weight = w[r * row_step];
        UNROLLED for (int v = 0; v < vectors; v++) sums[r][v] += inputs[v] * weight;
    }
}

enum { packed_weights, weights_by_product, weights_by_row };

CK_INLINE void strip_block(const int rows, const int vectors, const int weights, const ck_strip *strip, int64_t t,
                           int64_t count) {
    vector sums[ck_most_rows][ck_most_vectors];
    UNROLLED for (int r = 0; r < rows; r++)
        UNROLLED for (int v = 0; v < vectors; v++) sums[r][v] = (vector){0};
    const float *w = strip->weights, *x = strip->x + t;
    const int32_t *offsets = strip->offsets;
    const int64_t products = strip->products;
    const int64_t step = weights == packed_weights ? rows : weights == weights_by_row ? 1 : strip->product_step;
    const int64_t row_step = weights == weights_by_row ? strip->row_step : 1;
    // The last vector ends where the columns do and makes some of them a second time, with the same bits: so nothing
    // behind them is read or written, unless all of them are less than a vector.
    const int is_whole = t + count >= LANES;
    const int64_t tail = is_whole ? count - LANES : (vectors - 1) * LANES;
    // The rows of x lie apart by no fixed distance, so that the processor does not see them coming.
    enum { ahead = 16 };
    int64_t q = 0;
    // Where weights are read by row, columns are few and their rows near. Nor would the compiler keep all sums in
    // registers there.
    if (weights != weights_by_row)
        for (; q + ahead < products; q++) {
            const float *next = x + offsets[q + ahead];
            UNROLLED for (int v = 0; v < vectors; v++) __builtin_prefetch(next + v * LANES);
            __builtin_prefetch(w + (weights == packed_weights ? 32 : ahead) * step);
            multiply_add(rows, vectors, x + offsets[q], tail, w, row_step, sums);
            w += step;
        }
    for (; q < products; q++) {
        multiply_add(rows, vectors, x + offsets[q], tail, w, row_step, sums);
        w += step;
    }
    UNROLLED for (int r = 0; r < rows; r++) {
        const int64_t at = r * strip->y_stride + t;
        const float scale = strip->scale[r], bias = strip->bias[r];
        UNROLLED for (int v = 0; v < vectors; v++) sums[r][v] = sums[r][v] * scale + bias;
        UNROLLED for (int v = 0; v < vectors - 1; v++) store(strip, at + v * LANES, sums[r][v]);
        if (is_whole)
            store(strip, at + tail, sums[r][vectors - 1]);
        else
            store_first(strip, at + tail, count - tail, sums[r][vectors - 1]);
    }
}

// Lane l of what `folded` leaves is a sum over a's lanes where bit `step` of l is 0, over b's where it is 1.
#define NEAR(l, step) ((((l) & (step)) ? LANES : 0) + ((l) & ~(step)))
#define FAR(l, step) ((((l) & (step)) ? LANES : 0) + ((l) | (step)))
#define FOUR(f, l, step) f(l, step), f(l + 1, step), f(l + 2, step), f(l + 3, step)
#if LANES == 16
#define LANE_LIST(f, step) FOUR(f, 0, step), FOUR(f, 4, step), FOUR(f, 8, step), FOUR(f, 12, step)
#elif LANES == 8
#define LANE_LIST(f, step) FOUR(f, 0, step), FOUR(f, 4, step)
#else
#define LANE_LIST(f, step) FOUR(f, 0, step)
#endif
#define FOLD(step)                                                                                           \
    if (LANES > step)                                                                                        \
        UNROLLED for (int i = 0; i < LANES / (2 * step); i++)                                                \
            v[i] = __builtin_shufflevector(v[2 * i], v[2 * i + 1], LANE_LIST(NEAR, step % LANES)) +          \
                   __builtin_shufflevector(v[2 * i], v[2 * i + 1], LANE_LIST(FAR, step % LANES));

/// sums[i] = the sum of the lanes of v[i], for as many vectors as there are lanes; destroys v. Vectors are folded in
/// pairs, so that this takes two shuffles a vector.
CK_INLINE void lane_sums(vector *v, float *sums) {
    FOLD(1)
    FOLD(2)
    FOLD(4)
    FOLD(8)
    *(loaded *)sums = v[0];
}

CK_INLINE void product_block(const int rows, const int products, const ck_product_strip *strip) {
    vector sums[ck_most_product_rows][ck_most_products];
    const float *x[ck_most_products], *y[ck_most_product_rows];
    UNROLLED for (int q = 0; q < products; q++) x[q] = strip->x + strip->offsets[q];
    UNROLLED for (int r = 0; r < rows; r++) y[r] = strip->y + r * strip->y_stride;
    UNROLLED for (int r = 0; r < rows; r++)
        UNROLLED for (int q = 0; q < products; q++) sums[r][q] = (vector){0};
    const int64_t columns = strip->columns;
    for (int64_t t = 0; t < columns; t += LANES) {
        vector outputs[ck_most_product_rows];
        UNROLLED for (int r = 0; r < rows; r++) outputs[r] = *(const loaded *)(y[r] + t);
        UNROLLED for (int q = 0; q < products; q++) {
            const vector input = *(const loaded *)(x[q] + t);
            UNROLLED for (int r = 0; r < rows; r++) sums[r][q] += outputs[r] * input;
        }
    }
    UNROLLED for (int start = 0; start < rows * products; start += LANES) {
        vector group[LANES];
        float totals[LANES];
        UNROLLED for (int i = 0; i < LANES; i++) {
            const int index = start + i;
            group[i] = index < rows * products ? sums[index / products % rows][index % products] : (vector){0};
        }
        lane_sums(group, totals);
        UNROLLED for (int i = 0; i < LANES; i++)
            if (start + i < rows * products) {
                float *to = strip->gradient + (start + i) / products * strip->gradient_stride + (start + i) % products;
                *to = strip->adds ? *to + totals[i] : totals[i];
            }
    }
}

#define STRIP_OF(kind, weights, rows, vectors)                                               \
    static void kind##_##rows##_##vectors(const ck_strip *strip, int64_t t, int64_t count) { \
        strip_block(rows, vectors, weights, strip, t, count);                                \
    }
#define STRIP(rows, vectors)                                  \
    STRIP_OF(strip, packed_weights, rows, vectors)            \
    STRIP_OF(by_product, weights_by_product, rows, vectors)   \
    STRIP_OF(by_row, weights_by_row, rows, vectors)
#define PRODUCT(rows, products) \
    static void product_##rows##_##products(const ck_product_strip *strip) { product_block(rows, products, strip); }

#define STRIPS_2(rows) STRIP(rows, 1) STRIP(rows, 2)
#define STRIPS_3(rows) STRIPS_2(rows) STRIP(rows, 3)
#define STRIPS_4(rows) STRIPS_3(rows) STRIP(rows, 4)
#define STRIPS_6(rows) STRIPS_4(rows) STRIP(rows, 5) STRIP(rows, 6)
#define STRIPS_8(rows) STRIPS_6(rows) STRIP(rows, 7) STRIP(rows, 8)
#define STRIP_NAMES_2(kind, rows) 0, kind##_##rows##_1, kind##_##rows##_2
#define STRIP_NAMES_3(kind, rows) STRIP_NAMES_2(kind, rows), kind##_##rows##_3
#define STRIP_NAMES_4(kind, rows) STRIP_NAMES_3(kind, rows), kind##_##rows##_4
#define STRIP_NAMES_6(kind, rows) STRIP_NAMES_4(kind, rows), kind##_##rows##_5, kind##_##rows##_6
#define STRIP_NAMES_8(kind, rows) STRIP_NAMES_6(kind, rows), kind##_##rows##_7, kind##_##rows##_8

#define PRODUCTS_4(rows) PRODUCT(rows, 1) PRODUCT(rows, 2) PRODUCT(rows, 3) PRODUCT(rows, 4)
#define PRODUCTS_6(rows) PRODUCTS_4(rows) PRODUCT(rows, 5) PRODUCT(rows, 6)
#define PRODUCTS_8(rows) PRODUCTS_6(rows) PRODUCT(rows, 7) PRODUCT(rows, 8)
#define PRODUCT_NAMES_4(rows) 0, product_##rows##_1, product_##rows##_2, product_##rows##_3, product_##rows##_4
#define PRODUCT_NAMES_6(rows) PRODUCT_NAMES_4(rows), product_##rows##_5, product_##rows##_6
#define PRODUCT_NAMES_8(rows) PRODUCT_NAMES_6(rows), product_##rows##_7, product_##rows##_8
