// `reload --confirm` under `holdfast run`: a change that goes back by itself unless somebody says that it stays.
// Must not know the protocol: routers alone on their cable.
import t from 'tap';
import { needsNamespaces as needs } from '../../fixtures/namespace.ts';
import { ask, end, report, serving, write } from '../../fixtures/operator.ts';
import { BOUND, begin, router } from '../../fixtures/run-machine.ts';
import { now, until } from '../../netns/lab/clock.ts';

/** Whole seconds in which so many verbs are answered, on a machine as busy as this one is. */
async function timeFor(daemon: Parameters<typeof ask>[0], verbs: number): Promise<number> {
  const started = now();
  await ask(daemon, 'status');
  return Math.ceil(1 + (4 * verbs * (now() - started)) / 1_000_000);
}

const mail = router('priority = 150', 'mail', 52).replace('192.0.2.200', '192.0.2.201');

t.test('not confirmed, it goes back by itself; and says so', needs, async t => {
  const machine = await begin(t, router());
  const daemon = await serving(machine);
  write(machine, `${router('priority = 120')}${mail}`);
  const patience = await timeFor(daemon, 3);
  const done = await ask(daemon, 'reload', '--confirm', `${patience}s`);
  t.match(done, { code: 0, out: /\n\nGoes back at \d\d:\d\d:\d\d, in \d+ s, unless you confirm:\n {2}holdfast confirm --socket \S+$/ });
  t.match((await report(daemon)).routers, [{ name: 'web', priority: { configured: 120 } }, { name: 'mail' }]);
  t.match(await ask(daemon, 'reload'), {
    code: 1,
    out: '',
    err: /^holdfast: nothing was done: the reload before goes back at .*\n {2}holdfast confirm --socket/,
  });
  await daemon.says(/engine\.reverted/);
  await daemon.says(/agent\.reverted .*~ web\/ipv4 priority 120 -> 150/);
  await until('one router', BOUND, async () => (await report(daemon)).routers.length === 1);
  const status = await report(daemon);
  t.match(status.routers, [{ name: 'web', state: 'active', priority: { configured: 150 }, counters: { became_active: 1 } }]);
  t.match(status.configuration, { confirm_by: null, last_reload: { outcome: 'reverted', problem: /nobody confirmed/ } });
  t.match(await ask(daemon, 'confirm'), { code: 1, out: '', err: /nothing waits for a confirmation/ });
  await end(t, daemon);
});

t.test('confirmed, it stays', needs, async t => {
  const machine = await begin(t, router());
  const daemon = await serving(machine);
  write(machine, router('priority = 120'));
  t.match(await ask(daemon, 'reload', '--confirm', '1h'), { code: 0 });
  const { confirm_by } = (await report(daemon)).configuration;
  t.ok(Math.abs(Date.parse(confirm_by ?? '') - Date.now() - 3_600_000) < 60_000, `until ${confirm_by}`);
  t.match((await ask(daemon, 'status')).out, /^WARNING: this configuration goes back at .*: holdfast confirm --socket \S+\n/);
  daemon.signal('SIGHUP');
  await daemon.says(/agent\.reload-busy/);
  t.match(await ask(daemon, 'confirm'), { code: 0, out: 'confirmed: this configuration stays' });
  t.match(await report(daemon), { configuration: { confirm_by: null }, routers: [{ priority: { configured: 120 } }] });
  t.match(await ask(daemon, 'reload'), { code: 0, out: /^nothing to do/ });
  await end(t, daemon);
});

t.test('an agent that dies while a change waits for its confirmation: the next one knows, and it still goes back', needs, async t => {
  const machine = await begin(t, router());
  const daemon = await serving(machine);
  write(machine, router('priority = 120'));
  t.match(await ask(daemon, 'reload', '--confirm', `${await timeFor(daemon, 4)}s`), { code: 0 });
  process.kill(await daemon.agent(), 'SIGKILL');
  await daemon.says(/agent\.died/);
  await until('the next agent to answer', BOUND, () => daemon.status().catch(() => undefined));
  t.match(await ask(daemon, 'reload'), { code: 1, err: /goes back at/ });
  await daemon.says(/engine\.reverted/);
  await daemon.says(/agent\.reverted .*priority 120 -> 150/);
  t.match(await report(daemon), { configuration: { loaded_at: null }, routers: [{ priority: { configured: 150 } }] });
  t.match(await ask(daemon, 'reload'), { code: 0, out: /priority 150 -> 120/ });
  await end(t, daemon);
});
