/* sysnet: the system calls that neither Node nor a library gives us, one function each, for the engine and the agent.
 * Must not know VRRP, addresses or policy: a call returns >= 0 or -errno and never throws for what the world does.
 * A wrong argument type throws a TypeError, since that is our own bug. What each call means: src/platform/linux/sysnet.ts.
 * libc only and nothing newer than glibc 2.17: what came later (pidfd_open, mlock2) goes through syscall(2). */
#define _GNU_SOURCE
#define NAPI_VERSION 8
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <node_api.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#ifndef MLOCK_ONFAULT
#define MLOCK_ONFAULT 1
#endif

/* ---- arguments and results ---------------------------------------------------------------------------------- */

#define MAX_ARGUMENTS 6

/* One call from JavaScript. `wrong` collects, so that a function fetches all it needs and checks once. */
typedef struct {
  napi_env env;
  napi_value at[MAX_ARGUMENTS]; /* those not given are undefined, which no fetch below takes */
  bool wrong;
  napi_value pair; /* what is returned instead of a number */
} call_t;

typedef struct {
  void *data;
  size_t length; /* elements */
} array_t;

static void require(call_t *call, bool holds) {
  if (!holds) call->wrong = true;
}

static double number(call_t *call, int i) {
  double value = 0;
  require(call, napi_get_value_double(call->env, call->at[i], &value) == napi_ok);
  return value;
}

static int integer(call_t *call, int i) {
  int32_t value = 0;
  require(call, napi_get_value_int32(call->env, call->at[i], &value) == napi_ok);
  return value;
}

static bool boolean(call_t *call, int i) {
  bool value = false;
  require(call, napi_get_value_bool(call->env, call->at[i], &value) == napi_ok);
  return value;
}

static bool is(call_t *call, int i, napi_valuetype wanted) {
  napi_valuetype type = napi_undefined;
  napi_typeof(call->env, call->at[i], &type);
  return type == wanted;
}

/* The memory of a typed array. It stays put during the call; nothing here keeps it for longer. */
static array_t array(call_t *call, int i, napi_typedarray_type wanted) {
  array_t result = {NULL, 0};
  napi_typedarray_type type = (napi_typedarray_type)-1;
  napi_get_typedarray_info(call->env, call->at[i], &type, &result.length, &result.data, NULL, NULL);
  require(call, type == wanted);
  return result;
}

static array_t bytes(call_t *call, int i) { return array(call, i, napi_uint8_array); }

/* What a system call returned, as >= 0 or -errno. */
static double outcome(long result) { return (double)(result < 0 ? -errno : result); }

/* ---- sockets: socket(2), bind(2), connect(2), setsockopt(2), sendto(2), recvmmsg(2) ---------------------------------------- */

static double js_socket(call_t *call) {
  int domain = integer(call, 0), type = integer(call, 1), protocol = integer(call, 2);
  if (call->wrong) return 0;
  return outcome(socket(domain, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol));
}

static double give_pair(call_t *call, const int fds[2]) {
  napi_value fd;
  napi_create_array_with_length(call->env, 2, &call->pair);
  for (uint32_t i = 0; i < 2; i++) {
    napi_create_int32(call->env, fds[i], &fd);
    napi_set_element(call->env, call->pair, i, fd);
  }
  return 0;
}

static double js_socketpair(call_t *call) {
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0) return -errno;
  return give_pair(call, fds);
}

static double js_close(call_t *call) {
  int fd = integer(call, 0);
  if (call->wrong) return 0;
  return outcome(close(fd));
}

static double js_bind(call_t *call) {
  int fd = integer(call, 0);
  array_t address = bytes(call, 1);
  if (call->wrong) return 0;
  return outcome(bind(fd, address.data, (socklen_t)address.length));
}

static double js_connect(call_t *call) {
  int fd = integer(call, 0);
  array_t address = bytes(call, 1);
  if (call->wrong) return 0;
  return outcome(connect(fd, address.data, (socklen_t)address.length));
}

