// Reload under `holdfast run`, by signal and by command: what changes, what does not notice, what is told to whom.
// Must not know the protocol: routers alone on their cable. What waits for a confirmation: probation.ts.
import t from 'tap';
import { needsNamespaces as needs } from '../../fixtures/namespace.ts';
import { ask, end, report, serving, VIP, write } from '../../fixtures/operator.ts';
import { ACTIVE, BOUND, begin, type Machine, router, stopped } from '../../fixtures/run-machine.ts';
import { until } from '../../netns/lab/clock.ts';

const mail = (settings = 'priority = 150') => router(settings, 'mail', 52).replace('192.0.2.200', '192.0.2.201');

/** What systemd heard, without what depends on the instant. */
const heard = ({ systemd }: Machine) => systemd.heard.map(({ text }) => text.replace(/MONOTONIC_USEC=\d+/, 'MONOTONIC_USEC=N'));
const RELOADING = 'RELOADING=1\nMONOTONIC_USEC=N';

t.test('SIGHUP: a changed priority is applied in place, and systemd hears when it begins and when it is done', needs, async t => {
  const machine = await begin(t, router());
  const daemon = await serving(machine);
  write(machine, router('priority = 120'));
  daemon.signal('SIGHUP');
  t.match(await daemon.says(/agent\.reloaded/), /~ web\/ipv4 priority 150 -> 120/);
  await until('READY=1 again', BOUND, () => heard(machine).length >= 3);
  t.same(heard(machine), ['READY=1', RELOADING, 'READY=1']);
  const status = await report(daemon);
  t.match(status.routers, [{ state: 'active', priority: { configured: 120 }, counters: { became_active: 1 } }]);
  t.match(status.configuration, { confirm_by: null, last_reload: { outcome: 'applied', problem: null } });
  t.equal(daemon.err.filter(line => /vrrp\.transition/.test(line)).length, 2, 'Backup, Active, and that was all');
  await end(t, daemon);
});

t.test('an unchanged file is a logged no-op', needs, async t => {
  const machine = await begin(t, router());
  const daemon = await serving(machine);
  const before = await report(daemon);
  daemon.signal('SIGHUP');
  await daemon.says(/agent\.reload-unchanged/);
  await until('READY=1 again', BOUND, () => heard(machine).length >= 3);
  t.same(heard(machine), ['READY=1', RELOADING, 'READY=1']);
  t.match(await ask(daemon, 'reload'), { code: 0, out: 'nothing to do: what runs is what the files say', err: '' });
  const after = await report(daemon);
  t.match(after.routers, [{ state: 'active', since: /./, counters: { became_active: 1 } }]);
  t.ok(Math.abs(Date.parse(after.routers[0]?.since ?? '') - Date.parse(before.routers[0]?.since ?? '')) < 100, 'in its state since then');
  t.equal(after.configuration.loaded_at, before.configuration.loaded_at);
  t.notOk(daemon.err.some(line => /agent\.reloaded/.test(line)));
  await end(t, daemon);
});

