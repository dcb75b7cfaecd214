#ifndef REPRISE_OPTIMIZER_H
#define REPRISE_OPTIMIZER_H

#include <stdint.h>

/// One AdamW update of n weights in one pass (Loshchilov & Hutter 2019): decay, both moments, step.
/// `correction1` and `correction2` are 1 - beta^t; gradients are read times `gradient_scale` (clipping).
void ck_adamw(int64_t n, float *weight, const float *gradient, float *first, float *second, float gradient_scale,
              float learning_rate, float beta1, float beta2, float epsilon, float decay, float correction1,
              float correction2);

#endif
