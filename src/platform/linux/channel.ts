// JSON lines over a stream socket between engine and agent.
// Must not know what the messages say.
import { Socket } from 'node:net';

/** More than any plan or status needs; a line that is longer is no message of ours. */
const LONGEST = 32 << 20;
/** What may wait for a peer that does not read (a stopped agent); beyond it what nobody waits for is
 *  dropped, and status asks again anyway. */
const MOST_WAITING = 1 << 20;

export interface Channel<Out> {
  /** @param must what somebody waits for, and there is little of: never dropped */
  send(message: Out, must?: boolean): void;
  close(): void;
}

/** Speaks over `fd` until either side closes. Both ends are the same executable, so an object that arrives is believed to be
 *  `In`; anything else closes the channel, so that the engine outlives an agent that lost its mind.
 *  @param closed is called once, also after an error */
export function openChannel<In extends object, Out extends object>(
  fd: number,
  received: (message: In) => void,
  closed: () => void,
): Channel<Out> {
  const socket = new Socket({ fd, readable: true, writable: true });
  /** The beginning of a line whose end has not arrived. */
  let pieces: string[] = [];
  let length = 0;
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    const lines = chunk.split('\n');
    const rest = lines.pop() ?? '';
    for (const line of lines) {
      // What was heard before may have made us close.
      if (socket.destroyed) return;
      const message = parse<In>(pieces.join('') + line);
      pieces = [];
      length = 0;
      if (message === null) {
        socket.destroy();
        return;
      }
      received(message);
    }
    pieces.push(rest);
    length += rest.length;
    if (length > LONGEST) socket.destroy();
  });
  // Its `close` follows, and that is what counts.
  socket.on('error', () => {});
  socket.on('end', () => socket.destroy());
  socket.once('close', closed);
  return {
    send(message, must = false) {
      if (socket.destroyed || (!must && socket.writableLength > MOST_WAITING)) return;
      socket.write(`${JSON.stringify(message)}\n`);
    },
    close: () => void socket.destroy(),
  };
}

/** @returns null for what is no message */
function parse<In extends object>(line: string): In | null {
  try {
    const value: unknown = JSON.parse(line);
    // Whether it is one of ours is between two halves of the same build.
    return typeof value === 'object' ? (value as In | null) : null;
  } catch {
    return null;
  }
}
