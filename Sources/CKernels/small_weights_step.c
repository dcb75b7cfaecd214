// One row or a few through a transformer of such products: every part of it on the thread pool, nothing allocated.
#include "include/small_weights.h"

#include <string.h>

#include "dispatch.h"
#include "include/reduction.h"
#include "include/threads.h"

CK_INLINE int64_t rounded_up(int64_t count) { return (count + 15) / 16 * 16; }
CK_INLINE int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

/// Where the scratch memory's parts begin: all but the scores are of `row_limit` rows.
typedef struct {
    float *normed, *packed, *attended, *raw, *hidden, *sum, *scores;
    void *input;
} parts;

static int64_t cut(const ck_decoder *d, float *scratch, parts *p) {
    int64_t used = 0;
    const int64_t rows = d->row_limit;
#define TAKE(name, floats) p->name = (void *)(scratch + used), used += rounded_up(floats)
    TAKE(normed, rows * d->width);
    TAKE(packed, rows * 3 * d->width);
    TAKE(attended, rows * d->width);
    TAKE(raw, rows * d->filter);
    TAKE(hidden, rows * d->filter);
    TAKE(sum, rows * d->width);
    TAKE(scores, d->heads * d->capacity);
    TAKE(input, rows * (larger(ck_weights_input_bytes(CK_FLOAT32, larger(d->width, d->filter)),
                        ck_weights_input_bytes(CK_INT8, larger(d->width, d->filter))) + 3) / 4);
#undef TAKE
    return used;
}

int64_t ck_decoder_scratch(const ck_decoder *decoder) {
    static float origin[1];
    parts unused;
    return cut(decoder, origin, &unused);
}

// MARK: A product cut into items

typedef struct {
    const ck_weights *weights;
    const void *input;
    int64_t inputs;
    float *y;
    int64_t rows;  // of an item
    /// Where `y` goes through the decoder's activation; null for nowhere.
    float *activated;
    const ck_decoder *decoder;
} product;

/// Bytes of weights that are worth an item of their own: some 10 microseconds from memory. A row's bits do not depend on
/// how rows are cut, so the format may decide.
enum { item_bytes = 131072 };

CK_INLINE int64_t row_bytes(const ck_weights *weights) {
    return weights->stride * (weights->format == CK_FLOAT32 ? 4 : weights->format == CK_BFLOAT16 ? 2 : 1);
}

CK_INLINE int64_t item_rows(const ck_weights *weights) {
    return larger(4, item_bytes / larger(1, row_bytes(weights)) / 4 * 4);
}

static void product_item(void *context, int64_t index) {
    const product *p = context;
    const int64_t first = index * p->rows, left = p->weights->rows - first, count = left < p->rows ? left : p->rows;
    ck_weights_product(p->weights, p->input, p->inputs, first, count, p->y + first, p->weights->rows);
    if (!p->activated) return;
    for (int64_t i = 0; i < p->inputs; i++) {
        const int64_t from = i * p->weights->rows + first;
        ck_unary(p->decoder->activation, count, p->y + from, p->decoder->activation_parameter, p->activated + from);
    }
}

static void prepare(const ck_weights *weights, const float *x, int64_t inputs, void *prepared) {
    const int64_t bytes = ck_weights_input_bytes(weights->format, weights->columns);
    for (int64_t i = 0; i < inputs; i++)
        ck_weights_prepare(weights->format, weights->columns, x + i * weights->columns, (char *)prepared + i * bytes);
}

static void apply(const ck_weights *weights, const float *x, int64_t inputs, float *y, void *input, float *activated,
                  const ck_decoder *decoder) {
    prepare(weights, x, inputs, input);
    product p = {weights, input, inputs, y, item_rows(weights), activated, decoder};
    ck_parallel((weights->rows + p.rows - 1) / p.rows, product_item, &p);
}

void ck_weights_apply(const ck_weights *weights, const float *x, int64_t inputs, float *y, void *scratch) {
    apply(weights, x, inputs, y, scratch, 0, 0);
}

// MARK: Attention, a head an item

typedef struct {
    const ck_decoder *decoder;
    const ck_decoder_layer *layer;
    const parts *parts;
    int64_t position;  // of the first row
    int64_t rows;
    int64_t count;  // of an item
} heads;

/// scores[k] = sum over j of query[j] * keys[j, k], k < count
CK_CLONES static void score(int64_t width, int64_t count, int64_t capacity, const float *query, const float *keys,
                            float *scores) {
    for (int64_t k = 0; k < count; k++) scores[k] = 0;
    int64_t j = 0;
    for (; j + 4 <= width; j += 4) {
        const float *k0 = keys + j * capacity, *k1 = k0 + capacity, *k2 = k1 + capacity, *k3 = k2 + capacity;
        const float q0 = query[j], q1 = query[j + 1], q2 = query[j + 2], q3 = query[j + 3];
        for (int64_t k = 0; k < count; k++) scores[k] += (q0 * k0[k] + q1 * k1[k]) + (q2 * k2[k] + q3 * k3[k]);
    }
    for (; j < width; j++)
        for (int64_t k = 0; k < count; k++) scores[k] += query[j] * keys[j * capacity + k];
}

