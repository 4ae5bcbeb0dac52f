// Numbers and times as keepalived.conf has them, and as people write them there.
// Must not know which setting has which bounds.

export interface Amount {
  readonly value: number;
  /** What stands behind the number, and keepalived does not read. */
  readonly rest: string;
}

/** A whole number, perhaps with something behind it. @returns null for what is none */
export function wholeNumber(text: string): Amount | null {
  const [, digits, rest = ''] = /^\s*([+-]?\d{1,9})\s*([;,.]*)$/.exec(text) ?? [];
  return digits === undefined ? null : { value: Number(digits), rest };
}

const UNITS: Readonly<Record<string, number>> = { ms: 0.001, msec: 0.001, s: 1, sec: 1, secs: 1, second: 1, seconds: 1, m: 60, min: 60 };

/** Seconds with decimals. @returns milliseconds, rounded; null for what is no time */
export function milliseconds(text: string): Amount | null {
  const [, digits, unit = '', rest = ''] = /^\s*(\d{1,9}(?:\.\d*)?|\.\d+)([a-z]*)([;,]*)$/i.exec(text) ?? [];
  const factor = unit === '' ? 1 : UNITS[unit.toLowerCase()];
  if (digits === undefined || factor === undefined) return null;
  return { value: Math.round(Number(digits) * factor * 1000), rest: unit + rest };
}

/** As holdfast.toml has it. @param ms whole milliseconds */
export function duration(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}
