// Looks at the machine, or at a tree, for `holdfast install`: what src/install/facts.ts has words for.
// Must not know what follows from it, and changes nothing.
import {
  type ClosedChain,
  closedChains,
  cloudOf,
  type Dmi,
  distributionOf,
  type Facts,
  type Firewalld,
  type NetworkFile,
  networkFileOf,
  networkSetting,
  parseShow,
  type RunOptions,
  runOptionsOf,
  type Service,
} from '../install/facts.ts';
import { type Host, HostTrouble } from '../platform/install-ports.ts';
import type { Used } from './install-configuration.ts';

/** For a program that only answers; in ms. */
export const PATIENCE = 30_000;

/** What systemd knows of us and of others. */
export interface Units {
  readonly service: Service;
  readonly options: RunOptions | null;
  /** Names of the units that are active. */
  readonly active: ReadonlySet<string>;
}

const OTHERS = ['firewalld.service', 'ufw.service', 'systemd-networkd.service', 'fapolicyd.service', 'keepalived.service'];
const PROPERTIES = 'Id,LoadState,ActiveState,MainPID,ExecStart';
/** Of a tree: nothing runs in it. */
export const NO_UNITS: Units = {
  service: { state: 'unknown', masked: false, current: null, program: null },
  options: null,
  active: new Set(),
};

/** @throws HostTrouble when systemd does not answer
 *  @param sameFile whether two paths of this machine are one file; null: one cannot be looked at */
export async function unitsOf(
  host: Host,
  executable: string,
  sameFile: (one: string, other: string) => Promise<boolean | null>,
): Promise<Units> {
  const ran = await host.run(['systemctl', 'show', `--property=${PROPERTIES}`, '--', 'holdfast.service', ...OTHERS], PATIENCE);
  if (ran.status !== 0) throw new HostTrouble(`systemctl does not say what runs here: ${ran.err.trim()}`);
  const [own, ...others] = parseShow(ran.out);
  const options = runOptionsOf(own?.get('ExecStart') ?? '');
  const pid = Number(own?.get('MainPID') ?? 0);
  return {
    service: {
      state: own?.get('ActiveState') ?? 'unknown',
      masked: own?.get('LoadState') === 'masked',
      current: pid > 0 ? await sameFile(`/proc/${pid}/exe`, executable) : null,
      program: options?.program ?? null,
    },
    options,
    active: new Set(others.flatMap(unit => (unit.get('ActiveState') === 'active' ? [unit.get('Id') ?? ''] : []))),
  };
}

/** @param root null: this machine, as it runs */
export async function gather(host: Host, root: string | null, used: Used, { service, active }: Units): Promise<Facts> {
  const live = root === null;
  const { interfaces } = used;
  const firewalld = active.has('firewalld.service') && used.configured === 'real' ? await zonesOf(host, interfaces) : null;
  const filters = live && !active.has('firewalld.service');
  return {
    root,
    distribution: distributionOf((await host.read('/etc/os-release')) ?? (await host.read('/usr/lib/os-release')) ?? ''),
    configured: used.configured,
    multicast: used.multicast,
    addresses: used.addresses,
    watched: used.watched,
    service,
    firewalld,
    // ufw's own chains drop too.
    closed: filters && !active.has('ufw.service') ? await closedHere(host) : [],
    ufw: filters && active.has('ufw.service') && (await ufwDrops(host)),
    networks: active.has('systemd-networkd.service') ? await networksOf(host, interfaces) : [],
    selinux: await selinuxOf(host, live),
    restorecon: await isThere(host, ['/usr/sbin/restorecon', '/sbin/restorecon']),
    fapolicyd: active.has('fapolicyd.service'),
    cloud: live ? cloudOf(await dmiOf(host)) : null,
  };
}

async function isThere(host: Host, paths: readonly string[]): Promise<boolean> {
  for (const path of paths) if ((await host.look(path)).kind !== 'absent') return true;
  return false;
}

