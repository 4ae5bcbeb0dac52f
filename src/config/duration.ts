// Durations as the operator writes them: a number and a unit, "1s", "100ms", "1.5s".
// Must not know which settings are durations, nor their bounds.
import { type Micros, micros } from '../vrrp/units.ts';

const UNITS = { ms: 1_000, s: 1_000_000, m: 60_000_000, h: 3_600_000_000 } as const;

/** What `parseDuration` reads, for the JSON Schema. */
export const DURATION_PATTERN = '^[0-9]{1,9}(\\.[0-9]{1,6})?(ms|s|m|h)$';

const DURATION = /^(?<whole>\d{1,9})(?:\.(?<fraction>\d{1,6}))?(?<unit>ms|s|m|h)$/;

/** Reads a duration with one unit out of ms, s, m, h.
 *  @returns null when the text is none, or finer than a microsecond */
export function parseDuration(text: string): Micros | null {
  const groups = DURATION.exec(text)?.groups;
  if (groups === undefined) return null;
  const unit = unitOf(groups.unit);
  const fraction = groups.fraction ?? '';
  // Integers all the way: 1.1 * 1000000 is not 1100000.
  const value = Number(groups.whole) * unit + (Number(fraction) * unit) / 10 ** fraction.length;
  return Number.isSafeInteger(value) ? micros(value) : null;
}

/** A spelling that `parseDuration` reads back, in whole hours, seconds or milliseconds. */
export function formatDuration(duration: Micros): string {
  if (duration > 0 && duration % UNITS.h === 0) return `${duration / UNITS.h}h`;
  return duration === 0 || duration >= UNITS.s ? `${duration / UNITS.s}s` : `${duration / UNITS.ms}ms`;
}

function unitOf(name: string | undefined): number {
  switch (name) {
    case 'ms':
      return UNITS.ms;
    case 's':
      return UNITS.s;
    case 'm':
      return UNITS.m;
    default:
      return UNITS.h;
  }
}
