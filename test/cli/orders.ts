// src/cli/orders.ts: planned moves, as they are asked for and as they are told.
import t, { type Test } from 'tap';
import type { OrderRequest, Verb } from '../../src/api/orders.ts';
import { reportStatus } from '../../src/api/status.ts';
import { tellMove } from '../../src/cli/orders.ts';
import type { RouterStatus } from '../../src/core/status.ts';
import { priority } from '../../src/vrrp/units.ts';
import { controlSocket } from '../fixtures/control.ts';
import { start } from '../fixtures/running.ts';
import { engineStatus, loaded, routerStatus, servicesStatus } from '../fixtures/status-report.ts';
import { ip } from '../fixtures/virtual-router.ts';

const MAIN = new URL('../../src/main.ts', import.meta.url).pathname;

/** A daemon whose router is what the last order made of it. */
async function daemon(t: Test, moves = true) {
  const asked: (readonly [Verb, OrderRequest])[] = [];
  let state: RouterStatus['state'] = 'active';
  const peer = { address: ip('192.0.2.12'), priority: priority(100), self: false };
  const path = await controlSocket(t, {
    status: async () => {
      const router = routerStatus(state === 'active' ? {} : { state, active: peer });
      return reportStatus(engineStatus([router]), 'edge-a', 0, loaded(), servicesStatus());
    },
    async order(verb, request) {
      asked.push([verb, request]);
      if (request.routers.includes('db')) return { schema: 1, outcome: 'unknown-router', routers: ['web'], unknown: 'db' };
      if (moves && verb === 'drain') setTimeout(() => (state = 'backup'), 100);
      if (moves && verb === 'promote') state = 'active';
      return { schema: 1, outcome: 'done', routers: ['web'], unknown: null };
    },
  });
  const run = async (verb: string, ...argv: readonly string[]) => {
    const running = start([process.execPath, MAIN, verb, ...argv, '--socket', path]);
    const { code } = await running.ended();
    return { code, out: running.out.join('\n'), err: running.err.join('\n') };
  };
  return { asked, run };
}

t.test('drained: asked as it was typed, and told when others serve', async t => {
  const { asked, run } = await daemon(t);
  t.same(await run('drain', 'web', '--for', '1h', '--keep', '--force'), { code: 0, out: 'web/ipv4: 192.0.2.12 serves', err: '' });
  t.same(asked, [['drain', { routers: ['web'], forMs: 3_600_000, keep: true, force: true }]]);
  t.same(await run('promote'), { code: 0, out: 'web/ipv4: served here', err: '' });
  t.same(await run('resume', 'web'), { code: 0, out: 'as the file says again: web', err: '' });
  t.same(await run('announce'), { code: 0, out: 'web: announced 192.0.2.200/24', err: '' });
  t.same(
    asked.map(([verb]) => verb),
    ['drain', 'promote', 'resume', 'announce'],
  );
});

t.test('nobody else takes over: exit status 1, and what lets go', async t => {
  const { run } = await daemon(t, false);
  t.match(await run('drain'), {
    code: 1,
    out: '',
    err: /^holdfast: web\/ipv4: still served here, nobody else takes over; holdfast drain .* --force web lets go/,
  });
});

t.test('calls that make no sense', async t => {
  const { asked, run } = await daemon(t);
  t.match(await run('drain', '--for', 'soon'), { code: 2, err: /^holdfast: --for needs a duration such as 30m or 2h, not "soon"/ });
  t.match(await run('drain', '--for', '1ms'), { code: 2, err: /--for must be from 1s to 8760h/ });
  t.match(await run('resume', '--force'), { code: 2, err: /--force/ });
  t.same(asked, []);
  for (const verb of ['drain', 'resume', 'announce'])
    t.match(await run(verb, 'db'), { code: 2, err: 'holdfast: no virtual router is called "db"; there is web' });
});

t.test('no daemon: exit status 3', async t => {
  for (const verb of ['drain', 'promote', 'resume', 'announce']) {
    const running = start([process.execPath, MAIN, verb, '--socket', '/nonexistent/control.sock']);
    t.equal((await running.ended()).code, 3, verb);
  }
});

t.test('why a router is not promoted', async t => {
  const report = (more: Partial<RouterStatus>, why: string | null = null) => {
    const routers = [{ router: 'web', parts: [], why, order: null }];
    const [router] = reportStatus(engineStatus([routerStatus(more)]), 'edge-a', 0, loaded(), servicesStatus({ routers })).routers;
    if (router === undefined) throw new Error('no router');
    return router;
  };
  const active = { address: ip('192.0.2.12'), priority: priority(254), self: false };
  t.match(tellMove('promote', false, report({ state: 'backup', active, standing: 'demoted' }, 'nginx: refused')), {
    good: false,
    words: 'web/ipv4: not promoted, nginx: refused; --force promotes it all the same',
  });
  t.match(tellMove('promote', false, report({ state: 'backup', active })), {
    words: 'web/ipv4: 192.0.2.12 goes on serving; drain it there, or see: holdfast status',
  });
  t.match(tellMove('drain', true, report({ state: 'fault', active: null })), { good: true, words: 'web/ipv4: let go' });
  t.match(tellMove('drain', false, report({ state: 'backup', active: null })), { good: true, words: 'web/ipv4: not served here' });
});
