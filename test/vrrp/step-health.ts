// Tests src/vrrp/step.ts with health that changes: demoted, released and weighed routers, beyond what the table says.
// Decisions 0011 and 0026. Must not know who judges health.
import t from 'tap';
import type { Action } from '../../src/vrrp/action.ts';
import type { Event } from '../../src/vrrp/event.ts';
import { effectivePriority, type Standing, type VirtualRouter } from '../../src/vrrp/router.ts';
import { type Backup, deadline, type State } from '../../src/vrrp/state.ts';
import { step } from '../../src/vrrp/step.ts';
import { after, type Micros, micros, millis, priority, seconds } from '../../src/vrrp/units.ts';
import fc from '../fixtures/property.ts';
import { ABOVE, BELOW, DOWN_AT_1, RELEASED, SELF, SICK, SITUATIONS, type SituationName, T } from '../fixtures/step/table.ts';

const OWNER: VirtualRouter = { ...SELF, priority: priority(255) };

function next(self: VirtualRouter, state: State, event: Event, now: Micros = T): readonly [State, readonly Action[]] {
  return step(self, state, event, now);
}

function judged(self: VirtualRouter, state: State, previous: VirtualRouter, now: Micros = T): readonly [State, readonly Action[]] {
  return step(self, state, { type: 'reconfigured', previous }, now);
}

function weighed(adjustment: number, standing: Standing = 'well'): VirtualRouter {
  return { ...SELF, adjustment, standing };
}

function advert(level: number, from = ABOVE): Event {
  return { type: 'advert', from, priority: level === 0 ? 0 : priority(level), interval: seconds(1) };
}

function whats(actions: readonly Action[]): readonly string[] {
  return actions.map(action =>
    action.do === 'advertise' ? `advertise ${action.priority}` : action.do === 'report' ? action.reason : action.do,
  );
}

function situation<N extends SituationName>(name: N): (typeof SITUATIONS)[N]['state'] {
  return SITUATIONS[name].state;
}

t.test('a weight is a priority like any other: who was above is not, who was equal is', async t => {
  const active = situation('active');
  t.equal(next(weighed(-60), active, advert(50))[0].name, 'backup', '40 hears 50');
  t.equal(next(weighed(-60), active, advert(40, ABOVE))[0].name, 'backup', 'ties are broken by address');
  t.equal(next(weighed(-60), active, advert(40, BELOW))[0].name, 'active');
  t.strictSame(whats(next(weighed(60), active, advert(150))[1]), ['acquire', 'advertise 160', 'announce', 'note']);
  t.match(next(weighed(60), situation('backup'), advert(150))[0], { preempting: true, heard: { priority: 150 } }, '160 waits for no 150');
});

t.test('whatever is taken away, it stays above the demoted and below the owner', async t => {
  t.equal(next(weighed(-253), situation('active'), advert(1))[0].name, 'active', '2 hears 1');
  const [state, actions] = next(weighed(253), situation('active'), advert(255));
  t.strictSame([state.name, whats(actions)[0]], ['backup', 'advertise 254']);
  t.strictSame(
    judged(weighed(-253), situation('active'), weighed(-120)),
    [situation('active'), []],
    'and what changes nothing is not told',
  );
});

t.test('a weight that changes again and again is told each time, and announces nothing', async t => {
  let state: State = situation('active');
  let before = SELF;
  const said: string[] = [];
  for (let round = 1; round <= 20; round += 1) {
    const self = weighed(-round);
    const [then, actions] = judged(self, state, before, after(T, millis(100 * round)));
    said.push(...whats(actions));
    [state, before] = [then, self];
  }
  t.strictSame(
    said,
    Array.from({ length: 20 }, (_, index) => `advertise ${99 - index}`),
  );
  t.equal(deadline(state), after(T, seconds(3)), 'the next one is due an interval after the last');
});

t.test('a weight that comes with a demotion, or goes with one, is no change of weight', async t => {
  t.strictSame(whats(judged(weighed(-60, 'demoted'), situation('active'), SELF)[1]), ['advertise 0', 'demoted']);
  const [recovered, actions] = judged(weighed(-60), situation('active offering'), SICK);
  t.match(recovered, { name: 'active', offer: null });
  t.strictSame(whats(actions), ['acquire', 'advertise 40', 'announce']);
});

t.test('design 4.8: becoming released while an offer waits ends the offers', async t => {
  const [state, actions] = judged(RELEASED, situation('active offering'), SICK);
  t.match(state, { name: 'leaving', cause: 'released', attempt: 1 });
  t.strictSame(whats(actions), ['advertise 0', 'released']);
});

t.test('a Backup that was about to preempt is not, once its health is worse than the Active', async t => {
  // The lower one spoke last a moment before, and nobody listened.
  const preempting: Backup = { ...situation('backup preempting'), downAt: after(T, millis(5)) };
  for (const self of [SICK, weighed(-50), weighed(-99)]) {
    const [state] = judged(self, preempting, SELF);
    t.match(state, { preempting: false, preemptAt: null, heard: { priority: 50 } });
    t.ok((deadline(state) ?? 0) > after(T, seconds(3)), `${effectivePriority(self)}: it is heard first`);
    const [heard] = next(self, state, advert(50), after(T, millis(400)));
    t.match(heard, { name: 'backup', preempting: false }, 'and respected');
  }
  const [still] = judged(weighed(-49), preempting, SELF);
  t.match(still, { preempting: true }, '51 is above 50');
  t.ok((deadline(still) ?? 0) < after(T, millis(300)));
});

