// The rules for single values: how each is read, and in which words it is refused.
// Must not know which keys there are (schema.ts), files or positions.
import { z } from 'zod';
import { familyOf, isUnicast, type Prefix, parseAddress, parsePrefix } from '../vrrp/address.ts';
import type { Micros } from '../vrrp/units.ts';
import { type Code, quote } from './diagnostic.ts';
import { DURATION_PATTERN, formatDuration, parseDuration } from './duration.ts';

/** What a value must be, as the second half of a sentence: the errors that types give. */
export const MUST = {
  name: 'must be the name of an interface in quotes',
  number: 'must be a whole number',
  duration: 'must be a duration in quotes',
  flag: 'must be true or false',
  text: 'must be text in quotes',
  list: 'must be a list',
  table: 'must be a table',
  checksum: 'must be one of "auto", "rfc9568", "rfc5798"',
} as const;

/** What a rule finds wrong; it travels as `params` of a zod issue that has the message. */
export interface Flaw {
  readonly code: Code;
  readonly hint?: string;
  /** Whether the key or its value is to blame; the value unless said otherwise. */
  readonly at?: 'key' | 'value';
}

type Context = z.core.$RefinementCtx;

/** Ends a rule: `message` says what is wrong with the value. */
export function refuse(context: Context, message: string, flaw: Flaw): never {
  context.issues.push({ code: 'custom', message, params: { ...flaw }, input: context.value });
  return z.NEVER;
}

/** Ends a rule for what the design has and this version has not. */
export function notAvailable(context: Context, what: string, flaw: Omit<Flaw, 'code'> = { at: 'key' }): never {
  return refuse(context, `${what} is not available in this version`, { code: 'not-available', ...flaw });
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

/** Linux, dev_valid_name(): 1..15 bytes, no slash, colon or space, neither "." nor "..". */
export function interfaceName(text: string, context: Context): string {
  const hint = '`ip -brief link` lists those of this machine';
  const wrong = (why: string) =>
    refuse(context, `${quote(text)} cannot be the name of an interface: ${why}`, { code: 'bad-interface', hint });
  if (text === '') return wrong('it is empty');
  if (text === '.' || text === '..') return wrong('the kernel keeps it for itself');
  if (/[/:\s\p{Cc}]/u.test(text)) return wrong('it contains a slash, a colon or a space');
  if (new TextEncoder().encode(text).length > 15) return wrong('it is longer than 15 bytes');
  return text;
}

/** A virtual address with its prefix length: one that a machine in that network can have. */
export function virtualAddress(text: string, context: Context): Prefix {
  const wrong = (why: string, hint?: string) =>
    refuse(context, `${quote(text)} ${why}`, { code: 'bad-address', ...(hint === undefined ? {} : { hint }) });
  const prefix = parsePrefix(text);
  if (prefix === null) {
    const [address = ''] = text.split('/', 1);
    if (parseAddress(address) !== null) return wrong('has no valid prefix length', `write one from 1 to 32: "${address}/24"`);
    return wrong('is no IP address', 'write an address with its prefix length: "192.0.2.200/24"');
  }
  if (familyOf(prefix.address) === 'ipv6') return notAvailable(context, 'IPv6', { at: 'value' });
  if (!isUnicast(prefix.address)) return wrong('is not an address that an interface can have');
  if (prefix.length === 0) return wrong('would take the whole internet for its network', 'write the prefix length of the network: /24');
  const edge = edgeOfNetwork(prefix);
  if (edge !== null) return wrong(`is ${edge}`, 'write one of the addresses in between, or a longer prefix: /32');
  return prefix;
}

/** The two addresses of an IPv4 network that no machine can have; /31 (RFC 3021) and /32 have none. */
function edgeOfNetwork({ address, length }: Prefix): string | null {
  if (length > 30) return null;
  const bits = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const host = bits % 2 ** (32 - length);
  if (host === 0) return 'the address of the network itself';
  return host === 2 ** (32 - length) - 1 ? 'the broadcast address of its network' : null;
}
