// `holdfast history` and `holdfast why`: what happened, and why the address is where it is.
// Must not know how events are kept; a daemon that is dead has left its file.
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { fetchHistory, fetchStatus, NotReachable } from '../api/client.ts';
import type { EventReport } from '../api/history.ts';
import { parseDuration } from '../config/duration.ts';
import { readEntries } from '../core/history.ts';
import { asking } from './asking.ts';
import { DEFAULT_SOCKET, keptPath, STATE_DIRECTORY } from './defaults.ts';
import { EXIT } from './exit.ts';
import { concerns, explainRouter, trackedBy } from './past.ts';
import { align } from './table.ts';

const SOCKET = { socket: { type: 'string', default: DEFAULT_SOCKET }, json: { type: 'boolean', default: false } } as const;

/** @returns exit code: 0, 2 usage, 3 no daemon answers and none has left anything */
export async function history(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    options: { ...SOCKET, since: { type: 'string' } },
    allowPositionals: true,
  });
  const since = values.since === undefined ? null : parseDuration(values.since);
  if (values.since !== undefined && since === null) {
    process.stderr.write(`holdfast: --since needs a duration such as 30m or 24h, not "${values.since}"\n`);
    return EXIT.usage;
  }
  const [name, ...more] = positionals;
  if (more.length > 0) {
    process.stderr.write('holdfast: history takes one router, or none for all\n');
    return EXIT.usage;
  }
  return asking(async () => {
    const { events, left } = await past(values.socket);
    if (events === null) return EXIT.unreachable;
    const from = since === null ? Number.NEGATIVE_INFINITY : Date.now() - since / 1000;
    const services = name === undefined || left ? () => [] : trackedBy(await fetchStatus(values.socket));
    const wanted = events.filter(
      event =>
        Date.parse(event.at) >= from &&
        (name === undefined || concerns(event, name.split('/', 1).join(), name.split('/')[1] ?? null, services)),
    );
    if (values.json) process.stdout.write(`${JSON.stringify({ schema: 1, events: wanted }, null, 2)}\n`);
    else process.stdout.write(wanted.length === 0 ? 'nothing has happened\n' : `${lines(wanted).join('\n')}\n`);
    return EXIT.done;
  });
}

/** @returns exit code: 0, 2 usage, 3 no daemon answers */
export async function why(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...argv], options: SOCKET, allowPositionals: true });
  return asking(async () => {
    const report = await fetchStatus(values.socket);
    const { events } = await fetchHistory(values.socket);
    const wanted = report.routers.filter(
      ({ name, family }) => positionals.length === 0 || positionals.some(each => each === name || each === `${name}/${family}`),
    );
    const strange = positionals.find(each => !report.routers.some(({ name, family }) => each === name || each === `${name}/${family}`));
    if (strange !== undefined) {
      process.stderr.write(`holdfast: no virtual router is called "${strange}"\n`);
      return EXIT.usage;
    }
    const explained = wanted.map(router => explainRouter(router, report, events, Date.now()));
    if (values.json) process.stdout.write(`${JSON.stringify({ schema: 1, routers: explained }, null, 2)}\n`);
    else if (explained.length === 0) process.stdout.write('no virtual router is running\n');
    else
      process.stdout.write(
        explained.map(({ sentence, chain }) => `${[sentence, ...lines(chain).map(line => `  ${line}`)].join('\n')}\n`).join('\n'),
      );
    return EXIT.done;
  });
}

/** `left`: the daemon is gone, and this is what it has written. */
async function past(socket: string): Promise<{ readonly events: readonly EventReport[] | null; readonly left: boolean }> {
  try {
    return { events: (await fetchHistory(socket)).events, left: false };
  } catch (error) {
    if (!(error instanceof NotReachable)) throw error;
    const path = keptPath('history', socket, { STATE_DIRECTORY });
    const texts = await Promise.all([`${path}.1`, path].map(each => readFile(each, 'utf8').catch(() => '')));
    const entries = readEntries(texts.join(''));
    process.stderr.write(`holdfast: ${error.message}${entries.length === 0 ? '' : `; this is what it wrote to ${path}`}\n`);
    return { events: entries.length === 0 ? null : entries.map(entry => ({ ...entry, at: new Date(entry.at).toISOString() })), left: true };
  }
}

/** Local time to the millisecond, as two machines are compared by it. */
function lines(events: readonly EventReport[]): readonly string[] {
  const two = (value: number, width = 2): string => String(value).padStart(width, '0');
  return align(
    events.map(({ at, level, fields, message }) => {
      const date = new Date(at);
      const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
      const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${two(date.getMilliseconds(), 3)}`;
      const { router, family, check, watchdog } = fields;
      const who = router === undefined ? (check ?? watchdog ?? '-') : family === undefined ? router : `${router}/${family}`;
      return [`${day} ${time}`, level === 'info' || level === 'debug' ? '' : level, String(who), message];
    }),
  );
}
