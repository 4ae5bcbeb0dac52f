// vrrp_instance to a virtual router: all of its settings but what it depends on and whom it tells.
// Must not know other instances, nor text.
import { peerElement } from '../config/elements.ts';
import { interfaceFlaw } from '../config/rules.ts';
import { type Address, type Family, familyOf, isLinkLocal, parseAddress } from '../vrrp/address.ts';
import { addressOf, peerOf, type VirtualAddress } from './addresses.ts';
import type { Entry, Value } from './document.ts';
import type { Globals } from './globals.ts';
import { intervalOf, passwordOf, preemptionOf } from './habits.ts';
import type { Ledger } from './ledger.ts';
import { isOn, listOf, type Section, settingOf } from './section.ts';
import type { Statement } from './tree.ts';
import { wholeNumber } from './values.ts';

/** One router as far as it stands for itself. */
export interface Core {
  readonly device: string | null;
  readonly entries: readonly Entry[];
  /** Behind the dependencies. */
  readonly addresses: readonly Value[];
  readonly remarks: readonly string[];
  /** null: none. */
  readonly password: string | null;
}

/** @param statement the whole instance, for what is missing in it */
export function coreOf(statement: Statement, section: Section, globals: Globals, ledger: Ledger): Core {
  const device = deviceOf(statement, section, ledger);
  const vrid = numberOf(section.last('virtual_router_id'), [1, 255], 'keepalived leaves the instance out', ledger);
  if (section.last('virtual_router_id') === null) ledger.say(statement, 'refused', 'it has no `virtual_router_id`');
  const strict = flagOf(section, 'strict_mode', ledger) ?? globals.strict;
  const virtual = virtualOf(section, device, ledger);
  const sourceAt = section.last('unicast_src_ip') ?? section.last('mcast_src_ip');
  const source = sourceOf(sourceAt, ledger);
  const family = virtual[0]?.family ?? (source === null ? 'ipv4' : familyOf(source));
  const version = versionOf(section, family, globals, ledger);
  const peers = peersOf(section, family, source, strict, ledger);
  const mine = virtual.filter(each => belongs(each, family, ledger));
  for (const { statement: line } of mine) if (!ledger.has(line)) ledger.say(line, 'translated', '`addresses`');
  const meant = section.last('no_virtual_ipaddress');
  if (meant !== null) ledger.asTable(meant, 'vrrp');
  if (mine.length === 0 && meant === null) noAddresses(statement, section, ledger);
  const priority = priorityOf(section, ledger);
  const owner = priority === 255;
  const state = stateOf(section, ledger);
  const remarks: string[] = [];
  const entries: Entry[] = [
    { key: 'interface', value: device ?? '' },
    { key: 'vrid', value: vrid ?? 0 },
    { key: 'version', value: version },
    { key: 'priority', value: priority },
    { key: 'advert_interval', value: intervalOf(section, version, ledger) },
    ...preemptionOf(section, state === 'MASTER' || owner, strict, remarks, ledger),
    ...acceptOf(section, strict, owner, ledger),
    ...checksumOf(section, version, family, globals, ledger),
  ];
  if (peers.length > 0) entries.push({ key: 'peers', value: peers });
  if (source !== null && sourceAt !== null && familyOf(source) === family) {
    if (family === 'ipv6' && peers.length === 0 && !isLinkLocal(source)) {
      ledger.say(sourceAt, 'changed', 'left out: multicast over IPv6 comes from a link-local address (RFC 9568 §5.1.2.1)');
    } else entries.push({ key: 'source', value: source });
  }
  if (section.last('dont_track_primary') !== null) entries.push({ key: 'track_interface', value: false });
  for (const word of ['dont_track_primary', 'v3_checksum_as_v2'])
    for (const each of section.all(word)) if (!ledger.has(each)) ledger.asTable(each, 'vrrp');
  const password = passwordOf(section, version, strict, ledger);
  return { device, entries, addresses: mine.map(({ value }) => value), remarks, password };
}

