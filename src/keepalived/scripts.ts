// vrrp_script to a check, or to a watchdog.
// Must not know who tracks it, nor how a command is understood (programs.ts).
import { commandOf, sayProgram, userOf } from './commands.ts';
import type { Entry, Table, Value } from './document.ts';
import type { Globals } from './globals.ts';
import type { Ledger } from './ledger.ts';
import { type Purpose, purposeOf, type Surroundings } from './programs.ts';
import { type Section, sectionOf, settingOf } from './section.ts';
import type { Statement } from './tree.ts';
import { duration, milliseconds, wholeNumber } from './values.ts';
import { type Made, NO_WEIGHT, outcome, ownWeight } from './weights.ts';

/** @returns null when keepalived leaves it out too */
export function scriptTable(name: string, statement: Statement, globals: Globals, ledger: Ledger, machine: Surroundings): Made | null {
  const section = sectionOf(statement.block ?? [], ledger);
  const script = section.last('script');
  const command = script === null ? null : commandOf(script, ledger);
  if (script === null || command === null) {
    ledger.say(statement, 'unsupported', 'it has no `script` that can be read: keepalived leaves it out', 'whole');
    return null;
  }
  const purpose = purposeOf(command.command, machine);
  if (purpose === null) {
    ledger.say(script, 'refused', 'this command cannot be split into words: a quote has no other half');
    return null;
  }
  const watched = purpose.asks === 'process' || purpose.asks === 'pid-file';
  const looks = looksOf(section, watched, ledger);
  const user = userOf(section, ledger) ?? globals.scriptUser;
  ledger.say(statement, 'translated', purpose.asks === 'nginx' ? `\`[watchdog.${name}]\`` : `\`[check.${name}]\``);
  if (looks.weight === 0) ledger.say(statement, 'changed', NO_WEIGHT);
  const { kind, entries, remarks } = purposeTable(purpose, script, looks, user, ledger);
  if (purpose.asks === 'program') sayProgram(script, user, globals, ledger);
  for (const left of section.left()) ledger.leftOver(left, 'vrrp');
  return { table: { kind, name, remarks, entries: [...entries, ...outcome(looks.weight)] }, weight: looks.weight };
}

function purposeTable(
  purpose: Purpose,
  script: Statement,
  looks: Looks,
  user: string | null,
  ledger: Ledger,
): Pick<Table, 'kind' | 'entries' | 'remarks'> {
  const check = (entries: readonly Entry[], remarks: readonly string[] = []) => ({ kind: 'check' as const, entries, remarks });
  switch (purpose.asks) {
    case 'process': {
      const known = new TextDecoder().decode(new TextEncoder().encode(purpose.name).slice(0, 15)).replace(/\ufffd$/, '');
      ledger.say(
        script,
        'translated',
        `\`type = "process"\`, \`name = "${known}"\`: no program is run, and a death is seen when it happens`,
      );
      return check([
        { key: 'type', value: 'process' },
        { key: 'name', value: known },
      ]);
    }
    case 'pid-file':
      ledger.say(script, 'translated', '`type = "process"` with `pid_file`: no program is run, and a death is seen when it happens');
      return check([
        { key: 'type', value: 'process' },
        { key: 'pid_file', value: purpose.path },
      ]);
    case 'unit':
      ledger.say(script, 'translated', `\`type = "unit"\`, \`unit = "${purpose.unit}"\`: no program is run`);
      return check([{ key: 'type', value: 'unit' }, { key: 'unit', value: purpose.unit }, ...looks.entries]);
    case 'tcp':
      ledger.say(script, 'translated', `\`type = "tcp"\`, port ${purpose.port}: no program is run`);
      return check([
        { key: 'type', value: 'tcp' },
        { key: 'host', value: purpose.host },
        { key: 'port', value: purpose.port },
        ...looks.entries,
      ]);
    case 'nginx':
      return nginxTable(purpose, script, looks, ledger);
    case 'program': {
      if (purpose.changes.length === 0) ledger.say(script, 'translated', '`type = "command"`, `run`');
      for (const change of purpose.changes) ledger.say(script, 'changed', change);
      const nginx = purpose.run.some(word => /nginx/.test(word));
      const remarks = nginx
        ? ['If this script starts nginx again or stops keepalived: a [watchdog.NAME] does that, see docs/checks.md.']
        : [];
      const account: readonly Entry[] = user === null ? [] : [{ key: 'user', value: user }];
      return check([{ key: 'type', value: 'command' }, { key: 'run', value: purpose.run }, ...account, ...looks.entries], remarks);
    }
  }
}