/* A connection whose two ends are one socket: nobody listens, and the kernel took that very port for our own end. RFC 9293 3.5 */
static double js_meets_itself(call_t *call) {
  int fd = integer(call, 0);
  if (call->wrong) return 0;
  struct sockaddr_storage here = {0}, there = {0};
  socklen_t size = sizeof here, other = sizeof there;
  if (getsockname(fd, (struct sockaddr *)&here, &size) < 0 || getpeername(fd, (struct sockaddr *)&there, &other) < 0) return -errno;
  return size == other && memcmp(&here, &there, size) == 0;
}

static double js_setsockopt(call_t *call) {
  int fd = integer(call, 0), level = integer(call, 1), option = integer(call, 2), flag = 0;
  array_t value = {&flag, sizeof flag};
  if (is(call, 3, napi_number))
    flag = integer(call, 3);
  else
    value = bytes(call, 3);
  if (call->wrong) return 0;
  return outcome(setsockopt(fd, level, option, value.data, (socklen_t)value.length));
}

/* SO_ATTACH_FILTER takes a pointer to the program, which JavaScript cannot make: socket(7), and
 * Documentation/networking/filter.rst in the kernel. */
static double js_attach_filter(call_t *call) {
  int fd = integer(call, 0);
  array_t program = bytes(call, 1);
  if (call->wrong) return 0;
  if (program.length % sizeof(struct sock_filter) != 0 || program.length / sizeof(struct sock_filter) > BPF_MAXINSNS)
    return -EINVAL;
  struct sock_fprog filter = {.len = (unsigned short)(program.length / sizeof(struct sock_filter)), .filter = program.data};
  return outcome(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter));
}

static double js_sendto(call_t *call) {
  int fd = integer(call, 0), flags = integer(call, 2);
  array_t data = bytes(call, 1), address = {NULL, 0};
  if (!is(call, 3, napi_null)) address = bytes(call, 3);
  if (call->wrong) return 0;
  return outcome(sendto(fd, data.data, data.length, flags | MSG_NOSIGNAL, address.data, (socklen_t)address.length));
}

#define MAX_BATCH 64
#define ADDRESS 16 /* IPv4 takes the first 4 bytes, the rest is 0 */
#define META 4     /* payload length, TTL or -1, interface index or 0, 1 when cut off */
#define HEAD (2 * ADDRESS)

/* TTL or hop limit, destination and interface: ip(7) IP_RECVTTL, IP_PKTINFO; ipv6(7) IPV6_RECVHOPLIMIT, IPV6_RECVPKTINFO. */
static void read_control(struct msghdr *message, uint8_t *destination, int32_t *meta) {
  for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
    if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
      struct in_pktinfo packet;
      memcpy(&packet, CMSG_DATA(c), sizeof packet);
      memcpy(destination, &packet.ipi_addr, sizeof packet.ipi_addr); /* as in the header; ipi_spec_dst is the local side */
      meta[2] = packet.ipi_ifindex;
    } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
      struct in6_pktinfo packet;
      memcpy(&packet, CMSG_DATA(c), sizeof packet);
      memcpy(destination, &packet.ipi6_addr, sizeof packet.ipi6_addr);
      meta[2] = (int32_t)packet.ipi6_ifindex;
    } else if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TTL) ||
               (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_HOPLIMIT)) {
      memcpy(&meta[1], CMSG_DATA(c), sizeof meta[1]);
    }
  }
}

static void read_source(const struct sockaddr_storage *from, uint8_t *source) {
  if (from->ss_family == AF_INET) memcpy(source, &((const struct sockaddr_in *)from)->sin_addr, 4);
  if (from->ss_family == AF_INET6) memcpy(source, &((const struct sockaddr_in6 *)from)->sin6_addr, 16);
}

