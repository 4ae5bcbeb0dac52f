// Programs that do what they like: deaf to signals, loud, never reading, never ending, leaving others behind.
// Must not know what programs are run for. What an ordinary one may expect: program.ts.
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import t from 'tap';
import { sysnet } from '../../../src/platform/linux/sysnet.ts';
import { sleep, until } from '../../netns/lab/clock.ts';
import { alive, BOUND, children, gone, LONG, makeShelf, needsRoot, opened, pidFrom, run, sh } from './fixtures/programs.ts';

/** A part of a shell script that notes its process and goes on for ever, whoever asks it to end. */
const deaf = (file: string) => `trap "" TERM; echo $$ >${file}; while :; do sleep 0.1; done`;

const before = opened();

t.test('a time limit: SIGTERM to the group at once, SIGKILL to all of its session later', needsRoot, async t => {
  const { at, line } = makeShelf(t);
  // In its group: one that cleans up and ends, one that is deaf. In another group of its session: one that is deaf.
  const polite = `trap "echo cleaned up >${at}/said; exit" TERM; echo $$ >${at}/polite; while :; do sleep 0.05; done`;
  const script = `sh -c '${polite}' & sh -c '${deaf(`${at}/deaf`)}' &
    set -m; sh -c '${deaf(`${at}/apart`)}' & set +m
    ${deaf(`${at}/first`)}`;
  const begun = sysnet.now();
  // Other shells have no job control without a terminal.
  const going = run(['/bin/bash', '-c', script], { timeout: 2 });
  const pids = await Promise.all(['first', 'deaf', 'apart', 'polite'].map(name => pidFrom(t, line(name))));
  const [first = 0, deafChild = 0, apart = 0, politeChild = 0] = pids;
  const group = (pid: number) => Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[2]);
  t.same([deafChild, politeChild].map(group), [first, first]);
  t.equal(group(apart), apart);
  const ended = await going;
  t.match(ended, { kind: 'timeout' });
  t.ok('took' in ended && ended.took >= 1_999_000 && ended.took <= sysnet.now() - begun, 'told when the time was over');
  t.ok([first, deafChild, apart].every(alive), 'and not only when they were all killed');
  t.equal(await line('said'), 'cleaned up', 'who cleans up has a moment for it');
  for (const pid of pids) await gone(pid);
  await until('the first one to be reaped', BOUND, () => sysnet.reap(first) === -constants.errno.ECHILD);
});

t.test('a program that is stopped, and one that forks without an end', needsRoot, async t => {
  const { at, line } = makeShelf(t);
  const stopped = sh(`echo $$ >${at}/pid; kill -STOP $$`, { timeout: 1 });
  const pid = await pidFrom(t, line('pid'));
  t.match(await stopped, { kind: 'timeout' });
  await gone(pid);
  // Each begins the next one and ends, so that nobody who looks for them one by one comes in time. It ends with this test.
  const breeding = sh(
    `trap "" TERM; breed() { [ -d ${at} ] && echo >>${at}/born && breed & }; for i in 1 2 3 4 5 6 7 8; do breed; done; sleep ${LONG}`,
    {
      timeout: 1,
    },
  );
  t.match(await breeding, { kind: 'timeout' });
  let count = -1;
  await until('the last generation', BOUND, async () => {
    const before = count;
    count = readFileSync(`${at}/born`, 'utf8').length;
    await sleep(200);
    return count === before;
  });
});

t.test('what it leaves behind delays nothing, and is left alone', needsRoot, async t => {
  const { at, line } = makeShelf(t);
  const [control, left, away] = [
    await sh(`sleep 0 & exit 4`),
    await sh(`sh -c 'echo $$ >${at}/left; exec sleep ${LONG}' & while ! [ -s ${at}/left ]; do :; done; exit 4`),
    await sh(`setsid sh -c 'echo $$ >${at}/away; exec sleep ${LONG}' & while ! [ -s ${at}/away ]; do :; done; exit 4`),
  ];
  const pids = await Promise.all(['left', 'away'].map(name => pidFrom(t, line(name))));
  for (const ended of [control, left, away]) t.match(ended, { kind: 'exit', status: 4, took: Number });
  for (const pid of pids) t.ok(alive(pid), 'it goes on');
  const took = [left, away].map(ended => ('took' in ended ? ended.took : Number.POSITIVE_INFINITY));
  t.ok(Math.max(...took) < 10_000_000, `both hold the pipe open, and it took ${took.join(' and ')} µs`);
});

