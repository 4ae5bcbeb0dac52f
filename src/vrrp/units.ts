// Time, priority and VRID as branded numbers, and the only conversions between the units of the wire and ours.
// Must not know packets, states or the clock that the instants come from.

/** A monotonic instant or a duration in whole microseconds. */
export type Micros = number & { readonly unit: 'µs' };

/** Max Advertise Interval as version 3 carries it: centiseconds, 1..4095. RFC 9568 §5.2.7. */
export type Centis = number & { readonly unit: 'cs' };

/** 1..255: 255 for the address owner, 1 kept for a demoted router. 0 is no priority but a message (§5.2.4). */
export type Priority = number & { readonly unit: 'priority' };

/** Virtual Router Identifier, 1..255. RFC 9568 §5.2.3. */
export type Vrid = number & { readonly unit: 'vrid' };

/** The address owner's priority. RFC 9568 §5.2.4. */
export const OWNER = 255 as Priority;

/** What a demoted router advertises: it serves if nobody else can (decision 0011). */
export const DEMOTED = 1 as Priority;

/** What weights can make of a priority at the least and at the most: neither the demoted's nor the owner's. */
export const LOWEST = 2 as Priority;
export const HIGHEST = 254 as Priority;

/** Fractions are rounded up: a timer that is early is a false failover, one that is late by 1 µs is nothing. */
export function micros(value: number): Micros {
  return Math.ceil(value) as Micros;
}

export function millis(value: number): Micros {
  return micros(value * 1000);
}

export function seconds(value: number): Micros {
  return micros(value * 1_000_000);
}

/** @throws RangeError outside 1..255 */
export function vrid(value: number): Vrid {
  if (!Number.isInteger(value) || value < 1 || value > 255) throw new RangeError(`VRID ${value} is not 1..255`);
  return value as Vrid;
}

/** @throws RangeError outside 1..255 */
export function priority(value: number): Priority {
  if (!Number.isInteger(value) || value < 1 || value > 255) throw new RangeError(`priority ${value} is not 1..255`);
  return value as Priority;
}

/** @throws RangeError unless the interval is a whole number of centiseconds, 10 ms..40.95 s */
export function toCentis(interval: Micros): Centis {
  const value = interval / 10_000;
  if (!Number.isInteger(value) || value < 1 || value > 4095) throw new RangeError(`${interval} µs is no advertisement interval`);
  return value as Centis;
}

export function fromCentis(value: Centis): Micros {
  return (value * 10_000) as Micros;
}

/** Adver Int of version 2, RFC 3768 §5.3.7; `seconds` is the way back.
 *  @throws RangeError unless the interval is a whole number of seconds, 1 s..255 s */
export function toSeconds(interval: Micros): number {
  const value = interval / 1_000_000;
  if (!Number.isInteger(value) || value < 1 || value > 255) throw new RangeError(`${interval} µs is no interval of version 2`);
  return value;
}

/** Later by `by`; the one place where instants are added. */
export function after(now: Micros, by: Micros): Micros {
  return (now + by) as Micros;
}

/** How long from `from` to `to`; negative when `to` lies before. */
export function between(from: Micros, to: Micros): Micros {
  return (to - from) as Micros;
}

/** The earlier of two instants, where null means never. */
export function earliest(a: Micros | null, b: Micros | null): Micros | null {
  if (a === null) return b;
  if (b === null) return a;
  return a < b ? a : b;
}
