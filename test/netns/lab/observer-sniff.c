/* Sees every frame on the switch, with the kernel's time of arrival and the port where it came in.
 * The port tells which node sent it, whatever MAC or IP address it claims to be. */
#define _GNU_SOURCE
#include "observer.h"
#include <arpa/inet.h>
#include <linux/filter.h>
#include <net/ethernet.h>
#include <netinet/icmp6.h>
#include <netinet/if_ether.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netpacket/packet.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define BATCH 64
#define SNAP 128

static unsigned client_port, observer_port;

/* Node ports by interface index; asked again when one is new, since interfaces are deleted and made again. */
static const char *port_name(int index) {
  static struct { int index; char name[IFNAMSIZ]; } known[64];
  static int count;
  for (int i = 0; i < count; i++)
    if (known[i].index == index) return known[i].name;
  char name[IFNAMSIZ] = "";
  if (if_indextoname(index, name) == NULL) return "?";
  if (count == 64) count = 0;
  known[count].index = index;
  strcpy(known[count].name, name);
  return known[count++].name;
}

/* Of what comes in: ARP, VRRP, neighbour discovery, echo replies. Of what goes out: only echo replies to the client. The
 * rest would be noise. IPv6 packets with extension headers are noise too. */
static void filter(int fd) {
  enum { IPV4 = 4, IPV6 = 10, ECHO = 17, INCOMING = 19, TAKE = 21, LEAVE = 22 };
#define LOAD(size, at) BPF_STMT(BPF_LD | (size) | BPF_ABS, (unsigned)(at))
#define IF(here, value, then, otherwise) [here] = BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), (then) - (here) - 1, (otherwise) - (here) - 1)
  struct sock_filter code[] = {
      LOAD(BPF_H, 12),
      IF(1, ETHERTYPE_ARP, INCOMING, 2),
      IF(2, ETHERTYPE_IP, IPV4, 3),
      IF(3, ETHERTYPE_IPV6, IPV6, LEAVE),
      [IPV4] = LOAD(BPF_B, 23),
      IF(5, 112, INCOMING, 6),
      IF(6, IPPROTO_ICMP, 7, LEAVE),
      [7] = BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 14),
      BPF_STMT(BPF_LD | BPF_B | BPF_IND, 14),
      IF(9, ICMP_ECHOREPLY, ECHO, LEAVE),
      [IPV6] = LOAD(BPF_B, 20),
      IF(11, 112, INCOMING, 12),
      IF(12, IPPROTO_ICMPV6, 13, LEAVE),
      [13] = LOAD(BPF_B, 54),
      IF(14, ICMP6_ECHO_REPLY, ECHO, 15),
      IF(15, ND_NEIGHBOR_SOLICIT, INCOMING, 16),
      IF(16, ND_NEIGHBOR_ADVERT, INCOMING, LEAVE),
      [ECHO] = LOAD(BPF_W, SKF_AD_OFF + SKF_AD_IFINDEX),
      IF(18, client_port, TAKE, INCOMING),
      [INCOMING] = LOAD(BPF_W, SKF_AD_OFF + SKF_AD_PKTTYPE),
      IF(20, PACKET_OUTGOING, LEAVE, TAKE),
      [TAKE] = BPF_STMT(BPF_RET | BPF_K, SNAP),
      [LEAVE] = BPF_STMT(BPF_RET | BPF_K, 0),
  };
  struct sock_fprog program = {.len = sizeof code / sizeof *code, .filter = code};
  if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) < 0) die("filter");
}

static int is_probed(const struct in6_addr *address) {
  for (int i = 0; i < settings.count; i++)
    if (IN6_ARE_ADDR_EQUAL(&settings.addresses[i], address)) return 1;
  return 0;
}

