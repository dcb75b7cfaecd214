#ifndef REPRISE_CESPEAK_SHIM_H
#define REPRISE_CESPEAK_SHIM_H
#include <espeak-ng/speak_lib.h>
#include <espeak-ng/espeak_ng.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Starts espeak-ng without audio output. Unlike espeak_Initialize, these calls neither print nor exit the process.
// espeak-ng sets the process's character locale; the terminal needs the user's own, so it is put back.
static inline espeak_ng_STATUS reprise_espeak_start(void) {
    const char *now = setlocale(LC_CTYPE, NULL);
    char *before = now ? strdup(now) : NULL;
    espeak_ng_InitializePath(NULL);
    espeak_ng_ERROR_CONTEXT context = NULL;
    espeak_ng_STATUS status = espeak_ng_Initialize(&context);
    espeak_ng_ClearErrorContext(&context);
    if (before) {
        setlocale(LC_CTYPE, before);
        free(before);
    }
    return status;
}

// Chooses a voice. espeak-ng complains about some dictionaries on stderr, where the studio draws; the C library's
// stderr is therefore another file meanwhile (the descriptor stays what it is).
static inline espeak_ng_STATUS reprise_espeak_set_voice(const char *name) {
    FILE *terminal = stderr;
    FILE *sink = fopen("/dev/null", "w");
    if (sink) stderr = sink;
    espeak_ng_STATUS status = espeak_ng_SetVoiceByName(name);
    stderr = terminal;
    if (sink) fclose(sink);
    return status;
}

// One clause of UTF-8 text as phonemes; *text moves on, NULL at the end. `separator` stands between phonemes.
static inline const char *reprise_espeak_phonemes(const void **text, int ipa, unsigned char separator) {
    return espeak_TextToPhonemes(text, espeakCHARS_UTF8, (ipa ? espeakPHONEMES_IPA : 0) | ((int)separator << 8));
}
#endif
