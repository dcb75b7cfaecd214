#include "random.h"

#include <math.h>
#include <string.h>

#include "vector_math.h"

void ck_philox(uint64_t key, uint64_t step, uint64_t block, uint32_t out[4]) {
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    uint32_t c0 = (uint32_t)block, c1 = (uint32_t)(block >> 32), c2 = (uint32_t)step, c3 = (uint32_t)(step >> 32);
    for (int round = 0; round < 10; round++) {
        const uint64_t p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;
        const uint32_t n0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0, n2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c1 = (uint32_t)p1;
        c3 = (uint32_t)p0;
        c0 = n0;
        c2 = n2;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

// 24 bits fill a float's mantissa exactly: never 1.
static inline float unit(uint32_t word) { return (float)(word >> 8) * 0x1p-24f; }

typedef void (*convert)(const uint32_t words[4], float numbers[4]);

static void to_uniform(const uint32_t words[4], float numbers[4]) {
    for (int i = 0; i < 4; i++) numbers[i] = unit(words[i]);
}

static void to_normal(const uint32_t words[4], float numbers[4]) {
    for (int i = 0; i < 4; i += 2) {
        const double radius = sqrt(-2.0 * log(((double)words[i] + 1.0) * 0x1p-32));
        const double angle = 6.283185307179586 * ((double)words[i + 1] * 0x1p-32);
        numbers[i] = (float)(radius * cos(angle));
        numbers[i + 1] = (float)(radius * sin(angle));
    }
}

static void fill(float *out, int64_t start, int64_t count, uint64_t key, uint64_t step, convert one) {
    uint32_t words[4];
    float numbers[4];
    int64_t index = start;
    const int64_t end = start + count;
    while (index < end) {
        ck_philox(key, step, (uint64_t)(index >> 2), words);
        one(words, numbers);
        int64_t stop = (index | 3) + 1;
        if (stop > end) stop = end;
        for (; index < stop; index++) out[index - start] = numbers[index & 3];
    }
}

void ck_fill_uniform(float *out, int64_t start, int64_t count, uint64_t key, uint64_t step) {
    fill(out, start, count, key, step, to_uniform);
}

void ck_fill_normal(float *out, int64_t start, int64_t count, uint64_t key, uint64_t step) {
    fill(out, start, count, key, step, to_normal);
}

float ck_dropout_kept(float rate) { return 65536.0f / (65536.0f - (float)ck_dropout_threshold(rate)); }

uint32_t ck_dropout_threshold(float rate) { return (uint32_t)(rate * 65536.0f + 0.5f); }

enum { together = 16 };
typedef uint64_t wide __attribute__((vector_size(64)));
typedef uint32_t words __attribute__((vector_size(64)));
typedef words loaded __attribute__((aligned(4), may_alias));

// The factors that sixteen blocks of random words give. A word stands in the lower half of 64 bits, so that nothing has
// to be moved between the rounds; what the upper half holds is never read.
CK_CLONES static void dropout_group(float *out, uint64_t block, uint64_t key, uint64_t step, uint32_t threshold,
                                    float kept) {
    const wide lower = (wide){0} + 0xffffffffu;
    wide c[4][2];
    for (int h = 0; h < 2; h++) {
        const wide blocks = (wide){0, 1, 2, 3, 4, 5, 6, 7} + (block + 8 * (uint64_t)h);
        c[0][h] = blocks;
        c[1][h] = blocks >> 32;
        c[2][h] = (wide){0} + step;
        c[3][h] = (wide){0} + (step >> 32);
    }
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    for (int round = 0; round < 10; round++) {
        for (int h = 0; h < 2; h++) {
            const wide p0 = (c[0][h] & lower) * 0xD2511F53u, p1 = (c[2][h] & lower) * 0xCD9E8D57u;
            c[0][h] = (p1 >> 32) ^ c[1][h] ^ k0;
            c[2][h] = (p0 >> 32) ^ c[3][h] ^ k1;
            c[1][h] = p1;
            c[3][h] = p0;
        }
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    const words one = (words)((float __attribute__((vector_size(64)))){0} + kept);
    for (int w = 0; w < 4; w++) {
        const words x = __builtin_shufflevector((words)c[w][0], (words)c[w][1], 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20,
                                                22, 24, 26, 28, 30);
        *(loaded *)(out + 32 * w) = (words)((x & 0xffff) >= threshold) & one;
        *(loaded *)(out + 32 * w + together) = (words)((x >> 16) >= threshold) & one;
    }
}

void ck_fill_dropout(float *out, int64_t start, int64_t count, uint64_t key, uint64_t step, float rate) {
    const uint32_t threshold = ck_dropout_threshold(rate);
    const float kept = ck_dropout_kept(rate);
    float whole[ck_dropout_group];
    for (int64_t done = 0; done < count;) {
        const int64_t group = (start + done) / ck_dropout_group, skipped = (start + done) % ck_dropout_group;
        const int64_t left = count - done;
        const int64_t taken = left < ck_dropout_group - skipped ? left : ck_dropout_group - skipped;
        if (taken == ck_dropout_group) {
            dropout_group(out + done, (uint64_t)group * together, key, step, threshold, kept);
        } else {
            dropout_group(whole, (uint64_t)group * together, key, step, threshold, kept);
            memcpy(out + done, whole + skipped, (size_t)taken * sizeof(float));
        }
        done += taken;
    }
}
