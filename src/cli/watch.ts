// `holdfast status --watch`: the same text as `status`, again and again, in a terminal.
// Must not know what the text says.

/** How often unless told otherwise; in ms. */
const EVERY = 1_000;

/** Where it is shown: process.stdout. */
export interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

// ECMA-48, and the alternate screen of xterm, so that what was there before comes back.
const ENTER = '\x1b[?1049h\x1b[?25l';
const LEAVE = '\x1b[?25h\x1b[?1049l';
const HOME = '\x1b[H';
const REST_OF_LINE = '\x1b[K';
const REST_OF_SCREEN = '\x1b[J';

/** One picture as it is written over the one before, without flicker. A line that is too long is cut, and so is what the screen has no rows for. */
export function picture(text: string, { columns = 80, rows = 24 }: Pick<Screen, 'columns' | 'rows'>): string {
  const lines = text.trimEnd().split('\n');
  const fits =
    lines.length <= rows
      ? lines
      : [...lines.slice(0, rows - 1), `... ${lines.length - rows + 1} more lines: a higher window, or holdfast status`];
  const cut = fits.map(line => {
    const characters = Array.from(line);
    return characters.length <= columns ? line : `${characters.slice(0, columns - 1).join('')}…`;
  });
  return `${HOME}${cut.map(line => `${line}${REST_OF_LINE}`).join('\r\n')}${REST_OF_SCREEN}`;
}

/** Shows what `read` gives until a signal ends it. Without a terminal each text stands below the one before.
 *  @param read never rejects: what is wrong is a text too
 *  @param every ms between two pictures
 *  @returns exit code 0 */
export async function watch(
  read: () => Promise<string>,
  screen: Screen,
  signals: Pick<NodeJS.Process, 'once'>,
  every = EVERY,
): Promise<number> {
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) signals.once(signal, () => resolve());
  let over = false;
  void ended.then(() => {
    over = true;
  });
  if (screen.isTTY) screen.write(ENTER);
  while (!over) {
    const text = await read();
    if (over) break;
    screen.write(screen.isTTY ? picture(text, screen) : `${text}\n`);
    const nap = Promise.withResolvers<void>();
    const timer = setTimeout(nap.resolve, every);
    await Promise.race([nap.promise, ended]);
    clearTimeout(timer);
  }
  if (screen.isTTY) screen.write(LEAVE);
  return 0;
}
