// Names of hosts to addresses, within a limit that holds: /etc/hosts, then the name servers of /etc/resolv.conf.
// Must not know who asks. Everything is asynchronous and can be given up.
//
// Not getaddrinfo(3): it cannot be cancelled, waits 10 s for a name server that is silent, and gets two of the four threads of
// Node's pool at most, so that two names that do not resolve stop every other name (measured: four took 20 s). c-ares waits on the
// event loop. What getaddrinfo has and this has not: nsswitch.conf(5) and the `search` domains of resolv.conf(5), so names are to be
// written in full.
//
// A resolver for each search, as a resolver can only cancel all that it was asked; that costs 0.06 ms. It closes its sockets with
// the last answer. What was found is kept as long as its TTL says, for a check asks again every second.
import { Resolver } from 'node:dns';
import { isIPv6, type LookupFunction } from 'node:net';
import { parseAddress } from '../../../vrrp/address.ts';
import { shared } from '../patience.ts';
import { readSmallFile } from '../small-file.ts';

/** When one family has answered, how long the other is waited for; in ms. RFC 8305 §3 */
const OTHER_FAMILY = 50;
/** How long a file of hosts is believed; in ms. */
const HOSTS_AGE = 1_000;
/** A longer file of hosts is left alone; in bytes. */
const HOSTS_SIZE = 1 << 20;
/** The longest that an answer is kept, in s; and how many of them. */
const LONGEST_TTL = 60;
const MOST_KEPT = 1_024;
/** Out of the limit, one try of one name server; c-ares goes through them all, then again with twice the time. */
const TRY = 1 / 4;
const TRIES = 4;

export type Found =
  /** IPv6 first, as RFC 6724 has it where both are equal; never empty. */
  | { readonly addresses: readonly string[] }
  /** Why there are none, in the words of c-ares: `ENOTFOUND`, `ENODATA`, `ESERVFAIL`, ... */
  | { readonly code: string };

export interface Search {
  /** Never rejects. */
  readonly found: Promise<Found>;
  /** No answer is needed any more; everything is closed at once. */
  cancel(): void;
}

export interface Names {
  /** @param limit ms; afterwards whoever asked cancels */
  search(name: string, limit: number): Search;
}

export interface NamesOptions {
  /** Addresses of name servers, with a port or without one; null: those of /etc/resolv.conf. */
  readonly servers: readonly string[] | null;
  /** hosts(5) */
  readonly hosts: string;
}

export function createNames({ servers, hosts }: NamesOptions): Names {
  const file = openHosts(hosts);
  const kept = new Map<string, { readonly addresses: readonly string[]; readonly until: number }>();

  function keep(name: string, addresses: readonly string[], ttl: number): void {
    if (kept.size >= MOST_KEPT) kept.clear();
    if (ttl > 0) kept.set(name, { addresses, until: performance.now() + Math.min(ttl, LONGEST_TTL) * 1000 });
  }

  return {
    search(name, limit) {
      const wanted = name.toLowerCase().replace(/\.$/, '');
      const known = kept.get(wanted);
      if (known !== undefined && known.until > performance.now()) {
        return { found: Promise.resolve({ addresses: known.addresses }), cancel() {} };
      }
      let resolver: Resolver | null = null;
      let cancelled = false;

      async function find(): Promise<Found> {
        const local = await file(wanted);
        if (local.length > 0) return { addresses: local };
        if (wanted === 'localhost' || wanted.endsWith('.localhost')) return { addresses: ['::1', '127.0.0.1'] };
        if (cancelled) return { code: 'ECANCELLED' };
        resolver = new Resolver({ timeout: Math.max(1, Math.ceil(limit * TRY)), tries: TRIES });
        if (servers !== null) resolver.setServers(servers);
        const found = await ask(resolver, wanted);
        if ('code' in found) return found;
        keep(wanted, found.addresses, found.ttl);
        return { addresses: found.addresses };
      }

      return {
        found: find().catch(error => ({ code: String(error) })),
        cancel() {
          cancelled = true;
          resolver?.cancel();
        },
      };
    },
  };
}

/** This machine's. */
export const systemNames: Names = createNames({ servers: null, hosts: '/etc/hosts' });

/** For what opens its own connections, instead of dns.lookup, and with the same error codes.
 *  @param limit ms */
