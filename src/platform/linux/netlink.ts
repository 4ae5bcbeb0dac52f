// One netlink socket: requests with their acknowledgements, dumps, and what the kernel reports by itself. netlink(7)
// Must not know what the messages say. Its callbacks come from the loop, never from inside a call, and may throw.
import { constants } from 'node:os';
import { formatRequests, type Message, NLM, NLMSG, parseMessages, type Request } from './netlink-codec.ts';
import { receiveBuffer } from './receive-buffer.ts';
import { SOCK_RAW } from './socket-options.ts';
import { errnoName, META_FIELDS, SLOT_HEAD, sysnet } from './sysnet.ts';

const AF_NETLINK = 16;
/** linux/netlink.h */
export const NETLINK_ROUTE = 0;
export const NETLINK_NETFILTER = 12;
const SOL_NETLINK = 270;
/** A refusal comes without the request that it refuses. */
const NETLINK_CAP_ACK = 10;
const { ENOBUFS } = constants.errno;

/** Room for the acknowledgements of some thousand requests in one turn, and for the bursts of a machine with many addresses. */
const BUFFER = 4 << 20;
const SLOTS = 8;
/** The kernel makes the parts of a dump as large as the buffer, up to this. */
const SLOT_SIZE = SLOT_HEAD + (32 << 10);
/** Batches in one turn, after which others get theirs. */
const MOST = 16;

export interface NetlinkEvents {
  /** What the kernel reports without being asked. Buffers are the receiver's until it returns. */
  reported(messages: readonly Message[]): void;
  /** After `reported`: all that waited by now is told. Thousands of reports can come at once, and each is little. */
  caughtUp(): void;
  /** Reports were dropped, and those that waited are gone with them: only a dump tells what is true now. */
  lost(): void;
}

/** For a socket that only asks. */
export const NOTHING_REPORTED: NetlinkEvents = { reported: () => {}, caughtUp: () => {}, lost: () => {} };

export interface Netlink {
  /** The kernel acts before this returns. @param done gets 0, or -errno; ENOBUFS when the answer was lost */
  request(type: number, flags: number, data: readonly Uint8Array[], done: (result: number) => void): void;
  /** All in one datagram, for protocols that do all of them or none. @param requests the last one of which the result is to
   *  be told has NLM.ACK; an earlier one that fails is told anyway
   *  @param done gets 0, or -errno of the first that failed */
  batch(requests: readonly Request[], done: (result: number) => void): void;
  /** @param done gets all there is, or null when it could not be had, with -errno, or changed meanwhile, with 0: ask again */
  dump(type: number, data: readonly Uint8Array[], done: (messages: readonly Message[] | null, result: number) => void): void;
  /** Takes in what waits now instead of with the loop. */
  read(): void;
}

interface Asked {
  readonly messages: Message[];
  readonly done: (result: number, messages: readonly Message[]) => void;
}

/** @param protocol NETLINK_*
 *  @param groups multicast groups 1..32 to hear reports of
 *  @returns -errno when the kernel gives no such socket */
export function openNetlink(protocol: number, groups: readonly number[], events: NetlinkEvents): Netlink | number {
  const fd = sysnet.socket(AF_NETLINK, SOCK_RAW, protocol);
  if (fd < 0) return fd;
  receiveBuffer(fd, BUFFER);
  sysnet.setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, 1);
  const bound = sysnet.bind(fd, sockaddrNl(groups));
  if (bound < 0) {
    sysnet.close(fd);
    return bound;
  }

  const arena = new Uint8Array(SLOTS * SLOT_SIZE);
  const meta = new Int32Array(SLOTS * META_FIELDS);
  const waiting = new Map<number, Asked>();
  let sequence = 0;
  let news = false;

  function take(): number {
    return sysnet.recvBatch(fd, arena, meta, SLOTS, SLOT_SIZE);
  }

  function read(): void {
    for (let batch = 0; batch < MOST; batch++) {
      const count = take();
      if (count < 0) overrun(count);
      if (count <= 0) break;
      for (let i = 0; i < count; i++) {
        const start = i * SLOT_SIZE + SLOT_HEAD;
        if (meta[i * META_FIELDS + 3] === 1) lost();
        else sort(parseMessages(arena.subarray(start, start + (meta[i * META_FIELDS] ?? 0))));
      }
    }
    if (!news) return;
    news = false;
    events.caughtUp();
  }

  /** While a socket is congested the kernel drops every report until it was read empty, so what waits is no longer worth
   *  anything: the report that takes it back may be among those dropped. */
  function overrun(failure: number): void {
    if (failure !== -ENOBUFS) throw new Error(`netlink socket: ${errnoName(failure)}`);
    while (take() > 0);
    lost();
  }

  function lost(): void {
    const unanswered = [...waiting.values()];
    waiting.clear();
    for (const { done } of unanswered) done(-ENOBUFS, []);
    events.lost();
  }

  function sort(messages: readonly Message[]): void {
    const reports: Message[] = [];
    for (const message of messages) {
      const asked = waiting.get(message.sequence);
      if (asked === undefined) reports.push(message);
      else if (message.type === NLMSG.ERROR || message.type === NLMSG.DONE) {
        waiting.delete(message.sequence);
        asked.done(resultOf(message), [...asked.messages, message]);
      } else asked.messages.push({ ...message, data: message.data.slice() });
    }
    if (reports.length === 0) return;
    news = true;
    events.reported(reports);
  }

  function ask(requests: readonly Request[], done: Asked['done']): void {
    sequence = (sequence + 1) >>> 0 || 1;
    waiting.set(sequence, { messages: [], done });
    const mine = sequence;
    const sent = sysnet.sendto(fd, formatRequests(requests, mine), 0, null);
    if (sent >= 0) return;
    waiting.delete(mine);
    setImmediate(done, sent, []);
  }

  sysnet.watch(fd, read);
  return {
    request: (type, flags, data, done) => ask([{ type, flags: NLM.ACK | flags, data }], done),
    batch: ask,
    dump: (type, data, done) =>
      ask([{ type, flags: NLM.DUMP, data }], (result, messages) => {
        const whole = result === 0 && !messages.some(({ flags }) => (flags & NLM.DUMP_INTR) !== 0);
        done(whole ? messages : null, result);
      }),
    read,
  };
}

/** struct sockaddr_nl; the kernel chooses the port. */
function sockaddrNl(groups: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt16LE(AF_NETLINK, 0);
  bytes.writeUInt32LE(
    groups.reduce((mask, group) => (mask | (1 << (group - 1))) >>> 0, 0),
    8,
  );
  return bytes;
}

/** Both kinds of end carry 0 or -errno; an end without is the end of a dump by an old kernel. */
function resultOf({ data }: Message): number {
  return data.length < 4 ? 0 : Math.min(0, new DataView(data.buffer, data.byteOffset).getInt32(0, true));
}
