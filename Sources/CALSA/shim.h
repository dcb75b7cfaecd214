#ifndef REPRISE_CALSA_SHIM_H
#define REPRISE_CALSA_SHIM_H
#include <alsa/asoundlib.h>

// Swift imports neither variadic function pointers nor function-like macros.

static void reprise_alsa_say_nothing(const char *file, int line, const char *function, int error, const char *format,
                                     ...) {
    (void)file, (void)line, (void)function, (void)error, (void)format;
}

/// Keeps ALSA's own messages off stderr, for the whole process.
static inline void reprise_alsa_silence(void) { snd_lib_error_set_handler(reprise_alsa_say_nothing); }
#endif