/* Everything lands in the caller's arena and meta, so a flood of packets makes no garbage to collect. */
static double js_recv_batch(call_t *call) {
  int fd = integer(call, 0), slots = integer(call, 3), size = integer(call, 4);
  array_t arena = bytes(call, 1), facts = array(call, 2, napi_int32_array);
  require(call, slots >= 1 && slots <= MAX_BATCH && size > HEAD);
  require(call, (size_t)slots * (size_t)size <= arena.length && (size_t)slots * META <= facts.length);
  if (call->wrong) return 0;

  struct mmsghdr messages[MAX_BATCH];
  struct iovec parts[MAX_BATCH];
  struct sockaddr_storage from[MAX_BATCH];
  _Alignas(struct cmsghdr) uint8_t control[MAX_BATCH][128];
  for (int i = 0; i < slots; i++) {
    uint8_t *slot = (uint8_t *)arena.data + (size_t)i * (size_t)size;
    parts[i] = (struct iovec){.iov_base = slot + HEAD, .iov_len = (size_t)(size - HEAD)};
    messages[i].msg_hdr = (struct msghdr){.msg_name = &from[i],
                                          .msg_namelen = sizeof from[i],
                                          .msg_iov = &parts[i],
                                          .msg_iovlen = 1,
                                          .msg_control = control[i],
                                          .msg_controllen = sizeof control[i]};
    from[i].ss_family = AF_UNSPEC; /* a stream gives no name */
  }
  int count = recvmmsg(fd, messages, (unsigned)slots, MSG_DONTWAIT, NULL);
  if (count < 0) return errno == EAGAIN ? 0 : -errno;
  for (int i = 0; i < count; i++) {
    uint8_t *slot = (uint8_t *)arena.data + (size_t)i * (size_t)size;
    int32_t *meta = (int32_t *)facts.data + i * META;
    struct msghdr *message = &messages[i].msg_hdr;
    meta[0] = (int32_t)messages[i].msg_len;
    meta[1] = -1;
    meta[2] = 0;
    meta[3] = (message->msg_flags & MSG_TRUNC) != 0;
    memset(slot, 0, HEAD);
    read_source(&from[i], slot);
    read_control(message, slot + ADDRESS, meta);
  }
  return count;
}

/* A log line must never stop the engine: stderr may be a full pipe or a journal that hangs. On a socket send(2) decides;
 * elsewhere poll(2) first, since O_NONBLOCK would be set for every process that shares the pipe. A pipe that polls writable
 * takes PIPE_BUF = 4096 bytes (pipe(7)) unless another writer is quicker. */
static double js_log_write(call_t *call) {
  int fd = integer(call, 0);
  array_t data = bytes(call, 1);
  if (call->wrong) return 0;
  ssize_t sent = send(fd, data.data, data.length, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent >= 0 || errno != ENOTSOCK) return outcome(sent);
  struct pollfd writable = {.fd = fd, .events = POLLOUT};
  int ready = poll(&writable, 1, 0);
  if (ready < 0) return outcome(ready);
  if (ready == 0) return -EAGAIN;
  return outcome(write(fd, data.data, data.length < 4096 ? data.length : 4096));
}

/* ---- pipes and files: pipe2(2), read(2), getxattr(2) ------------------------------------------------------------- */

/* O_NONBLOCK belongs to an end, and the program at the other end does not expect it. */
static double js_pipe(call_t *call) {
  int fds[2], ours = integer(call, 0);
  require(call, ours == 0 || ours == 1);
  if (call->wrong) return 0;
  if (pipe2(fds, O_CLOEXEC) < 0) return -errno;
  fcntl(fds[ours], F_SETFL, O_NONBLOCK | (ours == 0 ? O_RDONLY : O_WRONLY));
  return give_pair(call, fds);
}

static double js_read(call_t *call) {
  int fd = integer(call, 0);
  array_t into = bytes(call, 1);
  if (call->wrong) return 0;
  return outcome(read(fd, into.data, into.length));
}

static char *string(call_t *call, napi_value value);

static double js_has_acl(call_t *call) {
  char *path = string(call, call->at[0]);
  double size = path == NULL ? -ENOMEM : outcome(getxattr(path, "system.posix_acl_access", NULL, 0));
  free(path);
  return size > 0 ? 1 : size == -ENODATA || size == -ENOTSUP ? 0 : size;
}

/* ---- waiting: libuv poll handles on the environment's own loop -------------------------------------------------- */

typedef struct watch {
  uv_poll_t poll;
  napi_env env;
  napi_ref callback;
  napi_async_context context;
  struct state *state;
  struct watch *next;
  int fd;
  int events; /* UV_READABLE or UV_WRITABLE */
} watch_t;

/* One per environment, so that the addon also works in a worker. */
typedef struct state {
  watch_t *watches;
  int closing;                            /* handles that libuv has not let go of yet */
  napi_async_cleanup_hook_handle leaving; /* not NULL once the environment ends */
} state_t;

