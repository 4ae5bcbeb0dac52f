// What is wrong with a server's certificate, in words with its dates and names; and with our own. Pure: all instants come in.
// Must not know connections. The codes are OpenSSL's, as Node names them: verify(1), "Diagnostics".
import type { Seen } from './probe.ts';
import { listWords, oneLine } from './words.ts';

const DAY = 86_400_000;

/** Of a stranger's words, in characters; and of the names of one certificate. */
const LONGEST = 80;
const MOST_NAMES = 3;

/** One certificate of a chain; instants in ms since 1970. */
export interface CertificateFacts {
  /** Hosts and addresses that it is for. */
  readonly names: readonly string[];
  /** Whose it is, and who signed it. */
  readonly subject: string;
  readonly issuer: string;
  readonly from: number;
  readonly until: number;
}

/** How long a certificate still lasts.
 *  @param until ms since 1970
 *  @param minDays fewer whole days that are left are bad
 *  @param now ms since 1970
 *  @returns null when that is long enough */
export function judgeExpiry(until: number, minDays: number, now: number): Seen | null {
  if (until <= now) return bad(`certificate expired on ${dayOf(until)}`);
  const days = Math.floor((until - now) / DAY);
  if (days >= minDays) return null;
  const left = days === 1 ? '1 day' : `${days} days`;
  return bad(`certificate expires on ${dayOf(until)}, in ${left}; at least ${minDays} wanted`);
}

/** Why a certificate is not believed.
 *  @param code `CERT_HAS_EXPIRED`, `ERR_TLS_CERT_ALTNAME_INVALID`, ...
 *  @param chain as the server sent it, its own certificate first; may be empty
 *  @param host whom we wanted
 *  @param now ms since 1970 */
export function explainCertificate(code: string, chain: readonly CertificateFacts[], host: string, now: number): Seen {
  const [own] = chain;
  if (own === undefined) return bad('the server has no certificate');
  const last = chain.reduce((_, next) => next, own);
  switch (code) {
    case 'CERT_HAS_EXPIRED': {
      if (own.until <= now) return bad(`certificate expired on ${dayOf(own.until)}`);
      const old = chain.find(({ until }) => until <= now);
      return bad(old === undefined ? 'an authority has expired' : `authority ${show(old.subject)} expired on ${dayOf(old.until)}`);
    }
    case 'CERT_NOT_YET_VALID': {
      const early = chain.find(({ from }) => from > now) ?? own;
      const whose = early === own ? 'certificate' : `authority ${show(early.subject)}`;
      return bad(`${whose} is not valid before ${dayOf(early.from)}; here it is ${dayOf(now)}`);
    }
    case 'ERR_TLS_CERT_ALTNAME_INVALID': {
      const names = own.names.map(show);
      return bad(`certificate is for ${names.length === 0 ? 'no host' : listWords(names, MOST_NAMES)}, not ${host}`);
    }
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
      return bad(`certificate of ${show(own.subject)} is self-signed; give it as ca to believe it`);
    case 'SELF_SIGNED_CERT_IN_CHAIN':
      return bad(`certificate comes from ${show(last.subject)}, an authority that is not known here`);
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return bad(`certificate comes from ${show(last.issuer)}, not known here, and the server does not say who vouches for it`);
    default:
      return bad(`certificate is not accepted: ${codeWords(code)}`);
  }
}

/** Why there was no handshake.
 *  @param code `ERR_SSL_WRONG_VERSION_NUMBER`, `ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED`, ... */
export function explainHandshake(code: string): Seen {
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG') {
    return { trouble: 'protocol', seen: 'the server does not speak TLS here' };
  }
  if (/ALERT_CERTIFICATE_REQUIRED|ALERT_HANDSHAKE_FAILURE/.test(code)) {
    return bad(`the server refuses the handshake: ${codeWords(code)}; it may want a certificate of ours, or other ciphers`);
  }
  return bad(`TLS handshake failed: ${codeWords(code)}`);
}

/** `2026-11-20`, in UTC. @param at ms since 1970 */
function dayOf(at: number): string {
  // A date that no calendar has, from a certificate that nobody should believe.
  if (!(Math.abs(at) <= 8.64e15)) return 'no day at all';
  // Sweden writes dates as ISO 8601 does.
  return new Intl.DateTimeFormat('sv-SE', { timeZone: 'UTC', dateStyle: 'short' }).format(at);
}

function show(text: string): string {
  return oneLine(text, LONGEST);
}

function codeWords(code: string): string {
  return code
    .replace(/^ERR_(SSL|TLS)_/, '')
    .toLowerCase()
    .replaceAll('_', ' ');
}

function bad(seen: string): Seen {
  return { trouble: 'certificate', seen };
}
