// A service under a watchdog that a command starts and that stays in the foreground: a real nginx, and programs that are none.
// Must not know the watchdog: only the port that it asks.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { now, until } from '../../netns/lab/clock.ts';
import { BOUND, followed, makeNginxMachine, type NginxMachine, needsNginx, running, told, workersOf } from './fixtures/nginx-service.ts';

t.setTimeout(600_000);

async function begin(t: Test, run: readonly string[] | null = null, user: string | null = null) {
  const machine = await makeNginxMachine(t, nginx => ({ by: 'start', run: run ?? [...nginx, '-g', 'daemon off;'], pidFile: null, user }));
  return { machine, agent: await machine.agent() };
}

/** A script in a place that only root can write. @returns its path, as it is inside */
async function script(machine: NginxMachine, text: string): Promise<string> {
  await machine.sh('mount -t tmpfs -o mode=755 scripts /mnt');
  await machine.sh(`cat >/mnt/service <<'END'\n#!/bin/sh\n${text}\nEND\nchmod 755 /mnt/service`);
  return '/mnt/service';
}

t.test('started, killed with and without its workers, stopped', needsNginx, async t => {
  const { machine, agent } = await begin(t);
  const { call } = agent;
  t.same(await call.state(), { name: 'stopped' });
  t.match(await call.start(BOUND), { failure: null });
  let pid = await running(agent);
  t.match(await machine.sh(`cat /proc/${pid}/stat`), new RegExp(`^${pid} \\(nginx\\) S \\d+ ${pid} ${pid} `), 'in a session of its own');
  t.equal(await machine.sh(`readlink /proc/${pid}/fd/0`), '/dev/null');
  for (const all of [false, true]) {
    const workers = await workersOf(machine, pid);
    const revived = call.revive(BOUND);
    await machine.kill(all ? -pid : pid, 'KILL');
    t.match(await revived, { state: { name: 'dead', how: 'killed by SIGKILL' }, failure: null });
    t.same(await machine.alive(workers), []);
    pid = await followed(agent, pid);
    await until('it to answer', BOUND, async () => Number(await machine.ask()) > 0);
  }
  const born = now();
  await until('it to have lived for a while', BOUND, () => now() > born + 1_000_000);
  await machine.kill(pid, 'QUIT');
  await told(agent, 3);
  t.same(await call.state(), { name: 'stopped' }, 'exit status 0');
});

t.test('goes on without us, and is found again; what is left of it as well', needsNginx, async t => {
  const { machine, agent: first } = await begin(t);
  t.match(await first.call.start(BOUND), { failure: null });
  const pid = await running(first);
  const workers = await workersOf(machine, pid);
  await first.worker.kill();
  const second = await machine.agent();
  t.equal(await running(second), pid);
  await machine.kill(pid, 'KILL');
  await told(second, 1);
  t.same(await second.call.state(), { name: 'dead', how: 'gone' }, 'only its parent knows how');
  await second.worker.kill();
  const third = await machine.agent();
  t.same(await third.call.state(), { name: 'dead', how: 'gone' });
  t.same(await machine.alive(workers), workers);
  t.match(await third.call.start(BOUND), { failure: null });
  t.same(await machine.alive(workers), []);
});

t.test('hung: ended and started again', needsNginx, async t => {
  const { machine, agent } = await begin(t);
  t.match(await agent.call.start(BOUND), { failure: null });
  const pid = await running(agent);
  await machine.kill(-pid, 'STOP');
  t.match(await agent.call.start(BOUND), { failure: null });
  t.same(await machine.alive([pid]), []);
  t.not(await running(agent), pid);
  t.same(await agent.call.ended(), [], 'what we have ended ourselves is not told');
});

t.test('a configuration that is broken', needsNginx, async t => {
  const { machine, agent } = await begin(t);
  machine.write({ main: 'nonsense;' });
  const { failure } = await agent.call.start(BOUND);
  // On a machine that has other things to do, it takes longer than we wait.
  t.ok(failure === 'exit status 1' || failure === null, `${failure}`);
  await until('it to be dead', BOUND, async () => (await agent.call.state())?.name === 'dead');
  t.same(await agent.call.state(), { name: 'dead', how: 'exit status 1' });
});

