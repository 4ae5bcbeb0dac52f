// What is known of a machine before anything is installed on it, and what the texts that it keeps about itself say.
// Must not know how they are read, nor what follows from them (plan.ts).

/** What lies at a path. */
export type There =
  | { readonly kind: 'absent' }
  | { readonly kind: 'file'; readonly sha256: string }
  | { readonly kind: 'link'; readonly target: string }
  | { readonly kind: 'folder' }
  | { readonly kind: 'other' };

/** A service of the machine, as systemd knows it. */
export interface Service {
  /** systemd's ActiveState: `active`, `activating`, `failed`, `inactive`; `unknown` where it was not asked. */
  readonly state: string;
  /** LoadState is `masked`. */
  readonly masked: boolean;
  /** Whether the process runs the file that is installed now; null: there is no process, or it cannot be told. */
  readonly current: boolean | null;
  /** What the unit starts; null: there is no unit, or it is none of ours. */
  readonly program: string | null;
}

export interface Firewalld {
  /** The zones of the interfaces that we use: name, and whether VRRP may come in for good, and now. */
  readonly zones: readonly { readonly name: string; readonly permanent: boolean; readonly now: boolean }[];
}

/** An input chain of nftables that drops what no rule accepts, and has none for protocol 112. */
export interface ClosedChain {
  readonly family: string;
  readonly table: string;
  readonly chain: string;
}

/** A .network file of systemd-networkd that configures one of our interfaces. */
export interface NetworkFile {
  /** Its name alone: `10-lan.network`. */
  readonly name: string;
  /** `KeepConfiguration=` as it counts without us; null: it is not set. */
  readonly keeps: string | null;
  /** Whether the interface has its own address from a DHCP server. */
  readonly dhcp: boolean;
}

/** How the configuration in place stands. `none`: there is no file; `example`: it is what an install put there. */
export type Configured = 'none' | 'example' | 'real';

export interface Facts {
  /** A tree that is not running; null: this machine, as it runs. */
  readonly root: string | null;
  readonly distribution: string;
  readonly configured: Configured;
  /** Of the routers in the configuration: whether one speaks multicast, and whether one has addresses for an interface. */
  readonly multicast: boolean;
  readonly addresses: boolean;
  /** Services that the configuration watches or asks for, as units. */
  readonly watched: readonly string[];
  readonly service: Service;
  /** null: it does not run. */
  readonly firewalld: Firewalld | null;
  readonly closed: readonly ClosedChain[];
  readonly ufw: boolean;
  readonly networks: readonly NetworkFile[];
  readonly selinux: 'enforcing' | 'permissive' | 'off';
  readonly restorecon: boolean;
  readonly fapolicyd: boolean;
  /** The cloud whose virtual machine this is; null: none that is known. */
  readonly cloud: string | null;
}

/** os-release(5). */
export function distributionOf(osRelease: string): string {
  const value = (name: string): string | undefined => new RegExp(`^${name}=["']?([^"'\\n]+)`, 'm').exec(osRelease)?.[1];
  return value('PRETTY_NAME') ?? value('ID') ?? 'an unknown distribution';
}

export interface Dmi {
  readonly sys_vendor: string;
  readonly product_name: string;
  readonly chassis_asset_tag: string;
  readonly bios_vendor: string;
}

/** Azure's mark: its machines call themselves Hyper-V, as many do that are no cloud. */
const AZURE = '7783-7084-3265-9085-8269-3286-77';

/** Clouds that carry no multicast between machines, and take an address from a machine only by their own interface. */
export function cloudOf({ sys_vendor: vendor, product_name: product, chassis_asset_tag: tag, bios_vendor: bios }: Dmi): string | null {
  if (/^Amazon EC2/.test(vendor) || /^Amazon EC2/.test(bios)) return 'Amazon EC2';
  if (vendor === 'Google' && /Compute Engine/.test(product)) return 'Google Compute Engine';
  if (tag === AZURE) return 'Azure';
  if (/^DigitalOcean/.test(vendor)) return 'DigitalOcean';
  if (vendor === 'Hetzner') return 'Hetzner Cloud';
  if (/^Alibaba Cloud/.test(vendor)) return 'Alibaba Cloud';
  if (tag === 'OracleCloud.com') return 'Oracle Cloud';
  if (/^OpenStack/.test(product) || /^OpenStack/.test(vendor)) return 'OpenStack';
  return null;
}

