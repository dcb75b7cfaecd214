#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

// OpenBLAS picks its kernels by the CPU's model number and takes its slowest ones, "Prescott" (SSE3), for a model it
// has never heard of, though that can do AVX-512: three times slower. We tell it by the CPU's features instead.
//
// Runs when the program is loaded, after OpenBLAS has initialised itself and before anything can call it. Looked up by
// name, as a build for one core only has no such functions; the user's own OPENBLAS_CORETYPE wins.

#if defined(__x86_64__)
static const char *suited_core(void) {
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512cd"))
        return "SkylakeX";
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "Haswell";
    return 0;
}

__attribute__((constructor)) static void choose_blas_core(void) {
    const char *variable = "OPENBLAS_CORETYPE";
    char *(*core_name)(void) = (char *(*)(void))dlsym(RTLD_DEFAULT, "openblas_get_corename");
    void (*leave)(void) = (void (*)(void))dlsym(RTLD_DEFAULT, "gotoblas_dynamic_quit");
    void (*enter)(void) = (void (*)(void))dlsym(RTLD_DEFAULT, "gotoblas_dynamic_init");
    const char *core = suited_core();
    if (!core_name || !leave || !enter || !core || getenv(variable)) return;
    if (strcmp(core_name(), "Prescott") != 0) return;
    setenv(variable, core, 1);
    leave();
    enter();
    unsetenv(variable);
}
#endif
