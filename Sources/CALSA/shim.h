#ifndef REPRISE_CALSA_SHIM_H
#define REPRISE_CALSA_SHIM_H
#include <alsa/asoundlib.h>
#endif
