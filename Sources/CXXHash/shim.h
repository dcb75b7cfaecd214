#ifndef REPRISE_CXXHASH_SHIM_H
#define REPRISE_CXXHASH_SHIM_H
#include <xxhash.h>
#if defined(__x86_64__)
/* The library's own choice of SSE2, AVX2 or AVX-512 at run time; by these names, as the header's macros do not reach Swift. */
#define XXH_DISPATCH_DISABLE_REPLACE
#include <xxh_x86dispatch.h>
#define REPRISE_XXH3(name) name##_dispatch
#else
#define REPRISE_XXH3(name) name
#endif

static inline XXH128_hash_t reprise_xxh3_128bits(const void *bytes, size_t count) {
    return REPRISE_XXH3(XXH3_128bits)(bytes, count);
}

static inline void reprise_xxh3_128bits_update(XXH3_state_t *state, const void *bytes, size_t count) {
    REPRISE_XXH3(XXH3_128bits_update)(state, bytes, count);
}
#endif
