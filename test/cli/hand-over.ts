// src/cli/hand-over.ts: others serve while holdfast restarts; what was ordered before holds again afterwards.
import t, { type Test } from 'tap';
import type { OrderRequest, Verb } from '../../src/api/orders.ts';
import { reportStatus } from '../../src/api/status.ts';
import { openMoves } from '../../src/cli/hand-over.ts';
import type { Order } from '../../src/core/orders.ts';
import type { RouterStatus } from '../../src/core/status.ts';
import { priority } from '../../src/vrrp/units.ts';
import { controlSocket } from '../fixtures/control.ts';
import { engineStatus, loaded, routerStatus, servicesStatus } from '../fixtures/status-report.ts';
import { ip } from '../fixtures/virtual-router.ts';

type Asked = readonly [verb: Verb, forMs: number | null, keep: boolean, force: boolean];

/** A daemon with one router, Active, that an order moves or does not. */
async function daemon(t: Test, given: Omit<Order, 'router' | 'since'> | null, moves = true) {
  const asked: Asked[] = [];
  let state: RouterStatus['state'] = 'active';
  let order: Order | null = given === null ? null : { router: 'web', since: 0, ...given };
  const path = await controlSocket(t, {
    status: async () => {
      const peer = { address: ip('192.0.2.12'), priority: priority(100), self: false };
      const router = routerStatus(state === 'active' ? {} : { state, active: peer });
      const routers = [{ router: 'web', parts: [], why: null, order }];
      return reportStatus(engineStatus([router]), 'edge-a', 0, loaded(), servicesStatus({ routers }));
    },
    async order(verb, { routers, forMs, keep, force }: OrderRequest) {
      t.same(routers, ['web']);
      asked.push([verb, forMs, keep, force]);
      if (moves && verb === 'drain') state = 'backup';
      if (verb === 'drain' || verb === 'promote') order = { router: 'web', since: 0, move: verb, until: null, keep, force };
      else order = null;
      return { schema: 1, outcome: 'done', routers: ['web'], unknown: null };
    },
  });
  const said: string[] = [];
  return { asked, said, say: (line: string) => void said.push(line), moves: openMoves(path) };
}

t.test('drained in a way that outlives the restart and ends by itself, then resumed', async t => {
  const { asked, said, say, moves } = await daemon(t, null);
  await moves.handOver(true, say);
  t.same(asked, [['drain', 600_000, true, false]]);
  t.same(said, ['web/ipv4: 192.0.2.12 serves']);
  await moves.takeBack();
  t.same(asked.slice(1), [['resume', null, false, false]]);
  await moves.takeBack();
  t.equal(asked.length, 2, 'once');
});

t.test('before it goes for good, nothing is to outlive it', async t => {
  const { asked, say, moves } = await daemon(t, null);
  await moves.handOver(false, say);
  t.same(asked, [['drain', 600_000, false, false]]);
});

t.test('nobody else is there: said, and not the last in the line when it comes back', async t => {
  const { asked, said, say, moves } = await daemon(t, null, false);
  await moves.handOver(true, say);
  t.same(said, ['web/ipv4: nobody else takes over, so it is away while holdfast restarts']);
  t.same(
    asked.map(([verb]) => verb),
    ['drain', 'resume'],
  );
  await moves.takeBack();
  t.equal(asked.length, 2);
});

t.test('what an operator has ordered holds again: promoted', async t => {
  const { asked, say, moves } = await daemon(t, { move: 'promote', force: true, until: null, keep: false });
  await moves.handOver(true, say);
  await moves.takeBack();
  t.same(asked, [
    ['drain', 600_000, true, false],
    ['promote', null, false, true],
  ]);
});

t.test('what an operator has ordered holds again: drained for a while', async t => {
  const { asked, say, moves } = await daemon(t, { move: 'drain', force: false, until: Date.now() + 3_600_000, keep: false });
  await moves.handOver(true, say);
  await moves.takeBack();
  t.match(asked, [
    ['drain', Number, true, false],
    ['drain', Number, false, false],
  ]);
  for (const [, forMs] of asked) t.ok(forMs !== null && forMs > 3_500_000 && forMs <= 3_600_000, String(forMs));
});

t.test('drained over restarts already: nothing to ask for', async t => {
  const { asked, say, moves } = await daemon(t, { move: 'drain', force: false, until: null, keep: true });
  await moves.handOver(true, say);
  await moves.takeBack();
  t.same(asked, []);
});

t.test('nobody answers: it hands over as it stops, and a new one that never answers is a failure', async t => {
  const said: string[] = [];
  await openMoves('/nonexistent/control.sock').handOver(true, line => void said.push(line));
  t.match(said, [/^the daemon cannot be asked to, so it hands over as it stops: no daemon listens at/]);
});
