#define _GNU_SOURCE
#include "threads.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

// A thread that waits looks for a tenth of a millisecond, then lets others have its core between looks. Only after a
// millisecond of that does a worker go to sleep: what runs between two loops of a step is mostly shorter, and a core that
// sleeps takes long to come back where it is another machine's guest.
enum { spin_rounds = 2000, yield_rounds = 2000 };

static pthread_mutex_t owner = PTHREAD_MUTEX_INITIALIZER;  // held by the caller whose loop is on the pool
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;   // guards the condition below
static pthread_cond_t wake = PTHREAD_COND_INITIALIZER;

static atomic_int wanted_threads = 1;
static int started_workers = 0;
static _Thread_local bool inside_loop = false;
static _Thread_local int thread_number = 0;
static atomic_bool stay_awake = false;

// The loop on the pool. `epoch` changes when a new one is posted; workers with a number below `helpers` take part.
static atomic_uint_fast64_t epoch = 0;
static ck_item current_item;
static void *current_context;
static int helpers;
static atomic_int running_helpers;

// Each thread begins with a run of items of its own, the same one in loops of equal counts: what it wrote in one loop is
// then still in its caches when it reads that in the next. Who is through helps the others.
static struct { _Alignas(128) atomic_int_fast64_t next; int64_t end; } runs[ck_most_threads];

static inline void relax(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void take_items(void) {
    for (int other = 0; other <= helpers; other++) {
        const int run = (thread_number + other) % (helpers + 1);
        while (atomic_load_explicit(&runs[run].next, memory_order_relaxed) < runs[run].end) {
            const int64_t index = atomic_fetch_add_explicit(&runs[run].next, 1, memory_order_relaxed);
            if (index < runs[run].end) current_item(current_context, index);
        }
    }
}

static void *work(void *argument) {
    const int number = (int)(intptr_t)argument;
    uint_fast64_t seen = 0;
    inside_loop = true;
    thread_number = number + 1;
    for (;;) {
        for (int round = 0; round < spin_rounds + yield_rounds; round++) {
            if (atomic_load_explicit(&epoch, memory_order_acquire) != seen) break;
            if (round < spin_rounds) {
                relax();
                continue;
            }
            sched_yield();
            if (atomic_load_explicit(&stay_awake, memory_order_relaxed)) round = spin_rounds;
        }
        if (atomic_load_explicit(&epoch, memory_order_acquire) == seen) {
            pthread_mutex_lock(&gate);
            while (atomic_load_explicit(&epoch, memory_order_acquire) == seen) pthread_cond_wait(&wake, &gate);
            pthread_mutex_unlock(&gate);
        }
        seen = atomic_load_explicit(&epoch, memory_order_acquire);
        // Every started worker reports for every loop, so that no one can still be reading when the next is posted.
        if (number < helpers) take_items();
        atomic_fetch_sub_explicit(&running_helpers, 1, memory_order_release);
    }
    return 0;
}

void ck_set_threads(int count) {
    if (count < 1) count = 1;
    if (count > ck_most_threads) count = ck_most_threads;
    atomic_store(&wanted_threads, count);
}

int ck_threads(void) { return atomic_load(&wanted_threads); }
int ck_thread_number(void) { return thread_number; }
void ck_keep_threads_awake(int awake) { atomic_store(&stay_awake, awake != 0); }

static void run_here(int64_t count, ck_item item, void *context) {
    for (int64_t index = 0; index < count; index++) item(context, index);
}

void ck_parallel(int64_t count, ck_item item, void *context) {
    const int threads = atomic_load(&wanted_threads);
    if (count <= 1 || threads == 1 || inside_loop || pthread_mutex_trylock(&owner) != 0) {
        run_here(count, item, context);
        return;
    }
    while (started_workers < threads - 1) {
        pthread_t thread;
        pthread_attr_t attributes;
        pthread_attr_init(&attributes);
        pthread_attr_setstacksize(&attributes, 8 << 20);
        const int failed = pthread_create(&thread, &attributes, work, (void *)(intptr_t)started_workers);
        pthread_attr_destroy(&attributes);
        if (failed) break;  // fewer hands, the same result
        pthread_detach(thread);
        started_workers++;
        // A new worker has seen epoch 0 only; it must pass the loops posted before it was born.
        if (atomic_load(&epoch) != 0) {
            // It reports once for the epoch that it finds; count it in.
            atomic_fetch_add(&running_helpers, 1);
            while (atomic_load_explicit(&running_helpers, memory_order_acquire) > 0) relax();
        }
    }
    current_item = item;
    current_context = context;
    helpers = threads - 1;
    for (int run = 0; run < threads; run++) {
        atomic_store_explicit(&runs[run].next, count * run / threads, memory_order_relaxed);
        runs[run].end = count * (run + 1) / threads;
    }
    atomic_store_explicit(&running_helpers, started_workers, memory_order_relaxed);
    pthread_mutex_lock(&gate);
    atomic_fetch_add_explicit(&epoch, 1, memory_order_release);
    pthread_cond_broadcast(&wake);
    pthread_mutex_unlock(&gate);

    inside_loop = true;
    take_items();
    inside_loop = false;
    // A helper that lost its core needs ours: give it up after a while.
    for (int round = 0; atomic_load_explicit(&running_helpers, memory_order_acquire) > 0; round++)
        if (round < spin_rounds) relax();
        else sched_yield();
    pthread_mutex_unlock(&owner);
}
