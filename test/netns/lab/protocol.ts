// The bounds of RFC 9568 and RFC 3768 as tests need them, worked out anew from the texts and not from the product's own code.

/** Skew_Time, ms. RFC 9568 §6.1: a part of the interval; RFC 3768 §6.1: of a second. */
export function skewMs(intervalMs: number, priority: number, version: 2 | 3 = 3): number {
  return ((256 - priority) * (version === 2 ? 1000 : intervalMs)) / 256;
}

/** Active_Down_Interval (Master_Down_Interval), ms: how long a Backup of this priority waits in silence. */
export function downMs(intervalMs: number, priority: number, version: 2 | 3 = 3): number {
  return 3 * intervalMs + skewMs(intervalMs, priority, version);
}
