// What systemd gets from `holdfast run`: heartbeats from the engine, the status line from the agent.
// Must not know the protocol: one router, alone on its cable.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { needsNamespaces as needs } from '../../fixtures/namespace.ts';
import { ACTIVE, BOUND, begin, router, stopped, told } from '../../fixtures/run-machine.ts';
import { until } from '../../netns/lab/clock.ts';

t.test('the watchdog is fed by the engine: not slower when the agent stands still, not at all when the engine does', needs, async t => {
  const { systemd, run } = await begin(t, router(), 400_000);
  const daemon = run();
  await told(systemd, 'READY=1');
  const beats = () => systemd.heard.filter(({ text }) => text === 'WATCHDOG=1');
  const more = async (count: number) => {
    const before = beats().length;
    await until(`${count} heartbeats more`, BOUND, () => beats().length >= before + count);
    return beats().slice(before);
  };
  const agent = await daemon.agent();
  process.kill(agent, 'SIGSTOP');
  t.teardown(() => process.kill(agent, 'SIGCONT'));
  await stopped(agent);
  const series = await more(11);
  const took = (series.at(-1)?.at ?? 0) - (series[0]?.at ?? 0);
  t.ok(took > 10 * 150_000, `10 heartbeats of 200 ms in ${took} µs: not much faster than they are due`);
  t.ok(took < 10 * 400_000, `10 heartbeats of 200 ms in ${took} µs: in time for a watchdog of 400 ms`);
  daemon.signal('SIGSTOP');
  await stopped(daemon.pid);
  const { length } = beats();
  // A clock of its own beats ten times what the engine would have beaten.
  for (let i = 0; i < 10; i++) await new Promise(resolve => setTimeout(resolve, 200));
  t.ok(beats().length <= length + 1, 'but for one that was on its way');
  daemon.signal('SIGCONT');
  await more(1);
});

t.test('no watchdog, no heartbeat', needs, async t => {
  const { systemd, run } = await begin(t, router());
  const daemon = run();
  await daemon.says(ACTIVE);
  daemon.signal('SIGTERM');
  await daemon.ended();
  t.notOk(systemd.heard.some(({ text }) => text.startsWith('WATCHDOG')));
});

t.test('the status line tells all roles, in the name of the engine', needs, async t => {
  const { systemd, run } = await begin(
    t,
    `${router()}${router('priority = 150\n', 'mail', 52).replace('hf0', 'hf9').replace('200', '201')}`,
  );
  const daemon = run();
  const line = (text: string) =>
    until(
      `the status "${text}"`,
      BOUND,
      () => systemd.notified().at(-1) === `--pid=${daemon.pid} --status=${text}`,
      () => systemd.notified().join('\n'),
    );
  await line('web/ipv4 active, mail/ipv4 initialize');
  process.kill(await daemon.agent(), 'SIGKILL');
  await daemon.says(/agent\.died/);
  const { length } = systemd.notified();
  await until('the next agent to tell it too', BOUND, () => systemd.notified().length > length);
  await line('web/ipv4 active, mail/ipv4 initialize');
  daemon.signal('SIGTERM');
  await daemon.ended();
});

t.test('of a burst only the last status is told, and one program at a time tells it', needs, async t => {
  const routers = [1, 2, 3, 4].map(n => router('priority = 150\n', `r${n}`, 50 + n).replace('200', `20${n}`));
  const { systemd, run } = await begin(t, routers.join(''));
  const record = join(systemd.folder, 'notified');
  const slow = `#!/bin/sh\necho begin >>'${record}'\nsleep 0.2\necho "$*" >>'${record}'\n`;
  writeFileSync(join(systemd.folder, 'bin/systemd-notify'), slow);
  const daemon = run();
  await until(
    'all of them to be active',
    BOUND,
    () => systemd.notified().at(-1)?.endsWith('--status=r1/ipv4 active, r2/ipv4 active, r3/ipv4 active, r4/ipv4 active'),
    () => systemd.notified().join('\n'),
  );
  const told = systemd.notified();
  told.forEach((line, i) => {
    t.equal(line === 'begin', i % 2 === 0, line);
  });
  t.ok(told.length / 2 < 8, `${told.length / 2} programs for 8 changes of role`);
  daemon.signal('SIGTERM');
  await daemon.ended();
});

t.test('without systemd-notify there is no status line, and no harm', needs, async t => {
  const { systemd, run, space } = await begin(t, router());
  await space.run('rm', join(systemd.folder, 'bin/systemd-notify'));
  // Nothing else of that name is found either.
  const daemon = run({ before: ['env', `PATH=${join(systemd.folder, 'bin')}`] });
  await daemon.says(ACTIVE);
  t.match(await daemon.status(), { agent_restarts: 0 });
  daemon.signal('SIGTERM');
  t.same(await daemon.ended(), { code: 0, signal: null });
});