/** A number within bounds. @param otherwise what keepalived does without it */
export function numberOf(
  statement: Statement | null,
  [least, most]: readonly [number, number],
  otherwise: string,
  ledger: Ledger,
): number | null {
  if (statement === null) return null;
  const text = settingOf(statement, ledger);
  if (text === null) return null;
  const amount = wholeNumber(text);
  if (amount === null || amount.value < least || amount.value > most) {
    ledger.say(statement, 'refused', `\`${statement.word}\` is a number from ${least} to ${most}: with this one, ${otherwise}`);
    return null;
  }
  if (amount.rest !== '') ledger.say(statement, 'changed', `taken without \`${amount.rest}\`, with which keepalived reads no number`);
  ledger.asTable(statement, 'vrrp');
  return amount.value;
}

/** null: it is not said. */
function flagOf(section: Section, word: string, ledger: Ledger): boolean | null {
  const statement = section.last(word);
  if (statement === null) return null;
  const on = isOn(statement);
  if (on) ledger.asTable(statement, 'vrrp');
  else ledger.say(statement, 'dropped', 'the default');
  return on;
}

function deviceOf(statement: Statement, section: Section, ledger: Ledger): string | null {
  const at = section.last('interface');
  if (at === null) {
    ledger.say(statement, 'refused', 'it has no `interface`');
    return null;
  }
  const device = settingOf(at, ledger);
  const flaw = device === null ? null : interfaceFlaw(device);
  if (flaw === null && device !== 'lo') {
    ledger.asTable(at, 'vrrp');
    return device;
  }
  ledger.say(
    at,
    'refused',
    flaw === null ? 'VRRP does not run on the loopback interface' : `this cannot be the name of an interface: ${flaw}`,
  );
  return null;
}

function virtualOf(section: Section, device: string | null, ledger: Ledger): readonly VirtualAddress[] {
  const seen = new Set<string>();
  const lines = ['virtual_ipaddress', 'virtual_ipaddress_excluded'].flatMap(word =>
    section.all(word).flatMap(list => {
      const all = listOf(list, ledger);
      if (!ledger.has(list)) {
        if (word === 'virtual_ipaddress' || all.length > 0) ledger.asTable(list, 'vrrp');
        else ledger.say(list, 'dropped', 'it is empty');
      }
      return all;
    }),
  );
  return lines.flatMap((line): readonly VirtualAddress[] => {
    const found = addressOf(line, device, ledger);
    if (found === null) return [];
    const key = `${found.address} ${found.device}`;
    if (!seen.has(key)) {
      seen.add(key);
      return [found];
    }
    ledger.say(line, 'dropped', 'it stands here twice');
    return [];
  });
}

function belongs({ statement, family: own }: VirtualAddress, family: Family, ledger: Ledger): boolean {
  if (own === family) return true;
  const says =
    'left out: the instance speaks for the other family. Where all machines run holdfast with `version = 3`, it may stand in `addresses` too';
  ledger.say(statement, 'unsupported', says);
  return false;
}

function noAddresses(statement: Statement, section: Section, ledger: Ledger): void {
  const listed = [...section.all('virtual_ipaddress'), ...section.all('virtual_ipaddress_excluded')];
  if (listed.length === 0) ledger.say(statement, 'changed', 'it has no address: `addresses = []`');
}

function sourceOf(at: Statement | null, ledger: Ledger): Address | null {
  if (at === null) return null;
  const text = settingOf(at, ledger);
  if (text === null) return null;
  const source = parseAddress(text);
  if (source === null || !peerElement.safeParse(text).success) ledger.say(at, 'refused', 'this is no address of a machine');
  else ledger.asTable(at, 'vrrp');
  return source;
}

