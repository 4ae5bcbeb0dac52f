// Tests src/vrrp/step.ts: the complete table of what every state does with every event, then the boundaries.
import t from 'tap';
import type { Action } from '../../src/vrrp/action.ts';
import type { Event } from '../../src/vrrp/event.ts';
import type { VirtualRouter } from '../../src/vrrp/router.ts';
import { type Active, type Backup, deadline, type State } from '../../src/vrrp/state.ts';
import { step } from '../../src/vrrp/step.ts';
import { after, type Micros, micros, millis, priority, seconds } from '../../src/vrrp/units.ts';
import { ACTIVE } from '../fixtures/step/active.ts';
import { BACKUP } from '../fixtures/step/backup.ts';
import { INITIALIZE_AND_FAULT } from '../fixtures/step/initialize-fault.ts';
import { LEAVING } from '../fixtures/step/leaving.ts';
import { ABOVE, BELOW, EVENTS, SELF, SICK, SITUATIONS, type SituationName, T } from '../fixtures/step/table.ts';
import { ip } from '../fixtures/virtual-router.ts';

const TABLE = [...INITIALIZE_AND_FAULT, ...BACKUP, ...ACTIVE, ...LEAVING];
const names = <K extends string>(record: Readonly<Record<K, unknown>>): K[] => Object.keys(record) as K[];

t.test('the table says exactly once what each state does with each event', async t => {
  t.equal(TABLE.length, names(SITUATIONS).length * names(EVENTS).length);
  for (const situation of names(SITUATIONS)) {
    for (const event of names(EVENTS)) {
      t.equal(TABLE.filter(row => row.situation === situation && row.event === event).length, 1, `${situation}: ${event}`);
    }
  }
});

for (const { situation, event, clause, next, actions } of TABLE) {
  t.test(`${situation}: ${event}: ${clause}`, async t => {
    const before = SITUATIONS[situation];
    const occasion = EVENTS[event](before);
    const frozen = structuredClone(before.state);
    const [state, done] = step(occasion.self, before.state, occasion.event, occasion.now);
    t.strictSame(state, next, 'next state');
    t.strictSame(done, actions, 'actions in their order');
    t.strictSame(before.state, frozen, 'the state before is left as it was');
  });
}

t.test('after a timer fired, the next deadline lies ahead; a microsecond before, nothing happens', async t => {
  for (const name of names(SITUATIONS)) {
    const { state, self } = SITUATIONS[name];
    const due = deadline(state);
    if (due === null) continue;
    const [next] = step(self, state, { type: 'time' }, due);
    const then = deadline(next);
    t.ok(then === null || then > due, name);
    const [same, actions] = step(self, state, { type: 'time' }, micros(due - 1));
    t.equal(same, state, name);
    t.strictSame(actions, [], name);
  }
});

/** @returns the state that follows on an event at T, or later */
function next(self: VirtualRouter, state: State, event: Event, now: Micros = T): readonly [State, readonly Action[]] {
  return step(self, state, event, now);
}

function advert(level: number, from = ABOVE, interval = seconds(1)): Event {
  return { type: 'advert', from, priority: level === 0 ? 0 : priority(level), interval };
}

function whats(actions: readonly Action[]): readonly string[] {
  return actions.map(action =>
    action.do === 'advertise' ? `advertise ${action.priority}` : action.do === 'report' ? action.reason : action.do,
  );
}

function situation<N extends SituationName>(name: N): (typeof SITUATIONS)[N]['state'] {
  return SITUATIONS[name].state;
}

const OWNER: VirtualRouter = { ...SELF, priority: priority(255) };
const SICK_OWNER: VirtualRouter = { ...OWNER, standing: 'demoted' };
const TAKES_OVER = ['acquire', 'advertise 255', 'announce', 'address-owner'];

t.test('§6.4.1: the owner is Active from the first moment', async t => {
  for (const adopted of [false, true]) {
    const [state, actions] = next(OWNER, situation('initialize'), { type: 'startup', adopted });
    t.equal(state.name, 'active');
    t.strictSame(whats(actions), TAKES_OVER, 'advertisement and announcement before the state: the order of §6.4.1');
  }
  const [retried, actions] = next(OWNER, situation('fault'), { type: 'time' }, seconds(1001));
  t.equal(retried.name, 'active', 'after a fault too');
  t.strictSame(whats(actions), TAKES_OVER);
  t.equal(next(SICK_OWNER, situation('initialize'), { type: 'startup', adopted: false })[0].name, 'backup', 'not while sick');
});

