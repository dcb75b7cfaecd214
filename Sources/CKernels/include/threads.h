#ifndef REPRISE_THREADS_H
#define REPRISE_THREADS_H

#include <stdint.h>

/// One item of a parallel loop.
typedef void (*ck_item)(void *context, int64_t index);

/// Sets how many threads share a loop, the caller's included (1 ... 256).
void ck_set_threads(int count);
int ck_threads(void);

/// Runs `item(context, 0 ..< count)` on the pool and returns when all are done. Which thread takes which item is
/// left open, so an item must own what it writes. A nested call, or one made while another thread owns the pool,
/// runs its items here and now.
void ck_parallel(int64_t count, ck_item item, void *context);

/// Which of its loop's threads is asking: 0 for whoever called `ck_parallel` itself, 1 ..< ck_most_threads for workers.
int ck_thread_number(void);
enum { ck_most_threads = 256 };

/// Whether workers that have nothing to do go on looking for it, giving way to others, instead of going to sleep.
void ck_keep_threads_awake(int awake);

#endif
