// Looks at services of every kind. Each kind has a file of its own, which is loaded with the first look at one.
// Must not know any of them, nor when to look.
import type { PolledProbe, Seen, WatchedProbe } from '../../check/probe.ts';
import { oneLine } from '../../check/words.ts';
import { unreachable } from '../../lib/unreachable.ts';
import type { Micros } from '../../vrrp/units.ts';
import type { Prober, Watch } from '../agent-ports.ts';

/** As much of an error as anybody reads, in characters. */
const LONGEST = 200;

export const prober: Prober = {
  async look(probe, timeout) {
    try {
      return await look(probe, timeout);
    } catch (error) {
      return brokenSeen(error);
    }
  },
  watch(probe, tell) {
    let watch: Watch | null = null;
    let closed = false;
    const say = (seen: Seen): void => {
      if (!closed) tell(seen);
    };
    open(probe, say).then(
      opened => {
        if (closed) opened.close();
        else watch = opened;
      },
      error => say(brokenSeen(error)),
    );
    return {
      close() {
        closed = true;
        watch?.close();
        watch = null;
      },
    };
  },
};

async function look(probe: PolledProbe, timeout: Micros): Promise<Seen> {
  switch (probe.type) {
    case 'tcp':
      return (await import('./probe/tcp.ts')).lookAtTcp(probe, timeout);
    case 'http':
      return (await import('./probe/http.ts')).lookAtHttp(probe, timeout);
    case 'dns':
      return (await import('./probe/dns.ts')).lookAtDns(probe, timeout);
    case 'ping':
      return (await import('./probe/ping.ts')).lookAtPing(probe, timeout);
    case 'command':
      return (await import('./probe/command.ts')).lookAtCommand(probe, timeout);
    case 'unit':
      return (await import('./probe/unit.ts')).lookAtUnit(probe, timeout);
    case 'file':
      return (await import('./probe/file.ts')).lookAtFile(probe, timeout);
    case 'mysql':
    case 'postgres':
    case 'redis':
      return (await import('./probe/databases.ts')).lookAtDatabase(probe, timeout);
    default:
      return unreachable(probe);
  }
}

async function open(probe: WatchedProbe, tell: (seen: Seen) => void): Promise<Watch> {
  switch (probe.type) {
    case 'process':
      return (await import('./probe/process.ts')).watchProcess(probe, tell);
    case 'interface':
      return (await import('./probe/interface.ts')).watchInterface(probe, tell);
    default:
      return unreachable(probe);
  }
}

/** What we did not think of; it must not cost more than this one check. */
function brokenSeen(error: unknown): Seen {
  return { trouble: 'failed', seen: `the check itself failed: ${oneLine(String(error), LONGEST)}` };
}
