// vrrp_sync_group: what can be kept together of routers that are elected one by one.
// Must not know how a router is made.
import type { Checks, Tracked } from './checks.ts';
import { trackedLines } from './checks.ts';
import type { Entry } from './document.ts';
import type { Globals } from './globals.ts';
import { hooksOf } from './hooks.ts';
import type { Ledger } from './ledger.ts';
import type { Surroundings } from './programs.ts';
import { listOf, type Section, sectionOf } from './section.ts';
import type { Statement } from './tree.ts';

/** What a group needs to know of a member, and adds to it. */
export interface Member {
  /** As keepalived calls it. */
  readonly called: string;
  readonly device: string | null;
  readonly tracks: Tracked[];
  readonly hooks: Entry[];
}

const KINDS = [
  ['track_script', 'script'],
  ['track_process', 'process'],
  ['track_file', 'file'],
] as const;

/** What a block tracks, of an instance or a group. @param device interface that needs no check */
export function tracksOf(section: Section, device: string | null, checks: Checks, ledger: Ledger): readonly Tracked[] {
  const all = [
    ...KINDS.flatMap(([word, kind]) => trackedLines(section, word, ledger).map(line => checks.track(kind, line))),
    ...trackedLines(section, 'track_interface', ledger).map(line => checks.trackInterface(line, device)),
  ];
  return all.filter(each => each !== null);
}

export function applyGroup(
  group: Statement,
  members: readonly Member[],
  globals: Globals,
  checks: Checks,
  ledger: Ledger,
  machine: Surroundings,
): void {
  ledger.asTable(group, 'vrrp');
  const section = sectionOf(group.block ?? [], ledger);
  const lists = section.all('group');
  for (const list of lists) ledger.asTable(list, 'vrrp');
  const named = lists.flatMap(list => listOf(list, ledger)).flatMap(line => [line.word, ...line.args].map(name => ({ line, name })));
  const mine = named.flatMap(({ line, name }) => {
    const member = members.find(({ called }) => called === name);
    if (member === undefined) ledger.say(line, 'unsupported', `there is no vrrp_instance ${name}: keepalived ignores it`);
    else ledger.say(line, 'translated', 'see vrrp_sync_group');
    return member === undefined ? [] : [member];
  });
  const shared = [...tracksOf(section, null, checks, ledger), ...mine.flatMap(({ tracks }) => tracks.filter(({ hard }) => hard))];
  const devices = new Set(mine.flatMap(({ device }) => device ?? []));
  for (const member of mine) {
    for (const each of shared) addTrack(member, each);
    for (const device of devices) {
      if (device !== member.device) addTrack(member, { name: checks.interfaceUp(device), onFail: null, hard: true });
    }
  }
  const [first] = mine;
  const hooks = hooksOf(section, globals, ledger, machine);
  for (const hook of hooks) {
    const word = NOTIFY.get(hook.key) ?? '';
    const statement = section.first(word);
    if (statement === null) continue;
    if (first === undefined || first.hooks.some(({ key }) => key === hook.key)) {
      ledger.say(statement, 'unsupported', 'a group has no hooks, and its first member has one of its own');
    } else {
      first.hooks.push(hook);
      ledger.say(statement, 'changed', `called for \`${first.called}\`, the first of the group: INSTANCE and its name, not GROUP`);
    }
  }
  for (const left of section.left()) ledger.leftOver(left, 'vrrp');
}

const NOTIFY: ReadonlyMap<string, string> = new Map([
  ['on_active', 'notify_master'],
  ['on_backup', 'notify_backup'],
  ['on_fault', 'notify_fault'],
  ['on_stop', 'notify_stop'],
  ['on_change', 'notify'],
]);

function addTrack(member: Member, each: Tracked): void {
  if (!member.tracks.some(({ name }) => name === each.name)) member.tracks.push(each);
}
