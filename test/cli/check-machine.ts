// src/cli/check-machine.ts: what is read of a machine for `check --system`, from a machine in memory and from this one.
import t from 'tap';
import { lookAround } from '../../src/cli/check-machine.ts';
import type { Host } from '../../src/platform/install-ports.ts';
import { openHost } from '../../src/platform/linux/host.ts';
import { loadText, router } from '../fixtures/diagnose.ts';
import { unchangingHost } from '../fixtures/host.ts';

async function plan() {
  const { plan: found } = await loadText(router('web', { addresses: '["192.0.2.200/24", "2001:db8::200/64"]' }));
  if (found === null) throw new Error('no plan');
  return found;
}

/** @param answers what a command line prints; others are not there */
function machine(files: Readonly<Record<string, string>>, answers: Readonly<Record<string, string>>): Host {
  return unchangingHost(files, line => {
    const known = Object.keys(answers).find(each => line.startsWith(each));
    return known === undefined ? { status: 'missing', out: '', err: '' } : { status: 0, out: answers[known] ?? '', err: '' };
  });
}

const NETWORK = '/etc/systemd/network/10-lan.network';

t.test('a machine with everything in the way', async t => {
  const files = {
    '/sys/class/net/eth0/ifindex': '2\n',
    '/run/systemd/netif/links/2': `NETWORK_FILE=${NETWORK}\n`,
    [NETWORK]: '[Network]\nAddress=192.0.2.10/24\n',
    '/sys/fs/selinux/enforce': '1',
    '/proc/sys/net/ipv6/conf/eth0/disable_ipv6': '1\n',
    '/proc/sys/kernel/sched_rt_runtime_us': '0\n',
    '/sys/class/dmi/id/sys_vendor': 'Amazon EC2\n',
  };
  const unit = (name: string) => `Id=${name}\nLoadState=loaded\nActiveState=active\n`;
  const answers = {
    'systemctl show': [unit('holdfast.service'), unit('systemd-networkd.service'), unit('keepalived.service')].join('\n'),
    'nmcli -t -f DEVICE,STATE device': 'eth0:connected\nlo:unmanaged\n',
    'nft -j list ruleset': JSON.stringify({
      nftables: [{ chain: { family: 'inet', table: 'filter', name: 'input', hook: 'input', type: 'filter', policy: 'drop' } }],
    }),
  };
  const found = await lookAround(await plan(), machine(files, answers));
  for (const words of [
    /^nftables drops VRRP: nft insert rule inet filter input /,
    /^Amazon EC2 does not carry multicast/,
    /^systemd-networkd takes the virtual addresses off/,
    /^NetworkManager manages eth0/,
    /^IPv6 is switched off on eth0/,
    /^the kernel gives nobody real time/,
    /^keepalived runs here/,
    /^SELinux enforces/,
  ])
    t.ok(
      found.some(line => words.test(line)),
      `${words}`,
    );
});

t.test('a machine without systemd, NetworkManager or nft', async t => {
  t.strictSame(await lookAround(await plan(), machine({}, {})), []);
  t.strictSame(
    await lookAround(await plan(), machine({ '/proc/sys/net/ipv6/conf/eth0/disable_ipv6': '0\n' }, { nmcli: 'eth0:unmanaged\n' })),
    [],
  );
});

t.test('this machine', async t => {
  t.ok(Array.isArray(await lookAround(await plan(), openHost(null))));
});
