// `holdfast install` into a Debian that mmdebstrap makes (once, .cache/install), and on that Debian as it runs: with its firewalld, a ruleset of
// nftables, systemd-networkd and NetworkManager. Must not know the steps: only the command, and what those programs and the network say.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { aptSources } from '../../build/image/apt.ts';
import { now, sleep, until } from '../netns/lab/clock.ts';
import { drill, type Lab } from '../netns/lab/drill.ts';
import { EXECUTABLE } from '../netns/lab/holdfast.ts';
import { VIP, web } from '../netns/lab/router.ts';
import { bootSystemd, type SystemdMachine } from '../netns/lab/systemd.ts';

const TREE = join(import.meta.dirname, '../../.cache/install/tree');
const PACKAGES = [
  'systemd',
  'systemd-sysv',
  'dbus',
  'firewalld',
  'network-manager',
  'nftables',
  'iproute2',
  'procps',
  'libstdc++6',
  'netbase',
].concat(['nginx-light', 'util-linux']);
const UNITS = ['firewalld.service', 'NetworkManager.service', 'systemd-networkd.service', 'systemd-networkd.socket'];
const CONFIG = '/etc/holdfast/holdfast.toml';
const BOUND = 20_000;
/** Lower than the other one's: it serves only if it does not hear that one. */
const configuration = (priority: number) => `[vrrp.web]
interface = "hf0"
vrid = 51
priority = ${priority}
addresses = ["${VIP}/24"]
advert_interval = "100ms"
`;