static void left(state_t *state) {
  if (state->leaving == NULL || state->closing > 0) return;
  napi_remove_async_cleanup_hook(state->leaving);
  free(state);
}

static void on_closed(uv_handle_t *handle) {
  watch_t *watch = handle->data;
  state_t *state = watch->state;
  napi_async_destroy(watch->env, watch->context);
  free(watch);
  state->closing--;
  left(state);
}

static void end_watch(watch_t **link) {
  watch_t *watch = *link;
  *link = watch->next;
  watch->state->closing++;
  napi_delete_reference(watch->env, watch->callback);
  uv_close((uv_handle_t *)&watch->poll, on_closed); /* leaves epoll at once: the fd may be closed on return */
}

static void on_leave(napi_async_cleanup_hook_handle handle, void *data) {
  state_t *state = data;
  state->leaving = handle;
  while (state->watches != NULL) end_watch(&state->watches);
  left(state);
}

static void on_ready(uv_poll_t *poll, int status, int events) {
  (void)events;
  watch_t *watch = poll->data;
  napi_env env = watch->env;
  napi_handle_scope scope;
  napi_value callback, global, argument, error;
  bool pending = false;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return;
  /* libuv stops a handle at EPOLLERR, which here is an ordinary event (an interface went down). Start it again: the reader
   * takes the error off the socket, as a level-triggered poll wants. */
  if (status < 0) uv_poll_start(poll, watch->events, on_ready);
  napi_get_reference_value(env, watch->callback, &callback);
  napi_get_global(env, &global);
  napi_create_int32(env, status, &argument);
  napi_make_callback(env, watch->context, global, callback, 1, &argument, NULL);
  napi_is_exception_pending(env, &pending);
  if (pending && napi_get_and_clear_last_exception(env, &error) == napi_ok) napi_fatal_exception(env, error);
  napi_close_handle_scope(env, scope);
}

static double start_watch(call_t *call, int events) {
  int fd = integer(call, 0);
  require(call, is(call, 1, napi_function));
  if (call->wrong) return 0;
  state_t *state = NULL;
  uv_loop_t *loop = NULL;
  napi_value name;
  napi_get_instance_data(call->env, (void **)&state);
  watch_t *watch = calloc(1, sizeof *watch);
  if (watch == NULL) return -ENOMEM;
  napi_get_uv_event_loop(call->env, &loop);
  int failure = uv_poll_init(loop, &watch->poll, fd);
  if (failure != 0) {
    free(watch);
    return failure;
  }
  watch->poll.data = watch;
  watch->env = call->env;
  watch->state = state;
  watch->fd = fd;
  watch->events = events;
  napi_create_reference(call->env, call->at[1], 1, &watch->callback);
  napi_create_string_utf8(call->env, "sysnet", NAPI_AUTO_LENGTH, &name);
  napi_async_init(call->env, NULL, name, &watch->context);
  watch->next = state->watches;
  state->watches = watch;
  return uv_poll_start(&watch->poll, watch->events, on_ready);
}

static double js_watch(call_t *call) { return start_watch(call, UV_READABLE); }

static double js_watch_writable(call_t *call) { return start_watch(call, UV_WRITABLE); }

static double js_unwatch(call_t *call) {
  int fd = integer(call, 0);
  if (call->wrong) return 0;
  state_t *state = NULL;
  napi_get_instance_data(call->env, (void **)&state);
  for (watch_t **link = &state->watches; *link != NULL; link = &(*link)->next) {
    if ((*link)->fd != fd) continue;
    end_watch(link);
    return 0;
  }
  return -ENOENT;
}

/* ---- time: clock_gettime(2), timerfd_create(2) ------------------------------------------------------------------ */

static double js_now(call_t *call) {
  (void)call;
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e6 + (double)(now.tv_nsec / 1000);
}

