// One virtual router as the drills describe it, for whatever daemon.

export interface RouterSettings {
  readonly name: string;
  readonly vrid: number;
  readonly priority: number;
  readonly intervalMs: number;
  /** Without prefix length; all are /24. */
  readonly addresses: readonly string[];
  readonly preempt?: boolean;
}

/** The virtual address of most drills. */
export const VIP = '10.77.0.200';

/** The router of most drills, at this priority. */
export function web(priority: number, intervalMs = 100): RouterSettings {
  return { name: 'web', vrid: 51, priority, intervalMs, addresses: [VIP] };
}
