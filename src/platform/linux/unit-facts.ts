// What systemd says of a unit, and what that means for the service: runs, is on its way, was stopped, died.
// Must not know how systemd is asked. systemctl(1), org.freedesktop.systemd1(5)
import type { ServiceState } from '../../check/service.ts';
import { signalName } from './signals.ts';

/** The properties that the rest is told from. */
export const PROPERTIES = [
  'LoadState',
  'ActiveState',
  'SubState',
  'Result',
  'Restart',
  'MainPID',
  'Job',
  'ControlGroup',
  'ExecMainCode',
  'ExecMainStatus',
  'ExecMainStartTimestampMonotonic',
  'ExecMainExitTimestampMonotonic',
  'ActiveExitTimestampMonotonic',
  'InactiveExitTimestampMonotonic',
  'ExecStartPre',
  'ExecStart',
] as const;

/** A unit as `systemctl show` has it. Instants in µs after the start of the machine, 0: never. */
export interface UnitFacts {
  readonly load: string;
  readonly active: string;
  readonly sub: string;
  readonly result: string;
  /** When systemd starts it again by itself: `no`, `on-failure`, ... */
  readonly restart: string;
  /** 0: none, or not known to systemd. */
  readonly mainPid: number;
  /** Somebody's order about it is being carried out. */
  readonly ordered: boolean;
  /** Below /sys/fs/cgroup; empty: it has no processes. */
  readonly group: string;
  /** How its last main process ended; null: it has not. */
  readonly end: string | null;
  readonly mainStarted: number;
  readonly mainEnded: number;
  /** When it was up for the last time. */
  readonly left: number;
  /** When its last start began. */
  readonly begun: number;
  /** A command before its start, and its start, that failed, and how. */
  readonly before: string | null;
  readonly start: string | null;
}

/** @param text one block of lines `Name=value` for each unit, in the order in which they were asked for
 *  @returns as many as there are blocks */
export function parseShow(text: string): readonly UnitFacts[] {
  const blocks = text.split(/\n\n+/).filter(block => block.trim() !== '');
  return blocks.map(block => {
    const values = new Map<string, string>();
    for (const line of block.split('\n')) {
      const [, name = '', value = ''] = /^(\w+)=(.*)$/.exec(line) ?? [];
      // Of several commands each has a line of its own.
      values.set(name, values.has(name) ? `${values.get(name)}\n${value}` : value);
    }
    return facts(name => values.get(name) ?? '');
  });
}

function facts(value: (name: (typeof PROPERTIES)[number]) => string): UnitFacts {
  const number = (text: string): number => (/^\d+$/.test(text) ? Number(text) : 0);
  return {
    load: value('LoadState'),
    active: value('ActiveState'),
    sub: value('SubState'),
    result: value('Result'),
    restart: value('Restart'),
    mainPid: number(value('MainPID')),
    ordered: number(value('Job')) > 0,
    group: value('ControlGroup') === '/' ? '' : value('ControlGroup'),
    end: endWords(value('ExecMainCode'), number(value('ExecMainStatus'))),
    mainStarted: number(value('ExecMainStartTimestampMonotonic')),
    mainEnded: number(value('ExecMainExitTimestampMonotonic')),
    left: number(value('ActiveExitTimestampMonotonic')),
    begun: number(value('InactiveExitTimestampMonotonic')),
    before: failedCommand(value('ExecStartPre')),
    start: failedCommand(value('ExecStart')),
  };
}

/** @param code si_code of the SIGCHLD, as a number or a word: sigaction(2)
 *  @param status exit status or number of the signal */
function endWords(code: string, status: number): string | null {
  switch (code) {
    case '1':
    case 'exited':
      return `exit status ${status}`;
    case '2':
    case 'killed':
      return `killed by ${signalName(status)}`;
    case '3':
    case 'dumped':
      return `killed by ${signalName(status)} with a core dump`;
    default:
      return null;
  }
}

/** `{ path=/usr/sbin/nginx ; argv[]=... ; ignore_errors=no ; ... ; code=exited ; status=1 }`, one for each command */
function failedCommand(text: string): string | null {
  for (const [, path = '', ignored, code = '', status = ''] of text.matchAll(COMMAND)) {
    const words = endWords(code, Number(/^\d+/.exec(status)?.[0] ?? 0));
    if (ignored === 'no' && words !== null && words !== 'exit status 0') return `${path}: ${words}`;
  }
  return null;
}
const COMMAND = /^\{ path=(\S+) .*; ignore_errors=(\w+) ;.*; code=(\S+) ; status=(\S+) \}$/gm;

/** It serves also while it is being reloaded. */
export function isUp({ active }: { readonly active: string }): boolean {
  return active === 'active' || active === 'reloading' || active === 'refreshing';
}

/** What it comes to. `running` without a process (0): a unit that is up and has none, or one that systemd does not know. */
export function judgeUnit(unit: string, facts: UnitFacts): ServiceState {
  if (isUp(facts)) return { name: 'running', pid: facts.mainPid };
  switch (facts.active) {
    case 'activating':
      // Some time later systemd will start it by itself; until then it is not there.
      return facts.sub.startsWith('auto-restart') ? { name: 'dead', how: deathWords(facts) } : { name: 'changing' };
    case 'deactivating':
      if (facts.ordered || facts.mainPid > 0) return { name: 'changing' };
      return hasDied(facts) ? { name: 'dead', how: deathWords(facts) } : { name: 'stopped' };
    case 'failed':
      return hasDied(facts) ? { name: 'dead', how: deathWords(facts) } : { name: 'stopped' };
    default:
      return missing(unit, facts.load) ?? (hasDied(facts) ? { name: 'dead', how: deathWords(facts) } : { name: 'stopped' });
  }
}

function missing(unit: string, load: string): ServiceState | null {
  switch (load) {
    case 'not-found':
      return { name: 'missing', why: `systemd does not know ${unit}` };
    case 'masked':
      return { name: 'missing', why: `${unit} is masked: systemctl unmask ${unit}` };
    case 'bad-setting':
    case 'error':
      return { name: 'missing', why: `systemd cannot read ${unit}: systemctl status ${unit}` };
    default:
      return null;
  }
}

/** Whether it ended without anybody's wish. One that ended well, as `nginx -s quit` makes it, wanted to. One that was up and left
 *  that before its main process ended was told to stop, however it took that: many exit with a status of their own on SIGTERM. */
function hasDied({ result, mainStarted, mainEnded, left }: UnitFacts): boolean {
  if (result === 'success') return false;
  if (result === 'watchdog' || result === 'oom-kill') return true;
  return !(mainStarted <= left && left < mainEnded);
}

/** Why it is not there, for people. */
export function deathWords({ result, end, before, start }: UnitFacts): string {
  // What ended in an earlier life is not the reason when the start has failed by now.
  const words = before ?? (end === 'exit status 0' ? null : end) ?? start;
  switch (result) {
    case 'oom-kill':
      return 'out of memory';
    case 'watchdog':
      return 'its systemd watchdog ran out';
    case 'timeout':
      return 'a time limit of its unit ran out';
    case 'start-limit-hit':
      return 'started too often for systemd';
    case 'protocol':
      return 'it did not start as its unit says (Type=, PIDFile=)';
    case 'exec-condition':
      return 'a condition of its unit does not hold';
    case 'resources':
      return words ?? 'systemd lacks what it needs for its start';
    default:
      return words ?? (result === '' || result === 'success' ? (end ?? 'gone') : result);
  }
}