static double js_timerfd(call_t *call) {
  (void)call;
  return outcome(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
}

static double js_timer_set(call_t *call) {
  int fd = integer(call, 0);
  double at = number(call, 1);
  require(call, at >= 0 && at < 9e15); /* also not NaN */
  if (call->wrong) return 0;
  int64_t micros = (int64_t)at;
  struct itimerspec when = {.it_value = {.tv_sec = micros / 1000000, .tv_nsec = (micros % 1000000) * 1000}};
  return outcome(timerfd_settime(fd, TFD_TIMER_ABSTIME, &when, NULL));
}

static double js_timer_read(call_t *call) {
  int fd = integer(call, 0);
  uint64_t expirations = 0;
  if (call->wrong) return 0;
  if (read(fd, &expirations, sizeof expirations) < 0) return errno == EAGAIN ? 0 : -errno;
  return (double)expirations;
}

/* ---- processes: vfork(2), execve(2), credentials(7), pidfd_open(2), waitpid(2) ----------------------------------- */

typedef struct {
  char *path, **argv, **envp;
  int *map; /* from, to, from, to, ... */
  size_t pairs;
  bool session, realtime;
  const uint32_t *identity; /* uid, gid, supplementary groups; NULL: a part of us */
  size_t groups;
  volatile int failure; /* the child writes it into our memory */
} job_t;

#define PATIENCE 1 /* seconds */

/* Stopped by a process of its new user, or before a file system that does not answer, the child would hold us up for good.
 * A POSIX timer kills also who is stopped, and ends with execve: timer_create(2). */
static void end_unless_through(void) {
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGKILL};
  struct itimerspec patience = {.it_value = {.tv_sec = PATIENCE}};
  int timer = 0;
  if (syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer) == 0) syscall(SYS_timer_settime, timer, 0, &patience, NULL);
}

/* Ours is below 0, so that we are the last to go when memory is short; above 0 it is the administrator's wish. proc(5) */
static void be_killed_like_others(void) {
  char value = 0;
  int fd = open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  if (read(fd, &value, 1) == 1 && value == '-' && write(fd, "0", 1) < 0) value = 0;
  close(fd);
}

/* Ids by syscall(2): glibc's functions would first make all threads of this process follow, and these are our own.
 * Inheritable capabilities outlive a change of user, and ambient ones a daemon that is not root: then its programs would have
 * them. None is ambient that is not inheritable: capabilities(7). */
static bool be_somebody(const uint32_t *identity, size_t groups) {
  uint32_t uid = identity[0], gid = identity[1];
  bool already = getuid() == uid && geteuid() == uid && getgid() == gid && getegid() == gid;
  if (!already && syscall(SYS_setgroups, groups, identity + 2) != 0) return false;
  if (!already && syscall(SYS_setresgid, gid, gid, gid) != 0) return false;
  if (!already && syscall(SYS_setresuid, uid, uid, uid) != 0) return false;
  struct __user_cap_header_struct version = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct sets[2] = {{0}, {0}};
  if (uid == 0 && syscall(SYS_capget, &version, sets) != 0) return false;
  for (int i = 0; i < 2; i++) sets[i].inheritable = 0;
  return syscall(SYS_capset, &version, sets) == 0;
}

/* Node raises its number of descriptors to what is allowed at all, and select(2) of a program breaks beyond 1024. */
static bool be_a_stranger(const job_t *job) {
  struct rlimit files = {0};
  be_killed_like_others();
  if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur > 1024) {
    files.rlim_cur = 1024;
    setrlimit(RLIMIT_NOFILE, &files);
  }
  umask(S_IWGRP | S_IWOTH);
  return chdir("/") == 0 && be_somebody(job->identity, job->groups);
}

