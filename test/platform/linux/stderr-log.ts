// The log at a real standard error: a pipe that is full, one that is closed, journald's.
// Must not know how lines are written: that is lib/log.ts.
import t, { type Test } from 'tap';
import { snippet, source } from '../../fixtures/snippet.ts';
import { until } from '../../netns/lab/clock.ts';

/** A process that logs, with a clock of the test's; it prints JSON and stays until its standard input ends. */
const logger = (environment: object, body: string): string => `
  import { openStderrLog } from ${source('platform/linux/stderr-log.ts')};
  import { sysnet } from ${source('platform/linux/sysnet.ts')};
  let now = 0;
  sysnet.now = () => now;
  const log = openStderrLog(${JSON.stringify(environment)});
  const report = value => process.stdout.write(JSON.stringify(value) + '\\n');
  ${body}
  process.stdin.resume();`;

/** What it said, once it has reported. */
async function said(t: Test, environment: object, body: string): Promise<readonly string[]> {
  const running = snippet(logger(environment, `${body} report(log.dropped());`));
  t.teardown(() => running.kill());
  await until('it to report', 20_000, () => running.out.length > 0);
  running.child.stdin?.end();
  await running.ended();
  t.same(running.out, ['0'], 'nothing was dropped');
  return running.err;
}

t.test('a line has its level, and for journald its priority', async t => {
  const body = `
    log.write('error', 'a.b', { router: 'web', n: 1 }, 'what it means');
    log.write('info', 'a.c', {}, 'ready');`;
  t.same(await said(t, {}, body), ['error a.b router=web n=1 msg="what it means"', 'info  a.c msg=ready']);
  t.same(await said(t, { JOURNAL_STREAM: '9:1234' }, body), ['<3>a.b router=web n=1 msg="what it means"', '<6>a.c msg=ready']);
});

t.test('twenty lines of a kind in a minute; the next one afterwards tells how many there were', async t => {
  const lines = await said(
    t,
    {},
    `
    const one = fields => log.write('warn', 'vrrp.rejected', fields, 'ignored');
    for (let i = 0; i < 25; i++) one({ router: 'web', reason: 'ttl-not-255' });
    one({ router: 'web', reason: 'wrong-length' });
    one({ router: 'mail', reason: 'ttl-not-255' });
    now = 60_000_000;
    one({ router: 'web', reason: 'ttl-not-255' });
    one({ router: 'web', reason: 'ttl-not-255' });
  `,
  );
  t.equal(lines.length, 24);
  t.equal(lines.filter(line => line.includes('router=web reason=ttl-not-255')).length, 22);
  t.match(lines[20], /router=web reason=wrong-length/);
  t.match(lines[21], /router=mail reason=ttl-not-255/);
  t.match(lines[22], /reason=ttl-not-255 suppressed=5 msg=ignored/);
  t.notMatch(lines[23], /suppressed/);
});

t.test('a line that is too long for a pipe to take whole is cut, and stays one line', async t => {
  const body = `
    log.write('info', 'a.short', {}, 'x'.repeat(4096 - 'info  a.short msg='.length - 1));
    log.write('info', 'a.long', {}, 'y'.repeat(10_000));
    log.write('info', 'a.last', {}, 'z');`;
  const [short = '', long = '', last] = await said(t, {}, body);
  t.equal(short.length, 4095);
  t.match(short, /msg=x+$/);
  t.equal(long.length, 4095);
  t.match(long, /msg=y+\.\.\.$/);
  t.equal(last, 'info  a.last msg=z');
});

t.test('a pipe that nobody reads does not stop the writer; what does not fit is dropped whole and counted', async t => {
  const TOTAL = 20_000;
  const running = snippet(
    logger(
      {},
      `
      for (let i = 0; i < ${TOTAL}; i++) log.write('warn', 'kind.' + i, { i }, 'x'.repeat(60));
      report(log.dropped());
      process.stdin.once('data', () => log.write('info', 'after', {}, 'x'));`,
    ),
  );
  t.teardown(() => running.kill());
  running.child.stderr?.pause();
  await until('it to come to its end', 20_000, () => running.out.length > 0);
  const dropped = Number(running.out[0]);
  t.ok(dropped > 0 && dropped < TOTAL, `${dropped} dropped`);
  running.child.stderr?.resume();
  await until('what was written to be read', 20_000, () => running.err.length === TOTAL - dropped);
  running.child.stdin?.write('now\n');
  await until('one line more', 20_000, () => running.err.length > TOTAL - dropped);
  running.child.stdin?.end();
  await running.ended();
  const lost = running.err.map(line => Number(/ lost=(\d+) /.exec(line)?.[1] ?? 0));
  t.equal(
    lost.reduce((sum, lines) => sum + lines, 0),
    dropped,
    'each hole is told by the next line that fits',
  );
  for (const line of running.err.slice(0, -1))
    if (!/^warn {2}kind\.(\d+) i=\1( lost=\d+)? msg=x{60}$/.test(line)) t.fail(`half a line: ${line}`);
});

t.test('a pipe that is closed is no reason to die', async t => {
  const running = snippet(
    logger(
      {},
      `
      process.stdin.once('data', () => {
        for (let i = 0; i < 10; i++) log.write('error', 'kind.' + i, {}, 'x');
        report(log.dropped());
      });`,
    ),
  );
  t.teardown(() => running.kill());
  running.child.stderr?.destroy();
  running.child.stdin?.write('now\n');
  await until('it to report', 20_000, () => running.out.length > 0);
  t.same(running.out, ['10']);
});
