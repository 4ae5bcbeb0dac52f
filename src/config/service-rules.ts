// The rules for single values of checks, watchdogs and hooks: programs, paths, names, URLs. What could hold a secret is never
// repeated in a message. Must not know which keys there are (check-schema.ts, watchdog-schema.ts, router-schema.ts).
import type { Range } from '../check/probe.ts';
import { type Address, isLoopback, parseAddress } from '../vrrp/address.ts';
import { quote } from './diagnostic.ts';
import { type Context, type Flaw, hostAddress, refuse } from './rules.ts';

/** Text that says something. */
export function someText(text: string, context: Context): string {
  if (text.trim() === '') return refuse(context, 'the text is empty', { code: 'bad-text', hint: 'without it, leave the key out' });
  return /\p{Cc}/u.test(text) ? refuse(context, 'the text contains control characters', { code: 'bad-text' }) : text;
}

/** A file or a directory, from the root. */
export function fullPath(text: string, context: Context): string {
  if (isFullPath(text)) return text;
  return refuse(context, `${quote(text)} is not a full path`, { code: 'bad-path', hint: 'it begins with a slash, and ends in a name' });
}

export function isFullPath(text: string): boolean {
  return /^\/[^\0\n]*[^\0\n/]$/.test(text);
}

/** A program alone, as text. */
export function programAlone(key: string, text: string, context: Context): readonly string[] {
  const [first = '', ...others] = text.trim().split(/\s+/);
  if (others.length === 0) return program(key, [text], context);
  // Arguments may be passwords.
  const message = `${quote(first)} has arguments behind it`;
  if (/[|&;<>$`]/.test(text.replaceAll(/'[^']*'|"[^"]*"/g, ''))) {
    const hint = `no shell reads this: put it into a script, or write \`${key} = ["/bin/sh", "-c", "..."]\``;
    return refuse(context, message, { code: 'bad-program', hint });
  }
  const path = isFullPath(first) ? first : `/path/to/${first}`;
  const hint = `a program and its arguments are a list: \`${key} = ["${path}", "..."]\``;
  return refuse(context, message, { code: 'bad-program', hint });
}

/** A program by its full path, then its arguments; exec(3) ends each at a NUL. */
export function program(key: string, words: readonly string[], context: Context): readonly string[] {
  const [first] = words;
  const wrong = (message: string, hint: string) => refuse(context, message, { code: 'bad-program', hint });
  if (first === undefined || first.trim() === '') return wrong('there is no program', `for example \`${key} = ["/usr/bin/true"]\``);
  if (!isFullPath(first)) {
    const hint = 'it begins with a slash, as `command -v nginx` shows it';
    return wrong(`${quote(first)} is not the full path of a program`, hint);
  }
  return words.some(word => word.includes('\0')) ? wrong('an argument contains a NUL character', 'leave it out') : words;
}

/** The address of a machine that is asked, this one included. */
export function askedAddress(text: string, context: Context): Address {
  const address = parseAddress(text);
  return address !== null && isLoopback(address) ? address : hostAddress(text, context);
}

/** RFC 1123 §2.1, and the underscores that people use; a name that ends in a number is an address with a slip in it. */
const NAME = /^(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*(?!\d+$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i;

/** A machine by its address or its name. */
export function hostName(text: string, context: Context): string {
  const address = parseAddress(text);
  if (address !== null) return address;
  if (NAME.test(text)) return text;
  return refuse(context, `${quote(withoutUser(text))} is neither an address nor the name of a machine`, badHost(text));
}

function badHost(text: string): Flaw {
  const [, inner = ''] = /^(?:[a-z]+:\/\/)?\[?([^[\]/@]+?)\]?(?::\d+)?(?:\/.*)?$/i.exec(text) ?? [];
  const clean = inner !== text && (parseAddress(inner) !== null || NAME.test(inner));
  return { code: 'bad-host', ...(clean ? { hint: `write "${inner}" alone; a port has a key of its own` } : {}) };
}

/** What stands before an `@` may be a password. */
function withoutUser(text: string): string {
  return text.replace(/^.*@/s, '');
}

/** A name in the DNS, with or without the dot at its end; "." is the root. */
export function isDomainName(text: string): boolean {
  return text === '.' || NAME.test(text.replace(/\.$/, ''));
}

/** What is asked or told by HTTP. */
export function webAddress(key: string, text: string, context: Context): string {
  const wrong = (message: string, hint: string) => refuse(context, `\`${key}\` ${message}`, { code: 'bad-url', hint });
  const example = `for example \`${key} = "http://127.0.0.1/"\``;
  const [, scheme] = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text) ?? [];
  if (scheme === undefined) return wrong('does not begin with http:// or https://', example);
  if (!/^https?$/i.test(scheme))
    return wrong('is neither http nor https', 'a service that speaks something else has a check of its own `type`');
  // The standard's parser mends what a person rather wants to hear about.
  if (!URL.canParse(text) || /[\s\p{Cc}\\]/u.test(text)) return wrong('is no URL', example);
  const { username, password, hash } = new URL(text);
  if (username !== '' || password !== '') {
    const asking = 'a check of type "command" can ask with a secret, and read it from a file';
    const telling = 'requests are signed instead: `secret = { file = "/etc/holdfast/hook.key" }`';
    return wrong(
      'has a user or a password in it, and neither that nor a header with a secret is supported',
      key === 'post' ? telling : asking,
    );
  }
  return hash === '' && !text.endsWith('#') ? text : wrong('has a fragment, which is never sent', 'leave out what is behind the `#`');
}

/** Whether what is sent there stays on this machine. */
export function staysHere(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === 'localhost' || hostname.endsWith('.localhost') || /^127\.[\d.]+$/.test(hostname) || hostname === '[::1]';
}

/** systemd.unit(5): the name of a unit with its kind behind the dot.
 *  @param only `service`: one that can be started and has a process that stands for it */
export function unitName(text: string, only: 'service' | null, context: Context): string {
  const wrong = (message: string, hint: string) => refuse(context, `${quote(text)} ${message}`, { code: 'bad-unit', hint });
  const example = '`systemctl list-units` lists those of this machine';
  if (!/^[a-zA-Z0-9:_.\\@-]{1,255}$/.test(text)) return wrong('cannot be the name of a unit', example);
  const [, kind] = /\.(service|socket|target|timer|mount|automount|path|device|swap|slice|scope)$/.exec(text) ?? [];
  if (kind === undefined) return wrong('says no kind of unit', `write \`unit = "${text}.service"\``);
  if (/@\./.test(text)) return wrong('is a template', `name one instance of it: "${text.replace('@.', '@NAME.')}"`);
  return only === null || kind === only ? text : wrong('is no service', 'for example `unit = "nginx.service"`');
}

const STATUSES = [100, 599] as const;

/** A status of HTTP, RFC 9110 §15, or from one to another. */
export function statusRange(value: number | string, context: Context): Range {
  const [, first, last] = typeof value === 'number' ? [value, value, value] : (/^(\d{3})(?:-(\d{3}))?$/.exec(value) ?? []);
  const [from, to] = [Number(first), Number(last ?? first)];
  if (Number.isInteger(from) && from >= STATUSES[0] && to <= STATUSES[1] && from <= to) return { from, to };
  const [, hundred] = /^([1-5])xx$/i.exec(String(value)) ?? [];
  const hint = hundred === undefined ? 'for example `status = ["200-399"]` or `status = [200, 204]`' : `write "${hundred}00-${hundred}99"`;
  return refuse(context, `${quote(String(value))} is neither a status of HTTP nor a range of them`, { code: 'out-of-range', hint });
}

/** RFC 9110 §5.1. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i;
const SECRET_HEADER = /auth(?!ors?$)|cookie|token|secret|password|api-?key/i;

/** Fields of a request. */
export function headerFields(fields: Readonly<Record<string, string>>, context: Context): Readonly<Record<string, string>> {
  const names = Object.keys(fields);
  const wrong = (message: string, hint?: string) =>
    refuse(context, message, { code: 'bad-header', ...(hint === undefined ? {} : { hint }) });
  for (const [name, value] of Object.entries(fields)) {
    if (!TOKEN.test(name)) return wrong(`${quote(name)} cannot be the name of a header`);
    if (name.toLowerCase() === 'host') return wrong('`Host` has a key of its own', 'write `host = "www.example.org"`');
    if (SECRET_HEADER.test(name)) {
      const hint = 'secrets are not written here; a check of type "command" can ask with one, and read it from a file';
      return wrong(`headers with a secret, such as ${quote(name)}, are not supported`, hint);
    }
    const twice = names.find(other => other !== name && other.toLowerCase() === name.toLowerCase());
    if (twice !== undefined) return wrong(`${quote(name)} and ${quote(twice)} are one header`);
    if (!/^[\t\x20-\x7e]*$/.test(value)) return wrong(`the value of ${quote(name)} has other characters than printable ASCII`);
  }
  return fields;
}
