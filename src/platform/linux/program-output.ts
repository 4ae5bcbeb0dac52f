// Both streams of a program in one pipe: all of it is taken, however much, and its end is kept.
// Must not know the program, nor what its words mean. pipe(7)
import { sysnet } from './sysnet.ts';

/** What is kept, in bytes. */
const KEPT = 4_096;
/** So much is taken before others get more than a turn, and then a pause of so many ms: 200 MB/s at most. */
const BURST = 1 << 20;
const PAUSE = 5;
/** A program that has ended left nothing more than this in its pipe (fs.pipe-max-size): what follows is from others. */
const LEFT = 1 << 20;
/** The same for those that outlive their program: what they say goes nowhere. 640 KB/s each. */
const IDLE_BURST = 1 << 16;
const IDLE_PAUSE = 100;
/** So many are listened to. With one more, the longest is cut off, and gets SIGPIPE when it says more. */
const MOST_IDLE = 64;

// All is read into this, and what is kept copied out at once.
const chunk = Buffer.alloc(1 << 16);

/** Programs that have ended while others had their pipe, oldest first: each can be closed. */
const idle = new Set<() => void>();

export interface Output {
  /** For the program's standard output and error; to be closed here once it has been started. */
  readonly end: number;
  /** The end of what was said, at most 4 KiB. */
  text(): string;
  /** Takes what there is now, and nothing more. What others still say, who have it from the program, is thrown away, so that a
   *  daemon which it started is neither stopped nor killed by that. */
  finish(): void;
}

/** @returns -errno when there is no pipe to be had */
export function openOutput(): Output | number {
  const pipe = sysnet.pipe(0);
  if (typeof pipe === 'number') return pipe;
  const [fd, end] = pipe;
  const tail = Buffer.alloc(KEPT);
  let kept = 0;
  let burst = BURST;
  let pause = PAUSE;
  let sincePause = 0;
  let keep = true;
  let open = true;
  let timer: NodeJS.Timeout | undefined;

  /** @returns bytes; 0 when nothing waits, or nothing will ever come */
  function take(): number {
    const length = sysnet.read(fd, chunk);
    if (length > 0 && keep) kept = keepEnd(tail, kept, chunk.subarray(0, length));
    // 0 is the end; -EAGAIN is not.
    if (length === 0) close();
    return Math.max(0, length);
  }

  function listen(): void {
    sincePause = 0;
    sysnet.watch(fd, () => {
      sincePause += take();
      if (!open || sincePause < burst) return;
      sysnet.unwatch(fd);
      timer = setTimeout(listen, pause);
    });
  }

  function close(): void {
    if (!open) return;
    open = false;
    clearTimeout(timer);
    sysnet.unwatch(fd);
    sysnet.close(fd);
    idle.delete(close);
  }

  listen();
  return {
    end,
    text: () => wholeCharacters(tail.subarray(0, kept)).toString(),
    finish() {
      for (let taken = 0, length = -1; open && length !== 0 && taken < LEFT; taken += length) length = take();
      if (!open) return;
      keep = false;
      [burst, pause] = [IDLE_BURST, IDLE_PAUSE];
      idle.add(close);
      const [oldest] = idle;
      if (idle.size > MOST_IDLE) oldest?.();
    },
  };
}

/** @returns bytes that `tail` holds now */
function keepEnd(tail: Buffer, kept: number, more: Buffer): number {
  const end = more.subarray(Math.max(0, more.length - tail.length));
  const before = Math.min(kept, tail.length - end.length);
  tail.copyWithin(0, kept - before, kept);
  end.copy(tail, before);
  return before + end.length;
}

/** Without the rest of a character whose beginning was not kept. RFC 3629 */
function wholeCharacters(text: Buffer): Buffer {
  let from = 0;
  while (from < 3 && from < text.length && ((text[from] ?? 0) & 0xc0) === 0x80) from += 1;
  return text.subarray(from);
}
