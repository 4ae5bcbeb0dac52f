/* Sends the probes: an ICMP echo to each address per interval, and now and then the question who has it (ARP).
 * Must not know who answers: that is seen on the switch. */
#define _GNU_SOURCE
#include "observer.h"
#include <arpa/inet.h>
#include <net/ethernet.h>
#include <netinet/if_ether.h>
#include <netinet/ip_icmp.h>
#include <netpacket/packet.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

/* The identity of a probe travels in the payload, since an ICMP sequence number wraps after 65 s. */
struct echo {
  struct icmphdr header;
  uint32_t sequence, address;
};

static uint16_t checksum(const void *data, int length) {
  const uint16_t *word = data;
  uint32_t sum = 0;
  for (; length > 1; length -= 2) sum += *word++;
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return (uint16_t)~sum;
}

static int open_arp(uint8_t *mac, int *index) {
  enter(settings.observer_namespace);
  int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
  struct ifreq request = {.ifr_name = "hf0"};
  if (fd < 0 || ioctl(fd, SIOCGIFINDEX, &request) < 0) die("ARP socket");
  *index = request.ifr_ifindex;
  if (ioctl(fd, SIOCGIFHWADDR, &request) < 0) die("ARP socket");
  memcpy(mac, request.ifr_hwaddr.sa_data, 6);
  return fd;
}

static void ask(int fd, const uint8_t *mac, int index, uint32_t address) {
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
  memcpy(frame.arp.arp_spa, &settings.observer_address, 4);
  memcpy(frame.arp.arp_tpa, &address, 4);
  struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = index, .sll_halen = 6};
  memset(to.sll_addr, 0xff, 6);
  push(&probe_queue, &(struct record){.kind = ASKED, .at = now_us(), .address = address});
  sendto(fd, &frame, sizeof frame, MSG_DONTWAIT, (struct sockaddr *)&to, sizeof to);
}

void *probe(void *unused) {
  (void)unused;
  uint8_t mac[6];
  int index;
  int arp = open_arp(mac, &index);
  enter(settings.client_namespace);
  int icmp = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);
  if (icmp < 0) die("ICMP socket");
  int deaf = ~0, room = 4 << 20;
  setsockopt(icmp, IPPROTO_RAW, 1 /* ICMP_FILTER */, &deaf, sizeof deaf);
  setsockopt(icmp, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room);
  real_time(60);

  uint32_t sequence = 0;
  int64_t due = now_us(), ask_due = due;
  for (;;) {
    struct timespec until = {.tv_sec = due / 1000000, .tv_nsec = due % 1000000 * 1000};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
    sequence++;
    for (int i = 0; i < settings.count; i++) {
      struct echo echo = {.header = {.type = ICMP_ECHO, .un.echo = {.id = htons(settings.id), .sequence = htons((uint16_t)sequence)}},
                          .sequence = sequence, .address = settings.addresses[i]};
      echo.header.checksum = checksum(&echo, sizeof echo);
      struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = settings.addresses[i]};
      push(&probe_queue, &(struct record){.kind = SENT, .at = now_us(), .address = settings.addresses[i], .sequence = sequence});
      /* An error is an unanswered probe, and that is what it counts as. */
      sendto(icmp, &echo, sizeof echo, MSG_DONTWAIT, (struct sockaddr *)&to, sizeof to);
    }
    int64_t now = now_us();
    if (now >= ask_due) {
      for (int i = 0; i < settings.count; i++) ask(arp, mac, index, settings.addresses[i]);
      ask_due = now + settings.arp_interval;
    }
    /* After a stall go on from now: a burst of late probes would hide how late we were. */
    due += settings.interval;
    if (due < now) due = now + settings.interval;
  }
  return NULL;
}