t.test('a Backup that becomes the owner, or an owner that recovers, is Active at once', async t => {
  for (const previous of [SELF, SICK_OWNER]) {
    const [state, actions] = next(OWNER, situation('backup'), { type: 'reconfigured', previous });
    t.equal(state.name, 'active');
    t.strictSame(whats(actions), TAKES_OVER);
  }
});

t.test('an owner that recovers while it leaves has no successor, even where one speaks already', async t => {
  for (const [name, reason] of [
    ['leaving sick', 'recovered'],
    ['leaving sick, successor found', 'address-owner'],
    ['leaving released, again, successor found', 'address-owner'],
  ] as const) {
    const [state, actions] = next(OWNER, situation(name), { type: 'reconfigured', previous: SICK_OWNER });
    t.equal(state.name, 'active', name);
    t.strictSame(whats(actions), ['acquire', 'advertise 255', 'announce', reason], name);
  }
});

t.test('an owner that cannot speak stays what it is, whoever claims', async t => {
  const cutOff = { ...situation('active'), cutOff: { until: after(T, seconds(3)), reason: 'no-carrier' } } as const;
  t.strictSame(next({ ...SELF, priority: priority(255) }, cutOff, advert(254)), [cutOff, []]);
});

t.test('§6.4.3: no advert moves the owner, design 4.4; two owners are only noted', async t => {
  for (const level of [1, 100, 254]) {
    const [state, actions] = next(OWNER, situation('active'), advert(level));
    t.equal(state.name, 'active');
    t.strictSame(whats(actions), ['acquire', 'advertise 255', 'announce', 'note'], `lower ${level}`);
  }
  for (const from of [ABOVE, BELOW]) {
    const [state, actions] = next(OWNER, situation('active'), advert(255, from));
    t.equal(state.name, 'active', 'whatever the address');
    t.strictSame(actions, [{ do: 'announce' }, { do: 'note', what: 'second-owner', from }], 'an answer would only be answered');
  }
  const [sick, actions] = next(SICK_OWNER, situation('active offering'), advert(2));
  t.equal(sick.name, 'backup', 'a sick owner is moved like anybody');
  t.strictSame(whats(actions), ['advertise 1', 'release', 'higher-priority']);
});

t.test('priorities at their bounds, as Backup', async t => {
  // [own, heard, whether it is respected]
  const cases = [
    [1, 1, true],
    [1, 2, true],
    [2, 1, false],
    [100, 99, false],
    [100, 100, true],
    [254, 253, false],
    [254, 254, true],
    [254, 255, true],
  ] as const;
  for (const [own, heard, respected] of cases) {
    const self = { ...SELF, priority: priority(own) };
    const [state] = next(self, situation('backup'), advert(heard));
    t.match(state, { name: 'backup', heard: { address: ABOVE, priority: heard }, preempting: !respected }, `${own} hears ${heard}`);
    const down = micros(seconds(3) + Math.ceil(((256 - own) * 1_000_000) / 256));
    t.equal(deadline(state), respected ? after(T, down) : situation('backup').downAt, `${own} hears ${heard}: timer`);
  }
});

t.test('priorities at their bounds, as Active', async t => {
  const cases = [
    [1, 1, ABOVE, 'tie-break-lost'],
    [1, 1, BELOW, null],
    [1, 2, BELOW, 'higher-priority'],
    [2, 1, ABOVE, null],
    [254, 253, ABOVE, null],
    [254, 254, ABOVE, 'tie-break-lost'],
    [254, 254, BELOW, null],
    [254, 255, BELOW, 'higher-priority'],
  ] as const;
  for (const [own, heard, from, why] of cases) {
    const [state, actions] = next({ ...SELF, priority: priority(own) }, situation('active'), advert(heard, from));
    t.equal(state.name, why === null ? 'active' : 'backup', `${own} hears ${heard} from ${from}`);
    if (why !== null) t.strictSame(whats(actions), [`advertise ${own}`, 'release', why]);
  }
});

