#ifndef REPRISE_COPENBLAS_SHIM_H
#define REPRISE_COPENBLAS_SHIM_H
#include <cblas.h>
#endif
