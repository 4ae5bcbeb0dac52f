// `holdfast reload`: has the daemon read its configuration again, and says what came of it.
// Must not know how a plan is compared or applied.
import { parseArgs } from 'node:util';
import { requestReload } from '../api/client.ts';
import { CONFIRM_MS, type ReloadReport } from '../api/reload.ts';
import { parseDuration } from '../config/duration.ts';
import { showTime } from '../lib/time.ts';
import { asking } from './asking.ts';
import { commandLine, DEFAULT_SOCKET } from './defaults.ts';
import { EXIT } from './exit.ts';

/** What an answer comes to: data to stdout, talk to stderr, and the exit code. */
interface Told {
  readonly out: string;
  readonly err: string;
  readonly code: number;
}

/** @returns exit code: 0 when the daemon runs what the files say (or a dry run said what it would), 78 when they do not check,
 *  1 when the daemon cannot reload now or a router does not run, 2 for a call that makes no sense, 3 when no daemon answers */
export async function reload(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      socket: { type: 'string', default: DEFAULT_SOCKET },
      'dry-run': { type: 'boolean', default: false },
      confirm: { type: 'string' },
    },
  });
  const dryRun = values['dry-run'];
  const confirmMs = values.confirm === undefined ? null : readConfirm(values.confirm, dryRun);
  if (typeof confirmMs === 'string') {
    process.stderr.write(`holdfast: ${confirmMs}\n`);
    return EXIT.usage;
  }
  return asking(async () => {
    const { out, err, code } = tellReload(await requestReload(values.socket, { dryRun, confirmMs }), values.socket, Date.now());
    process.stdout.write(out);
    process.stderr.write(err);
    return code;
  });
}

/** @returns ms, or what is wrong with it */
function readConfirm(text: string, dryRun: boolean): number | string {
  if (dryRun) return '--dry-run changes nothing, so --confirm makes no sense with it';
  const duration = parseDuration(text);
  if (duration === null) return `--confirm needs a duration such as 60s or 5m, not "${text}"`;
  const ms = duration / 1000;
  if (ms < CONFIRM_MS.least || ms > CONFIRM_MS.most) return `--confirm must be from 1s to 1h, not ${text}`;
  return Math.ceil(ms);
}

/** @param now ms since 1970 */
export function tellReload(report: ReloadReport, socket: string, now: number): Told {
  const lines = report.changes?.lines.map(line => `  ${line}\n`).join('') ?? '';
  switch (report.outcome) {
    case 'unchanged':
      return { out: 'nothing to do: what runs is what the files say\n', err: report.report, code: EXIT.done };
    case 'planned':
      return { out: `would change, but this is a dry run:\n${lines}`, err: report.report, code: EXIT.done };
    case 'invalid':
      return { out: '', err: `${report.report}holdfast: ${count(report)}; nothing was changed\n`, code: EXIT.configuration };
    case 'busy':
      return { out: '', err: tellBusy(report, socket, now), code: EXIT.failed };
    case 'silent':
      return {
        out: '',
        err: `holdfast: the engine does not answer, so what runs now is not known: ${commandLine('status', socket)}\n`,
        code: EXIT.failed,
      };
    case 'applied': {
      const refused = report.refused.map(({ message }) => `holdfast: ${message}\n`).join('');
      return {
        out: `reloaded:\n${lines}${tellProbation(report, socket, now)}`,
        err: `${report.report}${refused}`,
        code: report.refused.length === 0 ? EXIT.done : EXIT.failed,
      };
    }
  }
}

function count({ problem }: ReloadReport): string {
  if (problem === null || problem.errors === 1) return '1 error';
  return `${problem.errors} errors`;
}

function tellProbation(report: ReloadReport, socket: string, now: number): string {
  if (report.confirm_by === null) return '';
  const at = Date.parse(report.confirm_by);
  return `\nGoes back at ${showTime(at, now)}, in ${secondsUntil(at, now)} s, unless you confirm:\n  ${commandLine('confirm', socket)}\n`;
}

function tellBusy(report: ReloadReport, socket: string, now: number): string {
  const at = report.confirm_by === null ? now : Date.parse(report.confirm_by);
  return (
    `holdfast: nothing was done: the reload before goes back at ${showTime(at, now)}, in ${secondsUntil(at, now)} s, unless you confirm it:\n` +
    `  ${commandLine('confirm', socket)}\n`
  );
}

function secondsUntil(at: number, now: number): number {
  return Math.max(0, Math.round((at - now) / 1000));
}
