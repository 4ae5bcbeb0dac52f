// TLS over the connection of a look: whom we believe, how we prove who we are, and what is wrong with the other side.
// Must not know what is said over it. Certificates in words: check/certificate.ts.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { isIP, type Socket } from 'node:net';
import { connect, createSecureContext, type DetailedPeerCertificate, type SecureContext, type TLSSocket } from 'node:tls';
import { type CertificateFacts, explainCertificate, explainHandshake, judgeExpiry } from '../../../check/certificate.ts';
import { networkSeen } from '../../../check/network.ts';
import type { Seen, TlsRules } from '../../../check/probe.ts';
import { readSmallFile } from '../small-file.ts';
import { codeOf } from './connect.ts';
import type { Look } from './within.ts';

/** Where distributions keep the authorities that the machine believes: Debian, Red Hat, SUSE, Alpine. Not Node's own list, which
 *  has not what the administrator added. */
const SYSTEM = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
] as const;
/** The largest PEM file that is read; in bytes. */
const LARGEST = 1 << 21;
/** How long files are believed before they are looked at again; in ms. */
const FILES_AGE = 1_000;
/** The longest chain that is told. */
const LONGEST_CHAIN = 8;

/** What was made of the files. A context of all the system's authorities takes 10 ms and 1 MiB, so it is shared. */
interface Kept {
  /** Changes with the files. */
  readonly stamp: string;
  readonly context: SecureContext | Seen;
  readonly at: number;
}

const kept = new Map<string, Kept>();
const going = new Map<string, Promise<Kept>>();

/** What the rules' files give, read again when they changed.
 *  @returns why they cannot be used */
export async function contextFor({ ca, certificate, key }: TlsRules): Promise<SecureContext | Seen> {
  const which = JSON.stringify([ca, certificate, key]);
  const known = kept.get(which);
  if (known !== undefined && performance.now() - known.at < FILES_AGE) return known.context;
  let fresh = going.get(which);
  if (fresh === undefined) {
    fresh = refresh(known, ca, certificate, key).finally(() => going.delete(which));
    going.set(which, fresh);
  }
  const now = await fresh;
  kept.set(which, now);
  return now.context;
}

async function refresh(known: Kept | undefined, ca: string | null, certificate: string | null, key: string | null): Promise<Kept> {
  const authorities = ca ?? (await firstFile(SYSTEM));
  const paths = [authorities, certificate, key ?? certificate];
  const stamp = (await Promise.all(paths.map(stampOf))).join(' ');
  const at = performance.now();
  if (known?.stamp === stamp) return { ...known, at };
  return { stamp, at, context: await makeContext(authorities, certificate, key ?? certificate) };
}

async function makeContext(ca: string | null, certificate: string | null, key: string | null): Promise<SecureContext | Seen> {
  const [authorities, own, secret] = await Promise.all([
    readPem(ca, text => new X509Certificate(text), 'certificate'),
    readPem(certificate, text => new X509Certificate(text), 'certificate'),
    readPem(key, text => createPrivateKey(text), 'private key without a passphrase'),
  ]);
  if ('trouble' in authorities) return authorities;
  if ('trouble' in own) return own;
  if ('trouble' in secret) return secret;
  try {
    return createSecureContext({ ...given('ca', authorities.pem), ...given('cert', own.pem), ...given('key', secret.pem) });
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH') return bad(`${certificate} and ${key} do not belong together`);
    return bad(`the files of certificates cannot be used: ${code}`);
  }
}

function given<Name extends string>(name: Name, pem: string | null): { readonly [name in Name]?: string } | object {
  return pem === null ? {} : { [name]: pem };
}

/** @param check throws when the text does not begin with what it should have */
async function readPem(
  path: string | null,
  check: (text: string) => unknown,
  what: string,
): Promise<{ readonly pem: string | null } | Seen> {
  if (path === null) return { pem: null };
  const file = await readSmallFile(path, LARGEST);
  if (file.kind === 'none') return bad(`${path} ${file.why}`);
  try {
    check(file.text);
    return { pem: file.text };
  } catch {
    return bad(`${path} holds no ${what} in PEM form`);
  }
}

