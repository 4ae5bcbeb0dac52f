// The connection to a database as its library gets it: only whole messages come through, no more than a look can need, and what
// the library throws at one of them ends the look and not the process. Must not know any database.
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/** What one look reads at most; in bytes. Real answers have a few thousand, and a GTID set may add tens of them. */
const MOST = 1 << 18;

/** What a protocol allows, by its frames. */
export interface Gate {
  /** The messages that are complete now, one by one: what the library does with one may decide whether the next is right.
   *  @throws Breach for what no server of this kind sends */
  incoming(chunk: Buffer): Iterable<Buffer>;
  /** Sees what the library sends, each message in one piece. */
  outgoing?(message: Buffer): void;
}

/** The other side does not keep to the protocol; the message says how, in words of ours. */
export class Breach extends Error {
  override readonly name = 'Breach';
}

/** By its name: in the executable each part has a class of its own. */
export function isBreach(error: unknown): error is Error {
  return error instanceof Error && error.name === 'Breach';
}

/** @param socket connected, and with nobody else who reads
 *  @param broken is told once, and then nothing comes through any more */
export function guardedStream(socket: Socket, gate: Gate, broken: (error: unknown) => void): Duplex {
  let length = 0;
  let open = true;
  const stream = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      gate.outgoing?.(chunk);
      socket.write(chunk, done);
    },
    final(done) {
      socket.end(done);
    },
  });
  // Whoever listens learns more from `broken` and the socket.
  stream.on('error', () => {});
  socket.on('data', (chunk: Buffer) => {
    if (!open) return;
    try {
      length += chunk.length;
      if (length > MOST) throw new Breach('it sends more than any answer has');
      // Straight to the listeners: through push() they may be called from elsewhere, where nobody catches what they throw.
      for (const message of gate.incoming(chunk)) stream.emit('data', message);
    } catch (error) {
      open = false;
      broken(error);
    }
  });
  return stream;
}

/** Puts messages together that say how long they are.
 *  @param head bytes that must be there before `measure` can tell
 *  @param measure length of the message at the beginning of `bytes`, head included; more than `MOST` is a breach */
export function createFramer(head: number, measure: (bytes: Buffer) => number): (chunk: Buffer) => readonly Buffer[] {
  let rest: Buffer = Buffer.alloc(0);
  return chunk => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const messages: Buffer[] = [];
    while (rest.length >= head) {
      const length = measure(rest);
      if (length < head || length > MOST) throw new Breach('no message has such a length');
      if (rest.length < length) break;
      messages.push(rest.subarray(0, length));
      rest = rest.subarray(length);
    }
    return messages;
  };
}