t.test('a file that does not check changes nothing, and everybody is told why', needs, async t => {
  const machine = await begin(t, router());
  const daemon = await serving(machine);
  write(machine, `${router('priority = 300')}bogus = 1\n`);
  daemon.signal('SIGHUP');
  await daemon.says(/agent\.reload-failed errors=2 .*holdfast\.toml:6:/);
  const said = daemon.err.join('\n');
  t.ok(said.includes(`${machine.config}:6:`) && said.includes(`${machine.config}:7:`), 'both mistakes, with their lines');
  await until('READY=1 again', BOUND, () => heard(machine).length >= 3);
  t.same(heard(machine), ['READY=1', RELOADING, 'READY=1']);
  await until(
    'the status line',
    BOUND,
    () =>
      /--status=reload failed: \S+holdfast\.toml:6:\d+ .*; still running the configuration of \d\d:\d\d:\d\d; web\/ipv4 active$/.test(
        machine.systemd.notified().at(-1) ?? '',
      ),
    () => machine.systemd.notified().join('\n'),
  );
  const asked = await ask(daemon, 'reload');
  t.same([asked.code, asked.out], [78, '']);
  t.match(asked.err, /^error\[/);
  t.match(asked.err, /\nholdfast: 2 errors; nothing was changed$/);
  const status = await report(daemon);
  t.match(status.routers, [{ state: 'active', priority: { configured: 150 }, counters: { became_active: 1 } }]);
  t.match(status.configuration.last_reload, { outcome: 'invalid', problem: /holdfast\.toml:6:/ });
  t.match((await ask(daemon, 'status')).out, /^ERROR: the reload at .* failed, still running the configuration of /);
  write(machine, router('priority = 120'));
  t.match(await ask(daemon, 'reload'), { code: 0, out: /~ web\/ipv4 +priority 150 -> 120/ });
  t.match((await ask(daemon, 'status')).out, /^ROUTER/, 'and forgotten with the next good one');
  await end(t, daemon);
});

t.test('a router joins, another leaves in order; the third does not notice', needs, async t => {
  const machine = await begin(t, `${router()}${mail()}`);
  const daemon = await serving(machine);
  await daemon.says(/vrrp\.transition .*router=mail .*to=active/);
  const third = router('priority = 150', 'third', 53).replace('192.0.2.200', '192.0.2.202');
  write(machine, `${router()}${third}`);
  const dry = await ask(daemon, 'reload', '--dry-run');
  t.match(dry, { code: 0, out: /^would change, but this is a dry run:\n {2}\+ third\/ipv4 .*\n {2}- mail\/ipv4 .*\n {2}= 1 unchanged$/ });
  t.match(
    (await report(daemon)).routers.map(({ name }) => name),
    ['web', 'mail'],
    'and it was one',
  );
  const done = await ask(daemon, 'reload');
  t.match(done, { code: 0, out: dry.out.replace('would change, but this is a dry run', 'reloaded') });
  await daemon.says(/vrrp\.transition .*router=third .*to=active/);
  await daemon.says(/vrrp\.transition .*router=mail .*to=leaving/);
  await until('the old address to be gone, the new one here', BOUND, async () => {
    const here = await machine.addresses();
    return !here.includes('192.0.2.201/24') && here.includes('192.0.2.202/24');
  });
  t.ok((await machine.addresses()).includes(VIP));
  await until('it to be forgotten', BOUND, async () => (await report(daemon)).routers.length === 2);
  t.match((await report(daemon)).routers, [{ name: 'web', counters: { became_active: 1 } }, { name: 'third' }]);
  await end(t, daemon);
});

t.test('another VRID: it leaves in order and starts anew', needs, async t => {
  const machine = await begin(t, router());
  const daemon = await serving(machine);
  write(machine, router().replace('vrid = 51', 'vrid = 61'));
  t.match(await ask(daemon, 'reload'), { code: 0, out: /~ web\/ipv4 +VRID 51 -> 61 \(leaves in order, then starts anew\)/ });
  const before = daemon.err.length;
  await until('the new one', BOUND, async () =>
    (await report(daemon)).routers.some(({ vrid, state }) => vrid === 61 && state === 'active'),
  );
  t.ok(
    daemon.err.some(line => /vrrp\.transition .*vrid=51 .*to=leaving/.test(line)),
    `in order; ${before} lines`,
  );
  await until('the address', BOUND, async () => (await machine.addresses()).includes(VIP));
  await end(t, daemon);
});

t.test('SIGHUP while the agent is dead or stands still is not forgotten', needs, async t => {
  const machine = await begin(t, router());
  const daemon = await serving(machine);
  const agent = await daemon.agent();
  process.kill(agent, 'SIGSTOP');
  await stopped(agent);
  write(machine, router('priority = 120'));
  daemon.signal('SIGHUP');
  await until('RELOADING=1', BOUND, () => heard(machine).includes(RELOADING));
  process.kill(agent, 'SIGKILL');
  await daemon.says(/agent\.reloaded .*priority 150 -> 120/);
  await until('READY=1 again', BOUND, () => heard(machine).length >= 3);
  t.same(heard(machine), ['READY=1', RELOADING, 'READY=1']);
  await end(t, daemon);
});

t.test('twenty reloads at once: one after the other, and the last file runs', needs, async t => {
  const machine = await begin(t, router());
  const daemon = await serving(machine);
  for (let i = 0; i < 20; i++) {
    write(machine, i % 3 === 2 ? 'this is no configuration' : router(`priority = ${101 + i}`));
    daemon.signal('SIGHUP');
    // Answered behind those that were asked for before it.
    if (i % 5 === 0) await ask(daemon, 'reload', '--dry-run');
  }
  t.match(await ask(daemon, 'reload'), { code: 0 });
  t.match(await report(daemon), {
    agent_restarts: 0,
    routers: [{ state: 'active', priority: { configured: 120 }, counters: { became_active: 1 } }],
  });
  await end(t, daemon);
});

t.test('a password is in no log, no status, no answer', needs, async t => {
  const old = (password: string) => router(`priority = 150\nversion = 2\npassword = "${password}"`).replace('100ms', '1s');
  const machine = await begin(t, old('hunter2'));
  const daemon = machine.run();
  await daemon.says(ACTIVE);
  write(machine, old('hunter3'));
  const answers = [
    await ask(daemon, 'reload', '--dry-run'),
    await ask(daemon, 'reload'),
    await ask(daemon, 'status'),
    await ask(daemon, 'status', '--json'),
  ];
  t.match(answers[1], { code: 0, out: /~ web\/ipv4 +password changed/ });
  write(machine, old('far-too-long-hunter'));
  answers.push(await ask(daemon, 'reload'));
  t.equal(answers.at(-1)?.code, 78);
  t.notMatch(JSON.stringify([answers, daemon.err, machine.systemd.notified()]), /hunter/);
  await end(t, daemon);
});
