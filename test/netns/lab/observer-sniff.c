/* Sees every frame on the switch, with the kernel's time of arrival and the port where it came in.
 * The port tells which node sent it, whatever MAC or IP address it claims to be. */
#define _GNU_SOURCE
#include "observer.h"
#include <arpa/inet.h>
#include <linux/filter.h>
#include <net/ethernet.h>
#include <netinet/if_ether.h>
#include <netinet/ip.h>
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

/* Of what comes in: ARP, VRRP, echo replies. Of what goes out: only echo replies to the client. The rest would be noise. */
static void filter(int fd) {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETHERTYPE_ARP, 9, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETHERTYPE_IP, 0, 11),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 23),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 112, 6, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_ICMP, 0, 8),
      BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 14),
      BPF_STMT(BPF_LD | BPF_B | BPF_IND, 14),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ICMP_ECHOREPLY, 0, 5),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)(SKF_AD_OFF + SKF_AD_IFINDEX)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, client_port, 2, 0),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)(SKF_AD_OFF + SKF_AD_PKTTYPE)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SNAP),
      BPF_STMT(BPF_RET | BPF_K, 0),
  };
  struct sock_fprog program = {.len = sizeof code / sizeof *code, .filter = code};
  if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) < 0) die("filter");
}

static int is_probed(uint32_t address) {
  for (int i = 0; i < settings.count; i++)
    if (settings.addresses[i] == address) return 1;
  return 0;
}

static void arp(struct record *r, const uint8_t *frame, int length) {
  const struct ether_arp *a = (const void *)(frame + 14);
  if (length < 14 + (int)sizeof *a) return;
  memcpy(&r->address, a->arp_spa, 4);
  memcpy(&r->target, a->arp_tpa, 4);
  memcpy(r->mac, a->arp_sha, 6);
  r->version = ntohs(a->arp_op);
  int answers_us = r->version == ARPOP_REPLY && r->target == settings.observer_address;
  r->kind = answers_us && is_probed(r->address) ? HOLDER : ARP;
  push(&sniff_queue, r);
}

static void vrrp(struct record *r, const uint8_t *frame, const uint8_t *message, int length) {
  if (length < 8) return;
  r->kind = ADVERT;
  memcpy(&r->address, frame + 14 + offsetof(struct iphdr, saddr), 4);
  r->version = message[0] >> 4;
  r->vrid = message[1];
  r->priority = message[2];
  r->target = r->version == 3 ? ((message[4] & 0x0f) << 8 | message[5]) * 10 : message[5] * 1000;
  push(&sniff_queue, r);
}

/* A reply is seen twice: coming in from a node, which tells by whom, and going out to the client, which tells when. */
static void echo(struct record *r, const uint8_t *message, int length, int outgoing) {
  static char by[65536][IFNAMSIZ];
  const struct icmphdr *header = (const void *)message;
  if (length < 16 || header->un.echo.id != htons(settings.id)) return;
  memcpy(&r->sequence, message + 8, 4);
  memcpy(&r->address, message + 12, 4);
  int slot = 0;
  for (int i = 0; i < settings.count; i++)
    if (settings.addresses[i] == r->address) slot = (r->sequence * settings.count + i) % 65536;
  if (!outgoing) {
    memcpy(by[slot], r->port, IFNAMSIZ);
    return;
  }
  memcpy(r->port, by[slot], IFNAMSIZ);
  r->kind = ANSWER;
  push(&sniff_queue, r);
}

static void frame_seen(const uint8_t *frame, int length, const struct sockaddr_ll *from, int64_t at) {
  struct record r = {.at = at};
  int outgoing = from->sll_pkttype == PACKET_OUTGOING;
  if (outgoing != ((unsigned)from->sll_ifindex == client_port && outgoing)) return;
  if ((unsigned)from->sll_ifindex == observer_port) return;
  strcpy(r.port, port_name(from->sll_ifindex));
  /* The bridges themselves see every flooded frame once more. */
  if (strncmp(r.port, "br", 2) == 0) return;
  if (length < 34) return;
  if (frame[12] == 0x08 && frame[13] == 0x06) {
    if (!outgoing) arp(&r, frame, length);
    return;
  }
  int header = (frame[14] & 0x0f) * 4;
  if (length < 14 + header) return;
  const uint8_t *message = frame + 14 + header;
  if (frame[23] == 112 && !outgoing) vrrp(&r, frame, message, length - 14 - header);
  if (frame[23] == IPPROTO_ICMP && length >= 14 + header + 16) echo(&r, message, length - 14 - header, outgoing);
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
      push(&sniff_queue, &(struct record){.kind = LOST, .target = statistics.drops});
  }
  return NULL;
}
