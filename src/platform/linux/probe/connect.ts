// A TCP connection for one look: to an address, or to the addresses of a name one after the other.
// Must not know what is said over it.
import { createConnection, isIP, type Socket } from 'node:net';
import { lookupSeen, networkSeen } from '../../../check/network.ts';
import type { Seen } from '../../../check/probe.ts';
import { type Names, systemNames } from './names.ts';
import type { Look } from './within.ts';

/** Of a name; so many are tried. */
const MOST_ADDRESSES = 8;

/** Connects. The socket is closed when the look ends, and its errors are heard by somebody, so that none is thrown.
 *  Of several addresses each gets its share of the time that is left.
 *  @param searching is told the name that is being looked up, and null when that is done
 *  @returns why there is no connection, if the look is still going on by then */
export async function connectTo(
  look: Look,
  host: string,
  port: number,
  names: Names = systemNames,
  searching: (name: string | null) => void = () => {},
): Promise<Socket | Seen> {
  if (isIP(host) !== 0) return open(look, host, port, null);
  searching(host);
  const search = names.search(host, look.left() / 1000);
  look.closing(search.cancel);
  const found = await search.found;
  searching(null);
  if ('code' in found) return lookupSeen(found.code, host, host.includes('.'));
  const addresses = found.addresses.slice(0, MOST_ADDRESSES);
  const failures: Seen[] = [];
  for (const [index, address] of addresses.entries()) {
    if (look.ended) break;
    const rest = addresses.length - index;
    const opened = await open(look, address, port, rest > 1 ? look.left() / 1000 / rest : null);
    if (!('trouble' in opened)) return opened;
    failures.push({ ...opened, seen: `${address}: ${opened.seen}` });
  }
  return { trouble: failures[0]?.trouble ?? 'failed', seen: failures.map(({ seen }) => seen).join('; ') };
}

/** @param share ms, null: as long as the look */
function open(look: Look, host: string, port: number, share: number | null): Promise<Socket | Seen> {
  return new Promise(resolve => {
    const socket = createConnection({ host, port });
    look.closing(() => socket.destroy());
    const fail = (seen: Seen): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(seen);
    };
    const timer = share === null ? undefined : setTimeout(() => fail({ trouble: 'timeout', seen: 'no answer' }), share);
    look.closing(() => clearTimeout(timer));
    // Stays for good: what comes later is nobody's, or has a listener of its own.
    socket.on('error', error => fail(networkSeen(codeOf(error))));
    socket.once('connect', () => {
      clearTimeout(timer);
      if (metItself(socket, port)) fail(networkSeen('ECONNREFUSED'));
      else resolve(socket);
    });
  });
}

/** Nobody listens, and the kernel took that very port for our own end: RFC 9293 §3.5. It never takes one below 1024. */
function metItself(socket: Socket, port: number): boolean {
  return port >= 1024 && socket.localPort === port && socket.localAddress === socket.remoteAddress;
}

/** What an error of Node is called. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
}
