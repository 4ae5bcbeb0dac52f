// What the settings of one check, or of a watchdog's `probe`, mean together: whether they belong to its type, and what is missing.
// Must not know single values, nor what depends on the check.
import type { Consequence } from '../check/duties.ts';
import { type Address, familyOf, isLinkLocal, parseAddress } from '../vrrp/address.ts';
import { type CheckType, isForeign, isTyped, mannerKeys, ownKeys, type ProbeSettings, TYPES, typesWith } from './check-schema.ts';
import { quote } from './diagnostic.ts';
import type { Blame, Place, PlacedFinding } from './finding.ts';
import { PROBE_KEYS } from './probe-schema.ts';
import { isDomainName } from './service-rules.ts';
import { suggest } from './suggest.ts';
import type { Path, Table } from './tree.ts';
import { rename } from './vocabulary.ts';
import { exampleOf } from './wrong-value.ts';

/** A check, or the `probe` of a watchdog. */
export interface Asking {
  /** In messages: `check `gateway``. */
  readonly called: string;
  /** Where its keys stand, for examples. */
  readonly path: Path;
  readonly settings: ProbeSettings;
  readonly written: Table;
  /** Whether the number that is read becomes the weight. */
  readonly weighs: boolean;
  placeOf(path: Path): Place;
  isBroken(key: string): boolean;
}

/** Whether the number that a check reads is the weight. */
export function weighs(consequence: Consequence): boolean {
  return consequence.do === 'weight' && consequence.weight === 'number';
}

/** Everything that is wrong with it beyond single values. */
export function checkAsking(asking: Asking): readonly PlacedFinding[] {
  const { type } = asking.settings;
  if (type === undefined) return asking.isBroken('type') ? [] : [typeless(asking)];
  const { needs } = TYPES[type];
  return [
    ...foreignKeys(asking, type),
    ...needs.filter(key => !has(asking, key) && !asking.isBroken(key)).map(key => missing(asking, key, `, which type "${type}" needs`)),
    ...ofType(asking, type),
  ];
}

function ofType(asking: Asking, type: CheckType): readonly PlacedFinding[] {
  switch (type) {
    case 'http':
      return [...bodyOfHead(asking), ...idleTls(asking)];
    case 'ping':
      return zoneless(asking);
    case 'dns':
      return [...domainName(asking), ...answers(asking)];
    case 'file':
      return bounds(asking);
    case 'process':
      return [...oneProcess(asking), ...processName(asking)];
    case 'mysql':
      return idleEndpoint(asking);
    case 'postgres':
      return [...idleEndpoint(asking), ...roleOf(asking, type, ['primary', 'standby']), ...lagOf(asking, 'primary')];
    case 'redis':
      return [...idleEndpoint(asking), ...roleOf(asking, type, ['master', 'replica'])];
    case 'tcp':
    case 'command':
    case 'unit':
    case 'interface':
      return [];
  }
}

function has({ written }: Asking, key: string): boolean {
  return Object.hasOwn(written, key);
}

function error({ placeOf }: Asking, path: Path, words: Blame, at: 'key' | 'value' = 'value'): PlacedFinding {
  return { ...words, severity: 'error', place: { ...placeOf(path), at } };
}

function idle(asking: Asking, key: string, message: string): PlacedFinding {
  return { ...error(asking, [key], { code: 'setting-without-effect', message }, 'key'), severity: 'warning' };
}

function missing(asking: Asking, key: string, why: string): PlacedFinding {
  const hint = exampleOf([...asking.path, key]);
  return error(asking, [], { code: 'missing-key', message: `${asking.called} has no \`${key}\`${why}`, hint }, 'key');
}

/** A check without type, and which type has just its keys. */
function typeless(asking: Asking): PlacedFinding {
  const own = Object.keys(asking.written).filter(isTyped);
  const [only, ...others] = own.length === 0 ? [] : own.map(typesWith).reduce((all, some) => all.filter(type => some.includes(type)));
  const hint = only === undefined || others.length > 0 ? exampleOf([...asking.path, 'type']) : `\`type = "${only}"\` has these settings`;
  return error(asking, [], { code: 'missing-key', message: `${asking.called} has no \`type\``, hint }, 'key');
}

function foreignKeys(asking: Asking, type: CheckType): PlacedFinding[] {
  return Object.keys(asking.written)
    .filter(key => isForeign(type, key))
    .map(key => {
      const own = Object.hasOwn(PROBE_KEYS, key) ? ownKeys(type) : mannerKeys(type);
      const article = type === 'http' || type === 'interface' ? 'an' : 'a';
      const message = `${quote(key)} is no setting of ${article} ${type} check; it has ${own.map(quote).join(', ')}`;
      return error(asking, [key], { code: 'setting-of-another-type', message, hint: meantBy(key, own) }, 'key');
    });
}

/** @param own what the type has of that kind */
function meantBy(key: string, own: readonly string[]): string | undefined {
  if (!Object.hasOwn(PROBE_KEYS, key)) {
    return own.includes('rise') ? 'looks in a row decide, not time' : 'nobody looks: it tells by itself when it changes';
  }
  const meant = rename(key, own) ?? suggest(key, own);
  if (meant !== null) return `did you mean ${quote(meant)}?`;
  const homes = typesWith(key).map(home => `"${home}"`);
  return homes.length > 4 ? undefined : `it belongs to type ${homes.join(', ')}`;
}

