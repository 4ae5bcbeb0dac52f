// A daemon under a watchdog that a command starts, with its pid file: a real nginx, and every way in which it comes and goes.
// Must not know the watchdog: only the port that it asks.
import { readdirSync, writeFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { until } from '../../netns/lab/clock.ts';
import {
  type Agent,
  BOUND,
  followed,
  makeNginxMachine,
  NGINX,
  type NginxMachine,
  needsNginx,
  pidIn,
  running,
  told,
  workersOf,
} from './fixtures/nginx-service.ts';

t.setTimeout(600_000);

async function begin(t: Test) {
  const machine = await makeNginxMachine(t, (run, pidFile) => ({ by: 'start', run, pidFile, user: null }));
  const agent = await machine.agent();
  return { machine, agent };
}

/** Until it is ready for signals: what comes before its workers is heard only with the next one. */
async function start(t: Test, machine: NginxMachine, agent: Agent): Promise<number> {
  t.match(await agent.call.start(BOUND), { failure: null });
  const pid = await followed(agent);
  await workersOf(machine, pid);
  return pid;
}

t.test('started, stopped, started', needsNginx, async t => {
  const { machine, agent } = await begin(t);
  const { call } = agent;
  t.same(await call.state(), { name: 'stopped' });
  const pid = await start(t, machine, agent);
  t.equal(pid, pidIn(machine.pidFile));
  t.ok((await workersOf(machine, pid)).includes(Number(await machine.ask())));
  t.match(await machine.sh(`cat /proc/${pid}/stat`), new RegExp(`^${pid} \\(nginx\\) S \\d+ ${pid} ${pid} `), 'in a session of its own');
  t.equal(await machine.sh(`readlink /proc/${pid}/cwd`), '/');
  t.equal(await machine.sh(`readlink /proc/${pid}/fd/0`), '/dev/null');
  t.same(await call.ended(), []);
  await machine.kill(pid, 'QUIT');
  await told(agent, 1);
  t.same(await call.state(), { name: 'stopped' }, 'it has removed its pid file');
  await machine.kill(await start(t, machine, agent), 'TERM');
  await told(agent, 2);
  t.same(await call.state(), { name: 'stopped' });
  await machine.sh(`${NGINX} -p ${machine.folder} -c ${machine.folder}/nginx.conf`);
  await machine.kill(await followed(agent), 'KILL');
  await told(agent, 3);
  t.same(await call.state(), { name: 'dead', how: 'gone' }, 'also when somebody else has started it');
});

t.test('kill -9 of the master: its workers go on answering, and are ended before the start', needsNginx, async t => {
  const { machine, agent } = await begin(t);
  const pid = await start(t, machine, agent);
  const workers = await workersOf(machine, pid);
  await machine.kill(pid, 'KILL');
  await told(agent, 1);
  t.same(await agent.call.state(), { name: 'dead', how: 'gone' });
  t.ok(workers.includes(Number(await machine.ask())), 'nobody would notice from outside');
  t.match(await agent.call.start(BOUND), { failure: null });
  t.same(await machine.alive(workers), []);
  const next = await followed(agent, pid);
  t.ok((await workersOf(machine, next)).includes(Number(await machine.ask())));
});

t.test('kill -9 of the whole group', needsNginx, async t => {
  const { machine, agent } = await begin(t);
  const pid = await start(t, machine, agent);
  const revived = agent.call.revive(BOUND);
  await machine.kill(-pid, 'KILL');
  t.match(await revived, { state: { name: 'dead', how: 'gone' }, failure: null });
  await followed(agent, pid);
  t.ok(Number(await machine.ask()) > 0);
});

t.test('orphans of a master that died while no agent was there, and of one that no agent has ever seen', needsNginx, async t => {
  const { machine, agent: first } = await begin(t);
  const { folder, pidFile } = machine;
  const pid = await start(t, machine, first);
  const workers = await workersOf(machine, pid);
  await first.worker.kill();
  await machine.kill(pid, 'KILL');
  const second = await machine.agent();
  t.same(await second.call.state(), { name: 'dead', how: 'gone' });
  t.equal((await machine.alive(workers)).length, 2);
  const next = await start(t, machine, second);
  t.same(await machine.alive(workers), []);
  await second.worker.kill();
  await machine.kill(next, 'QUIT');
  await until('it to be gone', BOUND, () => pidIn(pidFile) === 0);
  await machine.sh(`${NGINX} -p ${folder} -c ${folder}/nginx.conf`);
  const unseen = await until('a master', BOUND, () => pidIn(pidFile) || false);
  const theirs = await workersOf(machine, unseen);
  await machine.kill(unseen, 'KILL');
  const third = await machine.agent();
  await start(t, machine, third);
  t.same(await machine.alive(theirs), []);
  t.equal(readdirSync(`${folder}/notes`).length, 1);
});

t.test('a reload, a reopening of logs, and a killed worker are not even told', needsNginx, async t => {
  const { machine, agent } = await begin(t);
  const pid = await start(t, machine, agent);
  const others = (before: readonly number[]) =>
    until('other workers', BOUND, async () => {
      const now = await machine.childrenOf(pid);
      return now.length === 2 && now.every(each => !before.includes(each)) && now;
    });
  const before = await workersOf(machine, pid);
  await machine.kill(pid, 'HUP');
  const reloaded = await others(before);
  await machine.kill(pid, 'USR1');
  for (const worker of reloaded) await machine.kill(worker, 'KILL');
  await others(reloaded);
  t.equal(await running(agent), pid);
  t.same(await agent.call.ended(), []);
});

/** Starts a new binary beside the old one. @returns its process id */
async function upgrade(machine: NginxMachine, old: number): Promise<number> {
  await machine.kill(old, 'USR2');
  return until('a new master', BOUND, () => {
    const now = pidIn(machine.pidFile);
    return now !== 0 && now !== old && now;
  });
}

t.test('a binary upgrade: the new master is followed', needsNginx, async t => {
  const { machine, agent } = await begin(t);
  const old = await start(t, machine, agent);
  const fresh = await upgrade(machine, old);
  await machine.kill(old, 'QUIT');
  await told(agent, 1);
  t.equal(await running(agent), fresh);
  await machine.kill(fresh, 'KILL');
  await told(agent, 2);
  t.same(await agent.call.state(), { name: 'dead', how: 'gone' });
});

for (const signal of ['QUIT', 'KILL']) {
  t.test(
    `an upgrade that is taken back (HUP of the old master, ${signal} of the new one): the old one is followed`,
    needsNginx,
    async t => {
      const { machine, agent } = await begin(t);
      const old = await start(t, machine, agent);
      const fresh = await upgrade(machine, old);
      t.equal(await running(agent), fresh);
      await machine.kill(old, 'WINCH');
      await until('the old workers to go', BOUND, async () => (await machine.childrenOf(old)).every(each => each === fresh));
      await machine.kill(old, 'HUP');
      await until('them to come back', BOUND, async () => (await machine.childrenOf(old)).length === 3);
      await machine.kill(fresh, signal);
      await told(agent, 1);
      t.equal(await running(agent), old);
      await machine.kill(old, 'QUIT');
      await told(agent, 2);
      t.same(await agent.call.state(), { name: 'stopped' });
    },
  );
}

t.test('the old master, slow to take its pid file back, is followed even so', needsNginx, async t => {
  const { machine, agent } = await begin(t);
  const old = await start(t, machine, agent);
  const fresh = await upgrade(machine, old);
  t.equal(await running(agent), fresh);
  await machine.kill(old, 'STOP');
  await machine.kill(fresh, 'KILL');
  await told(agent, 1);
  t.equal(pidIn(machine.pidFile), fresh);
  t.equal(await running(agent), old);
  await machine.kill(old, 'CONT');
  await machine.kill(old, 'KILL');
  await told(agent, 2);
});

t.test('a daemon that leads neither its session nor its group: what is left of it is known by a note', needsNginx, async t => {
  const { machine, agent: first } = await begin(t);
  const pidFile = `${machine.folder}/daemon.pid`;
  const loop = 'sh -c "while :; do sleep 0.1; done" &';
  await machine.sh(`mount -t tmpfs -o mode=755 scripts /mnt; cat >/mnt/daemon <<'END'
#!/bin/sh
setsid sh -c '${loop} ${loop} echo $! >${pidFile}'
END
chmod 755 /mnt/daemon`);
  const open = (agent: Agent) =>
    agent.call.open({ by: 'start', run: ['/mnt/daemon'], pidFile, user: null }, `${machine.folder}/notes`, false);
  await open(first);
  t.match(await first.call.start(BOUND), { failure: null });
  const main = await followed(first);
  const [, group = ''] = /^\d+ \(sh\) \w \d+ (\d+) /.exec(await machine.sh(`cat /proc/${main}/stat`)) ?? [];
  t.not(group, `${main}`);
  const both = (await machine.sh(`pgrep -x -g ${group} sh`)).split('\n').map(Number);
  t.equal(both.length, 2);
  await until('a note', BOUND, () => readdirSync(`${machine.folder}/notes`).length > 0);
  await first.worker.kill();
  await machine.kill(main, 'KILL');
  const second = await machine.agent();
  await open(second);
  t.match(await second.call.start(BOUND), { failure: null });
  t.same(await machine.alive(both), []);
});

t.test('hung: master and workers are ended, and it is started again', needsNginx, async t => {
  const { machine, agent } = await begin(t);
  const pid = await start(t, machine, agent);
  const all = [pid, ...(await workersOf(machine, pid))];
  for (const each of all) await machine.kill(each, 'STOP');
  t.match(await agent.call.start(BOUND), { failure: null });
  t.same(await machine.alive(all), []);
  t.ok(Number(await machine.ask()) > 0);
});

/** Holds every request until a line comes, and answers it a moment later: whoever has asked is still waiting when that is sent. */
const UPSTREAM = `
  const waiting = [];
  const server = require('http').createServer((_, answer) => {
    waiting.push(answer);
    console.error('asked');
  });
  server.listen(8081, () => console.error('listens'));
  process.stdin.on('data', () => setTimeout(() => waiting.forEach(answer => answer.end('whole')), 100));`;

t.test('an orphan answers what it was asked before it goes', needsNginx, async t => {
  const { machine, agent } = await begin(t);
  machine.write({ http: 'server { listen 8080; location / { proxy_pass http://127.0.0.1:8081; } }' });
  const upstream = machine.start([process.execPath, '-e', UPSTREAM]);
  await upstream.says(/listens/);
  const pid = await start(t, machine, agent);
  const answer = machine.ask();
  await upstream.says(/asked/);
  await machine.kill(pid, 'KILL');
  await told(agent, 1);
  upstream.child.stdin?.write('go\n');
  t.match(await agent.call.start(BOUND), { failure: null });
  t.equal(await answer, 'whole');
});

t.test('somebody else was quicker to start it', needsNginx, async t => {
  const { machine, agent } = await begin(t);
  await machine.kill(await start(t, machine, agent), 'KILL');
  await told(agent, 1);
  await machine.sh(`pkill -x nginx; ${NGINX} -p ${machine.folder} -c ${machine.folder}/nginx.conf`);
  t.match(await agent.call.start(BOUND), { failure: null });
  const theirs = pidIn(machine.pidFile);
  t.equal(await running(agent), theirs);
  await machine.kill(theirs, 'KILL');
  await told(agent, 2);
});

t.test('does not start: why, and who has the port', needsNginx, async t => {
  const { machine, agent } = await begin(t);
  const { call } = agent;
  machine.write({ main: 'nonsense;' });
  t.match(await call.start(BOUND), { failure: 'exit status 1' });
  t.same(await call.state(), { name: 'stopped' });
  machine.write({});
  t.equal(await call.holder(8080), null);
  const other = machine.start([process.execPath, '-e', "require('net').createServer().listen(8080, () => console.error('listens'))"]);
  await other.says(/listens/);
  t.match(await call.start(BOUND), { failure: 'exit status 1' });
  t.match(await call.holder(8080), /^\w+ \(\d+\)$/);
  await other.kill();
  await until('the port to be free', BOUND, async () => (await call.holder(8080)) === null);
  const pid = await start(t, machine, agent);
  t.equal(await call.holder(8080), `nginx (${pid})`, 'without its workers');
});

t.test('a pid file that names somebody else, who is left alone whatever he does', needsNginx, async t => {
  const { machine, agent } = await begin(t);
  const { call } = agent;
  machine.start(['/bin/sleep', '1000']);
  const stranger = await until('a stranger', BOUND, async () => Number((await machine.sh('pidof -s sleep || true')) || 0));
  writeFileSync(machine.pidFile, `${stranger}\n`);
  t.same(await call.state(), { name: 'running', pid: stranger }, 'nothing speaks against it');
  const words = `${machine.pidFile} names sleep (${stranger}), which may be something else: end it, or remove the file`;
  t.match(await call.start(BOUND), { failure: words });
  t.same(await machine.alive([stranger]), [stranger]);
  await machine.kill(stranger, 'KILL');
  await told(agent, 1);
  t.same(await call.state(), { name: 'dead', how: 'gone' });
  await start(t, machine, agent);
});

t.test('a pid file that names nobody, or nothing', needsNginx, async t => {
  const { machine, agent } = await begin(t);
  const { call } = agent;
  const { pidFile } = machine;
  writeFileSync(pidFile, '');
  t.same(await call.state(), { name: 'dead', how: `${pidFile} is empty` });
  writeFileSync(pidFile, '99999\n');
  t.same(await call.state(), { name: 'dead', how: 'gone' });
  const pid = await start(t, machine, agent);
  await machine.sh(`mv ${pidFile} ${pidFile}.away`);
  t.same(await call.state(), { name: 'running', pid }, 'without its file, as long as it lives');
  await machine.sh(`mv ${pidFile}.away ${pidFile}`);
  await machine.kill(pid, 'KILL');
  await told(agent, 1);
  t.same(await call.state(), { name: 'dead', how: 'gone' });
});