/* Runs in the child of vfork, in the parent's memory and on its stack: system calls only, no allocation, no return. */
static __attribute__((noreturn, noinline)) void become(job_t *job) {
  struct sigaction standard = {.sa_handler = SIG_DFL};
  struct sched_param lowest = {.sched_priority = 1};
  sigset_t none;
  int floor = 2;
  /* Above every other load, below a parent that wants to go on the moment we have left its memory. */
  if (job->realtime) sched_setscheduler(0, SCHED_RR, &lowest);
  /* Ignored signals (Node ignores SIGPIPE) and the mask survive execve; a handler must not run in here once we unblock. */
  for (int signal = 1; signal < _NSIG; signal++) sigaction(signal, &standard, NULL);
  sigemptyset(&none);
  end_unless_through();
  if (job->session) setsid();
  /* Node marks its standard descriptors close-on-exec at its start (uv_disable_stdio_inheritance). */
  for (int fd = 0; fd <= 2; fd++) fcntl(fd, F_SETFD, 0);
  /* First out of the way of all targets, then into place: pairs may cross, and dup2(n, n) would keep CLOEXEC. */
  for (size_t i = 0; i < job->pairs; i++)
    if (job->map[2 * i + 1] > floor) floor = job->map[2 * i + 1];
  for (size_t i = 0; i < job->pairs; i++)
    if ((job->map[2 * i] = fcntl(job->map[2 * i], F_DUPFD_CLOEXEC, floor + 1)) < 0) goto failed;
  for (size_t i = 0; i < job->pairs; i++)
    if (dup2(job->map[2 * i], job->map[2 * i + 1]) < 0) goto failed;
  /* Not every library opens with CLOEXEC: raw-socket does not. 1024 is where a process usually ends (RLIMIT_NOFILE); a
   * kernel from 5.11 on takes them all at once (close_range(2)). */
  if (syscall(436 /* SYS_close_range */, floor + 1, ~0U, 4 /* CLOSE_RANGE_CLOEXEC */) != 0)
    for (int fd = floor + 1; fd < 1024; fd++) fcntl(fd, F_SETFD, FD_CLOEXEC);
  if (job->identity != NULL && !be_a_stranger(job)) goto failed;
  sigprocmask(SIG_SETMASK, &none, NULL);
  execve(job->path, job->argv, job->envp);
failed:
  job->failure = errno;
  _exit(127);
}

/* Whether that has happened. The exit status stays where it is. */
static bool ended_before(pid_t pid, const struct timespec *begun) {
  struct timespec now;
  siginfo_t end = {.si_pid = 0};
  clock_gettime(CLOCK_MONOTONIC, &now);
  if ((now.tv_sec - begun->tv_sec) * 1000 + (now.tv_nsec - begun->tv_nsec) / 1000000 < PATIENCE * 1000) return false;
  if (waitid(P_PID, (id_t)pid, &end, WEXITED | WNOHANG | WNOWAIT) != 0 || end.si_pid != pid) return false;
  return end.si_code == CLD_KILLED && end.si_status == SIGKILL;
}

/* vfork and not fork: a copy of Node's page tables takes milliseconds. We stand still until the child has left our memory,
 * so the child must not wait for a processor behind ordinary load: it stays real-time (or at our niceness) until execve is
 * through and is made ordinary from here. For that SCHED_RESET_ON_FORK is lifted for a moment (sched(7); without
 * CAP_SYS_NICE it stays, and so does the wait). */
static long run(job_t *job) {
  struct sched_param mine = {0}, ordinary = {0};
  sigset_t all, before;
  struct timespec begun;
  int policy = sched_getscheduler(0);
  sched_getparam(0, &mine);
  bool lifted = policy >= 0 && (policy & SCHED_RESET_ON_FORK) != 0 && sched_setscheduler(0, policy & ~SCHED_RESET_ON_FORK, &mine) == 0;
  int plain = policy & ~SCHED_RESET_ON_FORK;
  int dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
  job->realtime = plain == SCHED_RR || plain == SCHED_FIFO;
  clock_gettime(CLOCK_MONOTONIC, &begun);
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &before); /* per thread on Linux; pthread_sigmask would ask for glibc 2.32 */
  pid_t pid = vfork();
  if (pid == 0) become(job);
  int failure = pid < 0 ? errno : job->failure;
  sigprocmask(SIG_SETMASK, &before, NULL);
  if (lifted) sched_setscheduler(0, policy, &mine);
  /* A change of user makes the memory that it happens in undumpable, and that was ours: prctl(2) PR_SET_DUMPABLE. */
  if (dumpable == 1) prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
  if (pid > 0 && failure == 0 && ended_before(pid, &begun)) failure = ETIMEDOUT;
  if (pid > 0 && failure != 0) waitpid(pid, NULL, 0);
  if (failure != 0) return -failure;
  sched_setscheduler(pid, SCHED_OTHER, &ordinary);
  setpriority(PRIO_PROCESS, (id_t)pid, 0);
  return pid;
}

