// Tests src/vrrp/state.ts: when each state wants to be woken.
import t from 'tap';
import { type Active, deadline } from '../../src/vrrp/state.ts';
import { millis, seconds } from '../../src/vrrp/units.ts';
import { SITUATIONS } from '../fixtures/step/table.ts';

const active = SITUATIONS.active.state;
const early = seconds(1);
const late = seconds(9);

t.test('one timer', async t => {
  t.equal(deadline({ name: 'initialize' }), null, 'nothing is waited for');
  t.equal(deadline({ ...SITUATIONS.backup.state, downAt: early }), early);
  t.equal(deadline({ ...SITUATIONS['leaving sick'].state, until: early }), early);
  t.equal(deadline({ name: 'fault', retryAt: early }), early);
  t.equal(deadline({ name: 'fault', retryAt: null }), null, 'released: only health ends it');
});

t.test('Active: the earliest of its timers', async t => {
  const cases: readonly (readonly [string, Active])[] = [
    ['advert', { ...active, advertAt: early, announceAt: late }],
    ['announcement', { ...active, advertAt: late, announceAt: early }],
    ['offer', { ...active, advertAt: late, announceAt: late, offer: { at: early, backoff: seconds(4) } }],
    ['advert before offer', { ...active, advertAt: early, announceAt: late, offer: { at: late, backoff: seconds(4) } }],
  ];
  for (const [what, state] of cases) t.equal(deadline(state), early, what);
});

t.test('Active without its interface waits for that alone', async t => {
  const offer = { at: millis(1), backoff: seconds(1) };
  t.equal(deadline({ ...active, advertAt: millis(1), announceAt: millis(1), offer, cutOff: { until: late, reason: 'no-carrier' } }), late);
});
