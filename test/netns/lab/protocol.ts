// The bounds of RFC 9568 as tests need them, worked out anew from the text and not from the product's own code.

/** Skew_Time of version 3, ms. RFC 9568 §6.1. */
export function skewMs(intervalMs: number, priority: number): number {
  return ((256 - priority) * intervalMs) / 256;
}

/** Active_Down_Interval of version 3, ms: how long a Backup of this priority waits in silence. RFC 9568 §6.1. */
export function downMs(intervalMs: number, priority: number): number {
  return 3 * intervalMs + skewMs(intervalMs, priority);
}
