#ifndef REPRISE_CSNDFILE_SHIM_H
#define REPRISE_CSNDFILE_SHIM_H
#include <sndfile.h>
#endif
