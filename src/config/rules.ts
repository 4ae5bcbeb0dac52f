// The rules for single values: how each is read, and in which words it is refused.
// Must not know which keys there are (schema.ts), what checks and hooks have (service-rules.ts), files or positions.
import { z } from 'zod';
import { type Address, addressBytes, familyOf, isUnicast, type Prefix, parseAddress, parsePrefix } from '../vrrp/address.ts';
import type { Micros } from '../vrrp/units.ts';
import { type Code, quote } from './diagnostic.ts';
import { DURATION_PATTERN, formatDuration, parseDuration } from './duration.ts';

/** What a value must be, as the second half of a sentence: the errors that types give. */
export const MUST = {
  name: 'must be the name of an interface in quotes',
  number: 'must be a whole number',
  anyNumber: 'must be a number',
  duration: 'must be a duration in quotes',
  flag: 'must be true or false',
  text: 'must be text in quotes',
  list: 'must be a list',
  table: 'must be a table',
  address: 'must be an address in quotes, or a table with `address`',
  password: 'must be a table with `file` or `credential`, or text in quotes',
  secret: 'must be a table with `file`, `env` or `credential`',
  program: 'must be a program in quotes, or a list of a program and its arguments',
  hook: 'must be a program in quotes, a list of a program and its arguments, or a table with `run` or `post`',
  track: 'must be the name of a check or watchdog in quotes, or a table with `name`',
  onFail: 'must be "demote", "release", or a table with `weight`',
  weight: 'must be a whole number, or "number"',
  status: 'must be a number such as 200, or a range in quotes such as "200-399"',
  field: 'must be text in quotes, a number, true or false',
} as const;

/** What a rule finds wrong; it travels as `params` of a zod issue that has the message. */
export interface Flaw {
  readonly code: Code;
  readonly hint?: string;
  /** Whether the key or its value is to blame; the value unless said otherwise. */
  readonly at?: 'key' | 'value';
}

/** Where a rule puts what it finds wrong. */
export type Context = z.core.$RefinementCtx;

/** Ends a rule: `message` says what is wrong with the value. */
export function refuse(context: Context, message: string, flaw: Flaw): never {
  context.issues.push({ code: 'custom', message, params: { ...flaw }, input: context.value });
  return z.NEVER;
}

/** One word out of a few. */
export function choice<const Words extends readonly [string, ...string[]]>(words: Words) {
  return z.enum(words, { error: `must be one of ${words.map(word => `"${word}"`).join(', ')}` });
}

/** A whole number in bounds, as a branded value. `reasons` explains the numbers that look right and are not. */
export function wholeNumber<T extends number>(
  key: string,
  [minimum, maximum]: readonly [number, number],
  brand: (value: number) => T,
  reasons: ReadonlyMap<number, string> = new Map(),
) {
  return z
    .number({ error: MUST.number })
    .meta({ type: 'integer', minimum, maximum })
    .transform((value, context): T => {
      if (Number.isInteger(value) && value >= minimum && value <= maximum) return brand(value);
      const hint = reasons.get(value);
      const flaw: Flaw = { code: 'out-of-range', ...(hint === undefined ? {} : { hint }) };
      return refuse(context, `\`${key}\` must be a whole number from ${minimum} to ${maximum}, not ${value}`, flaw);
    });
}

const DURATION_HINT = 'a number with one of the units ms, s, m, h: "100ms", "1s", "1.5s"';

/** A duration within bounds that is a multiple of `step`. */
export function readDuration(context: Context, key: string, text: string, minimum: Micros, maximum: Micros, step: Micros): Micros {
  const value = parseDuration(text);
  if (value === null) {
    const hint = /^\d{1,9}$/.test(text) ? `a duration needs a unit: \`${key} = "${text}s"\`` : DURATION_HINT;
    return refuse(context, `\`${key}\`: ${quote(text)} is no duration`, { code: 'bad-duration', hint });
  }
  const [from, to, every] = [minimum, maximum, step].map(formatDuration);
  if (value < minimum || value > maximum) {
    return refuse(context, `\`${key}\` must be between ${from} and ${to}, not ${text}`, { code: 'out-of-range' });
  }
  if (value % step !== 0) return refuse(context, `\`${key}\` must be a multiple of ${every}, not ${text}`, { code: 'out-of-range' });
  return value;
}

/** The type of everything that holds a duration, before it is read. */
export function durationText() {
  return z.string({ error: MUST.duration }).meta({ pattern: DURATION_PATTERN });
}

/** A key whose value is a duration and nothing else. */
export function duration(key: string, minimum: Micros, maximum: Micros, step: Micros) {
  return durationText().transform((text, context) => readDuration(context, key, text, minimum, maximum, step));
}

/** The name of an interface, as a value. */
export function interfaceName(text: string, context: Context): string {
  const why = interfaceFlaw(text);
  if (why === null) return text;
  const hint = '`ip -brief link` lists those of this machine';
  return refuse(context, `${quote(text)} cannot be the name of an interface: ${why}`, { code: 'bad-interface', hint });
}

/** Linux, dev_valid_name(): 1..15 bytes, no slash, colon or space, neither "." nor "..".
 *  @returns what is wrong with it; null: nothing */