function versionOf(section: Section, family: Family, globals: Globals, ledger: Ledger): 2 | 3 {
  const at = section.first('version');
  const version = numberOf(at, [2, 3], 'keepalived takes its default', ledger) ?? globals.version;
  if (version === 3 || family === 'ipv4') return version === 3 ? 3 : 2;
  if (at !== null) ledger.say(at, 'changed', 'IPv6 has version 3 only');
  return 3;
}

function peersOf(section: Section, family: Family, source: Address | null, strict: boolean, ledger: Ledger): readonly Value[] {
  const ttl = section.last('unicast_ttl');
  const far = ttl !== null && ttl.args[0] !== '255';
  const seen = new Set<Address>();
  const lists = section.all('unicast_peer');
  const peers = lists.flatMap(list =>
    listOf(list, ledger).flatMap((line): readonly Value[] => {
      const peer = peerOf(line, source, far, ledger);
      if (peer === null) return [];
      if (familyOf(peer.address) !== family) {
        ledger.say(line, 'dropped', 'of the other family: keepalived leaves it out');
        return [];
      }
      if (seen.has(peer.address)) {
        ledger.say(line, 'dropped', 'it stands here twice');
        return [];
      }
      seen.add(peer.address);
      return [peer.value];
    }),
  );
  for (const list of lists) {
    if (ledger.has(list)) continue;
    if (peers.length > 0) ledger.asTable(list, 'vrrp');
    if (peers.length > 0 && strict) ledger.say(list, 'changed', 'strict mode of keepalived refuses an instance with peers; here it works');
    if (peers.length === 0) ledger.say(list, 'changed', 'it names no peer: multicast, as with keepalived');
  }
  return peers;
}

function priorityOf(section: Section, ledger: Ledger): number {
  const at = section.last('priority');
  const said = numberOf(at, [1, 255], 'keepalived takes 100', ledger);
  if (at === null) {
    const state = section.last('state');
    if (state?.args[0] !== 'MASTER') return 100;
    ledger.say(state, 'changed', 'without a `priority` it makes this machine the owner of the addresses: 255');
    return 255;
  }
  if (said === null) return 100;
  if (said === 1) ledger.say(at, 'changed', '`priority = 2`: 1 is kept for a router whose service is sick');
  if (said === 255)
    ledger.say(at, 'changed', '255 is the owner of the addresses, whom no weight changes; 254 is the highest of the others');
  return Math.max(2, said);
}

function stateOf(section: Section, ledger: Ledger): string | null {
  const at = section.last('state');
  if (at === null) return null;
  const state = settingOf(at, ledger);
  if (state === null) return null;
  ledger.asTable(at, 'vrrp');
  if (!/^(MASTER|BACKUP)$/.test(state)) ledger.say(at, 'dropped', 'keepalived takes this word for BACKUP');
  return state;
}

function acceptOf(section: Section, strict: boolean, owner: boolean, ledger: Ledger): readonly Entry[] {
  const [yes, no] = [section.last('accept'), section.last('no_accept')];
  for (const each of [yes, no]) if (each !== null) ledger.asTable(each, 'vrrp');
  if (owner) return [];
  if (no !== null && (yes === null || no.line > yes.line)) return [{ key: 'accept', value: false }];
  if (!strict || yes !== null) return [];
  return [
    {
      key: 'accept',
      value: false,
      remark: 'strict mode of keepalived: nobody can ping or reach it on this machine; true is what people expect',
    },
  ];
}

function checksumOf(section: Section, version: 2 | 3, family: Family, globals: Globals, ledger: Ledger): readonly Entry[] {
  if (version === 2 || family === 'ipv6') return [];
  const asV2 = flagOf(section, 'v3_checksum_as_v2', ledger) ?? globals.checksumAsV2;
  const remark = 'the only form that the keepalived beside it hears; "auto" once all machines run holdfast';
  return [{ key: 'checksum', value: asV2 ? 'rfc9568' : 'rfc5798', remark }];
}
