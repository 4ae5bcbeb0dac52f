// When `holdfast run` does not start: what it says, and its exit status.
// Must not know the protocol: one router, alone on its cable.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { needsNamespaces as needs } from '../../fixtures/namespace.ts';
import { ACTIVE, BOUND, begin, router } from '../../fixtures/run-machine.ts';
import { until } from '../../netns/lab/clock.ts';

t.test('another daemon at the control socket: it does not start', needs, async t => {
  const one = await begin(t, router());
  const two = await begin(t, router());
  const first = one.run();
  await first.says(/engine\.ready/);
  await until('its socket', BOUND, () => existsSync(first.socket));
  const second = two.run({ socket: first.socket });
  t.same(await second.ended(), { code: 1, signal: null });
  t.match(second.err.join('\n'), new RegExp(`agent\\.socket path=${first.socket} .*another daemon listens there`));
  t.match(await first.status(), { routers: [{ name: 'web' }] }, 'the first one is as it was');
  t.same(await two.addresses(), ['192.0.2.10/24']);
});

t.test('another daemon with the same router in the same namespace: it does not start', needs, async t => {
  const { systemd, run } = await begin(t, router());
  const first = run();
  await first.says(ACTIVE);
  const second = run({ socket: join(systemd.folder, 'second.sock') });
  t.same(await second.ended(), { code: 1, signal: null });
  t.match(second.err.join('\n'), /vrrp\.refused router=web interface=hf0 vrid=51 .*another daemon/);
  t.match(await first.status(), { routers: [{ state: 'active' }] });
});

t.test('a socket that cannot be made: it does not start', needs, async t => {
  const { run } = await begin(t, router());
  const daemon = run({ socket: '/proc/holdfast/control.sock' });
  t.same(await daemon.ended(), { code: 1, signal: null });
  t.match(daemon.err.join('\n'), /agent\.socket path=\/proc\/holdfast\/control\.sock .*ENOENT/);
});

t.test('a configuration that does not check: everything that is wrong, and exit status 78', needs, async t => {
  const { config, run, systemd } = await begin(t, `${router('priority = 300')}bogus = 1\n`);
  const daemon = run();
  t.same(await daemon.ended(), { code: 78, signal: null });
  const said = daemon.err.join('\n');
  t.match(said, /^error\[/m);
  t.ok(said.includes(`${config}:6:`) && said.includes(`${config}:7:`), 'both mistakes, with their lines');
  t.same(systemd.heard, []);
  const none = run({ config: '/nonexistent/holdfast.toml' });
  t.same(await none.ended(), { code: 78, signal: null });
  t.match(none.err.join('\n'), /\/nonexistent\/holdfast\.toml/);
});

t.test('missing capabilities are named before anything is tried', needs, async t => {
  const { run } = await begin(t, router());
  const daemon = run({ before: ['setpriv', '--bounding-set=-net_raw', '--'] });
  t.same(await daemon.ended(), { code: 1, signal: null });
  t.same(daemon.err[0], 'holdfast: missing capability CAP_NET_RAW');
  t.match(daemon.err[1], / {2}= hint: run as root, or set AmbientCapabilities=CAP_NET_RAW in the unit, or: setcap cap_net_raw\+ep \S+node/);
});
