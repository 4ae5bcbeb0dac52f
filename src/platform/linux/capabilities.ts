// Which capabilities this process has.
// Must not know what they are needed for. capabilities(7)
import { readFileSync } from 'node:fs';

const BIT = { CAP_NET_ADMIN: 12, CAP_NET_RAW: 13, CAP_SYS_ADMIN: 21 } as const;
export type Capability = keyof typeof BIT;

/** @returns those of `needed` that are not effective; none where the kernel does not say */
export function missingCapabilities(needed: readonly Capability[]): readonly Capability[] {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  if (effective === undefined) return [];
  const bits = BigInt(`0x${effective}`);
  return needed.filter(name => ((bits >> BigInt(BIT[name])) & 1n) === 0n);
}
