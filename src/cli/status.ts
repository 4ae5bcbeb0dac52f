// `holdfast status`: who serves and why, as a table or as JSON. Must not know how the daemon knows.
import { parseArgs } from 'node:util';
import { fetchStatus, NotReachable } from '../api/client.ts';
import type { RouterReport, StatusReport } from '../api/status.ts';
import { DEFAULT_SOCKET } from './defaults.ts';
import { EXIT } from './exit.ts';

/** @returns exit code: 0, 3 when no daemon answers */
export async function status(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: { socket: { type: 'string', default: DEFAULT_SOCKET }, json: { type: 'boolean', default: false } },
  });
  try {
    const report = await fetchStatus(values.socket);
    process.stdout.write(values.json ? `${JSON.stringify(report, null, 2)}\n` : table(report, Date.now()));
    return EXIT.done;
  } catch (error) {
    if (!(error instanceof NotReachable)) throw error;
    process.stderr.write(`holdfast: ${error.message}\n`);
    return EXIT.unreachable;
  }
}

/** @param now ms since 1970 */
export function table(report: StatusReport, now: number): string {
  const lines = report.routers.flatMap(router => describe(router, now));
  const late = `late at most ${(report.lateness.max_us / 1000).toFixed(1)} ms in ${report.lateness.wakes} wake-ups`;
  const foot = `${report.node}: holdfast ${report.version}, pid ${report.pid}, scheduling ${report.scheduling}, ${late}`;
  return `${[...(lines.length === 0 ? ['no virtual router'] : lines), foot].join('\n')}\n`;
}

function describe(router: RouterReport, now: number): readonly string[] {
  const { active } = router;
  const title = `${router.name} (${router.family}, VRID ${router.vrid} on ${router.interface})`;
  const who = active === null ? 'nobody known' : active.self ? 'this machine' : `${active.address}, priority ${active.priority}`;
  const priority =
    router.priority.effective === router.priority.configured
      ? `${router.priority.configured}`
      : `${router.priority.effective} (configured ${router.priority.configured})`;
  const rejected = Object.entries(router.counters.rejected).map(([reason, count]) => `${count} ${reason}`);
  const lines = [
    `${title}: ${router.state} for ${ago(now - Date.parse(router.since))}, ${router.reason}`,
    `  serves      ${who}`,
    `  priority    ${priority}`,
    `  addresses   ${router.addresses.map(({ address, held, ours }) => `${address}${held ? (ours ? ' (here)' : ' (here, not ours)') : ''}`).join(', ')}`,
    `  adverts     ${router.counters.adverts_sent} sent, ${router.counters.adverts_received} received${rejected.length > 0 ? `, ignored: ${rejected.join(', ')}` : ''}`,
  ];
  return router.waiting === null ? lines : [...lines, `  waiting     ${router.waiting}`];
}

function ago(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}