/** Every zone that one of the interfaces is in. */
async function zonesOf(host: Host, interfaces: readonly string[]): Promise<Firewalld | null> {
  const ask = async (...argv: readonly string[]): Promise<string | null> => {
    const { status, out } = await host.run(['firewall-cmd', ...argv], PATIENCE);
    return status === 0 ? out.trim() : null;
  };
  const common = await ask('--get-default-zone');
  if (common === null) return null;
  const names = new Set<string>();
  for (const name of interfaces) names.add((await ask(`--get-zone-of-interface=${name}`)) ?? common);
  const zones: Firewalld['zones'][number][] = [];
  for (const name of names) {
    const now = (await ask(`--zone=${name}`, '--query-protocol=vrrp')) !== null;
    zones.push({ name, now, permanent: (await ask('--permanent', `--zone=${name}`, '--query-protocol=vrrp')) !== null });
  }
  return { zones };
}

async function ufwDrops(host: Host): Promise<boolean> {
  const text = async (name: string): Promise<string> => (await host.read(`/etc/ufw/${name}`)) ?? '';
  return /^ENABLED=yes/m.test(await text('ufw.conf')) && !/^-A .*-p (112|vrrp)\b/m.test(await text('before.rules'));
}

async function closedHere(host: Host): Promise<readonly ClosedChain[]> {
  const { status, out } = await host.run(['nft', '-j', 'list', 'ruleset'], PATIENCE);
  return status === 0 ? closedChains(out) : [];
}

/** Where .network files and what is dropped in are, the stronger ones first. systemd.network(5) */
const NETWORK_FOLDERS = ['/etc', '/run', '/usr/local/lib', '/usr/lib'].map(folder => `${folder}/systemd/network`);
export const OWN_DROP_IN = 'holdfast.conf';

async function networksOf(host: Host, interfaces: readonly string[]): Promise<readonly NetworkFile[]> {
  const found = new Map<string, NetworkFile>();
  for (const each of interfaces) {
    const index = (await host.read(`/sys/class/net/${each}/ifindex`))?.trim() ?? '';
    const path = /^\d+$/.test(index) ? networkFileOf((await host.read(`/run/systemd/netif/links/${index}`)) ?? '') : null;
    if (path === null) continue;
    const name = path.slice(path.lastIndexOf('/') + 1);
    const dropped = new Map<string, string>();
    for (const folder of [...NETWORK_FOLDERS].reverse()) {
      for (const file of await host.list(`${folder}/${name}.d`))
        if (file.endsWith('.conf') && file !== OWN_DROP_IN) dropped.set(file, `${folder}/${name}.d/${file}`);
    }
    const order = [...dropped.keys()].sort().map(file => dropped.get(file) ?? '');
    const texts = await Promise.all([path, ...order].map(async file => (await host.read(file)) ?? ''));
    const dhcp = !['no', 'false', 'off', '0', null].includes(networkSetting('DHCP', texts));
    found.set(name, { name, keeps: networkSetting('KeepConfiguration', texts), dhcp });
  }
  return [...found.values()];
}

/** A tree that is not running says what it will be. */
async function selinuxOf(host: Host, live: boolean): Promise<Facts['selinux']> {
  if (live) {
    const enforce = (await host.read('/sys/fs/selinux/enforce'))?.trim();
    return enforce === '1' ? 'enforcing' : enforce === '0' ? 'permissive' : 'off';
  }
  const [, mode] = /^\s*SELINUX\s*=\s*(\w+)/m.exec((await host.read('/etc/selinux/config')) ?? '') ?? [];
  return mode === 'enforcing' || mode === 'permissive' ? mode : 'off';
}

async function dmiOf(host: Host): Promise<Dmi> {
  const field = async (name: keyof Dmi): Promise<string> => (await host.read(`/sys/class/dmi/id/${name}`))?.trim() ?? '';
  return {
    sys_vendor: await field('sys_vendor'),
    product_name: await field('product_name'),
    chassis_asset_tag: await field('chassis_asset_tag'),
    bios_vendor: await field('bios_vendor'),
  };
}
