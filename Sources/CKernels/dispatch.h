// How a plain loop is compiled once per instruction set and chosen at run time, without a compiler flag.
#ifndef REPRISE_DISPATCH_H
#define REPRISE_DISPATCH_H

#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__) && defined(__linux__)
#define CK_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CK_CLONES
#endif

#define CK_INLINE static inline __attribute__((always_inline))

#endif
