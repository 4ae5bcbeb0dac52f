// Tests src/platform/linux/transient-unit.ts by value: test/netns has the real systemd.
// Must not know what runs in units.
import t from 'tap';
import { isInService, killCommand, runCommand } from '../../../src/platform/linux/transient-unit.ts';
import { millis } from '../../../src/vrrp/units.ts';

t.test('a service of systemd, and everything that is none', async t => {
  const folder = t.testdir({
    v2: '0::/system.slice/holdfast.service\n',
    v1: '12:pids:/system.slice/holdfast.service\n1:name=systemd:/system.slice/holdfast.service\n0::/\n',
    nested: '0::/machine.slice/edge.nspawn/system.slice/system-holdfast.slice/holdfast@a.service\n',
    terminal: '0::/user.slice/user-0.slice/session-1.scope\n',
    user: '0::/user.slice/user-1000.slice/user@1000.service/app.slice/terminal.scope\n',
    part: '0::/system.slice/docker.service/init\n',
    other: '4:memory:/system.slice/holdfast.service\n1:name=systemd:/\n0::/\n',
    root: '0::/\n',
  });
  const inService = (name: string, needed = [folder]) => isInService(`${folder}/${name}`, needed);
  for (const name of ['v2', 'v1', 'nested']) t.equal(await inService(name), true, name);
  for (const name of ['terminal', 'user', 'part', 'other', 'root', 'nowhere']) t.equal(await inService(name), false, name);
  t.equal(await inService('v2', [folder, `${folder}/nowhere`]), false, 'without the socket of D-Bus nobody can be asked');
});

t.test('the command that runs a program in a unit', async t => {
  const program = {
    argv: ['/usr/local/sbin/notify', '--cost', '5$', '$HOME', '$'.concat('{HOME}'), 'INSTANCE'],
    user: 'holdfast',
    environment: { HOLDFAST_ROUTER: 'web', HOLDFAST_ADDRESSES: '192.0.2.200/24 192.0.2.201/24' },
    timeout: millis(1_500),
  };
  t.strictSame(runCommand('holdfast-hook-web-1-1.service', 'holdfast: active of web', program), [
    '/usr/bin/systemd-run',
    '--quiet',
    '--wait',
    '--pipe',
    '--collect',
    '--unit=holdfast-hook-web-1-1.service',
    '--description=holdfast: active of web',
    '--property=KillMode=process',
    '--property=RuntimeMaxSec=12',
    '--uid=holdfast',
    '--setenv=HOLDFAST_ROUTER=web',
    '--setenv=HOLDFAST_ADDRESSES=192.0.2.200/24 192.0.2.201/24',
    '--',
    '/usr/local/sbin/notify',
    '--cost',
    '5$$',
    '$$HOME',
    '$$'.concat('{HOME}'),
    'INSTANCE',
  ]);
  t.strictSame(killCommand('holdfast-hook-web-1-1.service'), [
    '/bin/systemctl',
    'kill',
    '--signal=SIGKILL',
    'holdfast-hook-web-1-1.service',
  ]);
});
