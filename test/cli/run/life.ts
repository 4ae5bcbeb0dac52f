// `holdfast run` from its first word to its last, in a namespace of its own: start, signals, end.
// Must not know the protocol: one router, alone on its cable.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { needsNamespaces as needs } from '../../fixtures/namespace.ts';
import { ACTIVE, BOUND, begin, router, told } from '../../fixtures/run-machine.ts';
import { until } from '../../netns/lab/clock.ts';

t.test('from the first word to the last: ready, active, stopping, gone', needs, async t => {
  const { systemd, run, addresses } = await begin(t, router());
  const daemon = run();
  await daemon.says(/engine\.ready .*routers=1/);
  await told(systemd, 'READY=1');
  await daemon.says(ACTIVE);
  await until('the address', BOUND, async () => (await addresses()).includes('192.0.2.200/24'));
  t.match(await daemon.status(), { schema: 1, node: 'edge-a', routers: [{ name: 'web', state: 'active' }] });
  daemon.signal('SIGTERM');
  await told(systemd, 'STOPPING=1');
  t.same(await daemon.ended(), { code: 0, signal: null });
  t.same(await addresses(), ['192.0.2.10/24']);
  t.match(daemon.err.join('\n'), /engine\.leaving signal=SIGTERM/);
  t.same(
    systemd.heard.map(({ text }) => text),
    ['READY=1', 'STOPPING=1'],
  );
  t.same(daemon.out, [], 'and nothing on standard output');
});

t.test('the agent ends with it, and leaves nothing running', needs, async t => {
  const { run } = await begin(t, router());
  const daemon = run();
  await daemon.says(/engine\.ready/);
  const agent = await daemon.agent();
  daemon.signal('SIGTERM');
  await daemon.ended();
  await until('the agent to be gone', BOUND, () => !existsSync(`/proc/${agent}`));
  t.pass();
});

t.test('a second SIGTERM lets go at once', needs, async t => {
  // The first one would take more than 80 s at this interval, as nobody is there to take over.
  const { run, addresses } = await begin(t, router('priority = 255\n').replace('100ms', '40s'));
  const daemon = run();
  await daemon.says(ACTIVE);
  await until('the address', BOUND, async () => (await addresses()).includes('192.0.2.200/24'));
  daemon.signal('SIGTERM');
  await daemon.says(/to=leaving/);
  t.equal(daemon.exit(), undefined);
  daemon.signal('SIGTERM');
  t.same(await daemon.ended(), { code: 0, signal: null });
  t.match(daemon.err.join('\n'), /vrrp\.abandoned/);
  t.same(await addresses(), ['192.0.2.10/24']);
});

t.test('SIGINT is as good as SIGTERM; SIGHUP without a change, SIGUSR1 and SIGUSR2 do no harm', needs, async t => {
  const { run, addresses } = await begin(t, router());
  const daemon = run();
  await daemon.says(ACTIVE);
  daemon.signal('SIGHUP');
  await daemon.says(/agent\.reload-unchanged/);
  for (const signal of ['SIGUSR1', 'SIGUSR2'] as const) {
    daemon.signal(signal);
    await daemon.says(new RegExp(`${signal} does nothing here`));
  }
  t.match(await daemon.status(), { routers: [{ state: 'active' }] });
  t.ok((await addresses()).includes('192.0.2.200/24'));
  daemon.signal('SIGINT');
  t.same(await daemon.ended(), { code: 0, signal: null });
});

t.test('SIGTERM before there is anything to leave', needs, async t => {
  const { systemd, run, space } = await begin(t, router());
  const pipe = join(systemd.folder, 'never.toml');
  await space.run('mkfifo', pipe);
  const daemon = run({ config: pipe });
  const agent = await daemon.agent();
  // Its handlers are there as soon as its agent is.
  daemon.signal('SIGTERM');
  t.same(await daemon.ended(), { code: 0, signal: null });
  t.notOk(systemd.heard.some(({ text }) => text === 'READY=1'));
  await until('the agent to be gone', BOUND, () => !existsSync(`/proc/${agent}`));
});

t.test('a mistake of ours: it says which, gives everything up, and ends with 1', needs, async t => {
  const { run, addresses } = await begin(t, router());
  const mistake = "data:text/javascript,process.on('SIGUSR2', () => { throw new Error('a mistake of ours') })";
  const daemon = run({ node: ['--import', mistake] });
  await daemon.says(ACTIVE);
  await until('the address', BOUND, async () => (await addresses()).includes('192.0.2.200/24'));
  daemon.signal('SIGUSR2');
  t.same(await daemon.ended(), { code: 1, signal: null });
  t.match(daemon.err.join('\n'), /error engine\.crashed msg="Error: a mistake of ours\\n +at /);
  t.same(await addresses(), ['192.0.2.10/24']);
});
