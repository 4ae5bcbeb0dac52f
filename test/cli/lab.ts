// src/cli/lab.ts: calls that make no sense, and who may not. What it does is shown by test/netns/drills/lab.ts.
import t from 'tap';
import { start } from '../fixtures/running.ts';

const MAIN = new URL('../../src/main.ts', import.meta.url).pathname;

async function lab(...argv: readonly string[]) {
  const running = start([process.execPath, MAIN, 'lab', ...argv]);
  const { code } = await running.ended();
  return { code, out: running.out.join('\n'), err: running.err.join('\n') };
}

t.test('no verb, and one that there is not', async t => {
  t.match(await lab(), { code: 2, out: '', err: /^usage: holdfast lab up / });
  t.match(await lab('constructor'), { code: 2, out: '', err: 'usage: holdfast lab up' });
  t.match(await lab('bogus'), { err: /^holdfast: lab has no verb "bogus"/ });
});

t.test('its own programs are not for outside', async t => {
  t.match(await lab('client', '/nonexistent/log', '127.0.0.1'), {
    code: 2,
    out: '',
    err: /lab client is started by `holdfast lab up`/,
  });
  t.match(await lab('page', 'a'), { code: 2, out: '', err: /lab page is started by `holdfast lab up`/ });
});

t.test('who may not make namespaces is told what to do', async t => {
  const running = start(['setpriv', '--bounding-set=-all', '--inh-caps=-all', '--', process.execPath, MAIN, 'lab', 'up']);
  const { code } = await running.ended();
  t.equal(code, 1);
  t.match(
    running.err.join('\n'),
    /^holdfast: lab: it makes network namespaces: run it as root \(sudo\).* Missing: CAP_SYS_ADMIN, CAP_NET_ADMIN$/,
  );
});

const may = process.getuid?.() === 0 ? {} : { skip: 'needs root' };

t.test('calls that make no sense', may, async t => {
  for (const [words, argv] of [
    ['--nodes must be 2 to 8, not 9', ['up', '--nodes', '9']],
    ['lab up takes no 3; files stand behind --config', ['up', '3']],
    ['one node for each file; leave --nodes away', ['up', '--nodes', '2', '--config', 'a.toml']],
    ['lab break takes what to break, and where', ['break', 'disk', 'edge-a']],
    ['lab heal takes one node, or none for all', ['heal', 'edge-a', 'edge-b']],
    ['--bogus', ['up', '--bogus']],
  ] as const) {
    const { code, out, err } = await lab(...argv);
    t.same([code, out], [2, ''], argv.join(' '));
    t.match(err, words);
    t.notMatch(err, /\n {4}at /);
  }
});