function bodyOfHead(asking: Asking): PlacedFinding[] {
  if (asking.settings.method !== 'HEAD') return [];
  return ['body', 'body_regex', 'json']
    .filter(key => has(asking, key))
    .map(key => {
      const hint = 'leave `method` out, or write `method = "GET"`';
      return error(
        asking,
        [key],
        { code: 'either-or', message: `\`${key}\` looks into a body, and an answer to HEAD has none`, hint },
        'key',
      );
    });
}

function idleTls(asking: Asking): PlacedFinding[] {
  const { url } = asking.settings;
  if (url === undefined || !has(asking, 'tls') || /^https:/i.test(url)) return [];
  return [idle(asking, 'tls', '`tls` has no effect without an https URL')];
}

/** RFC 4291 §2.5.6: the same link-local address may be on each link. */
function zoneless(asking: Asking): PlacedFinding[] {
  const { target, interface: device } = asking.settings;
  if (target === undefined || device !== undefined || asking.isBroken('interface')) return [];
  if (familyOf(target) === 'ipv4' || !isLinkLocal(target)) return [];
  return [missing(asking, 'interface', `: ${target} is link-local, so it may be on each interface`)];
}

function domainName(asking: Asking): PlacedFinding[] {
  const { name } = asking.settings;
  if (name === undefined || isDomainName(name)) return [];
  const hint = /[^ -~]/.test(name) ? 'write it as the DNS has it: "xn--..."' : 'for example `name = "www.example.org"`';
  return [error(asking, ['name'], { code: 'bad-host', message: `${quote(name)} is no name in the DNS`, hint })];
}

/** What is expected of an address record is an address. */
function answers(asking: Asking): PlacedFinding[] {
  const { record, expect } = asking.settings;
  const family = record === 'A' ? 'ipv4' : record === 'AAAA' ? 'ipv6' : null;
  if (family === null) return [];
  return expect.flatMap((text, index) => {
    const address: Address | null = parseAddress(text);
    if (address !== null && familyOf(address) === family) return [];
    const message = `${quote(text)} is no ${family === 'ipv4' ? 'IPv4' : 'IPv6'} address, as a record ${record} has it`;
    return [error(asking, ['expect', index], { code: 'bad-address', message })];
  });
}

function bounds(asking: Asking): PlacedFinding[] {
  const { minimum, maximum } = asking.settings;
  if (minimum !== undefined && maximum !== undefined) {
    if (minimum <= maximum) return [];
    const message = `\`minimum\` ${minimum} is more than \`maximum\` ${maximum}, so no number would be good`;
    return [error(asking, ['minimum'], { code: 'out-of-range', message })];
  }
  const either = [minimum, maximum].some(bound => bound !== undefined) || ['minimum', 'maximum', 'on_fail'].some(asking.isBroken);
  return either || asking.weighs ? [] : [missing(asking, 'minimum', ': a number needs a bound, `minimum`, `maximum` or both')];
}

const PROCESSES = ['pid_file', 'name', 'cgroup'] as const;

function oneProcess(asking: Asking): PlacedFinding[] {
  const [one, another] = PROCESSES.filter(key => has(asking, key));
  if (one === undefined) {
    if (PROCESSES.some(asking.isBroken)) return [];
    return [missing(asking, 'pid_file', ': a process is known by one of `pid_file`, `name`, `cgroup`')];
  }
  if (another === undefined) return [];
  const message = `a process is known by one of \`pid_file\`, \`name\`, \`cgroup\`, and \`${one}\` is there already`;
  return [error(asking, [another], { code: 'either-or', message, hint: 'leave one of them out' }, 'key')];
}

/** Linux, TASK_COMM_LEN without its last byte. */
const COMM_BYTES = 15;

function processName(asking: Asking): PlacedFinding[] {
  const { name } = asking.settings;
  if (name === undefined) return [];
  const wrong = (message: string, hint: string) => [error(asking, ['name'], { code: 'bad-text', message, hint })];
  if (name.includes('/'))
    return wrong(`${quote(name)} is a path, not the name of a process`, `write \`name = "${name.replace(/^.*\//s, '')}"\``);
  const bytes = new TextEncoder().encode(name);
  if (bytes.length <= COMM_BYTES) return [];
  const short = new TextDecoder().decode(bytes.slice(0, COMM_BYTES)).replace('\ufffd', '');
  return wrong(`the kernel keeps no more than ${COMM_BYTES} bytes of the name of a process`, `write \`name = "${short}"\``);
}

function idleEndpoint(asking: Asking): PlacedFinding[] {
  if (!has(asking, 'socket')) return [];
  return ['host', 'port'].filter(key => has(asking, key)).map(key => idle(asking, key, `\`${key}\` has no effect with \`socket\``));
}

/** Words of the other database. */
const SAME_ROLE: ReadonlyMap<string, string> = new Map([
  ['master', 'primary'],
  ['replica', 'standby'],
  ['primary', 'master'],
  ['standby', 'replica'],
]);

function roleOf(asking: Asking, type: CheckType, roles: readonly string[]): PlacedFinding[] {
  const { role } = asking.settings;
  if (role === undefined || roles.includes(role)) return [];
  const message = `the \`role\` of a ${type} check must be one of ${roles.map(word => `"${word}"`).join(', ')}, not ${quote(role)}`;
  return [error(asking, ['role'], { code: 'bad-choice', message, hint: `did you mean "${SAME_ROLE.get(role)}"?` })];
}

function lagOf(asking: Asking, leader: string): PlacedFinding[] {
  const { role, max_lag } = asking.settings;
  return role === leader && max_lag !== undefined ? [idle(asking, 'max_lag', `\`max_lag\` has no effect with \`role = "${leader}"\``)] : [];
}
