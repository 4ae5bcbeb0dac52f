// What a reply of a name server is worth: its code, and whether the records that are expected are in it. Pure.
// Must not know messages on the wire, nor how they get there.
import { parseAddress } from '../vrrp/address.ts';
import type { Micros } from '../vrrp/units.ts';
import type { DnsProbe, Seen, Trouble } from './probe.ts';
import { listWords, oneLine, tookWords } from './words.ts';

/** Of a stranger's records: characters of each, and how many. */
const LONGEST = 80;
const MOST = 3;

export interface DnsRecord {
  /** `A`, `MX`, ... */
  readonly type: string;
  /** As a zone file has it: `192.0.2.1`, `10 mail.example.`; of TXT all its strings, joined. */
  readonly text: string;
}

export interface DnsReply {
  /** 0..15. RFC 1035 §4.1.1, RFC 2136 §2.2 */
  readonly rcode: number;
  /** Some records did not fit. */
  readonly truncated: boolean;
  /** The answer section. */
  readonly records: readonly DnsRecord[];
  readonly took: Micros;
}

const RCODES: Readonly<Record<number, readonly [Trouble, string]>> = {
  1: ['unexpected', 'FORMERR: the server does not understand the question'],
  2: ['unexpected', 'SERVFAIL: the server could not find out'],
  3: ['no-such-name', 'NXDOMAIN: there is no such name'],
  4: ['unexpected', 'NOTIMP: the server does not answer such questions'],
  5: ['denied', 'REFUSED: the server does not answer us, or not about this name'],
  9: ['denied', 'NOTAUTH: the server is not responsible for this name'],
};

/** @param reply to the probe's question; for UDP with `truncated` as it came */
export function judgeReply(probe: DnsProbe, reply: DnsReply): Seen {
  if (reply.rcode !== 0) {
    const [trouble, seen] = RCODES[reply.rcode] ?? ['unexpected', `the server answers with code ${reply.rcode}`];
    return { trouble, seen };
  }
  const found = reply.records.filter(({ type }) => type === probe.record).map(({ text }) => canonical(probe.record, text));
  const missing = probe.expect.filter(text => !found.includes(canonical(probe.record, text)));
  const good = found.length > 0 && missing.length === 0;
  // Whatever else there is, what was wanted is in it.
  if (good) return { trouble: null, seen: `${probe.record} ${show(found)} in ${tookWords(reply.took)}` };
  if (reply.truncated) {
    const cure = probe.transport === 'udp' ? '; ask over tcp' : '';
    return { trouble: 'unexpected', seen: `the reply is cut off, and what is there is not enough${cure}` };
  }
  if (found.length > 0) return { trouble: 'unexpected', seen: `${missing.join(', ')} is missing, there is ${show(found)}` };
  const others = reply.records.map(({ type, text }) => `${type} ${canonical(type, text)}`);
  return { trouble: 'unexpected', seen: `no ${probe.record} record${others.length === 0 ? '' : `, but ${show(others)}`}` };
}

/** Whether a name can be asked for: labels of 1 to 63 bytes, at most 253 in all, with or without the last dot. RFC 1035 §2.3.4 */
export function isDomainName(name: string): boolean {
  const labels = name.replace(/\.$/, '').split('.');
  return name === '.' || (labels.join('.').length <= 253 && labels.every(label => /^[\x21-\x7e]{1,63}$/.test(label)));
}

/** Names without case and last dot, addresses as we write them; the text of TXT as it is. */
function canonical(type: string, text: string): string {
  switch (type) {
    case 'A':
    case 'AAAA':
      return parseAddress(text) ?? text;
    case 'TXT':
      return text;
    default:
      return text
        .trim()
        .toLowerCase()
        .split(/\s+/)
        .map(word => (word === '.' ? word : word.replace(/\.$/, '')))
        .join(' ');
  }
}

function show(texts: readonly string[]): string {
  return listWords(
    texts.map(text => oneLine(text, LONGEST)),
    MOST,
  );
}