t.test('§6.4.3: addresses are compared as numbers, not as text; our own does not win against itself', async t => {
  const self = { ...SELF, primary: ip('192.0.2.9') };
  t.equal(next(self, situation('active'), advert(100, ip('192.0.2.10')))[0].name, 'backup', '10 > 9');
  t.equal(next(self, situation('active'), advert(100, ip('192.0.2.9')))[0].name, 'active');
});

t.test('preempt = false: a lower Active is respected, silence and priority 0 are not', async t => {
  const self = { ...SELF, preempt: false };
  const [state] = next(self, situation('backup'), advert(1));
  t.match(state, { name: 'backup', preemptAt: null, preempting: false, downAt: after(T, micros(3_609_375)) });
  t.equal(whats(next(self, state, { type: 'time' }, micros(1_003_609_375))[1]).at(-1), 'active-down-expired');
  t.match(next(self, state, advert(0))[0], { downAt: after(T, micros(609_375)), resigned: true });
});

t.test('preempt_delay runs from the first lower advert; a higher one ends it', async t => {
  const self = { ...SELF, preemptDelay: seconds(5) };
  const [first] = next(self, situation('backup'), advert(50));
  t.match(first, { preemptAt: after(T, seconds(5)), preempting: false, downAt: after(T, micros(3_609_375)) }, 'respected');
  const [second] = next(self, first, advert(50), after(T, seconds(3)));
  t.match(second, { preemptAt: after(T, seconds(5)), downAt: after(T, micros(6_609_375)) }, 'still the same delay');
  const [almost] = next(self, second, advert(50), after(T, micros(4_999_999)));
  t.match(almost, { preempting: false, downAt: after(T, micros(8_609_374)) }, 'a microsecond before');
  const [over] = next(self, second, advert(50), after(T, seconds(5)));
  t.match(over, { preempting: true, downAt: after(T, micros(6_609_375)) }, 'the timer runs on from the last one respected');
  const [higher] = next(self, over, advert(200), after(T, seconds(6)));
  t.match(higher, { preemptAt: null, preempting: false });
});

t.test('a peer that dies within the delay has fallen silent: it is not preempted', async t => {
  const self = { ...SELF, preemptDelay: seconds(3) };
  const [delaying] = next(self, situation('backup'), advert(50));
  const [, actions] = next(self, delaying, { type: 'time' }, micros(1_003_609_375));
  t.equal(whats(actions).at(-1), 'active-down-expired');
});

t.test("§6.4.2: Active_Adver_Interval is the Active's; the difference is noted, every timer is reckoned with it", async t => {
  const [state, actions] = next(SELF, situation('backup'), advert(200, ABOVE, millis(100)));
  t.match(state, { activeInterval: millis(100), downAt: after(T, micros(360_938)) });
  t.strictSame(actions, [{ do: 'note', what: 'interval-differs', from: ABOVE, interval: millis(100) }]);
  t.match(next(SELF, state, advert(0))[0], { downAt: after(T, micros(60_938)) }, 'skew of the learned interval');
  const [held, released] = next(SELF, situation('backup holding'), advert(200, ABOVE, millis(100)));
  t.match(held, { holding: false });
  t.strictSame(whats(released), ['release', 'note'], 'what must be done comes before what is worth a line');
  const [lower] = next(SELF, state, advert(50, ABOVE, seconds(40)));
  t.match(lower, { activeInterval: millis(100) }, 'a discarded one teaches nothing');
  const [yielded] = next(SELF, situation('active'), advert(200, ABOVE, seconds(2)));
  t.match(yielded, { activeInterval: seconds(2), downAt: after(T, micros(7_218_750)) }, 'an Active that yields learns it too');
});

t.test('a new own interval counts until an Active was heard', async t => {
  const self = { ...SELF, advertInterval: millis(100) };
  const reconfigured: Event = { type: 'reconfigured', previous: SELF };
  // 2 s of 3.609375 s are left; what has passed is more than the new whole.
  t.match(next(self, situation('backup'), reconfigured)[0], { activeInterval: millis(100), downAt: T });
  const [heard] = next(SELF, situation('backup'), advert(200));
  t.match(next(self, heard, reconfigured)[0], { activeInterval: seconds(1), downAt: after(T, micros(3_609_375)) });
});