function nginxTable(
  { start, url }: Purpose & { asks: 'nginx' },
  script: Statement,
  { entries, stated }: Looks,
  ledger: Ledger,
): Pick<Table, 'kind' | 'entries' | 'remarks'> {
  const says =
    'a watchdog: it sees a death at once and a hang by a real request, starts nginx again, and hands the address over if that does not help';
  ledger.say(script, 'changed', `${says}. It asks ${url}: is that answered with 2xx or 3xx?`);
  const own = entries.filter(({ key }) => stated.has(key)).map(({ key, value }) => [key, value] as const);
  const probe: Value = { type: 'http', url, ...Object.fromEntries(own) };
  return {
    kind: 'watchdog',
    remarks: [],
    entries: [...nginxService(start), { key: 'probe', value: probe, remark: 'what nginx answers with 2xx or 3xx' }],
  };
}

/** @param start how the script starts it, where that is no unit */
function nginxService(start: string | null): readonly Entry[] {
  if (start === null) return [{ key: 'unit', value: 'nginx.service' }];
  const prefix = start.replace(/\/s?bin\/nginx$/, '');
  const pidFile = prefix === '' || prefix === '/usr' || prefix === start ? '/run/nginx.pid' : `${prefix}/logs/nginx.pid`;
  return [
    { key: 'start', value: [start] },
    { key: 'pid_file', value: pidFile, remark: 'the `pid` of nginx.conf; where systemd has it, `unit = "nginx.service"` instead of both' },
  ];
}

interface Looks {
  /** Keys that are written in the source, not defaults of keepalived. */
  readonly stated: ReadonlySet<string>;
  readonly entries: readonly Entry[];
  readonly weight: number;
}

/** Settings that all scripts have; says of each what becomes of it.
 *  @param watched whether nobody looks, as the kernel tells */
function looksOf(section: Section, watched: boolean, ledger: Ledger): Looks {
  const time = (word: string, [least, most]: readonly [number, number]): number | null => {
    const statement = section.last(word);
    const text = statement === null ? null : settingOf(statement, ledger);
    if (statement === null || text === null) return null;
    const amount = milliseconds(text);
    if (amount === null) {
      ledger.say(statement, 'refused', `\`${word}\` is a number of seconds`);
      return null;
    }
    if (amount.rest !== '') ledger.say(statement, 'changed', 'taken as it is meant: keepalived reads no units');
    if (watched) {
      ledger.say(statement, 'dropped', 'nobody looks: the kernel tells at once when such a process begins or ends');
      return amount.value;
    }
    // keepalived makes a second of nothing.
    const meant = amount.value === 0 ? 1000 : amount.value;
    const value = Math.min(most, Math.max(least, meant));
    const says = `\`${word} = "${duration(value)}"\``;
    if (value === amount.value) ledger.say(statement, 'translated', says);
    else ledger.say(statement, 'changed', `${says}: from ${duration(least)} to ${duration(most)} is possible`);
    return value;
  };
  const times = (word: string): number | null => {
    const statement = section.last(word);
    const text = statement === null ? null : settingOf(statement, ledger);
    if (statement === null || text === null) return null;
    const amount = wholeNumber(text);
    if (amount === null || amount.value < 0) {
      ledger.say(statement, 'refused', `\`${word}\` is a number of looks`);
      return null;
    }
    if (watched) {
      ledger.say(statement, 'dropped', 'nobody looks: the kernel tells at once when such a process begins or ends');
      return amount.value;
    }
    const value = Math.min(100, Math.max(1, amount.value));
    ledger.say(statement, value === amount.value ? 'translated' : 'changed', `\`${word} = ${value}\``);
    return value;
  };
  const interval = time('interval', [100, 3_600_000]) ?? 1000;
  const timeout = time('timeout', [10, 60_000]) ?? Math.min(60_000, Math.max(10, interval));
  const [rise, fall] = [times('rise') ?? 1, times('fall') ?? 1];
  const fails = section.last('init_fail');
  if (fails !== null) ledger.say(fails, 'translated', '`start = "down"` is the default');
  const entries: readonly Entry[] = watched
    ? []
    : [
        { key: 'interval', value: duration(interval) },
        { key: 'timeout', value: duration(timeout) },
        { key: 'rise', value: rise },
        { key: 'fall', value: fall },
      ];
  const stated = new Set(['interval', 'timeout', 'rise', 'fall'].filter(word => section.last(word) !== null));
  return { stated, entries, weight: ownWeight(section, ledger) };
}
