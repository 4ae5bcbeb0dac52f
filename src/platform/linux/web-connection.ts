// How web servers that hooks post to are found and believed: names within a time limit, authorities as the machine has them.
// Must not know what is posted.
import type { LookupFunction } from 'node:net';
import { getCACertificates } from 'node:tls';
import { lookupWithin } from './probe/names.ts';

/** A name that does not resolve occupies nothing for longer; in ms. */
const LOOKUP = 5_000;

/** @returns options for a request; `ca` is absent where the machine has no list of its own: then Node's is believed */
export async function webConnection(): Promise<{ readonly lookup: LookupFunction; readonly ca?: string[] }> {
  const ca = getCACertificates('system');
  return ca.length === 0 ? { lookup: lookupWithin(LOOKUP) } : { lookup: lookupWithin(LOOKUP), ca };
}
