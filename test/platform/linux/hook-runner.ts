// Tests src/platform/linux/hook-runner.ts with real programs, good ones and others, and that nothing of them is left.
// Must not know routers or queues. Web servers: webhook.ts.
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import t, { type Test } from 'tap';
import type { Hook } from '../../../src/check/duties.ts';
import type { Ended, HookCall, Program } from '../../../src/platform/agent-ports.ts';
import { createHookRunner, type HookRunnerParts } from '../../../src/platform/linux/hook-runner.ts';
import { programs } from '../../../src/platform/linux/program.ts';
import { type Micros, micros, millis, seconds } from '../../../src/vrrp/units.ts';
import { until } from '../../netns/lab/clock.ts';
import { makeShelf } from './fixtures/programs.ts';

const NEVER = new AbortController().signal;
const PARTS: HookRunnerParts = {
  programs,
  version: '1.2.3',
  ownUnits: async () => false,
  secret: async () => ({ failure: 'no secret here' }),
  connection: async () => ({}),
};
const CALL: HookCall = {
  json: '{"schema":1,"router":"web"}',
  environment: { HOLDFAST_ROUTER: 'web', HOLDFAST_EVENT: 'active', HOLDFAST_ADDRESSES: '192.0.2.200/24 192.0.2.201/24' },
  arguments: ['INSTANCE', 'web', 'MASTER', '150'],
};
/** Of a program that is to end by itself. */
const LONG = seconds(60);
/** Of waiting for what must happen; in ms. */
const BOUND = 20_000;
const opts = process.getuid?.() === 0 ? {} : { skip: 'programs that only root can change take root to make' };

/** A script in a folder of its own, which only root can change, and where it finds itself. */
function script(t: Test, text: string): { readonly path: string; readonly folder: string; file(name: string): string } {
  const shelf = makeShelf(t);
  const path = shelf.put('hook', `#!/bin/sh\ncd '${shelf.at}' || exit 99\n${text}\n`);
  return { path, folder: shelf.at, file: shelf.path };
}

function runs(path: string, timeout: Micros, more: { readonly argv?: readonly string[]; readonly user?: string } = {}) {
  const hook: Hook = { do: 'run', run: [path, ...(more.argv ?? [])], user: more.user ?? 'root', timeout };
  return createHookRunner(PARTS).deliver(hook, CALL, NEVER);
}

/** Whether a process still runs, zombies not counted. */
function lives(pid: number): boolean {
  try {
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'));
  } catch {
    return false;
  }
}

const pidIn = (path: string) => Number(readFileSync(path, 'latin1'));

t.test('a program is told on standard input, by environment and by arguments', opts, async t => {
  const { path, file } = script(t, `cat >input; env >environment; printf '%s\\n' "$@" >arguments; echo one; echo 'all well' >&2; echo`);
  t.strictSame(await runs(path, LONG, { argv: ['--first', 'two words'] }), { ok: true, seen: 'exit 0: all well' });
  t.equal(readFileSync(file('input'), 'utf8'), CALL.json);
  const environment = readFileSync(file('environment'), 'utf8');
  t.match(environment, /^HOLDFAST_ROUTER=web$/m);
  t.match(environment, /^HOLDFAST_ADDRESSES=192\.0\.2\.200\/24 192\.0\.2\.201\/24$/m);
  t.strictSame(readFileSync(file('arguments'), 'utf8').trim().split('\n'), ['--first', 'two words', ...CALL.arguments]);
});

t.test('how it ended, and the last line of what it said', opts, async t => {
  const say = (text: string, timeout = LONG) => runs(script(t, text).path, timeout);
  t.strictSame(await say('exit 0'), { ok: true, seen: 'exit 0' });
  t.strictSame(await say('echo trying; echo "no such host" >&2; exit 3'), { ok: false, seen: 'exit 3: no such host' });
  t.strictSame(await say('kill -KILL $$'), { ok: false, seen: 'killed by SIGKILL' });
  const { seen } = await say(`head -c 100000 /dev/zero | tr '\\0' x; exit 1`);
  t.equal(seen.length, 'exit 1: '.length + 201, 'a line of ours stays a line');
});

t.test('as another account', opts, async t => {
  const as = (user: string) => runs('/bin/sh', LONG, { argv: ['-c', 'id -un'], user });
  t.strictSame(await as('nobody'), { ok: true, seen: 'exit 0: nobody' });
  t.strictSame(await as('nobody-at-all'), { ok: false, seen: 'not run: there is no account nobody-at-all' });
});

t.test('a program that is not there, or that others could change', opts, async t => {
  t.match(await runs('/nowhere/hook', LONG), { ok: false, seen: /^not run: \/nowhere\/hook, or .* does not exist$/ });
  const { path, file } = script(t, 'touch was-here');
  chmodSync(path, 0o757);
  const { ok, seen } = await runs(path, LONG);
  t.equal(ok, false);
  t.match(seen, /^not run: .*hook is writable for everybody \(mode 0757\): chmod o-w /);
  t.equal(existsSync(file('was-here')), false);
});

t.test('a program that hangs, with what it has started', opts, async t => {
  const { path, file } = script(t, 'echo waiting; sleep 300 & echo $! >child; echo $$ >self; wait');
  t.strictSame(await runs(path, millis(1_500)), { ok: false, seen: 'killed after 1.5 s: waiting' });
  const [self, child] = [pidIn(file('self')), pidIn(file('child'))];
  await until('both to be gone', BOUND, async () => !lives(self) && !lives(child));
});

