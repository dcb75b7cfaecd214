// The block loops for one instruction set. The including file defines LANES and turns the target on; vectors are
// clang's own, so that the text is the same everywhere.
//
// A block keeps rows x vectors sums in registers, reads `vectors` loads and `rows` broadcast weights per product and
// does rows x vectors multiply-adds with them: 6 x 4 or 8 x 3 of 16 lanes fill both of a core's FMA ports, where an
// im2col copy followed by sgemm reaches about half of that below 128 channels.
#include <string.h>

typedef float vector __attribute__((vector_size(LANES * 4)));
typedef float loaded __attribute__((vector_size(LANES * 4), aligned(4), may_alias));

#define UNROLLED _Pragma("clang loop unroll(full)")

CK_INLINE void strip_block(const int rows, const int vectors, const ck_strip *strip, int64_t t, int64_t count) {
    vector sums[ck_most_rows][ck_most_vectors];
    UNROLLED for (int r = 0; r < rows; r++)
        UNROLLED for (int v = 0; v < vectors; v++) sums[r][v] = (vector){0} + strip->bias[r];
    const float *w = strip->weights, *x = strip->x + t;
    const int32_t *offsets = strip->offsets;
    const int64_t products = strip->products;
    for (int64_t q = 0; q < products; q++) {
        const float *from = x + offsets[q];
        vector inputs[ck_most_vectors];
        UNROLLED for (int v = 0; v < vectors; v++) inputs[v] = *(const loaded *)(from + v * LANES);
        UNROLLED for (int r = 0; r < rows; r++) {
            const float weight = w[r];
            UNROLLED for (int v = 0; v < vectors; v++) sums[r][v] += inputs[v] * weight;
        }
        w += rows;
    }
    const int64_t rest = count - (vectors - 1) * LANES;
    UNROLLED for (int r = 0; r < rows; r++) {
        float *y = strip->y + r * strip->y_stride + t;
        UNROLLED for (int v = 0; v < vectors - 1; v++) *(loaded *)(y + v * LANES) = sums[r][v];
        y += (vectors - 1) * LANES;
        if (rest == LANES) {
            *(loaded *)y = sums[r][vectors - 1];
        } else {
            float last[LANES];
            *(loaded *)last = sums[r][vectors - 1];
            for (int64_t i = 0; i < rest; i++) y[i] = last[i];
        }
    }
}

CK_INLINE float lane_sum(const vector *pointer) {
    const vector v = *pointer;
    float half[LANES / 2];
    UNROLLED for (int i = 0; i < LANES / 2; i++) half[i] = v[i] + v[i + LANES / 2];
    for (int width = LANES / 4; width > 0; width /= 2)
        UNROLLED for (int i = 0; i < width; i++) half[i] += half[i + width];
    return half[0];
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
    UNROLLED for (int r = 0; r < rows; r++)
        UNROLLED for (int q = 0; q < products; q++)
            strip->gradient[r * strip->gradient_stride + q] += lane_sum(&sums[r][q]);
}

#define STRIP(rows, vectors)                                                                            \
    static void strip_##rows##_##vectors(const ck_strip *strip, int64_t t, int64_t count) {             \
        strip_block(rows, vectors, strip, t, count);                                                    \
    }
#define PRODUCT(rows, products) \
    static void product_##rows##_##products(const ck_product_strip *strip) { product_block(rows, products, strip); }

#define STRIPS_2(rows) STRIP(rows, 1) STRIP(rows, 2)
#define STRIPS_3(rows) STRIPS_2(rows) STRIP(rows, 3)
#define STRIPS_4(rows) STRIPS_3(rows) STRIP(rows, 4)
#define STRIPS_6(rows) STRIPS_4(rows) STRIP(rows, 5) STRIP(rows, 6)
#define STRIPS_8(rows) STRIPS_6(rows) STRIP(rows, 7) STRIP(rows, 8)
#define STRIP_NAMES_2(rows) 0, strip_##rows##_1, strip_##rows##_2
#define STRIP_NAMES_3(rows) STRIP_NAMES_2(rows), strip_##rows##_3
#define STRIP_NAMES_4(rows) STRIP_NAMES_3(rows), strip_##rows##_4
#define STRIP_NAMES_6(rows) STRIP_NAMES_4(rows), strip_##rows##_5, strip_##rows##_6
#define STRIP_NAMES_8(rows) STRIP_NAMES_6(rows), strip_##rows##_7, strip_##rows##_8

#define PRODUCTS_4(rows) PRODUCT(rows, 1) PRODUCT(rows, 2) PRODUCT(rows, 3) PRODUCT(rows, 4)
#define PRODUCTS_6(rows) PRODUCTS_4(rows) PRODUCT(rows, 5) PRODUCT(rows, 6)
#define PRODUCTS_8(rows) PRODUCTS_6(rows) PRODUCT(rows, 7) PRODUCT(rows, 8)
#define PRODUCT_NAMES_4(rows) 0, product_##rows##_1, product_##rows##_2, product_##rows##_3, product_##rows##_4
#define PRODUCT_NAMES_6(rows) PRODUCT_NAMES_4(rows), product_##rows##_5, product_##rows##_6
#define PRODUCT_NAMES_8(rows) PRODUCT_NAMES_6(rows), product_##rows##_7, product_##rows##_8
