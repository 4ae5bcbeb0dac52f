/* The observer: probes virtual addresses from the client's namespace every millisecond, watches every frame on the
 * switch, and prints JSON arrays, one per line. Must not know daemons, roles or verdicts: observer.ts reads it.
 *
 * ["s", at, address, seq]                            a probe left (ICMP echo, through the client's own ARP or neighbour cache)
 * ["a", at, address, seq, port]                      its answer reached the client; port: the node it came from
 * ["q", at, address]                                 everybody was asked who has the address (ARP, or neighbour solicitation)
 * ["h", at, address, port, mac]                      somebody has
 * ["v", at, port, source, version, vrid, priority, interval_ms, destination, count]   a VRRP advertisement came in at port
 * ["r", at, port, operation, sender, target, mac]    any other ARP frame
 * ["n", at, port, type, source, target, flags, mac]  any other neighbour solicitation (135) or advertisement (136)
 * ["c", at, late_us, cpu]                            control: a real-time sleeper of this CPU woke late
 * ["x", frames]                                      frames or records that the observer lost: no verdict is possible */
#define _GNU_SOURCE
#include "observer.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct settings settings = {.interval = 1000, .ask_interval = 5000};
struct queue probe_queue, sniff_queue;

void die(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fprintf(stderr, "observer: ");
  vfprintf(stderr, format, arguments);
  fprintf(stderr, ": %s\n", strerror(errno));
  exit(1);
}

int64_t now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

/* Moves the calling thread, and only it, into a named network namespace. */
void enter(const char *namespace) {
  char path[256];
  snprintf(path, sizeof path, "/run/netns/%s", namespace);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || setns(fd, CLONE_NEWNET) < 0) die("namespace %s", namespace);
  close(fd);
}

void real_time(int priority) {
  struct sched_param parameters = {.sched_priority = priority};
  if (pthread_setschedparam(pthread_self(), SCHED_RR, &parameters) != 0) fprintf(stderr, "observer: no real-time scheduling\n");
}

void push(struct queue *queue, const struct record *record) {
  uint32_t head = atomic_load_explicit(&queue->head, memory_order_relaxed);
  uint32_t tail = atomic_load_explicit(&queue->tail, memory_order_acquire);
  if (head - tail == QUEUE) {
    atomic_fetch_add(&queue->overflow, 1);
    return;
  }
  queue->records[head % QUEUE] = *record;
  atomic_store_explicit(&queue->head, head + 1, memory_order_release);
}

struct in6_addr from_ipv4(const void *four_bytes) {
  struct in6_addr address = {.s6_addr = {[10] = 0xff, [11] = 0xff}};
  memcpy(&address.s6_addr[12], four_bytes, 4);
  return address;
}

static const char *ip(const struct in6_addr *address) {
  static char text[4][INET6_ADDRSTRLEN];
  static int turn;
  turn = (turn + 1) % 4;
  if (IS_IPV4(address)) return inet_ntop(AF_INET, &address->s6_addr[12], text[turn], INET6_ADDRSTRLEN);
  return inet_ntop(AF_INET6, address, text[turn], INET6_ADDRSTRLEN);
}

static const char *mac(const uint8_t *m) {
  static char text[18];
  snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
  return text;
}

static void print(const struct record *r) {
  long long at = r->at;
  switch (r->kind) {
  case SENT: printf("[\"s\",%lld,\"%s\",%u]\n", at, ip(&r->address), r->sequence); break;
  case ANSWER: printf("[\"a\",%lld,\"%s\",%u,\"%s\"]\n", at, ip(&r->address), r->sequence, r->port); break;
  case ASKED: printf("[\"q\",%lld,\"%s\"]\n", at, ip(&r->address)); break;
  case HOLDER: printf("[\"h\",%lld,\"%s\",\"%s\",\"%s\"]\n", at, ip(&r->address), r->port, mac(r->mac)); break;
  case ADVERT:
    printf("[\"v\",%lld,\"%s\",\"%s\",%u,%u,%u,%u,\"%s\",%u]\n", at, r->port, ip(&r->address), r->version, r->vrid, r->priority,
           r->value, ip(&r->target), r->count);
    break;
  case ARP:
    printf("[\"r\",%lld,\"%s\",%u,\"%s\",\"%s\",\"%s\"]\n", at, r->port, r->version, ip(&r->address), ip(&r->target), mac(r->mac));
    break;
  case NEIGHBOUR:
    printf("[\"n\",%lld,\"%s\",%u,\"%s\",\"%s\",%u,\"%s\"]\n", at, r->port, r->version, ip(&r->address), ip(&r->target), r->value,
           mac(r->mac));
    break;
  case LATE: printf("[\"c\",%lld,%u,%u]\n", at, r->value, r->version); break;
  case LOST: printf("[\"x\",%u]\n", r->value); break;
  }
}

static void drain(struct queue *queue) {
  uint32_t head = atomic_load_explicit(&queue->head, memory_order_acquire);
  uint32_t tail = atomic_load_explicit(&queue->tail, memory_order_relaxed);
  for (; tail != head; tail++) print(&queue->records[tail % QUEUE]);
  atomic_store_explicit(&queue->tail, tail, memory_order_release);
  uint32_t lost = atomic_exchange(&queue->overflow, 0);
  if (lost > 0) print(&(struct record){.kind = LOST, .value = lost});
}

static struct in6_addr parse_address(const char *text) {
  struct in6_addr address;
  struct in_addr ipv4;
  if (inet_pton(AF_INET, text, &ipv4) == 1) return from_ipv4(&ipv4);
  if (inet_pton(AF_INET6, text, &address) == 1) return address;
  fprintf(stderr, "observer: %s is no address\n", text);
  exit(2);
}

int main(int argc, char **argv) {
  int option;
  while ((option = getopt(argc, argv, "s:c:o:A:B:v:i:a:")) != -1) {
    switch (option) {
    case 's': settings.switch_namespace = optarg; break;
    case 'c': settings.client_namespace = optarg; break;
    case 'o': settings.observer_namespace = optarg; break;
    case 'A': settings.observer_address = parse_address(optarg); break;
    case 'B': settings.observer_address6 = parse_address(optarg); break;
    case 'i': settings.interval = atoi(optarg); break;
    case 'a': settings.ask_interval = atoi(optarg); break;
    case 'v':
      if (settings.count == MAX_ADDRESSES) exit(2);
      settings.addresses[settings.count++] = parse_address(optarg);
      break;
    default: exit(2);
    }
  }
  settings.id = (uint16_t)getpid();
  signal(SIGPIPE, SIG_DFL);
  fcntl(STDOUT_FILENO, F_SETPIPE_SZ, 1 << 20);
  static char buffer[1 << 18];
  setvbuf(stdout, buffer, _IOFBF, sizeof buffer);

  pthread_t thread;
  if (pthread_create(&thread, NULL, sniff, NULL) != 0) die("thread");
  if (pthread_create(&thread, NULL, probe, NULL) != 0) die("thread");
  control_start();
  for (;;) {
    usleep(10000);
    drain(&sniff_queue);
    drain(&probe_queue);
    control_drain(print);
    /* A reader that went away ends us by SIGPIPE, so there has to be something to write now and then. */
    static int quiet;
    if (++quiet % 50 == 0) printf("[\"q\",%lld,\"0.0.0.0\"]\n", (long long)now_us());
    fflush(stdout);
  }
}
