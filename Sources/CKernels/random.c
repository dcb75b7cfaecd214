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

enum { together = 16 };

// The factors of sixteen blocks from `block` on, side by side: the same as `ck_philox` one after another.
CK_CLONES static void dropout_blocks(float *out, uint64_t block, uint64_t key, uint64_t step, float rate) {
    uint32_t c0[together], c1[together], c2[together], c3[together];
    for (int i = 0; i < together; i++) {
        c0[i] = (uint32_t)(block + (uint64_t)i);
        c1[i] = (uint32_t)((block + (uint64_t)i) >> 32);
        c2[i] = (uint32_t)step;
        c3[i] = (uint32_t)(step >> 32);
    }
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < together; i++) {
            const uint64_t p0 = (uint64_t)0xD2511F53u * c0[i], p1 = (uint64_t)0xCD9E8D57u * c2[i];
            const uint32_t n0 = (uint32_t)(p1 >> 32) ^ c1[i] ^ k0, n2 = (uint32_t)(p0 >> 32) ^ c3[i] ^ k1;
            c1[i] = (uint32_t)p1;
            c3[i] = (uint32_t)p0;
            c0[i] = n0;
            c2[i] = n2;
        }
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    const float kept = 1.0f / (1.0f - rate);
    for (int i = 0; i < together; i++) {
        out[4 * i] = unit(c0[i]) >= rate ? kept : 0.0f;
        out[4 * i + 1] = unit(c1[i]) >= rate ? kept : 0.0f;
        out[4 * i + 2] = unit(c2[i]) >= rate ? kept : 0.0f;
        out[4 * i + 3] = unit(c3[i]) >= rate ? kept : 0.0f;
    }
}

void ck_fill_dropout(float *out, int64_t start, int64_t count, uint64_t key, uint64_t step, float rate) {
    enum { most = 4 * together };
    float whole[most];
    for (int64_t done = 0; done < count;) {
        // Groups begin where a block does; of one that is not wanted whole the rest is dropped.
        const int64_t skipped = (start + done) & 3, left = count - done;
        const int64_t taken = left < most - skipped ? left : most - skipped;
        const uint64_t block = (uint64_t)((start + done) >> 2);
        if (taken == most) {
            dropout_blocks(out + done, block, key, step, rate);
        } else {
            dropout_blocks(whole, block, key, step, rate);
            memcpy(out + done, whole + skipped, taken * sizeof(float));
        }
        done += taken;
    }
}