t.test('a daemon without a pid file', needsNginx, async t => {
  const { agent } = await begin(t, ['/bin/true']);
  const why = 'it has ended at once, with exit status 0: a daemon needs a pid_file';
  const { failure } = await agent.call.start(BOUND);
  // It may take longer than we wait.
  t.ok(failure === why || failure === null, `${failure}`);
  await until('it to be over', BOUND, async () => (await agent.call.state())?.name !== 'running');
  t.same(await agent.call.state(), { name: 'dead', how: why });
});

t.test('what cannot be started at all', needsNginx, async t => {
  const { machine, agent } = await begin(t, ['/nowhere/program']);
  const { call } = agent;
  t.match(await call.start(BOUND), { failure: '/nowhere/program, or the interpreter of its first line, does not exist' });
  t.same(await call.state(), { name: 'stopped' });
  const open = (path: string, user: string | null) =>
    call.open({ by: 'start', run: [path], pidFile: null, user }, join(machine.folder, 'notes'), false);
  await open('/bin/cat', 'no-such-account');
  t.match(await call.start(BOUND), { failure: 'there is no account no-such-account' });
  const path = await script(machine, 'sleep 1000');
  await machine.sh(`chmod 777 ${path}`);
  await open(path, null);
  t.match(await call.start(BOUND), { failure: `${path} is writable for everybody (mode 0777): chmod o-w ${path}` });
});

t.test('as another user', needsNginx, async t => {
  const { machine, agent } = await begin(t, ['/bin/sleep', '1000'], 'nobody');
  t.match(await agent.call.start(BOUND), { failure: null });
  const uid = /^nobody:[^:]*:(\d+)/m.exec(readFileSync('/etc/passwd', 'utf8'))?.[1];
  const status = await machine.sh(`cat /proc/${await running(agent)}/status`);
  t.match(status, new RegExp(`^Uid:\\t${uid}\\t${uid}\\t${uid}\\t${uid}$`, 'm'));
  t.match(status, /^CapEff:\t0+$/m);
});

t.test('one that lets go of SIGQUIT is killed', needsNginx, async t => {
  const { machine, agent } = await begin(t, ['/bin/true']);
  const path = await script(machine, "trap '' QUIT; while :; do sleep 0.1; done");
  await agent.call.open({ by: 'start', run: [path], pidFile: null, user: null }, join(machine.folder, 'notes'), false);
  t.match(await agent.call.start(BOUND), { failure: null });
  const pid = await running(agent);
  const { from, to, failure } = await agent.call.start(BOUND);
  t.equal(failure, null);
  t.same(await machine.alive([pid]), []);
  t.ok(to - from > 300_000, 'after its time for open requests');
});

t.test('a command that does not end although it should: in the background, with a pid file', needsNginx, async t => {
  const { machine, agent } = await begin(t, ['/bin/true']);
  const pidFile = join(machine.folder, 'never.pid');
  const path = await script(machine, 'sleep 1000');
  await agent.call.open({ by: 'start', run: [path], pidFile, user: null }, join(machine.folder, 'notes'), false);
  t.match(await agent.call.start(300), { failure: 'still starting after 300 ms' });
  await until('all of it to be gone', BOUND, async () => (await machine.sh('pidof sleep || true')).split(' ').filter(Boolean).length <= 1);
  await machine.sh("echo 'kill -SEGV $$' >>/mnt/service; sed -i '/sleep/d' /mnt/service");
  t.match(await agent.call.start(BOUND), { failure: 'killed by SIGSEGV' });
});

t.test('a note that nobody can read is none', needsNginx, async t => {
  const { machine, agent } = await begin(t);
  t.match(await agent.call.start(BOUND), { failure: null });
  const pid = await running(agent);
  const notes = join(machine.folder, 'notes');
  const [name = ''] = (await machine.sh(`ls ${notes}`)).split('\n');
  t.match(name, /^service-nginx-[0-9a-f]{8}\.json$/);
  const note = readFileSync(join(notes, name), 'utf8');
  t.match(JSON.parse(note), { pid, session: pid, group: pid, name: 'nginx', program: '/usr/sbin/nginx' });
  for (const text of ['', '[]', 'null', '{"pid":1}', note.replace(`"pid":${pid}`, '"pid":"x"')]) {
    writeFileSync(join(notes, name), text);
    const other = await machine.agent();
    t.same(await other.call.state(), { name: 'stopped' }, text);
    await other.worker.kill();
  }
  writeFileSync(join(notes, name), note);
  t.equal(await running(await machine.agent()), pid);
});
