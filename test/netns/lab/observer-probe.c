/* Sends the probes: an ICMP echo to each address per interval, and now and then the question who has it (ARP, or a
 * neighbour solicitation).
 * Must not know who answers: that is seen on the switch. */
#define _GNU_SOURCE
#include "observer.h"
#include <arpa/inet.h>
#include <net/ethernet.h>
#include <netinet/icmp6.h>
#include <netinet/if_ether.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netpacket/packet.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

static uint32_t add(uint32_t sum, const void *data, int length) {
  const uint16_t *word = data;
  for (; length > 1; length -= 2) sum += *word++;
  return sum;
}

static uint16_t fold(uint32_t sum) {
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return (uint16_t)~sum;
}

static int open_frames(uint8_t *mac, int *index) {
  enter(settings.observer_namespace);
  int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
  struct ifreq request = {.ifr_name = "hf0"};
  if (fd < 0 || ioctl(fd, SIOCGIFINDEX, &request) < 0) die("frame socket");
  *index = request.ifr_ifindex;
  if (ioctl(fd, SIOCGIFHWADDR, &request) < 0) die("frame socket");
  memcpy(mac, request.ifr_hwaddr.sa_data, 6);
  return fd;
}

static void ask_ipv4(int fd, const uint8_t *mac, int index, const struct in6_addr *address) {
  struct {
    struct ether_header ethernet;
    struct ether_arp arp;
  } __attribute__((packed)) frame = {.ethernet.ether_type = htons(ETHERTYPE_ARP)};
  memset(frame.ethernet.ether_dhost, 0xff, 6);
  memcpy(frame.ethernet.ether_shost, mac, 6);
  frame.arp.arp_hrd = htons(ARPHRD_ETHER);
  frame.arp.arp_pro = htons(ETHERTYPE_IP);
  frame.arp.arp_hln = 6;
  frame.arp.arp_pln = 4;
  frame.arp.arp_op = htons(ARPOP_REQUEST);
  memcpy(frame.arp.arp_sha, mac, 6);
  memcpy(frame.arp.arp_spa, &settings.observer_address.s6_addr[12], 4);
  memcpy(frame.arp.arp_tpa, &address->s6_addr[12], 4);
  struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = index, .sll_halen = 6};
  memset(to.sll_addr, 0xff, 6);
  sendto(fd, &frame, sizeof frame, MSG_DONTWAIT, (struct sockaddr *)&to, sizeof to);
}

/* RFC 4861 4.3: to the solicited-node group of the address, with our MAC address, so that nobody has to ask back. */
static void ask_ipv6(int fd, const uint8_t *mac, int index, const struct in6_addr *address) {
  struct {
    struct ether_header ethernet;
    struct ip6_hdr ip;
    struct nd_neighbor_solicit solicit;
    struct nd_opt_hdr option;
    uint8_t mac[6];
  } __attribute__((packed)) frame = {.ethernet.ether_type = htons(ETHERTYPE_IPV6)};
  const uint16_t length = sizeof frame.solicit + sizeof frame.option + sizeof frame.mac;
  frame.ip.ip6_flow = htonl(6u << 28);
  frame.ip.ip6_plen = htons(length);
  frame.ip.ip6_nxt = IPPROTO_ICMPV6;
  frame.ip.ip6_hlim = 255;
  frame.ip.ip6_src = settings.observer_address6;
  frame.ip.ip6_dst = (struct in6_addr){.s6_addr = {0xff, 0x02, [11] = 1, [12] = 0xff}};
  memcpy(&frame.ip.ip6_dst.s6_addr[13], &address->s6_addr[13], 3);
  memcpy(frame.ethernet.ether_dhost, (uint8_t[]){0x33, 0x33}, 2);
  memcpy(frame.ethernet.ether_dhost + 2, &frame.ip.ip6_dst.s6_addr[12], 4);
  memcpy(frame.ethernet.ether_shost, mac, 6);
  frame.solicit.nd_ns_type = ND_NEIGHBOR_SOLICIT;
  frame.solicit.nd_ns_target = *address;
  frame.option = (struct nd_opt_hdr){.nd_opt_type = ND_OPT_SOURCE_LINKADDR, .nd_opt_len = 1};
  memcpy(frame.mac, mac, 6);
  uint8_t pseudo[40 + sizeof frame.solicit + sizeof frame.option + sizeof frame.mac] = {0};
  memcpy(pseudo, &frame.ip.ip6_src, 32);
  memcpy(pseudo + 34, &frame.ip.ip6_plen, 2);
  pseudo[39] = IPPROTO_ICMPV6;
  memcpy(pseudo + 40, &frame.solicit, length);
  frame.solicit.nd_ns_cksum = fold(add(0, pseudo, sizeof pseudo));
  struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = index, .sll_halen = 6};
  memcpy(to.sll_addr, frame.ethernet.ether_dhost, 6);
  sendto(fd, &frame, sizeof frame, MSG_DONTWAIT, (struct sockaddr *)&to, sizeof to);
}

