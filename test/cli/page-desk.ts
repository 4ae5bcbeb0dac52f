// src/cli/page-desk.ts: what is served where and to whom, how often the engine is asked, and who is told when.
// The web server is one without sockets; the engine may be silent.
import t from 'tap';
import { reportServices } from '../../src/api/services.ts';
import { reportStatus, type StatusReport } from '../../src/api/status.ts';
import type { HttpSpec } from '../../src/check/duties.ts';
import { createPageDesk, type PageDesk } from '../../src/cli/page-desk.ts';
import type { Transition } from '../../src/core/messages.ts';
import type { RouterStatus } from '../../src/core/status.ts';
import type { WebAnswer, WebQuestion } from '../../src/platform/agent-ports.ts';
import { createLog } from '../../src/platform/fake/log.ts';
import { createTimers } from '../../src/platform/fake/timers.ts';
import { micros, millis, seconds } from '../../src/vrrp/units.ts';
import { engineStatus, loaded, routerStatus, servicesStatus } from '../fixtures/status-report.ts';
import { ip } from '../fixtures/virtual-router.ts';

process.env.TZ = 'UTC';
const NOW = Date.UTC(2026, 0, 2, 12, 0, 0);
const HERE: HttpSpec = { listen: { address: ip('127.0.0.1'), port: 9112 }, token: null };
const THERE: HttpSpec = { listen: { address: ip('192.0.2.1'), port: 9112 }, token: { from: 'file', path: '/t' } };

interface Rig {
  readonly desk: PageDesk;
  readonly log: ReturnType<typeof createLog>;
  readonly world: {
    state: RouterStatus['state'];
    silent: boolean;
    asked: number;
    refuses: string | null;
    listens: string | null;
    secret: { readonly secret: string } | { readonly failure: string };
    watchers: number;
    dismissed: number;
    readonly told: string[];
  };
  ask(question?: Partial<WebQuestion>): Promise<WebAnswer>;
  pass(ms: number): Promise<void>;
}

function rig(): Rig {
  const log = createLog();
  const timers = createTimers(seconds(1000));
  const wallNow = (): number => NOW + (timers.now() - seconds(1000)) / 1000;
  const world: Rig['world'] = {
    state: 'active',
    silent: false,
    asked: 0,
    refuses: null,
    listens: null,
    secret: { secret: 'correct-horse-battery' },
    watchers: 0,
    dismissed: 0,
    told: [],
  };
  let answer: (question: WebQuestion) => Promise<WebAnswer> = () => Promise.reject(new Error('not open'));
  const desk = createPageDesk({
    node: 'edge-a',
    version: '1.2.3',
    socket: '/run/holdfast/control.sock',
    log,
    timers,
    wallNow,
    status: () => {
      world.asked += 1;
      const { promise, resolve } = Promise.withResolvers<StatusReport | null>();
      if (world.silent) timers.schedule(micros(timers.now() + seconds(2)), () => resolve(null));
      else resolve(reportStatus(engineStatus([routerStatus({ state: world.state })]), 'edge-a', wallNow(), loaded(), servicesStatus()));
      return promise;
    },
    services: () => reportServices(servicesStatus(), String, String),
    events: () => [],
    secret: async () => world.secret,
    guard: token => ({ knows: shown => shown === token, cookie: { name: 'c', value: 'v' }, knowsCookie: shown => shown === 'v' }),
    hash: text => `sha256-${text.length}`,
    open: given => {
      answer = given;
      return {
        listen: async ({ address, port }) => {
          if (world.refuses === null) world.listens = `${address} ${port}`;
          return world.refuses;
        },
        listening: () => world.listens !== null,
        close: () => {
          world.listens = null;
        },
        dismiss: () => {
          world.dismissed += 1;
        },
        tell: text => void world.told.push(text),
        watchers: () => world.watchers,
      };
    },
  });
  return {
    desk,
    log,
    world,
    ask: (question = {}) => answer({ method: 'GET', target: '/', host: '127.0.0.1', authorization: null, cookie: null, ...question }),
    pass: ms => timers.advance(millis(ms)),
  };
}