export function lookupWithin(limit: number, names: Names = systemNames): LookupFunction {
  return (name, { all, family }, done) => {
    const search = names.search(name, limit);
    const timer = setTimeout(search.cancel, limit);
    void search.found.then(found => {
      clearTimeout(timer);
      const addresses = 'code' in found ? [] : found.addresses.map(address => ({ address, family: isIPv6(address) ? 6 : 4 }));
      const number = family === 'IPv4' ? 4 : family === 'IPv6' ? 6 : (family ?? 0);
      const wanted = addresses.filter(one => number === 0 || one.family === number);
      const [first] = wanted;
      if (first === undefined) {
        const code = 'code' in found && !['ENOTFOUND', 'ENODATA'].includes(found.code) ? 'EAI_AGAIN' : 'ENOTFOUND';
        done(Object.assign(new Error(`${code} ${name}`), { code }), '', 0);
      } else if (all === true) done(null, wanted);
      else done(null, first.address, first.family);
    });
  };
}

interface Answer {
  readonly addresses: readonly string[];
  /** s */
  readonly ttl: number;
}

/** Both families at once. */
function ask(resolver: Resolver, name: string): Promise<Answer | { readonly code: string }> {
  return new Promise(resolve => {
    const answers: Partial<Record<'ipv4' | 'ipv6', Answer | { readonly code: string }>> = {};
    let timer: NodeJS.Timeout | null = null;

    function end(): void {
      if (timer !== null) clearTimeout(timer);
      const { ipv4 = NOTHING, ipv6 = NOTHING } = answers;
      const good = [ipv6, ipv4].filter(answer => 'addresses' in answer);
      // A family that does not exist says less than an error of the other one.
      if (good.length === 0) resolve('code' in ipv4 && ipv4.code === 'ENODATA' ? ipv6 : ipv4);
      else resolve({ addresses: good.flatMap(({ addresses }) => addresses), ttl: Math.min(...good.map(({ ttl }) => ttl)) });
      // Without an effect when nothing is open any more.
      resolver.cancel();
    }

    function take(
      family: 'ipv4' | 'ipv6',
      error: NodeJS.ErrnoException | null,
      records: readonly { address: string; ttl: number }[],
    ): void {
      answers[family] =
        error === null && records.length > 0
          ? { addresses: records.map(({ address }) => address), ttl: Math.min(...records.map(({ ttl }) => ttl)) }
          : { code: error?.code ?? 'ENODATA' };
      if (answers.ipv4 !== undefined && answers.ipv6 !== undefined) end();
      else if (error === null) timer = setTimeout(end, OTHER_FAMILY);
    }

    resolver.resolve4(name, { ttl: true }, (error, records) => take('ipv4', error, records));
    resolver.resolve6(name, { ttl: true }, (error, records) => take('ipv6', error, records));
  });
}

const NOTHING = { code: 'ENODATA' } as const;

/** Addresses of a name out of a file that is read again when it is older than a second. */
function openHosts(path: string): (name: string) => Promise<readonly string[]> {
  const read = shared((file: string) => readSmallFile(file, HOSTS_SIZE));
  let text = '';
  let readAt = Number.NEGATIVE_INFINITY;
  let answers = new Map<string, readonly string[]>();
  return async name => {
    if (performance.now() - readAt > HOSTS_AGE) {
      const file = await read(path);
      const now = file.kind === 'text' ? file.text : '';
      if (now !== text) answers = new Map();
      text = now;
      readAt = performance.now();
    }
    const known = answers.get(name);
    if (known !== undefined) return known;
    const found = addressesIn(text, name);
    if (answers.size >= MOST_KEPT) answers.clear();
    answers.set(name, found);
    return found;
  };
}

/** hosts(5): an address and its names in a line. */
function addressesIn(text: string, name: string): readonly string[] {
  const found = new Set<string>();
  for (const line of text.split('\n')) {
    // Most lines are about others; a file may have very many.
    if (!line.toLowerCase().includes(name)) continue;
    const [address = '', ...names] = (line.split('#', 1)[0] ?? '').trim().split(/\s+/);
    const parsed = parseAddress(address);
    if (parsed !== null && names.some(other => other.toLowerCase() === name)) found.add(parsed);
  }
  return [...found].sort((a, b) => Number(b.includes(':')) - Number(a.includes(':')));
}
