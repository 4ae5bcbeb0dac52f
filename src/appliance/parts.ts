// The small files of a CONFIG partition: how each is read, and in which words it is refused. They come from any editor of any system.
// Must not know where they lie, nor what is in force when one is refused.

/** A text that was read, or why it cannot be used. */
export type Part<T> = { readonly value: T } | { readonly wrong: string };

/** hostname(7): letters, digits, hyphens, dots between the labels, 64 at most. */
const HOSTNAME = /^(?=.{1,64}$)[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?)*$/i;

/** `hostname`: one line, lower case from then on. */
export function readHostname(text: string): Part<string> {
  const [first = '', ...more] = lines(text).filter(line => line !== '' && !line.startsWith('#'));
  if (first === '') return { wrong: 'hostname: the file is empty; write the name of this box in it' };
  if (more.length > 0) return { wrong: 'hostname: there is more than one line; write the name of this box and nothing else' };
  if (HOSTNAME.test(first)) return { value: first.toLowerCase() };
  return { wrong: `hostname: "${visible(first)}" is no host name; letters, digits and hyphens, at most 64` };
}

/** The name of a box that was given none: the same at each boot, and another than that of the box beside it.
 *  @param machineId machine-id(5) */
export function defaultHostname(machineId: string): string {
  return `holdfast-${machineId.trim().slice(0, 6).padEnd(6, '0')}`;
}

/** sshd(8), AUTHORIZED_KEYS FILE FORMAT: the type, with or without options before it. */
const KEY =
  /(^|\s)(ssh-(rsa|ed25519)|ecdsa-sha2-nistp(256|384|521)|sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com)\s+[A-Za-z0-9+/]{16,}={0,3}(\s|$)/;

/** `authorized_keys`: with a line in it that is none, nobody would know who was left out. */
export function readKeys(text: string): Part<string> {
  const all = lines(text);
  const keys = all.filter(line => line !== '' && !line.startsWith('#'));
  const strange = all.findIndex(line => line !== '' && !line.startsWith('#') && !KEY.test(line));
  if (text.includes('PRIVATE KEY'))
    return { wrong: 'authorized_keys: this is a private key; the public one has one line and ends in .pub' };
  if (strange >= 0)
    return { wrong: `authorized_keys:${strange + 1}: this is no public key; one line for each, as in a file that ends in .pub` };
  if (keys.length === 0) return { wrong: 'authorized_keys: there is no key in it; remove the file, and nobody can log in' };
  return { value: `${keys.join('\n')}\n` };
}

/** A text with the line ends that Linux has, without the byte order mark of others. */
export function unixText(text: string): string {
  return text.replace(/^\ufeff/, '').replaceAll('\r\n', '\n');
}

function lines(text: string): readonly string[] {
  return unixText(text)
    .split('\n')
    .map(line => line.trim());
}

function visible(text: string): string {
  return text.slice(0, 80).replace(/[^\x20-\x7e]/g, '\ufffd');
}

/** `errors.txt`, for a laptop: what was refused, and what the box does instead.
 *  @param refused what is wrong with each, and what is in force in its place
 *  @returns with the line ends that every editor shows */
export function errorsText(refused: readonly { readonly words: string; readonly instead: string }[]): string {
  const head =
    'What this box could not use when it last started. Correct it and start the box again; this file goes away when all is well.\n';
  const parts = refused.map(({ words, instead }) => `\n${words.trimEnd()}\n  => ${instead}\n`);
  return (head + parts.join('')).replaceAll('\n', '\r\n');
}