t.test('design 4.5: late is not dead, once', async t => {
  const backup = situation('backup');
  const time: Event = { type: 'time' };
  const tolerated = after(backup.downAt, micros(499_999));
  t.equal(next(SELF, backup, time, tolerated)[0].name, 'active', 'half an interval late is only jitter');
  const late = after(backup.downAt, micros(500_000));
  const [waiting, actions] = next(SELF, backup, time, late);
  t.strictSame(waiting, { ...backup, graced: true, downAt: after(late, micros(1_609_375)) }, 'one interval + skew more');
  t.strictSame(actions, [{ do: 'note', what: 'woke-late', late: micros(500_000) }]);
  t.equal(next(SELF, waiting, time, after(late, seconds(60)))[0].name, 'active', 'not a second time in one down interval');
  t.match(next(SELF, waiting, advert(200), late)[0], { graced: false }, 'an advert begins a new one');
  const resigned = situation('backup resigned');
  t.match(next(SELF, resigned, time, after(resigned.downAt, seconds(1)))[0], { graced: true, resigned: true }, 'priority 0 too');
});

t.test('the tolerance is never below 20 ms', async t => {
  const fast: Backup = { ...situation('backup'), activeInterval: millis(10) };
  t.equal(next(SELF, fast, { type: 'time' }, after(fast.downAt, micros(19_999)))[0].name, 'active');
  t.match(next(SELF, fast, { type: 'time' }, after(fast.downAt, millis(20)))[0], { name: 'backup', graced: true });
});

t.test('§6.4.2: the first priority 0 sets the timer to skew, the next postpone nothing; the answer is one takeover', async t => {
  const [once] = next(SELF, situation('backup'), advert(0));
  const [twice] = next(SELF, once, advert(0), after(T, millis(500)));
  t.match(twice, { downAt: after(T, micros(609_375)), resigned: true });
  const [, actions] = next(SELF, twice, { type: 'time' }, micros(1_000_609_375));
  t.strictSame(whats(actions), ['acquire', 'advertise 100', 'announce', 'priority-zero']);
});

t.test('design 4.8: a demoted Backup answers priority 0 after its whole down interval', async t => {
  const self = SICK;
  t.match(next(self, situation('backup'), advert(0))[0], { downAt: after(T, micros(3_996_094)), resigned: true });
  const [, actions] = next(self, { ...situation('backup'), downAt: T }, { type: 'time' });
  t.strictSame(whats(actions), ['acquire', 'advertise 1', 'announce', 'active-down-expired']);
  const [first] = next(self, situation('backup'), advert(0));
  const [second] = next(self, first, advert(0), after(T, seconds(1)));
  t.equal(deadline(second), deadline(first), 'a second priority 0 postpones nothing');
});

t.test('design 4.8: becoming Active while demoted starts no attempt before the first back-off', async t => {
  const [state] = next(SICK, { ...situation('backup'), downAt: T }, { type: 'time' });
  t.match(state, { name: 'active', offer: { at: after(T, seconds(1)), backoff: seconds(2) } });
});