/** Answers of `systemctl show --property=...`: a line each, a blank line between two units. */
export function parseShow(text: string): ReadonlyMap<string, string>[] {
  const blocks = text.split(/\n\s*\n/).filter(block => block.trim() !== '');
  const pair = (line: string): [string, string] => {
    const at = line.indexOf('=');
    return [line.slice(0, at), line.slice(at + 1)];
  };
  return blocks.map(block => new Map(block.split('\n').filter(Boolean).map(pair)));
}

export interface RunOptions {
  readonly program: string;
  readonly config: string | null;
  readonly socket: string | null;
  readonly node: string | null;
}

/** How the unit starts holdfast, a drop-in of the operator's included.
 *  @param execStart systemd's property: `{ path=/usr/local/bin/holdfast ; argv[]=/usr/local/bin/holdfast run ; ... }`
 *  @returns null when it starts something else */
export function runOptionsOf(execStart: string): RunOptions | null {
  const [, program = '', line = ''] = /path=(\S+) ; argv\[\]=(.*?) ;/.exec(execStart) ?? [];
  const words = line.split(' ');
  if (words[1] !== 'run') return null;
  const option = (name: string): string | null => {
    const at = words.findIndex(word => word === `--${name}` || word.startsWith(`--${name}=`));
    if (at < 0) return null;
    const word = words[at] ?? '';
    return word.includes('=') ? word.slice(word.indexOf('=') + 1) : (words[at + 1] ?? null);
  };
  return { program, config: option('config'), socket: option('socket'), node: option('node') };
}

/** Where systemd-networkd has an interface's configuration from: /run/systemd/netif/links/N.
 *  @returns the path of the .network file; null: it does not manage the interface */
export function networkFileOf(link: string): string | null {
  const path = /^NETWORK_FILE=(.*)$/m.exec(link)?.[1] ?? '';
  return path === '' ? null : path;
}

/** The last value of a setting in the [Network] sections; an empty one takes back those before. systemd.network(5) */
export function networkSetting(name: string, texts: readonly string[]): string | null {
  let section = '';
  let value: string | null = null;
  for (const line of texts.flatMap(text => ['[]', ...text.split('\n')])) {
    section = /^\s*\[(.*)\]\s*$/.exec(line)?.[1] ?? section;
    const [, key, setting = ''] = /^\s*(\w+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (section === 'Network' && key === name) value = setting === '' ? null : setting;
  }
  return value;
}

/** Input chains with policy drop in whose table nothing accepts VRRP.
 *  @param json of `nft -j list ruleset`; what is none of that says nothing */
export function closedChains(json: string): readonly ClosedChain[] {
  const entries = ruleset(json);
  const rules = entries.flatMap(({ rule }) => (isRecord(rule) ? [rule] : []));
  return entries.flatMap(({ chain }) => {
    if (!isRecord(chain) || chain.hook !== 'input' || chain.policy !== 'drop') return [];
    const { family, table, name } = chain;
    if (typeof family !== 'string' || typeof table !== 'string' || typeof name !== 'string') return [];
    // Whoever has bridges or the ingress of a device filtered does not want advice about VRRP.
    if (!['ip', 'ip6', 'inet'].includes(family)) return [];
    const open = rules.some(rule => rule.family === family && rule.table === table && acceptsVrrp(rule));
    return open ? [] : [{ family, table, chain: name }];
  });
}

function ruleset(json: string): readonly Record<string, unknown>[] {
  try {
    const value: unknown = JSON.parse(json);
    return isRecord(value) && Array.isArray(value.nftables) ? value.nftables.filter(isRecord) : [];
  } catch {
    return [];
  }
}

/** A rule that matches the protocol of the packet, alone or in a set, and lets it through or hands it on. nft names the protocol where
 *  /etc/protocols does. */
function acceptsVrrp({ expr }: Record<string, unknown>): boolean {
  const statements = Array.isArray(expr) ? expr.filter(isRecord) : [];
  const passes = statements.some(statement => ['accept', 'jump', 'goto'].some(verdict => verdict in statement));
  return (
    passes &&
    statements.some(({ match }) => isRecord(match) && isProtocol(match.left) && /\b112\b|"vrrp"/.test(JSON.stringify(match.right)))
  );
}

function isProtocol(left: unknown): boolean {
  if (!isRecord(left)) return false;
  const { meta, payload } = left;
  if (isRecord(meta)) return meta.key === 'l4proto';
  return isRecord(payload) && (payload.field === 'protocol' || payload.field === 'nexthdr');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
