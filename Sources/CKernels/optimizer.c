#include "optimizer.h"

#include "vector_math.h"

CK_CLONES void ck_adamw(int64_t n, float *restrict weight, const float *restrict gradient, float *restrict first,
                        float *restrict second, float gradient_scale, float learning_rate, float beta1, float beta2,
                        float epsilon, float decay, float correction1, float correction2) {
    const float kept = 1.0f - learning_rate * decay;
    const float step = learning_rate / correction1, root = 1.0f / ck_square_root(correction2);
    for (int64_t i = 0; i < n; i++) {
        const float g = gradient[i] * gradient_scale;
        const float m = beta1 * first[i] + (1.0f - beta1) * g;
        const float v = beta2 * second[i] + (1.0f - beta2) * g * g;
        first[i] = m;
        second[i] = v;
        weight[i] = weight[i] * kept - step * m / (ck_square_root(v) * root + epsilon);
    }
}