async function firstFile(paths: readonly string[]): Promise<string | null> {
  for (const path of paths) if ((await stampOf(path)) !== NOTHING) return path;
  return null;
}

const NOTHING = '-';

async function stampOf(path: string | null): Promise<string> {
  if (path === null) return NOTHING;
  try {
    const { dev, ino, size, mtimeMs } = await stat(path);
    return `${dev}:${ino}:${size}:${mtimeMs}`;
  } catch {
    return NOTHING;
  }
}

/** The handshake. Nothing was sent that is not for everybody when it ends badly.
 *  @param name whom the certificate must be for, a host or an address
 *  @returns the channel, or what is wrong with the certificate or the handshake */
export function secure(look: Look, socket: Socket, name: string, context: SecureContext, rules: TlsRules): Promise<Socket | Seen> {
  return new Promise(resolve => {
    // Verified below, where the certificate is still there to be told about.
    const channel = connect({
      socket,
      secureContext: context,
      rejectUnauthorized: false,
      host: name,
      // RFC 6066 §3: no addresses.
      ...(isIP(name) === 0 ? { servername: name } : {}),
      ALPNProtocols: ['http/1.1'],
    });
    look.closing(() => channel.destroy());
    channel.on('error', error => resolve(failedSeen(error)));
    channel.once('secureConnect', () => resolve(judge(channel, name, rules) ?? channel));
  });
}

function judge(channel: TLSSocket, name: string, { verify, minDays }: TlsRules): Seen | null {
  // The types have an Error here; it is its code (lib/_tls_wrap.js, onConnectSecure).
  if (verify && !channel.authorized) return explainCertificate(String(channel.authorizationError), chainOf(channel), name, Date.now());
  if (minDays <= 0) return null;
  const until = channel.getPeerX509Certificate()?.validToDate.getTime();
  return until === undefined ? bad('the server has no certificate') : judgeExpiry(until, minDays, Date.now());
}

function failedSeen(error: Error): Seen {
  const code = codeOf(error);
  if (code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_')) return explainHandshake(code);
  // Node has this code for an end as well as for a reset.
  if (error.message.startsWith('Client network socket disconnected')) {
    return { trouble: 'protocol', seen: 'the server closed the connection in the TLS handshake' };
  }
  const { trouble, seen } = networkSeen(code);
  return { trouble, seen: `${seen} in the TLS handshake` };
}

function chainOf(channel: TLSSocket): readonly CertificateFacts[] {
  const chain: CertificateFacts[] = [];
  let at: DetailedPeerCertificate | undefined = channel.getPeerCertificate(true);
  while (at?.subject !== undefined && chain.length < LONGEST_CHAIN) {
    chain.push(factsOf(at));
    // The last one has signed itself.
    const next: DetailedPeerCertificate | undefined = at.issuerCertificate;
    at = next === at ? undefined : next;
  }
  return chain;
}

function factsOf({ subject, issuer, subjectaltname = '', valid_from, valid_to }: DetailedPeerCertificate): CertificateFacts {
  const names = subjectaltname.split(', ').flatMap(name => /^(?:DNS|IP Address):(.*)$/.exec(name)?.[1] ?? []);
  const own = nameOf(subject);
  return {
    names: names.length > 0 || own === '' ? names : [own],
    subject: own,
    issuer: nameOf(issuer),
    from: Date.parse(valid_from),
    until: Date.parse(valid_to),
  };
}

/** The common name, or the organisation of an authority that has none. */
function nameOf({ CN, O }: DetailedPeerCertificate['subject']): string {
  return [CN ?? O ?? ''].flat().join(' ');
}

function bad(seen: string): Seen {
  return { trouble: 'certificate', seen };
}