static void arp(struct record *r, const uint8_t *frame, int length) {
  const struct ether_arp *a = (const void *)(frame + 14);
  if (length < 14 + (int)sizeof *a) return;
  r->address = from_ipv4(a->arp_spa);
  r->target = from_ipv4(a->arp_tpa);
  memcpy(r->mac, a->arp_sha, 6);
  r->version = ntohs(a->arp_op);
  int answers_us = r->version == ARPOP_REPLY && IN6_ARE_ADDR_EQUAL(&r->target, &settings.observer_address);
  r->kind = answers_us && is_probed(&r->address) ? HOLDER : ARP;
  push(&sniff_queue, r);
}

/* RFC 4861 4.3 and 4.4. The MAC address is that of the frame: it is where the answer leads. */
static void neighbour(struct record *r, const uint8_t *frame, const uint8_t *message, int length) {
  const struct nd_neighbor_advert *n = (const void *)message;
  struct in6_addr destination;
  if (length < (int)sizeof *n) return;
  memcpy(&destination, frame + 14 + offsetof(struct ip6_hdr, ip6_dst), sizeof destination);
  memcpy(r->mac, frame + 6, 6);
  memcpy(&r->target, &n->nd_na_target, sizeof r->target);
  r->version = n->nd_na_type;
  r->value = n->nd_na_type == ND_NEIGHBOR_ADVERT ? message[4] >> 5 : 0;
  if (n->nd_na_type == ND_NEIGHBOR_ADVERT && IN6_ARE_ADDR_EQUAL(&destination, &settings.observer_address6) && is_probed(&r->target)) {
    r->kind = HOLDER;
    r->address = r->target;
  } else {
    r->kind = NEIGHBOUR;
    memcpy(&r->address, frame + 14 + offsetof(struct ip6_hdr, ip6_src), sizeof r->address);
  }
  push(&sniff_queue, r);
}

static void vrrp(struct record *r, const uint8_t *message, int length) {
  if (length < 8) return;
  r->kind = ADVERT;
  r->version = message[0] >> 4;
  r->vrid = message[1];
  r->priority = message[2];
  r->count = message[3];
  r->value = r->version == 3 ? ((message[4] & 0x0f) << 8 | message[5]) * 10 : message[5] * 1000;
  push(&sniff_queue, r);
}

/* A reply is seen twice: coming in from a node, which tells by whom, and going out to the client, which tells when. */
static void reply(struct record *r, const uint8_t *message, int length, int outgoing) {
  static char by[65536][IFNAMSIZ];
  const struct echo *echo = (const void *)message;
  if (length < (int)sizeof *echo || echo->id != htons(settings.id)) return;
  r->sequence = echo->sequence;
  memcpy(&r->address, &echo->address, sizeof r->address);
  int slot = 0;
  for (int i = 0; i < settings.count; i++)
    if (IN6_ARE_ADDR_EQUAL(&settings.addresses[i], &r->address)) slot = (r->sequence * settings.count + i) % 65536;
  if (!outgoing) {
    memcpy(by[slot], r->port, IFNAMSIZ);
    return;
  }
  memcpy(r->port, by[slot], IFNAMSIZ);
  r->kind = ANSWER;
  push(&sniff_queue, r);
}

static void ipv4(struct record *r, const uint8_t *frame, int length, int outgoing) {
  const struct iphdr *ip = (const void *)(frame + 14);
  int header = ip->ihl * 4;
  if (length < 14 + header) return;
  r->address = from_ipv4(&ip->saddr);
  r->target = from_ipv4(&ip->daddr);
  const uint8_t *message = frame + 14 + header;
  length -= 14 + header;
  if (ip->protocol == 112 && !outgoing) vrrp(r, message, length);
  if (ip->protocol == IPPROTO_ICMP) reply(r, message, length, outgoing);
}

