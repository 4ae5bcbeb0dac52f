// What the laboratory remembers between two commands: its plan, whom it has started, what is broken. Pure.
// Must not know where that is kept.
import type { LabProcess } from '../platform/lab-ports.ts';
import type { Outage } from './outage.ts';
import type { Topology } from './topology.ts';

export const FAULTS = ['cable', 'power', 'freeze', 'nginx'] as const;
export type FaultKind = (typeof FAULTS)[number];

export interface Fault {
  readonly node: string;
  readonly what: FaultKind;
  /** ms since 1970 */
  readonly at: number;
}

/** A process that the laboratory has started, or has met in one of its namespaces when it ended or froze it. */
export interface Recorded extends LabProcess {
  /** Name of the machine. */
  readonly on: string;
  readonly what: 'holdfast' | 'page' | 'client' | 'other';
}

/** What the client met with when something was broken or healed. */
export interface Report {
  /** `power edge-a`, `healed edge-a`. */
  readonly did: string;
  /** ms since 1970 */
  readonly at: number;
  readonly outages: readonly Outage[];
}

/** Who gives a node's page: holdfast starts nginx, the laboratory starts nginx, or it is holdfast's own page. */
export type Page = 'watched' | 'nginx' | 'built-in';

export interface LabState {
  readonly schema: 1;
  /** `making` until all of it runs: what is found so later was interrupted. */
  readonly phase: 'making' | 'ready';
  /** What was asked for, as words that can be compared. */
  readonly wish: string;
  readonly topology: Topology;
  readonly pages: Readonly<Record<string, Page>>;
  readonly processes: readonly Recorded[];
  readonly faults: readonly Fault[];
  readonly last: Report | null;
  /** What is not as in the user's files, each with its node. */
  readonly notes: readonly string[];
}

export function formatState(state: LabState): string {
  return `${JSON.stringify(state, null, 1)}\n`;
}

/** @returns null for what this version has not written */
export function parseState(text: string): LabState | null {
  try {
    const value: unknown = JSON.parse(text);
    const ours = typeof value === 'object' && value !== null && 'schema' in value && value.schema === 1 && 'topology' in value;
    return ours ? (value as LabState) : null;
  } catch {
    return null;
  }
}

export function isFault(word: string | undefined): word is FaultKind {
  return FAULTS.some(kind => kind === word);
}
