// The system calls of native/sysnet.c with their types. Every call returns >= 0 or -errno, none blocks, and none throws
// except a TypeError for a wrong argument. Must not know what the calls are for: meaning begins in the files that import this.
import { constants } from 'node:os';
import { load } from './native.ts';

/** Most datagrams of one `recvBatch`. */
export const MAX_BATCH = 64;
/** In a slot: 16 bytes source, 16 bytes destination, then the payload. An IPv4 address takes the first 4 of its 16 bytes. */
export const SLOT_HEAD = 32;
/** Numbers per datagram in `meta`, see `recvBatch`. */
export const META_FIELDS = 4;

export interface Sysnet {
  /** A non-blocking, close-on-exec socket. socket(2)
   *  @returns file descriptor */
  socket(domain: number, type: number, protocol: number): number;
  /** Two connected stream sockets, both non-blocking and close-on-exec. socketpair(2) */
  socketpair(): readonly [number, number] | number;
  /** `unwatch` first. close(2) */
  close(fd: number): number;
  /** @param address a struct sockaddr_* in memory layout. bind(2) */
  bind(fd: number, address: Uint8Array): number;
  /** Never waits: on a datagram or raw socket it only fixes the other end, on a stream -EINPROGRESS says that it goes on.
   *  From then on ICMP errors about that end are errors of the socket, see `recvBatch`.
   *  @param address a struct sockaddr_* in memory layout. connect(2) */
  connect(fd: number, address: Uint8Array): number;
  /** Whether the two ends of a connection are this one socket: nobody listens, and the kernel took that very port for our own end. RFC 9293 §3.5
   *  @returns 1 or 0 */
  meetsItself(fd: number): number;
  /** @param value a number is passed as int. setsockopt(2) */
  setsockopt(fd: number, level: number, option: number, value: number | Uint8Array): number;
  /** Classic BPF: only what the program accepts is queued from now on; what waits already stays. socket(7) SO_ATTACH_FILTER
   *  @param program struct sock_filter[], 8 bytes each in host byte order
   *  @returns -EINVAL for a program that the kernel refuses */
  attachFilter(fd: number, program: Uint8Array): number;
  /** @param address null on a connected socket. sendto(2), always with MSG_NOSIGNAL
   *  @returns bytes sent */
  sendto(fd: number, data: Uint8Array, flags: number, address: Uint8Array | null): number;
  /** Takes up to `slots` waiting datagrams. recvmmsg(2)
   *  Slot i is arena[i * slotSize ..], laid out as at SLOT_HEAD; an AF_INET raw socket's payload starts with the IP header.
   *  Addresses that the kernel does not give are 0: the destination needs IP_PKTINFO or IPV6_RECVPKTINFO on the socket.
   *  meta[i * 4 ..] = payload length, TTL or hop limit (-1 without IP_RECVTTL or IPV6_RECVHOPLIMIT),
   *  interface index (0 unknown), 1 when the payload was cut off.
   *  @param slots 1..MAX_BATCH
   *  @param slotSize bytes, more than SLOT_HEAD
   *  @returns datagrams taken, 0 when none waits; a pending socket error (-ENETDOWN) is taken off the socket by this */
  recvBatch(fd: number, arena: Uint8Array, meta: Int32Array, slots: number, slotSize: number): number;
  /** Calls back whenever `fd` is readable, until `unwatch`; keeps the loop alive. Level-triggered: what is not read calls again.
   *  @param callback status 0, or -EBADF when the descriptor reports an error, which reading it then tells and clears;
   *  what it throws is Node's uncaught exception
   *  @returns -EEXIST when watched already, -EPERM for what cannot be polled (a plain file). epoll(7) */
  watch(fd: number, callback: (status: number) => void): number;
  /** As `watch`, when `fd` can be written to: when a connection is there, or is known not to come. */
  watchWritable(fd: number, callback: (status: number) => void): number;
  /** No call back happens after this, and `fd` may be closed. @returns -ENOENT when not watched */
  unwatch(fd: number): number;
  /** CLOCK_MONOTONIC in whole microseconds. clock_gettime(2) */
  now(): number;
  /** A timer on the clock of `now`, to be watched. timerfd_create(2)
   *  @returns file descriptor */
  timerfd(): number;
  /** Replaces what was set before.
   *  @param at instant in µs, fires at once when past; 0 disarms. timerfd_settime(2) */
  timerSet(fd: number, at: number): number;
  /** @returns expirations since the last `timerRead` or `timerSet`, 0 when it has not expired. timerfd_create(2) */
  timerRead(fd: number): number;
  /** Two ends, both close-on-exec: what is written to the second comes out of the first. pipe2(2)
   *  @param ours the end that stays here, 0 or 1, and never blocks; the other does, as programs expect it */
  pipe(ours: 0 | 1): readonly [number, number] | number;
  /** Never waits when `fd` is non-blocking. read(2)
   *  @returns bytes, 0 at the end, -EAGAIN when nothing waits */
  read(fd: number, into: Uint8Array): number;
  /** Whether more people have rights on a file than its mode says: getxattr(2), acl(5). Follows links, and waits for the disk.
   *  @returns 1 or 0 */
  hasAcl(path: string): number;
  /** Starts a program as an ordinary process: no signal blocked or ignored, SCHED_OTHER, niceness 0.
   *  Blocks until execve is through, for 1 s at most: a child that has not come so far is killed. vfork(2), execve(2)
   *  @param path no search in PATH
   *  @param envp "NAME=value"
   *  @param fdMap [ours, its, ours, its, ...]; besides, it gets our 0, 1 and 2 and nothing else
   *  @param newSession setsid(2)
   *  @param identity [uid, gid, supplementary groups ...] of a program that is none of ours: without capabilities that this user
   *  has not, umask 022, in /, at most 1024 descriptors, no better off than others when memory is short. Groups are left
   *  when user and group are what we are. null: a part of us, as we are
   *  @returns process id, or why it could not be started (-ENOENT, -EACCES, -EBADF in the map, -EPERM for the identity,
   *  -ETIMEDOUT) */
  spawn(
    path: string,
    argv: readonly string[],
    envp: readonly string[],
    fdMap: Int32Array,
    newSession: boolean,
    identity: Uint32Array | null,
  ): number;
  /** Becomes readable when the process ends. pidfd_open(2), Linux 5.3: -ENOSYS before
   *  @returns file descriptor */
  pidfd(pid: number): number;
  /** Takes the exit status of a child. waitpid(2) with WNOHANG
   *  @returns 0..255 the exit status, 256 + n ended by signal n, -EAGAIN still running, -ECHILD not our child */
  reap(pid: number): number;
  /** Scheduling of every thread of this process. sched_setscheduler(2)
   *  @param priority 1..99 for SCHED_FIFO and SCHED_RR, 0 otherwise
   *  @param resetOnFork children, and threads made later, start as SCHED_OTHER
   *  @returns 0, or the first refusal (-EPERM without CAP_SYS_NICE) */
  schedule(policy: number, priority: number, resetOnFork: boolean): number;
  /** Niceness of every thread of this process, -20..19. setpriority(2)
   *  @returns 0, or the first refusal (-EACCES without CAP_SYS_NICE) */
  setNice(value: number): number;
  /** Keeps code in memory once it was used: file-backed maps that nobody writes, page by page. mlock2(2) MLOCK_ONFAULT
   *  @returns bytes covered, or the first refusal (-ENOMEM, -EPERM: RLIMIT_MEMLOCK and no CAP_IPC_LOCK) */
  lockText(): number;
  /** Writes without ever waiting, at most 4096 bytes unless `fd` is a socket. send(2), poll(2), write(2)
   *  @returns bytes written, -EAGAIN when it would wait */
  logWrite(fd: number, data: Uint8Array): number;
}

/** sched(7): policies for `schedule`, which Node does not name. */
export const SCHED_OTHER = 0;
export const SCHED_FIFO = 1;
export const SCHED_RR = 2;

// The addon is compiled from the same tree as this file, so its shape is what is declared above.
export const sysnet = load('sysnet') as Sysnet;

// Reversed, since the later entry wins: EAGAIN shares its number with EWOULDBLOCK, and the man pages say EAGAIN.
const names: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.errno)
    .reverse()
    .map(([name, value]) => [value, name]),
);

/** The name of a failure as returned above, `errno-N` for one that Node does not know.
 *  @param negative -errno */
export function errnoName(negative: number): string {
  return names.get(-negative) ?? `errno-${-negative}`;
}