static void ask(int fd, const uint8_t *mac, int index, const struct in6_addr *address) {
  push(&probe_queue, &(struct record){.kind = ASKED, .at = now_us(), .address = *address});
  if (IS_IPV4(address)) ask_ipv4(fd, mac, index, address);
  else ask_ipv6(fd, mac, index, address);
}

/* Sockets that send echo requests and hear nothing; the kernel fills in the checksum of ICMPv6. */
static int open_echo(int family, int protocol) {
  int fd = socket(family, SOCK_RAW | SOCK_CLOEXEC, protocol);
  if (fd < 0) die("echo socket");
  int deaf = ~0, room = 4 << 20;
  struct icmp6_filter none;
  ICMP6_FILTER_SETBLOCKALL(&none);
  if (family == AF_INET) setsockopt(fd, IPPROTO_RAW, 1 /* ICMP_FILTER */, &deaf, sizeof deaf);
  else setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &none, sizeof none);
  setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room);
  return fd;
}

/* An error is an unanswered probe, and that is what it counts as. */
static void send_echo(int icmp, int icmp6, uint32_t sequence, const struct in6_addr *address) {
  struct echo echo = {.id = htons(settings.id), .number = htons((uint16_t)sequence), .sequence = sequence, .address = *address};
  push(&probe_queue, &(struct record){.kind = SENT, .at = now_us(), .address = *address, .sequence = sequence});
  if (IS_IPV4(address)) {
    echo.type = ICMP_ECHO;
    echo.checksum = fold(add(0, &echo, sizeof echo));
    struct sockaddr_in to = {.sin_family = AF_INET};
    memcpy(&to.sin_addr, &address->s6_addr[12], 4);
    sendto(icmp, &echo, sizeof echo, MSG_DONTWAIT, (struct sockaddr *)&to, sizeof to);
  } else {
    echo.type = ICMP6_ECHO_REQUEST;
    struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_addr = *address};
    sendto(icmp6, &echo, sizeof echo, MSG_DONTWAIT, (struct sockaddr *)&to, sizeof to);
  }
}

void *probe(void *unused) {
  (void)unused;
  uint8_t mac[6];
  int index;
  int frames = open_frames(mac, &index);
  enter(settings.client_namespace);
  int icmp = open_echo(AF_INET, IPPROTO_ICMP), icmp6 = open_echo(AF_INET6, IPPROTO_ICMPV6);
  real_time(60);

  uint32_t sequence = 0;
  int64_t due = now_us(), ask_due = due;
  for (;;) {
    struct timespec until = {.tv_sec = due / 1000000, .tv_nsec = due % 1000000 * 1000};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
    sequence++;
    for (int i = 0; i < settings.count; i++) send_echo(icmp, icmp6, sequence, &settings.addresses[i]);
    int64_t now = now_us();
    if (now >= ask_due) {
      for (int i = 0; i < settings.count; i++) ask(frames, mac, index, &settings.addresses[i]);
      ask_due = now + settings.ask_interval;
    }
    /* After a stall go on from now: a burst of late probes would hide how late we were. */
    due += settings.interval;
    if (due < now) due = now + settings.interval;
  }
  return NULL;
}
