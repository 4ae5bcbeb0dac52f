// The sockets behind pings: many looks over one, each hears what is about its own request.
// Must not know bytes (echo.ts), nor what an answer is worth.
//
// A socket for each look (socket, filter, poll, close) is a quarter of what a look costs, measured with 300 a second: 270 against 210 µs.
import { randomFillSync } from 'node:crypto';
import { type Address, addressFromBytes, type Family, familyOf } from '../../../vrrp/address.ts';
import { receiveBuffer } from '../receive-buffer.ts';
import { AF_INET, AF_INET6, deviceName, SO_BINDTODEVICE, SOCK_RAW, SOL_SOCKET, sockaddrInet } from '../socket-options.ts';
import { META_FIELDS, SLOT_HEAD, sysnet } from '../sysnet.ts';
import { decodeEcho, ECHO_PROTOCOL, type Echo, type Echoed, echoFilter, encodeEcho, keyOf, PAYLOAD } from './echo.ts';

/** An answer behind the longest header of IPv4, or as much of an error as we look at. */
const SLOT_SIZE = SLOT_HEAD + 60 + 8 + 40 + 8 + PAYLOAD;
const SLOTS = 16;
/** Room for the answers to a thousand looks: what the kernel drops would look like a dead host. In bytes. socket(7) */
const BUFFER = 1 << 20;
/** Checks look once a second as a rule; one that looks less often opens a new socket. In ms. */
const IDLE = 2_000;

/** Everything is taken out before anybody else can read into them. */
const arena = new Uint8Array(SLOTS * SLOT_SIZE);
const meta = new Int32Array(SLOTS * META_FIELDS);

/** Whoever asked. */
export interface Asker {
  heard(echoed: Echoed, source: Address): void;
  /** The socket is of no use any more; -errno. */
  failed(error: number): void;
}

interface EchoSocket {
  readonly fd: number;
  readonly family: Family;
  readonly identifier: number;
  sequence: number;
  readonly pending: Map<number, { readonly echo: Echo; readonly asker: Asker }>;
  idle: NodeJS.Timeout | null;
}

/** One for each family. Those that are bound to an interface are not kept: it may go away, and another may get its name. */
const shared = new Map<Family, EchoSocket>();

/** Sends one request.
 *  @param device the interface that it leaves by; null: as the routes say
 *  @returns forgets it; or -errno: `open` when there is no socket, else the request could not leave */
export function exchange(
  target: Address,
  device: string | null,
  asker: Asker,
): { readonly forget: () => void } | { readonly error: number; readonly at: 'open' | 'device' | 'send' } {
  const family = familyOf(target);
  const socket = (device === null ? shared.get(family) : undefined) ?? open(family, device);
  if ('error' in socket) return socket;
  if (device === null) shared.set(family, socket);
  const echo: Echo = { family, target, key: nextKey(socket), payload: randomPayload() };
  socket.pending.set(echo.key, { echo, asker });
  const forget = (): void => {
    socket.pending.delete(echo.key);
    if (socket.pending.size === 0) rest(socket);
  };
  const sent = sysnet.sendto(socket.fd, encodeEcho(echo), 0, sockaddrInet(target, 0));
  if (sent >= 0) return { forget };
  forget();
  return { error: sent, at: 'send' };
}

function open(family: Family, device: string | null): EchoSocket | { readonly error: number; readonly at: 'open' | 'device' | 'send' } {
  const fd = sysnet.socket(family === 'ipv4' ? AF_INET : AF_INET6, SOCK_RAW, ECHO_PROTOCOL[family]);
  if (fd < 0) return { error: fd, at: 'open' };
  const [identifier = 0] = new Uint16Array(randomFillSync(new Uint8Array(2)).buffer);
  const socket: EchoSocket = { fd, family, identifier, sequence: 0, pending: new Map(), idle: null };
  const bound = device === null ? 0 : sysnet.setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, deviceName(device));
  receiveBuffer(fd, BUFFER);
  const ready =
    bound < 0
      ? bound
      : ([sysnet.attachFilter(fd, echoFilter(family, identifier)), sysnet.watch(fd, () => receive(socket))].find(result => result < 0) ??
        0);
  if (ready >= 0) return socket;
  sysnet.close(fd);
  return { error: ready, at: bound < 0 ? 'device' : 'send' };
}

function nextKey(socket: EchoSocket): number {
  do socket.sequence = (socket.sequence + 1) & 0xffff;
  while (socket.pending.has(socket.identifier * 0x1_0000 + socket.sequence) && socket.pending.size <= 0xffff);
  return socket.identifier * 0x1_0000 + socket.sequence;
}

/** Nobody waits for anything: a shared one is kept for the next look. */
function rest(socket: EchoSocket): void {
  if (shared.get(socket.family) !== socket) close(socket);
  else if (socket.idle !== null) socket.idle.refresh();
  else {
    socket.idle = setTimeout(() => {
      socket.idle = null;
      if (socket.pending.size === 0) close(socket);
    }, IDLE);
    socket.idle.unref();
  }
}

/** Once: from then on its number may be another's. */
function close(socket: EchoSocket): void {
  retire(socket);
  if (socket.idle !== null) clearTimeout(socket.idle);
  sysnet.unwatch(socket.fd);
  sysnet.close(socket.fd);
}

/** No other look gets it. */
function retire(socket: EchoSocket): void {
  if (shared.get(socket.family) === socket) shared.delete(socket.family);
}

function receive(socket: EchoSocket): void {
  const { fd, family, pending } = socket;
  const count = sysnet.recvBatch(fd, arena, meta, SLOTS, SLOT_SIZE);
  if (count < 0) {
    retire(socket);
    // The last of those who wait closes it.
    if (pending.size === 0) close(socket);
    for (const { asker } of [...pending.values()]) asker.failed(count);
    return;
  }
  const heard: (() => void)[] = [];
  for (let i = 0; i < count; i += 1) {
    const begin = i * SLOT_SIZE + SLOT_HEAD;
    const packet = arena.subarray(begin, begin + Math.min(meta[i * META_FIELDS] ?? 0, SLOT_SIZE - SLOT_HEAD));
    const key = keyOf(family, packet);
    const waiting = key === null ? undefined : pending.get(key);
    if (waiting === undefined) continue;
    const source = addressFromBytes(arena, i * SLOT_SIZE, family);
    const echoed = decodeEcho(waiting.echo, packet, source);
    if (echoed !== null) heard.push(() => waiting.asker.heard(echoed, source));
  }
  for (const tell of heard) tell();
}

/** Random bytes by the page: to ask for a few each time costs more than the packet. */
const pool = new Uint8Array(4096);
let used = pool.length;

function randomPayload(): Uint8Array {
  if (used + PAYLOAD > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += PAYLOAD;
  return pool.slice(used - PAYLOAD, used);
}