const MOVED: Transition = {
  router: 'web/ipv4',
  from: 'active',
  to: 'backup',
  reason: 'higher-priority',
  why: '',
  priority: 150,
  active: null,
  stopping: false,
  at: seconds(1000),
};

t.test('the page, the metrics, the stream, each with the headers of all', async t => {
  const { desk, ask, pass, log } = rig();
  t.equal(desk.report(), null);
  t.match(await ask(), { status: 503 }, 'nothing is served before it is wanted');
  desk.configure(HERE);
  await pass(1);
  t.match(log.lines, [{ event: 'page.serving', message: 'the page is at http://127.0.0.1:9112/' }]);
  t.strictSame(desk.report(), { listen: '127.0.0.1:9112', problem: null });
  t.match(await ask(), { status: 200, stream: false, headers: { 'content-type': 'text/html; charset=utf-8' }, body: /badge active/ });
  t.match(await ask({ target: '/metrics' }), { status: 200, body: /\nholdfast_up 1\n/, headers: { 'content-type': /version=0.0.4/ } });
  t.match(await ask({ target: '/events' }), { stream: true, body: /^retry: 1000\n\nevent: view\ndata: </ });
  for (const question of [{}, { target: '/metrics' }, { target: '/events' }, { target: '/x' }, { method: 'POST' }, { host: 'evil' }]) {
    const { headers } = await ask(question);
    t.match(headers, { 'content-security-policy': /default-src 'none'/, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  }
});

t.test('whoever asks often asks the engine once', async t => {
  const { desk, ask, pass, world } = rig();
  desk.configure(HERE);
  await pass(1);
  await Promise.all(Array.from({ length: 50 }, () => ask({ target: '/metrics' })));
  await ask();
  t.equal(world.asked, 1);
  await pass(150);
  await ask();
  t.equal(world.asked, 2);
});

t.test('a silent engine: known within a second, asked no faster than it gives up, and back as soon as it is', async t => {
  const { desk, ask, pass, world } = rig();
  desk.configure(HERE);
  await pass(1);
  await ask();
  await pass(200);
  world.silent = true;
  const answers = Promise.all([ask(), ask({ target: '/metrics' })]);
  await pass(1000);
  const [page, metrics] = await answers;
  t.match(page?.body, /The engine of holdfast has not answered since 12:00:00/);
  t.notMatch(page?.body.replace(/<style>[\s\S]*?<\/style>|<script>[\s\S]*?<\/script>/g, ''), /[Aa]ctive\b(?! *:)/);
  t.match(metrics?.body, /\nholdfast_up 0\n/);
  t.notMatch(metrics?.body, /holdfast_router_state/);
  await pass(200);
  const before = world.asked;
  const more = ask();
  await pass(500);
  t.equal(world.asked, before, 'the question that is still open is enough');
  await pass(1500);
  await more;
  world.silent = false;
  await pass(2000);
  t.match((await ask()).body, /badge active/);
});

t.test('whoever watches is told once a second, and at once of a change', async t => {
  const { desk, ask, pass, world } = rig();
  desk.configure(HERE);
  await pass(1);
  await ask({ target: '/events' });
  world.watchers = 1;
  await pass(3000);
  t.equal(world.told.length, 3);
  await pass(400);
  world.state = 'backup';
  desk.moved(MOVED);
  await pass(1);
  t.equal(world.told.length, 4, 'at once');
  t.match(world.told.at(-1), /badge backup/);
  for (let i = 0; i < 50; i += 1) desk.moved(MOVED);
  await pass(100);
  t.equal(world.told.length, 5, 'many at once are one');
  world.watchers = 0;
  await pass(2000);
  const { asked } = world;
  await pass(10_000);
  t.equal(world.asked, asked, 'nobody watches, nobody asks');
  t.match((await ask({ target: '/metrics' })).body, 'to="backup",reason="higher-priority"} 51\n', 'and all are counted');
});

t.test('what the engine was asked before a change does not count after it', async t => {
  const { desk, ask, pass, world } = rig();
  desk.configure(HERE);
  await pass(1);
  await ask();
  world.state = 'backup';
  desk.moved(MOVED);
  t.match((await ask()).body, /badge backup/);
});

t.test('a place that cannot be had: said, the one before goes on, tried again', async t => {
  const { desk, ask, pass, world, log } = rig();
  desk.configure(HERE);
  await pass(1);
  world.refuses = 'this machine does not have the address 192.0.2.1';
  desk.configure(THERE);
  await pass(1);
  t.match(log.lines.at(-1), {
    level: 'error',
    event: 'page.failed',
    message:
      'the page at 192.0.2.1:9112: this machine does not have the address 192.0.2.1; still served at 127.0.0.1:9112 as before, tried again every 5 s',
  });
  t.match(desk.report(), { listen: '192.0.2.1:9112', problem: /still served at 127.0.0.1:9112/ });
  t.match(await ask(), { status: 200 }, 'without a token, as before');
  const { length } = log.lines;
  await pass(20_000);
  t.equal(log.lines.length, length, 'said once');
  world.refuses = null;
  await pass(5_000);
  t.match(desk.report(), { problem: null });
  t.match(log.lines.at(-1), { event: 'page.serving' });
  t.match(await ask(), { status: 401 });
  world.refuses = 'x';
  world.listens = null;
  desk.configure(HERE);
  await pass(1);
  t.match(desk.report(), { problem: 'x; not served, tried again every 5 s' });
  t.match(await ask(), { status: 503 });
});

t.test('a configuration that comes meanwhile has the last word', async t => {
  const { desk, pass, world, log } = rig();
  world.refuses = 'taken';
  desk.configure(HERE);
  await pass(1);
  desk.configure(null);
  world.refuses = null;
  await pass(20_000);
  t.equal(world.listens, null);
  t.equal(desk.report(), null);
  t.strictSame(
    log.lines.map(({ event }) => event),
    ['page.failed'],
  );
  desk.configure(HERE);
  desk.configure(THERE);
  await pass(1);
  t.equal(world.listens, '192.0.2.1 9112');
  t.match(log.of('page.serving'), [{ message: /192.0.2.1/ }], 'what nobody wants any more was not even begun');
  t.equal(log.of('page.serving').length, 1);
  desk.configure(null);
  await pass(1);
  t.equal(world.listens, null);
  t.match(log.lines.at(-1), { event: 'page.closed' });
});

t.test('the token: asked for, remembered as a cookie, changed by a reload that changes nothing else', async t => {
  const { desk, ask, pass, world } = rig();
  desk.configure(THERE);
  await pass(1);
  t.match(await ask(), { status: 401, body: /wants its token/ });
  t.match(await ask({ authorization: 'Bearer correct-horse-battery' }), { status: 200 });
  t.match(await ask({ target: '/?token=correct-horse-battery' }), {
    status: 200,
    headers: { 'set-cookie': /^c=v;/ },
    body: /on to the page/,
  });
  t.match(await ask({ cookie: 'c=v', target: '/metrics' }), { status: 200 });
  t.equal(world.dismissed, 0);
  world.secret = { secret: 'another-horse-battery' };
  desk.configure({ ...THERE });
  await pass(1);
  t.match(await ask({ authorization: 'Bearer correct-horse-battery' }), { status: 401 });
  t.match(await ask({ authorization: 'Bearer another-horse-battery' }), { status: 200 });
  t.equal(world.dismissed, 1, 'and who was let in before shows the new one');
  desk.configure({ ...THERE });
  await pass(1);
  t.equal(world.dismissed, 1);
});

t.test('a token that cannot be used opens nothing', async t => {
  for (const [secret, words] of [
    [{ failure: '/t does not exist' }, 'its token: /t does not exist; not served'],
    [{ secret: 'short' }, 'its token is not 16 characters without blanks'],
    [{ secret: 'with a blank in the middle' }, 'its token is not 16 characters without blanks'],
  ] as const) {
    const { desk, ask, pass, world, log } = rig();
    world.secret = secret;
    desk.configure(THERE);
    await pass(1);
    t.equal(world.listens, null);
    t.match(desk.report()?.problem, words);
    t.match(await ask({ authorization: 'Bearer short' }), { status: 503 });
    t.notMatch(JSON.stringify(log.lines), /short|middle/);
  }
});