t.test('design 4.8: the back-off doubles up to a minute', async t => {
  const waits: number[] = [];
  let state: State = { ...situation('leaving sick, again'), backoff: seconds(1) };
  const self = SICK;
  for (let turn = 0; turn < 1_000 && waits.length < 8; turn += 1) {
    const due = deadline(state) ?? T;
    const before: State = state;
    [state] = step(self, before, { type: 'time' }, due);
    if (before.name === 'leaving' && state.name === 'active') waits.push(((state.offer?.at ?? 0) - due) / 1_000_000);
  }
  t.strictSame(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
});

t.test('§6.4.3: adverts stay on their grid; after a stall one goes out, not many', async t => {
  const active = situation('active');
  const time: Event = { type: 'time' };
  const [onTime] = next(SELF, active, time, after(active.advertAt, micros(1)));
  t.match(onTime, { advertAt: after(active.advertAt, seconds(1)) }, 'a late wake-up is not handed on');
  const [late, actions] = next(SELF, active, time, after(active.advertAt, millis(4500)));
  t.strictSame(whats(actions), ['advertise 100']);
  t.match(late, { advertAt: after(active.advertAt, millis(5500)) }, 'from now, after missing more than one');
  const [justMissed] = next(SELF, active, time, after(active.advertAt, seconds(1)));
  t.match(justMissed, { advertAt: after(active.advertAt, seconds(2)) }, 'never two at one instant');
});

t.test('design 4.6: announcements follow 0.1, 1 and 4 s after each other, then every minute', async t => {
  let state: State = next(SELF, { ...situation('backup'), downAt: T }, { type: 'time' })[0];
  const gaps: number[] = [];
  let last = T;
  for (let turn = 0; turn < 1_000 && gaps.length < 5; turn += 1) {
    const due = deadline(state) ?? T;
    const [then, actions] = step(SELF, state, { type: 'time' }, due);
    state = then;
    if (!whats(actions).includes('announce')) continue;
    gaps.push((due - last) / 1_000_000);
    last = due;
  }
  t.strictSame(gaps.slice(0, 3), [0.1, 1, 4]);
  for (const gap of gaps.slice(3)) t.ok(gap >= 54 && gap <= 66, `${gap} s`);
});

t.test('adverts and announcements due at one instant: the advert first', async t => {
  const state: Active = { ...situation('active'), announceAt: situation('active').advertAt };
  t.strictSame(whats(next(SELF, state, { type: 'time' }, state.advertAt)[1]), ['advertise 100', 'announce']);
});

t.test('design 4.4: claims are answered once each quarter of an interval', async t => {
  const [first, spoken] = next(SELF, situation('active'), advert(50));
  t.equal(whats(spoken).filter(what => what === 'advertise 100').length, 1);
  const [same, silent] = next(SELF, first, advert(50), after(T, micros(249_999)));
  t.equal(same, first);
  t.strictSame(silent, []);
  const [, again] = next(SELF, first, advert(50), after(T, millis(250)));
  t.strictSame(whats(again), ['acquire', 'advertise 100', 'announce', 'note']);
});

t.test('design 4.4: resignations in a flood bring the next advert forward, never back', async t => {
  const [state, actions] = next(SELF, { ...situation('active answered'), advertAt: after(T, millis(100)) }, advert(0));
  t.match(state, { advertAt: after(T, millis(100)) }, 'it is due sooner anyway');
  t.strictSame(actions, []);
});

t.test('design 4.4: a flood of resignations is answered once each quarter of an interval, whatever the timers do', async t => {
  let state: State = situation('active');
  const spoken: number[] = [];
  for (let ms = 0; ms < 1000; ms += 1) {
    const now = after(T, millis(ms));
    for (const event of [{ type: 'time' }, advert(0)] as const) {
      const [after0, actions] = next(SELF, state, event, now);
      state = after0;
      if (whats(actions).includes('advertise 100')) spoken.push(ms);
    }
  }
  t.strictSame(spoken, [0, 250, 500, 750]);
});

t.test('design 4.6: within the burst that a conflict began, another does not begin it again', async t => {
  const [first] = next(SELF, situation('active'), { type: 'address-lost' });
  const [second, actions] = next(SELF, first, { type: 'address-lost' }, after(T, millis(99)));
  t.strictSame(whats(actions), ['acquire', 'advertise 100'], 'the next round says it soon enough');
  t.match(second, { announceAt: after(T, millis(100)) });
  t.strictSame(whats(next(SELF, first, { type: 'address-lost' }, after(T, millis(100)))[1]), ['acquire', 'advertise 100', 'announce']);
});

t.test('cut off: other reasons do not begin the time anew; sick and cut off, offers are due later', async t => {
  const cutOff = situation('active cut off');
  t.match(next(SELF, cutOff, { type: 'link-down', reason: 'interface-down', speaks: false })[0], {
    cutOff: { until: cutOff.cutOff.until, reason: 'interface-down' },
  });
  const offering: Active = { ...cutOff, offer: { at: after(T, seconds(9)), backoff: seconds(2) } };
  t.strictSame(next({ ...SICK, priority: priority(150) }, offering, { type: 'reconfigured', previous: SICK }), [offering, []], 'kept');
  t.match(next(SELF, offering, { type: 'reconfigured', previous: SICK })[0], { offer: null }, 'recovered');
});

t.test('an event that does not exist is our own bug', async t => {
  const broken = { type: 'nonsense' } as unknown as Event;
  for (const name of names(SITUATIONS)) {
    if (SITUATIONS[name].state.name === 'initialize') continue;
    t.throws(() => next(SELF, situation(name), broken), /unreachable/, name);
  }
});