static char *string(call_t *call, napi_value value) {
  size_t length = 0;
  require(call, napi_get_value_string_utf8(call->env, value, NULL, 0, &length) == napi_ok);
  char *text = call->wrong ? NULL : malloc(length + 1);
  if (text != NULL) napi_get_value_string_utf8(call->env, value, text, length + 1, &length);
  return text;
}

static void free_strings(char **list) {
  for (size_t i = 0; list != NULL && list[i] != NULL; i++) free(list[i]);
  free(list);
}

/* NULL-terminated, as execve wants it. */
static char **strings(call_t *call, int index) {
  uint32_t length = 0;
  napi_value item;
  require(call, napi_get_array_length(call->env, call->at[index], &length) == napi_ok);
  char **list = call->wrong ? NULL : calloc((size_t)length + 1, sizeof *list);
  for (uint32_t i = 0; list != NULL && i < length; i++) {
    napi_get_element(call->env, call->at[index], i, &item);
    if ((list[i] = string(call, item)) != NULL) continue;
    free_strings(list);
    return NULL;
  }
  return list;
}

static double js_spawn(call_t *call) {
  array_t map = array(call, 3, napi_int32_array);
  job_t job = {.pairs = map.length / 2, .session = boolean(call, 4)};
  require(call, map.length % 2 == 0);
  if (!is(call, 5, napi_null)) {
    array_t identity = array(call, 5, napi_uint32_array);
    require(call, identity.length >= 2);
    job.identity = identity.data;
    job.groups = identity.length - 2;
  }
  job.path = string(call, call->at[0]);
  job.argv = strings(call, 1);
  job.envp = strings(call, 2);
  job.map = malloc(map.length * sizeof *job.map + 1);
  long result = -ENOMEM;
  if (!call->wrong && job.path != NULL && job.argv != NULL && job.envp != NULL && job.map != NULL) {
    if (map.length > 0) memcpy(job.map, map.data, map.length * sizeof *job.map);
    result = run(&job);
  }
  free(job.path);
  free_strings(job.argv);
  free_strings(job.envp);
  free(job.map);
  return (double)result;
}

static double js_pidfd(call_t *call) {
  int pid = integer(call, 0);
  if (call->wrong) return 0;
  return outcome(syscall(SYS_pidfd_open, pid, 0)); /* close-on-exec by itself */
}

