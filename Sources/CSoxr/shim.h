#ifndef REPRISE_CSOXR_SHIM_H
#define REPRISE_CSOXR_SHIM_H
#include <soxr.h>
#endif
