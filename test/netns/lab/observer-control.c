/* The control: a sleeper on every CPU with the engine's real-time priority, which says how late this machine is.
 * What it could not do in time, nobody could. Must not know what it is compared with. */
#define _GNU_SOURCE
#include "observer.h"
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define PERIOD 1000 /* microseconds */
#define WORTH_SAYING 300
#define PRIORITY 49

static struct queue *queues;
static int cpus;

static void *sleeper(void *argument) {
  int cpu = (int)(intptr_t)argument;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  pthread_setaffinity_np(pthread_self(), sizeof set, &set);
  real_time(PRIORITY);
  int64_t due = now_us();
  for (;;) {
    due += PERIOD;
    struct timespec until = {.tv_sec = due / 1000000, .tv_nsec = due % 1000000 * 1000};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
    int64_t now = now_us();
    if (now - due > WORTH_SAYING)
      push(&queues[cpu], &(struct record){.kind = LATE, .at = now, .value = (uint32_t)(now - due), .version = (uint16_t)cpu});
    if (now > due) due = now;
  }
  return NULL;
}

void control_start(void) {
  cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);
  queues = calloc((size_t)cpus, sizeof *queues);
  if (queues == NULL) die("memory");
  for (int cpu = 0; cpu < cpus; cpu++) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, sleeper, (void *)(intptr_t)cpu) != 0) die("thread");
  }
}

int control_drain(void (*print)(const struct record *)) {
  int printed = 0;
  for (int cpu = 0; cpu < cpus; cpu++) {
    struct queue *q = &queues[cpu];
    uint32_t head = atomic_load_explicit(&q->head, memory_order_acquire);
    uint32_t tail = atomic_load_explicit(&q->tail, memory_order_relaxed);
    for (; tail != head; tail++, printed++) print(&q->records[tail % QUEUE]);
    atomic_store_explicit(&q->tail, tail, memory_order_release);
  }
  return printed;
}