static void ipv6(struct record *r, const uint8_t *frame, int length, int outgoing) {
  const struct ip6_hdr *ip = (const void *)(frame + 14);
  const uint8_t *message = frame + 14 + sizeof *ip;
  length -= 14 + (int)sizeof *ip;
  if (length < 8) return;
  memcpy(&r->address, &ip->ip6_src, sizeof r->address);
  memcpy(&r->target, &ip->ip6_dst, sizeof r->target);
  if (ip->ip6_nxt == 112 && !outgoing) vrrp(r, message, length);
  if (ip->ip6_nxt != IPPROTO_ICMPV6) return;
  if (message[0] == ICMP6_ECHO_REPLY) reply(r, message, length, outgoing);
  else if (!outgoing) neighbour(r, frame, message, length);
}

static void frame_seen(const uint8_t *frame, int length, const struct sockaddr_ll *from, int64_t at) {
  struct record r = {.at = at};
  int outgoing = from->sll_pkttype == PACKET_OUTGOING;
  if (outgoing && (unsigned)from->sll_ifindex != client_port) return;
  if ((unsigned)from->sll_ifindex == observer_port) return;
  strcpy(r.port, port_name(from->sll_ifindex));
  /* The bridges themselves see every flooded frame once more. */
  if (strncmp(r.port, "br", 2) == 0) return;
  if (length < 34) return;
  switch (frame[12] << 8 | frame[13]) {
  case ETHERTYPE_ARP:
    if (!outgoing) arp(&r, frame, length);
    break;
  case ETHERTYPE_IP: ipv4(&r, frame, length, outgoing); break;
  case ETHERTYPE_IPV6: ipv6(&r, frame, length, outgoing); break;
  }
}

static int64_t arrival(struct msghdr *message, int64_t real_to_monotonic) {
  for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_TIMESTAMPNS) continue;
    struct timespec t;
    memcpy(&t, CMSG_DATA(c), sizeof t);
    return t.tv_sec * 1000000LL + t.tv_nsec / 1000 + real_to_monotonic;
  }
  return now_us();
}

void *sniff(void *unused) {
  (void)unused;
  enter(settings.switch_namespace);
  client_port = if_nametoindex("client");
  observer_port = if_nametoindex("observer");
  int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
  if (fd < 0 || client_port == 0 || observer_port == 0) die("capture socket");
  filter(fd);
  int room = 16 << 20, on = 1;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
  setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
  struct sockaddr_ll all = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
  if (bind(fd, (struct sockaddr *)&all, sizeof all) < 0) die("capture socket");

  static uint8_t frames[BATCH][SNAP];
  static uint8_t control[BATCH][64];
  static struct sockaddr_ll from[BATCH];
  struct mmsghdr messages[BATCH];
  struct iovec parts[BATCH];
  for (;;) {
    for (int i = 0; i < BATCH; i++) {
      parts[i] = (struct iovec){frames[i], SNAP};
      messages[i].msg_hdr = (struct msghdr){.msg_name = &from[i], .msg_namelen = sizeof from[i], .msg_iov = &parts[i],
                                            .msg_iovlen = 1, .msg_control = control[i], .msg_controllen = sizeof control[i]};
    }
    int n = recvmmsg(fd, messages, BATCH, MSG_WAITFORONE, NULL);
    if (n < 0) continue;
    /* The kernel stamps with the wall clock; taken anew for each batch, so that a step of it does no harm for long. */
    struct timespec wall;
    clock_gettime(CLOCK_REALTIME, &wall);
    int64_t real_to_monotonic = now_us() - (wall.tv_sec * 1000000LL + wall.tv_nsec / 1000);
    for (int i = 0; i < n; i++)
      frame_seen(frames[i], (int)messages[i].msg_len, &from[i], arrival(&messages[i].msg_hdr, real_to_monotonic));
    struct tpacket_stats { unsigned packets, drops; } statistics;
    socklen_t size = sizeof statistics;
    if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &statistics, &size) == 0 && statistics.drops > 0)
      push(&sniff_queue, &(struct record){.kind = LOST, .value = statistics.drops});
  }
  return NULL;
}