/** @returns why there is none; null: it is there */
function makeTree(): string | null {
  if (existsSync(TREE)) return null;
  const fresh = `${TREE}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(join(fresh, '..'), { recursive: true });
  const options = ['--mode=root', '--variant=minbase', '--format=directory', `--include=${PACKAGES.join()}`];
  const lean = [
    '--aptopt=Apt::Install-Recommends "false"',
    ...['doc', 'man', 'locale'].map(name => `--dpkgopt=path-exclude=/usr/share/${name}/*`),
  ];
  const made = spawnSync('mmdebstrap', [...options, ...lean, '', fresh, '-'], { input: `${aptSources().join('\n')}\n`, encoding: 'utf8' });
  if (made.error !== undefined) return `mmdebstrap: ${made.error.message}`;
  if (made.status !== 0) return made.stderr;
  renameSync(fresh, TREE);
  return null;
}

const missing = process.geteuid?.() === 0 ? makeTree() : 'mmdebstrap needs root';
if (missing !== null) process.stderr.write(`SKIPPED the install on a Debian of its own: ${missing}\n`);

t.test('into the tree, and out of it', { skip: missing ?? false, timeout: 300_000 }, async t => {
  const paths = () => globSync('{etc,usr/local,var/lib}/**', { cwd: TREE }).sort();
  const chroot = (...command: readonly string[]) => execFileSync('chroot', [TREE, ...command], { encoding: 'utf8' });
  const holdfast = (...argv: readonly string[]) => spawnSync(EXECUTABLE, [...argv, '--root', TREE], { encoding: 'utf8' });
  holdfast('uninstall', '--purge');
  const before = paths();
  mkdirSync(join(TREE, 'etc/holdfast'));
  writeFileSync(join(TREE, CONFIG), configuration(90));
  t.match(holdfast('install'), { status: 0, stderr: '' });
  t.equal(chroot('sh', '-c', 'systemd-analyze verify holdfast.service 2>&1'), '');
  t.equal(chroot('systemctl', 'is-enabled', 'holdfast').trim(), 'enabled');
  t.match(chroot('/usr/local/bin/holdfast', '--version'), /^holdfast /);
  t.match(holdfast('install'), { status: 0, stdout: /^nothing to do/ });
  t.match(holdfast('uninstall', '--purge'), { status: 0, stderr: '' });
  t.same(paths(), before, 'nothing of it is left');
});

/** A machine with that Debian, node a; on node b holdfast serves. */
async function machineOf(t: { comment(text: string): void }, lab: Lab) {
  const machine = await bootSystemd(lab.network, lab.node('a'), { tree: TREE, units: UNITS });
  const sh = async (command: string): Promise<string> => {
    const said = await machine.run('sh', '-c', `${command} 2>&1`);
    t.comment(`$ ${command}\n${said}`);
    return said;
  };
  mkdirSync(`${machine.root}/etc/holdfast`, { recursive: true });
  await lab.backup('b', web(100));
  await sh('rm /usr/local/bin/holdfast');
  const state = () => sh(`/usr/local/bin/holdfast status --json`).then(text => JSON.parse(text).routers[0].state as string);
  const becomes = (wanted: string) => until(`holdfast to be ${wanted}`, BOUND, async () => (await state()) === wanted);
  return { machine, sh, becomes };
}

await drill('firewalld', { missing, limitMs: 120_000 }, async (t, lab) => {
  const { machine, sh, becomes } = await machineOf(t, lab);
  // The laboratory's /dev is bound together, and systemd cannot copy that.
  mkdirSync(`${machine.root}/etc/systemd/system/firewalld.service.d`);
  await machine.unit('firewalld.service.d/lab.conf', '[Service]\nPrivateDevices=no\nDevicePolicy=auto\n');
  await sh('systemctl start firewalld');
  writeFileSync(`${machine.root}${CONFIG}`, configuration(90));
  t.match(await sh(`${EXECUTABLE} install`), /let VRRP \(protocol 112\) in, in zone public of firewalld/);
  await becomes('backup');
  await sleep(1000);
  await becomes('backup');
  t.match(readFileSync(`${machine.root}/etc/firewalld/zones/public.xml`, 'utf8'), /<protocol value="vrrp"\/>/);
  // What is set for now only is not lost by an install, and what is missing now is seen.
  await sh('firewall-cmd --add-port=4711/tcp && firewall-cmd --remove-protocol=vrrp');
  await becomes('active');
  t.match(await sh(`${EXECUTABLE} install`), /let VRRP/);
  await becomes('backup');
  t.match(await sh('firewall-cmd --list-ports'), '4711/tcp');
  t.match(await sh(`${EXECUTABLE} install`), /^nothing to do/);
  t.match(await sh(`${EXECUTABLE} uninstall`), /let VRRP in no more/);
  t.notMatch(readFileSync(`${machine.root}/etc/firewalld/zones/public.xml`, 'utf8'), /vrrp/);
  t.equal((await sh('firewall-cmd --list-protocols')).trim(), '');
});

await drill('nftables with an input chain that drops', { missing, limitMs: 120_000 }, async (t, lab) => {
  const { machine, sh, becomes } = await machineOf(t, lab);
  writeFileSync(`${machine.root}${CONFIG}`, configuration(90));
  writeFileSync(
    `${machine.root}/etc/nftables.conf`,
    'table inet filter {\n chain input {\n  type filter hook input priority filter; policy drop;\n  iif lo accept\n  tcp dport 22 accept\n }\n}\n',
  );
  await sh('nft -f /etc/nftables.conf');
  const said = await sh(`${EXECUTABLE} install`);
  const rule = /note: nftables drops VRRP: (nft insert rule .* accept), and/.exec(said)?.[1] ?? '';
  t.equal(rule, 'nft insert rule inet filter input meta l4proto 112 accept');
  await becomes('active');
  await sh(rule);
  await becomes('backup');
  t.equal(await sh(`${EXECUTABLE} install`), `nothing to do: holdfast ${/holdfast (\S+),/.exec(said)?.[1]} is installed\n`);
});

/** How often, and for how long, the address was away while these commands ran. */
async function awayDuring(machine: SystemdMachine, commands: readonly string[]) {
  const monitor = machine.start(['stdbuf', '-oL', 'ip', '-ts', '-4', 'monitor', 'address']);
  await sleep(500);
  const from = now();
  for (const command of commands) {
    await machine.run('sh', '-c', command);
    await sleep(1500);
  }
  const took = now() - from;
  await monitor.kill();
  const seen = monitor.out.flatMap(line => {
    const [, at = '', deleted] = /^\[(\S+)\] (Deleted )?.*inet /.exec(line) ?? [];
    return line.includes(`${VIP}/`) ? [{ at: Date.parse(`${at}Z`), micros: Number(at.slice(-3)), deleted: deleted !== undefined }] : [];
  });
  const gaps = seen.flatMap(({ at, micros, deleted }, index) => {
    const next = seen.slice(index + 1).find(each => !each.deleted);
    return deleted ? [next === undefined ? Number.POSITIVE_INFINITY : next.at - at + (next.micros - micros) / 1000] : [];
  });
  return { gaps, took, seen };
}

await drill('systemd-networkd', { missing, limitMs: 180_000 }, async (t, lab) => {
  const { machine, sh, becomes } = await machineOf(t, lab);
  const file = `${machine.root}/etc/systemd/network/10-lan.network`;
  const network = `[Match]\nName=hf0\n[Network]\nAddress=${lab.node('a').address}/24\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n`;
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, network);
  await sh('systemctl start systemd-networkd && sleep 1 && networkctl --no-pager');
  writeFileSync(`${machine.root}${CONFIG}`, configuration(200));
  t.match(await sh(`${EXECUTABLE} install`), /write \/etc\/systemd\/network\/10-lan.network.d\/holdfast.conf/);
  await becomes('active');
  const change = async () => writeFileSync(file, `${network}DNS=10.77.0.${(Date.now() % 200) + 1}\n`);
  const anew = ['networkctl reload', 'networkctl reconfigure hf0', 'systemctl restart systemd-networkd'];
  await change();
  const kept = await awayDuring(machine, anew);
  t.same(kept.gaps, [], 'with the drop-in it stays');
  t.match(await sh(`${EXECUTABLE} install`), /^nothing to do/);
  await sh('rm -r /etc/systemd/network/10-lan.network.d');
  await change();
  const lost = await awayDuring(machine, anew);
  t.not(lost.gaps.length, 0, 'without it does not');
  t.comment(`without the drop-in: away for ${lost.gaps.map(gap => gap.toFixed(1)).join(', ')} ms`);
});

await drill('NetworkManager', { missing, limitMs: 120_000 }, async (t, lab) => {
  const { machine, sh, becomes } = await machineOf(t, lab);
  const { address } = lab.node('a');
  await sh('mkdir -p /var/lib/NetworkManager && systemctl start NetworkManager && sleep 1');
  await sh(`nmcli con add type ethernet ifname hf0 con-name lan ipv4.method manual ipv4.addresses ${address}/24 ipv6.method disabled`);
  await sh('nmcli con up lan');
  writeFileSync(`${machine.root}${CONFIG}`, configuration(200));
  await sh(`${EXECUTABLE} install`);
  await becomes('active');
  t.same((await awayDuring(machine, ['nmcli con reload', 'systemctl restart NetworkManager'])).gaps, []);
  const { gaps } = await awayDuring(machine, ['nmcli con up lan', 'nmcli device reapply hf0']);
  t.comment(`nmcli con up, device reapply: away for ${gaps.map(gap => gap.toFixed(1)).join(', ')} ms`);
  // `con up` takes the machine's own address down too, and a router without one waits for it.
  t.ok(gaps.length <= 3 && gaps.every(gap => gap < 500), `put back at once: ${gaps}`);
});
