// What one look at a database gives to the part that speaks its protocol.
// Must not know any protocol, nor how long a look may take.
import type { Duplex } from 'node:stream';
import type { Phase } from '../../../check/database-refusal.ts';
import type { Gate } from './guarded-stream.ts';

/** A connection that is there, for one login and a few questions. Whoever opened it limits its time and closes it. */
export interface Session {
  readonly user: string;
  /** Empty: none. */
  readonly password: string;
  /** The connection, for a library. Once. */
  stream(gate: Gate): Duplex;
  /** Says how far it has come, for the words of a timeout. */
  now(phase: Phase): void;
  /** One line of what the server said, without the password. */
  plain(words: string): string;
}