/// y[j] = sum over k of weights[k] * values[k, j]
CK_CLONES static void mix(int64_t width, int64_t count, const float *weights, const float *values, float *y) {
    for (int64_t j = 0; j < width; j++) y[j] = 0;
    int64_t k = 0;
    for (; k + 4 <= count; k += 4) {
        const float *v0 = values + k * width, *v1 = v0 + width, *v2 = v1 + width, *v3 = v2 + width;
        const float w0 = weights[k], w1 = weights[k + 1], w2 = weights[k + 2], w3 = weights[k + 3];
        for (int64_t j = 0; j < width; j++) y[j] += (w0 * v0[j] + w1 * v1[j]) + (w2 * v2[j] + w3 * v3[j]);
    }
    for (; k < count; k++)
        for (int64_t j = 0; j < width; j++) y[j] += weights[k] * values[k * width + j];
}

static void run_head(const heads *h, int64_t head) {
    const ck_decoder *d = h->decoder;
    const int64_t width = d->width / d->heads, capacity = d->capacity;
    float *packed = h->parts->packed + head * width;
    for (int64_t part = 0; part < 3; part++)
        ck_weights_product(&h->layer->attention, h->parts->input, h->rows, part * d->width + head * width, width,
                           packed + part * d->width, 3 * d->width);
    float *keys = h->layer->keys + head * width * capacity, *values = h->layer->values + head * capacity * width;
    float *scores = h->parts->scores + head * capacity;
    const float scale = 1.0f / __builtin_sqrtf((float)width);
    for (int64_t row = 0; row < h->rows; row++) {
        float *query = packed + row * 3 * d->width, *key = query + d->width, *value = key + d->width;
        const int64_t place = h->position + row, count = place + 1;
        for (int64_t j = 0; j < width; j++) keys[j * capacity + place] = key[j];
        memcpy(values + place * width, value, width * sizeof(float));
        for (int64_t j = 0; j < width; j++) query[j] *= scale;
        score(width, count, capacity, query, keys, scores);
        ck_softmax(count, scores, scores);
        mix(width, count, scores, values, h->parts->attended + row * d->width + head * width);
    }
}

static void head_item(void *context, int64_t index) {
    const heads *h = context;
    const int64_t end = (index + 1) * h->count;
    for (int64_t head = index * h->count; head < end && head < h->decoder->heads; head++) run_head(h, head);
}

// MARK: The layers

static void norm_rows(const ck_decoder *d, int64_t count, const float *x, const float *gamma, const float *beta,
                      float *y) {
    float mean, deviation;
    for (int64_t row = 0; row < count; row++)
        ck_layer_norm(d->width, x + row * d->width, gamma, beta, d->epsilon, y + row * d->width, &mean, &deviation);
}

void ck_decoder_step(const ck_decoder *d, int64_t position, int64_t count, float *x, float *scratch) {
    parts p;
    cut(d, scratch, &p);
    const int64_t values = count * d->width;
    for (int64_t index = 0; index < d->layer_count; index++) {
        const ck_decoder_layer *layer = d->layers + index;
        const float *heard = x;
        if (d->norm_first) {
            norm_rows(d, count, x, layer->attention_gamma, layer->attention_beta, p.normed);
            heard = p.normed;
        }
        prepare(&layer->attention, heard, count, p.input);
        const int64_t head_bytes = 3 * d->width / d->heads * row_bytes(&layer->attention);
        heads h = {d, layer, &p, position, count, larger(1, item_bytes / head_bytes)};
        ck_parallel((d->heads + h.count - 1) / h.count, head_item, &h);
        apply(&layer->output, p.attended, count, p.sum, p.input, 0, 0);
        ck_accumulate(values, p.sum, x);
        if (d->norm_first) {
            norm_rows(d, count, x, layer->feed_forward_gamma, layer->feed_forward_beta, p.normed);
        } else {
            norm_rows(d, count, x, layer->attention_gamma, layer->attention_beta, p.normed);
            memcpy(x, p.normed, values * sizeof(float));
        }
        apply(&layer->expand, p.normed, count, p.raw, p.input, p.hidden, d);
        apply(&layer->contract, p.hidden, count, p.sum, p.input, 0, 0);
        ck_accumulate(values, p.sum, x);
        if (!d->norm_first) {
            norm_rows(d, count, x, layer->feed_forward_gamma, layer->feed_forward_beta, p.normed);
            memcpy(x, p.normed, values * sizeof(float));
        }
    }
}