t.test('what it leaves behind may go on talking', needsRoot, async t => {
  const { at, line } = makeShelf(t);
  // Ended by SIGPIPE, or with nobody who makes room in the pipe, it would not get to its last line.
  const talk = `echo $$ >${at}/pid; sleep 0.2; for i in $(seq 3000); do echo a line of more than thirty characters; done; echo done >${at}/done`;
  t.match(await sh(`(${talk}) & while ! [ -s ${at}/pid ]; do :; done; echo mine`), { kind: 'exit', output: 'mine\n' });
  t.equal(await line('done'), 'done');
});

t.test('one that escapes its time is not waited for', needsRoot, async t => {
  const { at, line } = makeShelf(t);
  const going = sh(
    `setsid sh -c 'echo $$ >${at}/away; exec sleep ${LONG}' & echo $$ >${at}/first; trap "" TERM; while :; do sleep 0.1; done`,
    { timeout: 1 },
  );
  const [first = 0, away = 0] = await Promise.all(['first', 'away'].map(name => pidFrom(t, line(name))));
  t.match(await going, { kind: 'timeout' });
  await gone(first);
  t.ok(alive(away), 'a session of its own is not ours to end');
});

t.test('a hundred million bytes', needsRoot, async t => {
  const before = process.memoryUsage().rss;
  const begun = performance.now();
  const used = process.cpuUsage();
  const loud = sh('head -c 100000000 /dev/zero | tr "\\0" x; echo; echo the end', { timeout: LONG });
  // Meanwhile others are served.
  let turns = 0;
  let over = false;
  const count = async () => {
    for (; !over; turns++) await sleep(1);
  };
  const counting = count();
  const quiet = await sh('echo quiet');
  const ended = await loud;
  over = true;
  await counting;
  const { user, system } = process.cpuUsage(used);
  t.match(quiet, { kind: 'exit', output: 'quiet\n' });
  t.match(ended, { kind: 'exit', status: 0, output: /^x{4087}\nthe end\n$/ });
  const grown = process.memoryUsage().rss - before;
  t.ok(grown < 60e6, `${(grown / 1e6).toFixed(0)} MB more memory`);
  t.ok(turns > 20, `${turns} turns for others`);
  t.comment(`${(performance.now() - begun).toFixed(0)} ms, ${((user + system) / 1000).toFixed(0)} ms of them ours`);
});

t.test('nobody waits for a bad one', needsRoot, async t => {
  const { at } = makeShelf(t);
  const alone = await Promise.all(Array.from({ length: 8 }, () => run(['/bin/true'])));
  const bad = [
    sh('trap "" TERM; while :; do sleep 0.1; done', { timeout: 5 }),
    sh('exec yes', { timeout: 5 }),
    sh(`exec sleep ${LONG}`, { timeout: 5, input: 'x'.repeat(1_000_000) }),
    sh(`kill -STOP $$`, { timeout: 5 }),
    sh(`setsid sleep 8 & sleep ${LONG}`, { timeout: 5 }),
    run([at]),
  ];
  const beside = [];
  for (let i = 0; i < 8; i++) beside.push(await run(['/bin/true']));
  const longest = (list: readonly object[]) =>
    Math.max(...list.map(ended => ('took' in ended && typeof ended.took === 'number' ? ended.took : Number.POSITIVE_INFINITY)));
  const [control, measured] = [longest(alone), longest(beside)];
  t.ok(measured < control + 2_000_000, `${measured} µs beside five bad ones, ${control} µs without`);
  const kinds = (await Promise.all(bad)).map(({ kind }) => kind);
  t.same(kinds, ['timeout', 'timeout', 'timeout', 'timeout', 'timeout', 'unsafe']);
});

t.test('nothing is left open, and no child unreaped', needsRoot, async () => {
  await until('all that was opened to be closed', BOUND, () => opened() === before, opened);
  await until('the last child to be reaped', BOUND, () => children() === '', children);
});
