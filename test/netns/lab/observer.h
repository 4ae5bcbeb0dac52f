/* What the threads of the observer share: one record type and a queue that never blocks its writer.
 * Must not know VRRP daemons: it says what was on the wire and when, the verdict is made elsewhere. */
#ifndef OBSERVER_H
#define OBSERVER_H
#include <net/if.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdint.h>

#define MAX_ADDRESSES 256

enum kind { SENT, ANSWER, ASKED, HOLDER, ADVERT, ARP, NEIGHBOUR, LATE, LOST };

/* Instants are CLOCK_MONOTONIC in microseconds; an IPv4 address is ::ffff:a.b.c.d. */
struct record {
  int64_t at;
  enum kind kind;
  uint32_t sequence;
  struct in6_addr address; /* ANSWER, HOLDER: the virtual address; ADVERT, ARP, NEIGHBOUR: the sender */
  struct in6_addr target;  /* ARP, NEIGHBOUR: who is asked for; ADVERT: the destination */
  uint32_t value;          /* ADVERT: interval in ms; NEIGHBOUR: the flags; LATE: microseconds; LOST: frames */
  uint16_t version;        /* ADVERT; ARP: the operation; NEIGHBOUR: the ICMPv6 type; LATE: the CPU */
  uint8_t vrid, priority, count;
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
  struct in6_addr addresses[MAX_ADDRESSES];
  int count;
  struct in6_addr observer_address, observer_address6;
  int64_t interval, ask_interval; /* microseconds */
  uint16_t id;                    /* ICMP identifier of our probes */
};

extern struct settings settings;
extern struct queue probe_queue, sniff_queue;

/* A probe in both families: ICMP and ICMPv6 echo have the same header. Its identity travels in the payload, since a
 * sequence number wraps after 65 s. */
struct echo {
  uint8_t type, code;
  uint16_t checksum, id, number;
  uint32_t sequence;
  struct in6_addr address;
} __attribute__((packed));

#define IS_IPV4(address) IN6_IS_ADDR_V4MAPPED(address)
struct in6_addr from_ipv4(const void *four_bytes);

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