export function interfaceFlaw(text: string): string | null {
  if (text === '') return 'it is empty';
  if (text === '.' || text === '..') return 'the kernel keeps it for itself';
  if (/[/:\s\p{Cc}]/u.test(text)) return 'it contains a slash, a colon or a space';
  return new TextEncoder().encode(text).length > 15 ? 'it is longer than 15 bytes' : null;
}

/** Size of a label in the kernel, IFNAMSIZ without its last byte. */
const LABEL_BYTES = 15;

/** The label of an IPv4 address, as far as it does not depend on the interface. */
export function addressLabel(text: string, context: Context): string {
  const wrong = (why: string) => refuse(context, `${quote(text)} cannot be a label: ${why}`, { code: 'bad-label' });
  if (/[\s\p{Cc}]/u.test(text)) return wrong('it contains a space');
  if (new TextEncoder().encode(text).length > LABEL_BYTES) return wrong(`it is longer than ${LABEL_BYTES} bytes`);
  return text;
}

/** A virtual address with its prefix length: one that a machine in that network can have. */
export function virtualAddress(text: string, context: Context): Prefix {
  const wrong = (why: string, hint?: string) => refuse(context, `${quote(text)} ${why}`, badAddress(hint));
  const prefix = parsePrefix(text);
  if (prefix === null) {
    const old = spelledOut(text);
    if (old !== null) return wrong('is more than an address', old);
    const [address = ''] = text.split('/', 1);
    const parsed = parseAddress(address);
    if (parsed === null) return wrong('is no IP address', withoutZone(text) ?? PREFIX_HINT);
    const [longest, usual] = familyOf(parsed) === 'ipv4' ? [32, 24] : [128, 64];
    return wrong('has no valid prefix length', `write one from 1 to ${longest}: "${address}/${usual}"`);
  }
  if (!isUnicast(prefix.address)) return wrong(NO_HOST);
  if (prefix.length === 0) {
    const usual = familyOf(prefix.address) === 'ipv4' ? 24 : 64;
    return wrong('would take the whole internet for its network', `write the prefix length of the network: /${usual}`);
  }
  const edge = edgeOfNetwork(prefix);
  const longest = familyOf(prefix.address) === 'ipv4' ? 32 : 128;
  if (edge !== null) return wrong(`is ${edge}`, `write one of the addresses in between, or a longer prefix: /${longest}`);
  return prefix;
}

/** The address of a machine, alone: a peer's, or one of our own. */
export function hostAddress(text: string, context: Context): Address {
  const wrong = (why: string, hint?: string) => refuse(context, `${quote(text)} ${why}`, badAddress(hint));
  const address = parseAddress(text);
  if (address === null) {
    const [alone = ''] = text.split(/[/\s]/, 1);
    const hint = withoutZone(text) ?? 'names are not looked up; write an address';
    if (parseAddress(alone) === null) return wrong('is no IP address', hint);
    const ttls = Array.from(text.matchAll(/\s(min_ttl|max_ttl)\s+(\d+)/g), ([, key, value]) => `, ${key} = ${value}`);
    const table = `write { address = "${alone}"${ttls.join('')} }`;
    return wrong('is more than an address', ttls.length === 0 ? `write "${alone}" alone` : table);
  }
  return isUnicast(address) ? address : wrong(NO_HOST);
}

const PREFIX_HINT = 'write an address with its prefix length: "192.0.2.200/24" or "2001:db8::200/64"';
const NO_HOST = 'is not an address that an interface can have';

function badAddress(hint: string | undefined): Flaw {
  return { code: 'bad-address', ...(hint === undefined ? {} : { hint }) };
}

/** Our table for "192.0.2.200/24 dev eth1 label eth1:web", the way of keepalived.conf and of `ip address`. */
function spelledOut(text: string): string | null {
  const [address = '', ...words] = text.split(/\s+/);
  if (parsePrefix(address) === null || !words.some(word => /^(dev|label|scope|brd|broadcast)$/.test(word))) return null;
  const keys = new Map([
    ['dev', 'interface'],
    ['label', 'label'],
    ['scope', 'scope'],
  ]);
  const parts = words.flatMap((word, index) => {
    const [key, value] = [keys.get(word), words[index + 1]];
    return key === undefined || value === undefined ? [] : [`, ${key} = "${value}"`];
  });
  return parts.length === 0 ? `write "${address}" alone` : `write { address = "${address}"${parts.join('')} }`;
}

/** "fe80::1%eth0" is how tools name a link-local address on one interface. */
function withoutZone(text: string): string | null {
  const [address = '', ...zone] = text.split('%');
  return zone.length === 0 || parseAddress(address) === null ? null : `leave out what is behind the \`%\`: the interface is known`;
}

/** The addresses of a network that no machine should have: in IPv4 the first and the last (not in /31, RFC 3021), in IPv6
 *  the first, which means all routers (RFC 4291 §2.6.1; not in /127, RFC 6164). */
function edgeOfNetwork({ address, length }: Prefix): string | null {
  const bytes = addressBytes(address);
  const host = Array.from(bytes, (byte, index) => byte & (0xff >> Math.min(8, Math.max(0, length - 8 * index))));
  if (bytes.length * 8 - length < 2) return null;
  if (host.every(part => part === 0)) return 'the address of the network itself';
  const broadcast = host.every((part, index) => part === 0xff >> Math.min(8, Math.max(0, length - 8 * index)));
  return broadcast && familyOf(address) === 'ipv4' ? 'the broadcast address of its network' : null;
}