static double js_reap(call_t *call) {
  int pid = integer(call, 0), status = 0;
  if (call->wrong) return 0;
  pid_t ended = waitpid(pid, &status, WNOHANG);
  if (ended < 0) return -errno;
  if (ended == 0) return -EAGAIN;
  return WIFSIGNALED(status) ? 256 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* ---- priority and memory of the whole process: sched(7), setpriority(2), mlock2(2) ------------------------------ */

/* Linux keeps policy and niceness per thread, and a real-time main thread waits for V8's helpers: all of them.
 * @returns 0, or -errno of the first that failed (the others are done nevertheless) */
static int every_thread(int (*change)(pid_t, const void *), const void *wish) {
  DIR *tasks = opendir("/proc/self/task");
  if (tasks == NULL) return -errno;
  int failure = 0;
  for (struct dirent *entry = readdir(tasks); entry != NULL; entry = readdir(tasks)) {
    pid_t thread = 0;
    for (const char *digit = entry->d_name; *digit >= '0' && *digit <= '9'; digit++) thread = thread * 10 + (*digit - '0');
    if (thread == 0) continue; /* . and .. */
    if (change(thread, wish) < 0 && errno != ESRCH && failure == 0) failure = -errno;
  }
  closedir(tasks);
  return failure;
}

typedef struct {
  int policy;
  struct sched_param parameter;
} scheduling_t;

static int set_scheduler(pid_t thread, const void *wish) {
  const scheduling_t *wanted = wish;
  return sched_setscheduler(thread, wanted->policy, &wanted->parameter);
}

static int set_nice(pid_t thread, const void *wish) { return setpriority(PRIO_PROCESS, (id_t)thread, *(const int *)wish); }

static double js_schedule(call_t *call) {
  scheduling_t wanted = {.policy = integer(call, 0), .parameter = {.sched_priority = integer(call, 1)}};
  if (boolean(call, 2)) wanted.policy |= SCHED_RESET_ON_FORK;
  if (call->wrong) return 0;
  return every_thread(set_scheduler, &wanted);
}

static double js_set_nice(call_t *call) {
  int nice = integer(call, 0);
  if (call->wrong) return 0;
  return every_thread(set_nice, &nice);
}

static uint64_t hexadecimal(char **text) {
  uint64_t value = 0;
  for (;; (*text)++) {
    char digit = **text;
    if (digit >= '0' && digit <= '9')
      value = value * 16 + (uint64_t)(digit - '0');
    else if (digit >= 'a' && digit <= 'f')
      value = value * 16 + (uint64_t)(digit - 'a' + 10);
    else
      return value;
  }
}

/* Never mlockall: V8 aborts when madvise is refused on its locked pages. What must not be paged out is our code, so: the
 * file-backed maps that nobody writes, each page as it is first used. Lines as in proc(5), /proc/PID/maps. */
static double js_lock_text(call_t *call) {
  (void)call;
  FILE *maps = fopen("/proc/self/maps", "re");
  if (maps == NULL) return -errno;
  char *line = NULL;
  size_t room = 0;
  double locked = 0;
  int failure = 0;
  while (getline(&line, &room, maps) > 0) {
    char *at = line;
    uint64_t start = hexadecimal(&at);
    at++; /* - */
    uint64_t end = hexadecimal(&at);
    bool used = at[1] == 'r' && at[2] != 'w';
    if (!used || strchr(at, '/') == NULL) continue; /* only a file has a path; [vdso] and anonymous maps have none */
    if (syscall(SYS_mlock2, start, end - start, MLOCK_ONFAULT) == 0)
      locked += (double)(end - start);
    else if (failure == 0)
      failure = errno;
  }
  free(line);
  fclose(maps);
  return failure != 0 ? -failure : locked;
}

/* ---- registration ----------------------------------------------------------------------------------------------- */

typedef struct {
  const char *name;
  double (*run)(call_t *call);
} function_t;

static const function_t functions[] = {
    {"socket", js_socket},         {"socketpair", js_socketpair}, {"close", js_close},
    {"bind", js_bind},             {"connect", js_connect},       {"setsockopt", js_setsockopt},
    {"attachFilter", js_attach_filter}, {"sendto", js_sendto},    {"recvBatch", js_recv_batch},
    {"logWrite", js_log_write},    {"watch", js_watch},           {"unwatch", js_unwatch},
    {"now", js_now},               {"timerfd", js_timerfd},       {"timerSet", js_timer_set},
    {"timerRead", js_timer_read},  {"spawn", js_spawn},           {"pidfd", js_pidfd},
    {"reap", js_reap},             {"schedule", js_schedule},     {"setNice", js_set_nice},
    {"lockText", js_lock_text},    {"pipe", js_pipe},             {"read", js_read},
    {"hasAcl", js_has_acl},        {"meetsItself", js_meets_itself},
    {"watchWritable", js_watch_writable},
};

static napi_value dispatch(napi_env env, napi_callback_info info) {
  call_t call = {.env = env};
  size_t count = MAX_ARGUMENTS;
  void *function = NULL;
  napi_value result = NULL;
  napi_get_cb_info(env, info, &count, call.at, NULL, &function);
  double number = ((const function_t *)function)->run(&call);
  if (call.wrong) {
    napi_throw_type_error(env, NULL, "sysnet: wrong argument");
    return NULL;
  }
  if (call.pair != NULL) return call.pair;
  napi_create_double(env, number, &result);
  return result;
}

NAPI_MODULE_INIT() {
  state_t *state = calloc(1, sizeof *state);
  if (state == NULL) return NULL;
  napi_set_instance_data(env, state, NULL, NULL);
  napi_add_async_cleanup_hook(env, on_leave, state, NULL);
  for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
    napi_value function;
    napi_create_function(env, functions[i].name, NAPI_AUTO_LENGTH, dispatch, (void *)&functions[i], &function);
    napi_set_named_property(env, exports, functions[i].name, function);
  }
  return exports;
}
