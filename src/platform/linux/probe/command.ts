// One look by a program of the administrator's: its exit status says how things are, as in keepalived.
// Must not know how a program is run and ended: see program.ts.
import type { CommandProbe, Seen, Trouble } from '../../../check/probe.ts';
import { limitWords, oneLine } from '../../../check/words.ts';
import type { Micros } from '../../../vrrp/units.ts';
import type { Ended } from '../../agent-ports.ts';
import { failureWords } from '../launch.ts';
import { programs } from '../program.ts';

/** Of what a program said, in characters. */
const LONGEST_LINE = 200;

/** Runs it once. `number` is its exit status. */
export async function lookAtCommand(probe: CommandProbe, timeout: Micros): Promise<Seen> {
  return seen(await programs.run({ argv: probe.run, user: probe.user, environment: {}, input: '', timeout }), timeout);
}

function seen(ended: Ended, timeout: Micros): Seen {
  switch (ended.kind) {
    case 'exit': {
      const { status, output } = ended;
      if (status === 0) return { trouble: null, seen: 'exit status 0', number: 0 };
      return { trouble: 'failed', seen: withLastLine(`exit status ${status}`, output), number: status };
    }
    case 'signal':
      return { trouble: 'failed', seen: withLastLine(`killed by ${ended.signal}`, ended.output) };
    case 'timeout':
      return { trouble: 'timeout', seen: withLastLine(`still running after ${limitWords(timeout)}, killed`, ended.output) };
    case 'unsafe':
      return { trouble: 'unsafe', seen: ended.message };
    case 'system-error':
      return { trouble: troubleOf(ended.code), seen: failureWords(ended) };
  }
}

function troubleOf(code: string): Trouble {
  if (code === 'ENOENT') return 'missing';
  return code === 'EACCES' || code === 'EPERM' ? 'denied' : 'failed';
}

function withLastLine(words: string, output: string): string {
  const lines = output.split(/[\r\n]+/).map(line => oneLine(line, LONGEST_LINE));
  const last = lines.findLast(line => line !== '');
  return last === undefined ? words : `${words}: ${last}`;
}