t.test('who resigned is not waited for because it was lower', async t => {
  const resigned: Backup = { ...situation('backup preempting'), resigned: true, downAt: after(T, millis(5)) };
  const [state] = judged(weighed(-60), resigned, SELF);
  t.match(state, { resigned: true, downAt: after(T, micros(5_000 + 234_375)) }, 'the skew of 40 instead of that of 100');
});

t.test('decision 0026: an owner that is released lets go like anybody, and serves again at once', async t => {
  const released: VirtualRouter = { ...OWNER, standing: 'released' };
  const [leaving, said] = judged(released, situation('active'), OWNER);
  t.match(leaving, { name: 'leaving', cause: 'released' });
  t.strictSame(whats(said), ['advertise 0', 'released']);
  t.strictSame(judged(released, situation('backup'), OWNER)[0], { name: 'fault', retryAt: null });
  t.strictSame(next(released, situation('initialize'), { type: 'startup', adopted: false })[0], { name: 'fault', retryAt: null });
  const [back, actions] = judged(OWNER, situation('fault released'), released);
  t.equal(back.name, 'active');
  t.strictSame(whats(actions), ['acquire', 'advertise 255', 'announce', 'address-owner']);
});

t.test('decision 0026: released while it waits after a fault: it does not try, and is told so', async t => {
  const due = after(T, seconds(1));
  const [out, actions] = next(RELEASED, situation('fault'), { type: 'time' }, due);
  t.strictSame([out, whats(actions)], [{ name: 'fault', retryAt: null }, ['released']]);
  const [back] = judged(SICK, out, RELEASED, due);
  t.equal(deadline(back), after(due, DOWN_AT_1));
});

const EVENTS = [
  ...(['time', 'shutdown', 'startup', 'link-down', 'home-missing', 'link-up', 'address-lost', 'fault'] as const),
  ...(['health', 'health', 'health', 'advert', 'advert', 'advert'] as const),
];

interface Happening {
  readonly event: (typeof EVENTS)[number];
  readonly standing: Standing;
  readonly adjustment: number;
  readonly level: number;
  readonly later: number;
}

const happening: fc.Arbitrary<Happening> = fc.record({
  event: fc.constantFrom(...EVENTS),
  standing: fc.constantFrom<Standing>('well', 'demoted', 'released'),
  adjustment: fc.constantFrom(-253, -60, 0, 60, 253),
  level: fc.constantFrom(0, 1, 50, 100, 200, 255),
  later: fc.constantFrom(0, 1, 100, 600, 1_100, 4_000),
});

t.test('property: whatever happens, a released router takes no part, and only a released one waits for its health', async t => {
  const start = fc.record({
    name: fc.constantFrom<SituationName>(...(Object.keys(SITUATIONS) as SituationName[])),
    owner: fc.boolean(),
    preempt: fc.boolean(),
  });
  fc.assert(
    fc.property(start, fc.array(happening, { maxLength: 30 }), ({ name, owner, preempt }, happenings) => {
      let state: State = SITUATIONS[name].state;
      let self: VirtualRouter = { ...SITUATIONS[name].self, preempt, ...(owner ? { priority: priority(255) } : {}) };
      let now = T;
      for (const { event, standing, adjustment, level, later } of happenings) {
        now = after(now, millis(later));
        const previous = self;
        if (event === 'health') self = { ...self, standing, adjustment };
        const [then, actions] = step(self, state, toEvent(event, previous, level), now);
        state = then;
        judge(self, state, actions);
      }
    }),
    { numRuns: 5_000 },
  );
  t.pass();
});

function judge(self: VirtualRouter, state: State, actions: readonly Action[]): void {
  const { standing } = self;
  if (standing === 'released' && (state.name === 'backup' || state.name === 'active')) throw new Error(`released, and ${state.name}`);
  if (state.name === 'fault' && state.retryAt === null && standing !== 'released') throw new Error(`${standing}, and waits for health`);
  if (state.name === 'active' && (state.offer !== null) !== (standing === 'demoted'))
    throw new Error(`${standing}, and its offers are wrong`);
  for (const action of actions)
    if (action.do === 'advertise' && action.priority !== 0 && action.priority !== effectivePriority(self))
      throw new Error(`advertises ${action.priority} instead of ${effectivePriority(self)}`);
}

function toEvent(event: Happening['event'], previous: VirtualRouter, level: number): Event {
  switch (event) {
    case 'advert':
      return advert(level);
    case 'health':
      return { type: 'reconfigured', previous };
    case 'startup':
      return { type: 'startup', adopted: level > 100 };
    case 'link-down':
      return { type: 'link-down', reason: level > 100 ? 'interface-missing' : 'no-carrier', speaks: false };
    case 'home-missing':
      return { type: 'link-down', reason: 'interface-missing', speaks: true };
    case 'fault':
      return { type: 'fault', wait: seconds(1) };
    case 'time':
    case 'shutdown':
    case 'link-up':
    case 'address-lost':
      return { type: event };
  }
}
