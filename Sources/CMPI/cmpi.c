#define _GNU_SOURCE
#include "cmpi.h"

#include <dlfcn.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>

// Handles are pointers in Open MPI; a request is one too, and null handles of it are never looked at here.
typedef void *handle;
enum { thread_multiple = 3 };

static struct {
    int (*init)(int *, char ***, int, int *);
    int (*finalize)(void);
    int (*rank)(handle, int *);
    int (*size)(handle, int *);
    int (*duplicate)(handle, handle *);
    int (*gather)(const void *, int, handle, void *, const int[], const int[], handle, handle, handle *);
    int (*exchange)(
        const void *, const int[], const int[], handle, void *, const int[], const int[], handle, handle, handle *);
    int (*broadcast)(void *, int, handle, int, handle, handle *);
    int (*test)(handle *, int *, void *);
    int (*abort)(handle, int);
} mpi;
static handle world, byte, channels[cmpi_channels];

int cmpi_start(char *problem, int length) {
    // Its own parts look for its symbols, so they are made visible.
    void *library = dlopen("libmpi.so.40", RTLD_NOW | RTLD_GLOBAL);
    if (!library) return snprintf(problem, (size_t)length, "%s", dlerror()), 1;
    const struct {
        const char *name;
        void *place;
    } wanted[] = {
        {"MPI_Init_thread", &mpi.init},     {"MPI_Finalize", &mpi.finalize},
        {"MPI_Comm_rank", &mpi.rank},       {"MPI_Comm_size", &mpi.size},
        {"MPI_Comm_dup", &mpi.duplicate},   {"MPI_Iallgatherv", &mpi.gather},
        {"MPI_Ialltoallv", &mpi.exchange},  {"MPI_Ibcast", &mpi.broadcast},
        {"MPI_Test", &mpi.test},            {"MPI_Abort", &mpi.abort},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        void *symbol = dlsym(library, wanted[i].name);
        if (!symbol) return snprintf(problem, (size_t)length, "it lacks %s", wanted[i].name), 1;
        *(void **)wanted[i].place = symbol;
    }
    world = dlsym(library, "ompi_mpi_comm_world");
    byte = dlsym(library, "ompi_mpi_byte");
    if (!world || !byte) return snprintf(problem, (size_t)length, "it is not Open MPI"), 1;
    int level = 0;
    if (mpi.init(NULL, NULL, thread_multiple, &level) != 0) {
        return snprintf(problem, (size_t)length, "MPI_Init_thread failed"), 1;
    }
    if (level < thread_multiple) {
        return snprintf(problem, (size_t)length, "it was built without MPI_THREAD_MULTIPLE"), 1;
    }
    for (int i = 0; i < cmpi_channels; i++) {
        if (mpi.duplicate(world, &channels[i]) != 0) {
            return snprintf(problem, (size_t)length, "MPI_Comm_dup failed"), 1;
        }
    }
    return 0;
}

int cmpi_rank(void) {
    int rank = 0;
    mpi.rank(world, &rank);
    return rank;
}

int cmpi_count(void) {
    int count = 1;
    mpi.size(world, &count);
    return count;
}

// Waits without keeping a core from those that compute: a while at hand, then asleep between looks.
static int wait_for(handle request, int patience) {
    const struct timespec nap = {0, 20000};
    int done = 0;
    for (int look = 0;; look++) {
        const int failed = mpi.test(&request, &done, NULL);
        if (failed || done) return failed;
        if (look < patience) sched_yield();
        else nanosleep(&nap, NULL);
    }
}

static int patience(int channel) { return channel == 0 ? 200 : 0; }

int cmpi_gather(int channel, const void *mine, int size, void *all, const int *sizes, const int *places) {
    handle request = NULL;
    const int failed = mpi.gather(mine, size, byte, all, sizes, places, byte, channels[channel], &request);
    return failed ? failed : wait_for(request, patience(channel));
}

int cmpi_exchange(
    int channel, const void *mine, const int *sent, const int *from, void *all, const int *received, const int *to) {
    handle request = NULL;
    const int failed = mpi.exchange(mine, sent, from, byte, all, received, to, byte, channels[channel], &request);
    return failed ? failed : wait_for(request, patience(channel));
}

int cmpi_broadcast(void *bytes, int size) {
    handle request = NULL;
    const int failed = mpi.broadcast(bytes, size, byte, 0, channels[0], &request);
    return failed ? failed : wait_for(request, 0);
}

void cmpi_abort(int code) { mpi.abort(world, code); }
void cmpi_finish(void) { mpi.finalize(); }
