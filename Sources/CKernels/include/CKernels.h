// The C side of the engine: one header a topic.
#ifndef REPRISE_CKERNELS_H
#define REPRISE_CKERNELS_H

#include "threads.h"
#include "random.h"
#include "elementwise.h"
#include "reduction.h"
#include "optimizer.h"
#include "convolution.h"
#include "fourier.h"
#include "product.h"
#include "small_weights.h"

#endif
