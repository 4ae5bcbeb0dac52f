// The agent under `holdfast run`: it may die or stand still, and what runs goes on.
// Must not know the protocol: one router, alone on its cable.
import { existsSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { needsNamespaces as needs } from '../../fixtures/namespace.ts';
import { ACTIVE, BOUND, begin, router } from '../../fixtures/run-machine.ts';
import { until } from '../../netns/lab/clock.ts';

t.test('an agent that dies is replaced, and what runs goes on as it is, whatever the file says now', needs, async t => {
  const { config, run, addresses } = await begin(t, router());
  const daemon = run();
  await daemon.says(ACTIVE);
  const first = await daemon.agent();
  for (const [restarts, changed] of [
    [1, router('priority = 10')],
    [2, 'this is no configuration'],
  ] as const) {
    writeFileSync(config, changed);
    const before = daemon.err.length;
    process.kill(await daemon.agent(), 'SIGKILL');
    await daemon.says(/agent\.died .*killed by signal 9/, before);
    const status = await until('the next agent to answer', BOUND, () => daemon.status().catch(() => undefined));
    t.match(status, { agent_restarts: restarts, routers: [{ state: 'active', priority: { configured: 150 } }] });
  }
  t.not(await daemon.agent(), first);
  t.ok((await addresses()).includes('192.0.2.200/24'));
  t.equal(daemon.err.filter(line => /to=(backup|initialize)/.test(line)).length, 1, 'it never left its role');
  daemon.signal('SIGTERM');
  t.same(await daemon.ended(), { code: 0, signal: null });
});

t.test('an agent that stands still stops nothing, and the client says so', needs, async t => {
  const { run, addresses } = await begin(t, router());
  const daemon = run();
  await daemon.says(/engine\.ready/);
  const agent = await daemon.agent();
  await until('its socket', BOUND, () => existsSync(daemon.socket));
  process.kill(agent, 'SIGSTOP');
  t.teardown(() => {
    if (existsSync(`/proc/${agent}`)) process.kill(agent, 'SIGKILL');
  });
  await daemon.says(ACTIVE);
  await until('the address', BOUND, async () => (await addresses()).includes('192.0.2.200/24'));
  await t.rejects(daemon.status(), { message: /no answer within 5 s/ });
  daemon.signal('SIGTERM');
  t.same(await daemon.ended(), { code: 0, signal: null });
  t.same(await addresses(), ['192.0.2.10/24']);
});
