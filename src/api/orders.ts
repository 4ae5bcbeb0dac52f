// What the control socket answers to an operator's order, schema 1: names and units are a contract.
// Must not know sockets, nor what an order makes of a router.

/** `resume` takes back what was ordered. `announce` orders nothing: it sends gratuitous ARP and neighbour advertisements once more. */
export type Verb = 'drain' | 'promote' | 'resume' | 'announce';

export interface OrderRequest {
  /** Names of virtual routers; empty: all of them. */
  readonly routers: readonly string[];
  /** 1000..31536000000 ms; null: until it is taken back. */
  readonly forMs: number | null;
  readonly keep: boolean;
  readonly force: boolean;
}

export interface OrderReport {
  readonly schema: 1;
  readonly outcome: 'done' | 'unknown-router';
  /** Those that it concerns; of `unknown-router`, those that there are. */
  readonly routers: readonly string[];
  /** The name that nobody has; null: all are known. */
  readonly unknown: string | null;
}

/** How long an order may last: a year is longer than anybody remembers it. */
export const FOR_MS = { least: 1_000, most: 31_536_000_000 } as const;

const PARAMETERS: Readonly<Record<Verb, readonly string[]>> = {
  drain: ['router', 'for_ms', 'keep', 'force'],
  promote: ['router', 'for_ms', 'keep', 'force'],
  resume: ['router'],
  announce: ['router'],
};

/** Reads `router=web&router=mail&for_ms=3600000&keep=true&force=true`.
 *  @param query what follows the question mark
 *  @returns a sentence for what makes no sense */
export function readOrderQuery(verb: Verb, query: string): OrderRequest | string {
  const values = new URLSearchParams(query);
  for (const name of values.keys()) {
    if (!PARAMETERS[verb].includes(name)) return `${verb} has no parameter ${JSON.stringify(name)}`;
    if (name !== 'router' && values.getAll(name).length > 1) return `${name} is given twice`;
  }
  for (const name of ['keep', 'force']) if (!['true', 'false', null].includes(values.get(name))) return `${name} must be true or false`;
  const text = values.get('for_ms');
  const forMs = text === null ? null : /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
  if (forMs !== null && !(forMs >= FOR_MS.least && forMs <= FOR_MS.most)) {
    return `for_ms must be a whole number from ${FOR_MS.least} to ${FOR_MS.most}`;
  }
  return { routers: values.getAll('router'), forMs, keep: values.get('keep') === 'true', force: values.get('force') === 'true' };
}
