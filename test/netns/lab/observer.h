/* What the threads of the observer share: one record type and a queue that never blocks its writer.
 * Must not know VRRP daemons: it says what was on the wire and when, the verdict is made elsewhere. */
#ifndef OBSERVER_H
#define OBSERVER_H
#include <net/if.h>
#include <stdatomic.h>
#include <stdint.h>

#define MAX_ADDRESSES 8

enum kind { SENT, ANSWER, ASKED, HOLDER, ADVERT, ARP, LATE, LOST };

/* Instants are CLOCK_MONOTONIC in microseconds, addresses in network order. */
struct record {
  int64_t at;
  enum kind kind;
  uint32_t sequence;
  uint32_t address; /* ANSWER, HOLDER: the virtual address; ADVERT, ARP: the sender */
  uint32_t target;  /* ARP: who is asked for; ADVERT: interval in ms; LATE: microseconds; LOST: frames */
  uint16_t version; /* ADVERT; ARP: the operation; LATE: the CPU */
  uint8_t vrid, priority;
  uint8_t mac[6];
  char port[IFNAMSIZ]; /* the switch port where the frame came in */
};

#define QUEUE 32768 /* power of two; 10 s of probes */
struct queue {
  _Atomic uint32_t head, tail;
  _Atomic uint32_t overflow;
  struct record records[QUEUE];
};

struct settings {
  const char *switch_namespace, *client_namespace, *observer_namespace;
  uint32_t addresses[MAX_ADDRESSES];
  int count;
  uint32_t observer_address;
  int64_t interval, arp_interval; /* microseconds */
  uint16_t id;                    /* ICMP identifier of our probes */
};

extern struct settings settings;
extern struct queue probe_queue, sniff_queue;

void push(struct queue *queue, const struct record *record);
int64_t now_us(void);
void enter(const char *namespace);
void real_time(int priority);
__attribute__((noreturn, format(printf, 1, 2))) void die(const char *format, ...);

void *probe(void *);
void *sniff(void *);
void control_start(void);
int control_drain(void (*print)(const struct record *));
#endif
