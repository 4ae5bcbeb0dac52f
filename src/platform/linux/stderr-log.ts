// Log lines to standard error without ever waiting for whoever reads it. What does not fit is dropped and counted.
// Must not know what the lines say.
import { createLimiter, formatLine, type Level, type Log } from '../../lib/log.ts';
import { sysnet } from './sysnet.ts';

const STDERR = 2;
/** Lines of one kind (event and router) in a minute; enough for every drill, too few to fill a disk. */
const BURST = 20;
const WINDOW = 60_000_000;
const LONGEST = 4096;

export interface StderrLog extends Log {
  dropped(): number;
}

/** @param environment JOURNAL_STREAM tells that journald reads us and wants priorities (systemd.exec(5))
 *  @param also is given each line that is worth reading, whether standard error takes it or not */
export function openStderrLog(environment: NodeJS.ProcessEnv, also: Log['write'] = () => {}): StderrLog {
  const journald = environment.JOURNAL_STREAM !== undefined;
  const admit = createLimiter(BURST, WINDOW);
  let dropped = 0;
  let untold = 0;
  const write = (level: Level, event: string, fields: Parameters<Log['write']>[2], message: string): void => {
    const kind = `${event} ${fields.router ?? ''} ${fields.reason ?? ''}`;
    const suppressed = admit(kind, sysnet.now());
    if (suppressed === null) return;
    also(level, event, fields, message);
    const more = { ...(suppressed === 0 ? {} : { suppressed }), ...(untold === 0 ? {} : { lost: untold }) };
    if (sysnet.logWrite(STDERR, bounded(formatLine(level, event, { ...fields, ...more }, message, journald))) >= 0) {
      untold = 0;
      return;
    }
    // Whoever reads the log is told of the hole by the next line that fits.
    dropped += 1;
    untold += 1;
  };
  return { write, dropped: () => dropped };
}

/** A pipe takes so much in one piece; a longer line would run into the next. pipe(7) PIPE_BUF */
function bounded(line: string): Buffer {
  const bytes = Buffer.from(line);
  if (bytes.length <= LONGEST) return bytes;
  return Buffer.concat([bytes.subarray(0, LONGEST - 4), Buffer.from('...\n')]);
}
