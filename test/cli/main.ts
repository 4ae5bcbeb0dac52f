// The command line as a whole: what is a verb, what is not, and what the exit status and the two outputs are then.
// Must not know what a verb does.
import t from 'tap';
import { start } from '../fixtures/running.ts';

const MAIN = new URL('../../src/main.ts', import.meta.url).pathname;

async function holdfast(...argv: readonly string[]) {
  const running = start([process.execPath, MAIN, ...argv]);
  const { code } = await running.ended();
  return { code, out: running.out.join('\n'), err: running.err.join('\n') };
}

t.test('--version', async t => {
  for (const option of ['--version', '-V']) t.same(await holdfast(option), { code: 0, out: 'holdfast source', err: '' });
});

t.test('--help, before a verb and as one', async t => {
  for (const argv of [['--help'], ['-h'], ['help'], ['help', 'bogus']]) {
    const { code, out, err } = await holdfast(...argv);
    t.same([code, err], [0, ''], argv.join(' '));
    t.match(out, /^usage: holdfast VERB/);
    for (const verb of ['run', 'check', 'status', 'reload', 'confirm']) t.match(out, new RegExp(`^ {2}${verb} `, 'm'));
    t.match(out, /0 done, 1 failed, 2 usage, 3 daemon not reachable, 78 configuration/);
  }
});

t.test('--help behind a verb', async t => {
  for (const argv of [
    ['run', '--help'],
    ['status', '-h'],
    ['check', 'x.toml', '--help'],
    ['help', 'drain'],
  ]) {
    const { code, out, err } = await holdfast(...argv);
    t.same([code, err], [0, ''], argv.join(' '));
    t.match(out, new RegExp(`^usage: holdfast ${argv.find(word => /^[a-gi-z]/.test(word))} .*\n\n[A-Z]`));
  }
});

t.test('no verb: the usage on standard error, exit status 2', async t => {
  const { code, out, err } = await holdfast();
  t.same([code, out], [2, '']);
  t.match(err, /^usage: holdfast VERB/);
});

t.test('no such verb', async t => {
  for (const verb of ['stauts', 'constructor', '__proto__', '', '--config', 'RUN']) {
    const { code, out, err } = await holdfast(verb);
    t.same([code, out], [2, '']);
    t.ok(err.startsWith(`holdfast: there is no verb "${verb}"\n\nusage: holdfast VERB`), verb);
  }
});

t.test('options that a verb does not have, in one line and without a stack', async t => {
  for (const argv of [
    ['run', '--bogus'],
    ['run', 'holdfast.toml'],
    ['run', '--config'],
    ['status', '--bogus'],
    ['check', '--bogus'],
    ['reload', '--bogus'],
    ['reload', 'holdfast.toml'],
    ['confirm', '--bogus'],
    ['confirm', 'now'],
  ]) {
    const { code, out, err } = await holdfast(...argv);
    t.same([code, out], [2, ''], argv.join(' '));
    t.match(err, /^holdfast: \S/);
    t.notMatch(err, /\n {4}at /);
  }
});

t.test('the agent is started by the engine, not by hand', async t => {
  const { code, out, err } = await holdfast('agent', '--config', '/nonexistent/holdfast.toml', '--socket', '/nonexistent/control.sock');
  t.same([code, out, err], [2, '', 'holdfast: the agent is started by `holdfast run`, not by hand']);
});

t.test('what goes into a pipe arrives whole, however slow its reader is', async t => {
  const folder = t.testdir({ 'holdfast.toml': Array.from({ length: 2000 }, (_, i) => `[vrrp.r${i}]\nvrid = 999\n`).join('\n') });
  const command = `'${process.execPath}' '${MAIN}' check --json --node a '${folder}/holdfast.toml' | { sleep 1; cat; }`;
  const running = start(['sh', '-c', command]);
  await running.ended();
  const text = running.out.join('\n');
  t.ok(text.length > 200_000, `${text.length} characters`);
  t.doesNotThrow(() => JSON.parse(text));
});