t.test('a program that ignores SIGTERM', opts, async t => {
  const { path, file } = script(t, `trap '' TERM; echo $$ >self; while :; do sleep 1; done`);
  t.strictSame(await runs(path, millis(1_500)), { ok: false, seen: 'killed after 1.5 s' });
  const self = pidIn(file('self'));
  await until('it to be gone', BOUND, async () => !lives(self));
});

t.test('what a program leaves running goes on, and is not waited for', opts, async t => {
  const { path, file } = script(t, 'sleep 300 & echo $! >child; setsid sleep 300 & echo $! >daemon; echo started');
  t.strictSame(await runs(path, seconds(200)), { ok: true, seen: 'exit 0: started' });
  const left = [pidIn(file('child')), pidIn(file('daemon'))];
  t.teardown(() => left.filter(lives).forEach(pid => void process.kill(pid, 'SIGKILL')));
  t.strictSame(left.map(lives), [true, true]);
});

t.test('a program that reads nothing, and one that says 50 MB', opts, async t => {
  const call = { ...CALL, json: JSON.stringify({ why: 'x'.repeat(1_000_000) }) };
  const hook = (text: string): Hook => ({ do: 'run', run: [script(t, text).path], user: 'root', timeout: LONG });
  const runner = createHookRunner(PARTS);
  t.strictSame(await runner.deliver(hook('exec <&-; exit 0'), call, NEVER), { ok: true, seen: 'exit 0' });
  const before = process.memoryUsage().rss;
  t.strictSame(await runner.deliver(hook('yes 0123456789 | head -c 50000000; echo; echo done'), CALL, NEVER), {
    ok: true,
    seen: 'exit 0: done',
  });
  t.ok(process.memoryUsage().rss - before < 40_000_000, 'its end is kept, not all of it');
});

t.test('a webhook goes the other way', async t => {
  const server = createServer((_request, response) => void response.writeHead(404).end());
  t.teardown(() => server.close());
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${address === null || typeof address === 'string' ? 0 : address.port}/`;
  const hook: Hook = { do: 'post', url, secret: null, timeout: LONG };
  t.strictSame(await createHookRunner(PARTS).deliver(hook, CALL, NEVER), { ok: false, seen: 'HTTP 404' });
});

t.test('in a service of systemd: the same program in a unit of its own', opts, async t => {
  const ran: Program[] = [];
  let end: Ended = { kind: 'exit', status: 0, output: '', took: micros(1) };
  const runner = createHookRunner({
    ...PARTS,
    ownUnits: async () => true,
    programs: {
      async run(program) {
        ran.push(program);
        return end;
      },
    },
  });
  const { path } = script(t, 'exit 0');
  const hook = (user: string | null): Hook => ({ do: 'run', run: [path], user, timeout: seconds(30) });
  t.strictSame(await runner.deliver(hook('nobody'), CALL, NEVER), { ok: true, seen: 'exit 0' });
  t.strictSame(await runner.deliver(hook('nobody'), CALL, NEVER), { ok: true, seen: 'exit 0' });
  const [first, second] = ran;
  t.match(first, { user: 'root', environment: {}, input: CALL.json, timeout: seconds(30) });
  t.strictSame(first?.argv.slice(-5), [path, ...CALL.arguments]);
  const options = first?.argv ?? [];
  t.ok(options.includes('--uid=nobody') && options.includes('--setenv=HOLDFAST_EVENT=active'));
  const unitOf = (program: Program | undefined) => program?.argv.find(each => each.startsWith('--unit='))?.slice('--unit='.length) ?? '';
  t.match(unitOf(first), /^holdfast-hook-web-\d+-\d+\.service$/);
  t.not(unitOf(second), unitOf(first));

  // To end systemd-run does not end what it has started.
  end = { kind: 'timeout', output: 'waiting\n', took: seconds(30) };
  t.strictSame(await runner.deliver(hook('nobody'), CALL, NEVER), { ok: false, seen: 'killed after 30 s: waiting' });
  const [, , third, fourth] = ran;
  t.strictSame(fourth?.argv, ['/bin/systemctl', 'kill', '--signal=SIGKILL', unitOf(third)]);

  // Its own exit statuses.
  end = { kind: 'exit', status: 203, output: '', took: micros(1) };
  t.match(await runner.deliver(hook('nobody'), CALL, NEVER), {
    seen: /^exit 203: systemd could not execute it: journalctl -u holdfast-hook-web-/,
  });
  end = { kind: 'exit', status: 255, output: 'half of a line', took: micros(1) };
  t.match(await runner.deliver(hook('nobody'), CALL, NEVER), {
    seen: /^exit 255: or killed by a signal: journalctl -u holdfast-hook-web-/,
  });

  // systemd-run is root's, so the program is looked at here.
  chmodSync(path, 0o777);
  t.match(await runner.deliver(hook('nobody'), CALL, NEVER), { ok: false, seen: /^not run: .*writable for everybody/ });
  chmodSync(path, 0o755);
  t.match(await runner.deliver(hook('nobody-at-all'), CALL, NEVER), { ok: false, seen: 'not run: there is no account nobody-at-all' });
  t.equal(ran.length, 6, 'neither was run');
});
