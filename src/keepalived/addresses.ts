// Lines of virtual_ipaddress and unicast_peer to elements of `addresses` and `peers`. What an address may be, the schema of
// holdfast.toml says. Must not know the routers that have them.
import { ADDRESS_KEYS, virtualAddressElement } from '../config/elements.ts';
import { type Address, contains, type Family, familyOf, parseAddress } from '../vrrp/address.ts';
import type { Value } from './document.ts';
import type { Ledger } from './ledger.ts';
import type { Statement } from './tree.ts';
import { wholeNumber } from './values.ts';

export interface VirtualAddress {
  readonly statement: Statement;
  readonly address: Address;
  readonly family: Family;
  /** Where it lives: the place tells two of one address apart. */
  readonly device: string | null;
  readonly value: Value;
}

/** Words of an address that have a value behind them, and those that have none. */
const WITH_VALUE = new Set(['dev', 'label', 'scope', 'brd', 'broadcast', 'peer', 'preferred_lft', 'track_group']);
const ALONE = new Set(['home', '-nodad', 'mngtmpaddr', 'noprefixroute', 'autojoin', 'no_track', 'use_vmac']);

/** @param own interface of the router
 *  @returns null when it cannot be; that is said */
export function addressOf(statement: Statement, own: string | null, ledger: Ledger): VirtualAddress | null {
  const refuse = (why: string): null => {
    ledger.say(statement, 'refused', why);
    return null;
  };
  const options = new Map<string, string>();
  for (let at = 0; at < statement.args.length; at += 1) {
    const word = statement.args[at] ?? '';
    if (WITH_VALUE.has(word)) {
      const value = statement.args[at + 1];
      if (value === undefined) return refuse(`nothing stands behind \`${word}\`: keepalived leaves the address out`);
      options.set(word === 'broadcast' ? 'brd' : word, value);
      at += 1;
    } else if (ALONE.has(word)) options.set(word, '');
    else if (parseAddress(word.split('/', 1)[0] ?? '') !== null)
      ledger.say(statement, 'unsupported', `keepalived reads one address from a line: ${word} is not read`);
    else ledger.say(statement, 'changed', `keepalived does not know \`${word}\` here, and ignores it`);
  }
  const [plain = ''] = statement.word.split('/', 1);
  const address = parseAddress(plain);
  const device = options.get('dev') ?? null;
  if (address === null || !virtualAddressElement.safeParse(statement.word).success) return refuse(whyNot(statement.word));
  const family = familyOf(address);
  const table: Record<string, Value> = {};
  if (device !== null && device !== own) table.interface = device;
  addLabel(table, options.get('label'), family, device ?? own, (verdict, says) => ledger.say(statement, verdict, says));
  const scope = options.get('scope');
  if (scope !== undefined && family === 'ipv4') {
    if (ADDRESS_KEYS.scope.safeParse(scope).success) table.scope = scope;
    else ledger.say(statement, 'changed', `the scope ${scope} is not possible: global`);
  }
  for (const [option, verdict, says] of OPTIONS) if (options.has(option)) ledger.say(statement, verdict, says);
  const value: Value = Object.keys(table).length === 0 ? statement.word : { address: statement.word, ...table };
  const checked = virtualAddressElement.safeParse(value);
  if (!checked.success) return refuse(checked.error.issues[0]?.message ?? whyNot(statement.word));
  return { statement, address, family, device: device ?? own, value };
}

type Say = (verdict: 'translated' | 'changed', says: string) => void;

const OPTIONS: readonly (readonly [option: string, verdict: 'translated' | 'unsupported' | 'changed', says: string])[] = [
  ['brd', 'translated', '`addresses`; the broadcast address follows from the prefix length'],
  ['noprefixroute', 'translated', '`addresses`'],
  ['-nodad', 'translated', '`addresses`'],
  ['preferred_lft', 'changed', 'the lifetime of the address is the lease, which holdfast renews (decision 0007)'],
  ['no_track', 'changed', 'an address that somebody removes is put back'],
  ['peer', 'unsupported', 'a peer address is not supported'],
  ['home', 'unsupported', 'the flag `home` is not supported'],
  ['mngtmpaddr', 'unsupported', 'the flag `mngtmpaddr` is not supported'],
  ['autojoin', 'unsupported', 'the flag `autojoin` is not supported'],
  ['use_vmac', 'unsupported', 'virtual MAC addresses are not supported'],
];

/** `label` and the interface belong together, ip-address(8). */
function addLabel(table: Record<string, Value>, label: string | undefined, family: Family, device: string | null, say: Say): void {
  if (label === undefined) return;
  const fits = device !== null && (label === device || (label.startsWith(`${device}:`) && label !== `${device}:`));
  if (family === 'ipv4' && fits && ADDRESS_KEYS.label.safeParse(label).success) table.label = label;
  else say('changed', `left out: the label ${label} does not fit ${family === 'ipv6' ? 'an IPv6 address' : (device ?? 'the interface')}`);
}

function whyNot(text: string): string {
  const { error } = virtualAddressElement.safeParse(text);
  const [issue] = error?.issues.flatMap(each => (each.code === 'invalid_union' ? each.errors.flat() : [each])) ?? [];
  return issue?.message ?? 'this is no address';
}

/** One line of unicast_peer.
 *  @param source own address, where it is known: a peer in another network may be heard from further away
 *  @param far whether this machine sends with less than 255, so that the peers do too */
export function peerOf(
  statement: Statement,
  source: Address | null,
  far: boolean,
  ledger: Ledger,
): { address: Address; value: Value } | null {
  const address = parseAddress(statement.word);
  if (address === null) {
    ledger.say(statement, 'refused', 'this is no address of a peer');
    return null;
  }
  const bounds: Record<string, Value> = {};
  for (let at = 0; at < statement.args.length; at += 2) {
    const word = statement.args[at] ?? '';
    const amount = wholeNumber(statement.args[at + 1] ?? '');
    if (!/^(min|max)_ttl$/.test(word) || amount === null || amount.value < 0 || amount.value > 255) {
      ledger.say(statement, 'changed', `keepalived reads \`min_ttl NUMBER\` and \`max_ttl NUMBER\` here, not \`${word}\``);
    } else bounds[word] = Math.max(1, amount.value);
  }
  const elsewhere =
    source !== null &&
    familyOf(source) === familyOf(address) &&
    !contains({ address: source, length: familyOf(source) === 'ipv4' ? 16 : 48 }, address);
  if (bounds.min_ttl === undefined && (far || elsewhere)) {
    bounds.min_ttl = 1;
    ledger.say(statement, 'changed', '`min_ttl = 1`: it may be behind routers; holdfast listens only to the own network otherwise');
  }
  if (!ledger.has(statement)) ledger.say(statement, 'translated', '`peers`');
  return { address, value: Object.keys(bounds).length === 0 ? statement.word : { address: statement.word, ...bounds } };
}
