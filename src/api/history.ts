// What the control socket answers about the past, schema 1: names and units are a contract.
// Must not know sockets, nor what an event means.
import type { Fields, Level } from '../lib/log.ts';

export interface EventReport {
  /** RFC 3339 */
  readonly at: string;
  readonly level: Level;
  /** As in the log: `vrrp.transition`, `check.down`, `operator.drain`, ... */
  readonly event: string;
  readonly fields: Fields;
  /** For people. */
  readonly message: string;
}

export interface HistoryReport {
  readonly schema: 1;
  /** The oldest first. */
  readonly events: readonly EventReport[];
}
