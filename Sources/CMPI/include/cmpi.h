// Open MPI, opened at run time: what uses this neither links nor needs it until a process was started by mpirun.
// Only what Open MPI's binary interface (libmpi.so.40) fixes is written down here, so that no header is needed either.
#ifndef CMPI_H
#define CMPI_H

#include <stdint.h>

enum { cmpi_channels = 2 };

// Opens the library and joins the others; 0, or why not in `problem` (a phrase that ends nowhere).
int cmpi_start(char *problem, int length);
int cmpi_rank(void);
int cmpi_count(void);
// Each of these returns when it is done, and sleeps while it waits. Sizes and places are bytes, one for each rank.
int cmpi_gather(int channel, const void *mine, int size, void *all, const int *sizes, const int *places);
int cmpi_exchange(
    int channel, const void *mine, const int *sent, const int *from, void *all, const int *received, const int *to);
int cmpi_broadcast(void *bytes, int size);
void cmpi_abort(int code);
void cmpi_finish(void);

#endif
