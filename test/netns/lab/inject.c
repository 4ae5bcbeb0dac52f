/* Sends Ethernet frames out of hf0 at an even rate: standard input holds them, each after its length (2 bytes, big endian).
 * Must not know what they are. Arguments: frames per second. */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

int main(int argc, char **argv) {
  int fd = socket(AF_PACKET, SOCK_RAW, 0);
  struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex("hf0"), .sll_halen = 6};
  int rate = argc == 2 ? atoi(argv[1]) : 0;
  if (fd < 0 || to.sll_ifindex == 0 || rate <= 0) return 2;
  struct timespec due;
  clock_gettime(CLOCK_MONOTONIC, &due);
  static uint8_t frame[65536];
  long sent = 0, refused = 0;
  uint8_t length[2];
  while (fread(length, 2, 1, stdin) == 1) {
    size_t size = (size_t)length[0] << 8 | length[1];
    if (fread(frame, 1, size, stdin) != size) return 3;
    if (sendto(fd, frame, size, 0, (struct sockaddr *)&to, sizeof to) < 0) refused++;
    sent++;
    due.tv_nsec += 1000000000 / rate;
    if (due.tv_nsec >= 1000000000) due.tv_sec++, due.tv_nsec -= 1000000000;
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
  }
  printf("{\"sent\":%ld,\"refused\":%ld}\n", sent, refused);
  return 0;
}
