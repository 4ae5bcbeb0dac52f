// Delivers one hook: runs a program, or posts to a web server, and says in a few words how that went.
// Must not know routers, roles or queues. A program gets a unit of its own where systemd runs us, see transient-unit.ts.
import type { Hook } from '../../check/duties.ts';
import { limitWords, oneLine } from '../../check/words.ts';
import { unreachable } from '../../lib/unreachable.ts';
import type { Micros } from '../../vrrp/units.ts';
import type { Delivery, Ended, HookCall, HookRunner, Programs } from '../agent-ports.ts';
import { ownAccount } from './accounts.ts';
import { accountFor, failureWords } from './launch.ts';
import { KILL_TIMEOUT, killCommand, runCommand } from './transient-unit.ts';
import { distrust } from './trust.ts';
import { postWebhook, type WebhookParts } from './webhook.ts';

export interface HookRunnerParts extends WebhookParts {
  readonly programs: Programs;
  /** `isInService` */
  ownUnits(): Promise<boolean>;
}

type ProgramHook = Extract<Hook, { readonly do: 'run' }>;

/** Longest piece of what a program said in a line of ours. */
const LONGEST = 200;

let units = 0;

export function createHookRunner(parts: HookRunnerParts): HookRunner {
  const { programs } = parts;

  async function run(hook: ProgramHook, call: HookCall): Promise<Ended> {
    const { user, timeout } = hook;
    const argv = [...hook.run, ...call.arguments];
    const { environment, json: input } = call;
    if (!(await parts.ownUnits())) return programs.run({ argv, user, environment, input, timeout });
    // What runs is systemd-run, so these questions are ours.
    const [path = ''] = argv;
    const message = await distrust(path);
    if (message !== null) return { kind: 'unsafe', message };
    const account = await accountFor(user);
    if ('kind' in account) return account;
    const { HOLDFAST_ROUTER: router = '', HOLDFAST_EVENT: event = '' } = environment;
    units += 1;
    const unit = `holdfast-hook-${router}-${process.pid}-${units}.service`;
    const command = runCommand(unit, `holdfast: ${event} of ${router}`, { argv, user: account.name, environment, timeout });
    const { name: self } = await ownAccount();
    const ended = await programs.run({ argv: command, user: self, environment: {}, input, timeout });
    if (ended.kind === 'timeout') {
      await programs.run({ argv: killCommand(unit), user: self, environment: {}, input: '', timeout: KILL_TIMEOUT });
    }
    return ended.kind === 'exit' ? { ...ended, output: ended.output + reservedStatus(ended.status, unit) } : ended;
  }

  return {
    async deliver(hook, call, superseded) {
      switch (hook.do) {
        case 'run':
          return judge(await run(hook, call), hook.timeout);
        case 'post':
          return postWebhook(hook, call.json, superseded, parts);
        default:
          return unreachable(hook);
      }
    },
  };
}

/** What else an exit status of systemd-run can mean, as a line. systemd.exec(5), systemd-run(1) */
function reservedStatus(status: number, unit: string): string {
  switch (status) {
    case 203:
      return `\nsystemd could not execute it: journalctl -u ${unit}`;
    case 255:
      return `\nor killed by a signal: journalctl -u ${unit}`;
    default:
      return '';
  }
}

function judge(ended: Ended, timeout: Micros): Delivery {
  switch (ended.kind) {
    case 'exit':
      return { ok: ended.status === 0, seen: `exit ${ended.status}${saying(ended.output)}` };
    case 'signal':
      return { ok: false, seen: `killed by ${ended.signal}${saying(ended.output)}` };
    case 'timeout':
      return { ok: false, seen: `killed after ${limitWords(timeout)}${saying(ended.output)}` };
    case 'unsafe':
      return { ok: false, seen: `not run: ${ended.message}` };
    case 'system-error':
      return { ok: false, seen: `not run: ${failureWords(ended)}` };
    default:
      return unreachable(ended);
  }
}

/** The last line that says anything. */
function saying(output: string): string {
  const line = output.split(/[\r\n]+/).findLast(each => each.trim() !== '');
  return line === undefined ? '' : `: ${oneLine(line, LONGEST)}`;
}
