// Tests src/vrrp/step.ts with routers of version 2: RFC 3768 §6.4 beside RFC 9568, and routers without addresses.
// At 1 s both versions have the same timers, so the whole table holds for both; with longer intervals they part.
import t from 'tap';
import type { Action } from '../../src/vrrp/action.ts';
import type { Event } from '../../src/vrrp/event.ts';
import type { VirtualRouter } from '../../src/vrrp/router.ts';
import { deadline, type State } from '../../src/vrrp/state.ts';
import { step } from '../../src/vrrp/step.ts';
import { after, between, type Micros, micros, millis, priority, seconds } from '../../src/vrrp/units.ts';
import { ACTIVE } from '../fixtures/step/active.ts';
import { BACKUP } from '../fixtures/step/backup.ts';
import { INITIALIZE_AND_FAULT } from '../fixtures/step/initialize-fault.ts';
import { LEAVING } from '../fixtures/step/leaving.ts';
import { ABOVE, BELOW, EVENTS, LEAVE_WAIT, SELF, SITUATIONS, SKEW, T } from '../fixtures/step/table.ts';

const TABLE = [...INITIALIZE_AND_FAULT, ...BACKUP, ...ACTIVE, ...LEAVING];
const OLD: VirtualRouter = { ...SELF, version: 2, advertInterval: seconds(10) };
const SICK: VirtualRouter = { ...OLD, standing: 'demoted' };
/** 3 x 10 s and the skew of priority 100, which is a part of one second. */
const DOWN = micros(30_609_375);

const VARIANTS: readonly (readonly [string, (self: VirtualRouter) => VirtualRouter])[] = [
  ['version 2 at 1 s: RFC 3768 §6.4 is the same machine', self => ({ ...self, version: 2, password: 'opensesa' })],
  ['without an address the machine is the same', self => ({ ...self, addresses: [] })],
  ['with peers the machine is the same', self => ({ ...self, peers: [{ address: ABOVE, minTtl: 255, maxTtl: 255 }] })],
];

for (const [title, change] of VARIANTS) {
  t.test(title, async t => {
    for (const { situation, event, clause, next, actions } of TABLE) {
      const before = SITUATIONS[situation];
      const occasion = EVENTS[event]({ state: before.state, self: change(before.self) });
      const done = step(occasion.self, before.state, occasion.event, occasion.now);
      t.strictSame(done, [next, actions], `${situation}: ${event}: ${clause}`);
    }
  });
}

function next(self: VirtualRouter, state: State, event: Event, now: Micros = T): readonly [State, readonly Action[]] {
  return step(self, state, event, now);
}

function advert(level: number, from = ABOVE): Event {
  return { type: 'advert', from, priority: level === 0 ? 0 : priority(level), interval: seconds(10) };
}

function dones(actions: readonly Action[]): readonly string[] {
  return actions.map(action => (action.do === 'advertise' ? `advertise ${action.priority}` : action.do));
}

/** What is left until the state wants to be woken. */
function left(state: State, now: Micros = T): number | null {
  const due = deadline(state);
  return due === null ? null : between(now, due);
}

const waiting = { ...SITUATIONS.backup.state, activeInterval: seconds(10) };
const active = { ...SITUATIONS.active.state, advertAt: after(T, seconds(4)) };

t.test('RFC 3768 §6.4.1: Startup sets Master_Down_Timer to Master_Down_Interval', async t => {
  const [state] = next(OLD, { name: 'initialize' }, { type: 'startup', adopted: false });
  t.match(state, { name: 'backup', activeInterval: seconds(10) });
  t.equal(left(state), DOWN);
  const [owner, actions] = next({ ...OLD, priority: priority(255) }, { name: 'initialize' }, { type: 'startup', adopted: false });
  t.match(owner, { name: 'active', advertAt: after(T, seconds(10)) }, 'the owner is Active at once');
  t.strictSame(dones(actions), ['acquire', 'advertise 255', 'announce', 'report']);
});

t.test('RFC 3768 §6.4.2: Backup', async t => {
  const [reset] = next(OLD, waiting, advert(100, BELOW));
  t.equal(left(reset), DOWN, 'greater or equal: Master_Down_Timer to Master_Down_Interval');
  t.equal(left(next(OLD, waiting, advert(99))[0]), left(waiting), 'lower: discarded');
  t.equal(left(next({ ...OLD, preempt: false }, waiting, advert(99))[0]), DOWN, 'lower without Preempt_Mode: reset');
  const [resigned] = next(OLD, waiting, advert(0));
  t.equal(left(resigned), SKEW, 'priority 0: Master_Down_Timer to Skew_Time, of a second and not of the interval');
  const [taken, actions] = next(OLD, resigned, { type: 'time' }, after(T, SKEW));
  t.match(taken, { name: 'active', advertAt: after(T, micros(SKEW + seconds(10))) }, 'Adver_Timer to Advertisement_Interval');
  t.strictSame(dones(actions), ['acquire', 'advertise 100', 'announce', 'report']);
  t.equal(left(next(SICK, waiting, advert(0))[0]), 30_996_094, 'design 4.8: demoted, the whole interval');
});

t.test('RFC 3768 §6.4.3: Master', async t => {
  const [again, sent] = next(OLD, active, { type: 'time' }, active.advertAt);
  t.match(again, { advertAt: after(T, seconds(14)) }, 'Adver_Timer fires: advertise, reset');
  t.strictSame(dones(sent), ['advertise 100']);
  const [reasserted, answered] = next(OLD, active, advert(0));
  t.match(reasserted, { name: 'active', advertAt: after(T, seconds(10)) }, 'priority 0: advertise, reset Adver_Timer');
  t.equal(dones(answered).filter(what => what === 'advertise 100').length, 1);
  for (const event of [advert(200, BELOW), advert(100)]) {
    const [state, actions] = next(OLD, active, event);
    t.match(state, { name: 'backup', activeInterval: seconds(10) }, 'greater, or equal from a greater address: Backup');
    t.equal(left(state), DOWN, 'Master_Down_Timer to Master_Down_Interval');
    t.strictSame(dones(actions), ['advertise 100', 'release', 'report']);
  }
});

t.test('RFC 3768 §6.4.3 only discards a lower one; RFC 9568 §6.4.3 answers it, and so does version 2 here', async t => {
  for (const event of [advert(99), advert(100, BELOW)]) {
    const [state, actions] = next(OLD, active, event);
    t.match(state, { name: 'active', advertAt: active.advertAt }, 'its own timer runs on');
    t.strictSame(dones(actions), ['acquire', 'advertise 100', 'announce', 'note']);
  }
  const [first] = next(OLD, active, advert(99));
  t.strictSame(next(OLD, first, advert(99), after(T, micros(2_499_999))), [first, []], 'once a quarter of an interval');
});

t.test('leaving, design 4.1: the longest skew of a second, not of the interval', async t => {
  const [leaving] = next(OLD, active, { type: 'shutdown' });
  t.equal(left(leaving), LEAVE_WAIT);
  const [second, actions] = next(OLD, leaving, { type: 'time' }, after(T, LEAVE_WAIT));
  t.equal(left(second, after(T, LEAVE_WAIT)), LEAVE_WAIT, 'the second try too');
  t.strictSame(dones(actions), ['advertise 0']);
  const [found] = next(SICK, { ...SITUATIONS['leaving sick'].state }, advert(99));
  const [backup] = next(SICK, found, { type: 'time' }, after(T, millis(10)));
  t.match(backup, { name: 'backup', activeInterval: seconds(10) });
  t.equal(left(backup, after(T, millis(10))), 30_996_094, 'the successor is a Master like any');
});

t.test('released, decision 0026: leaves by the same waits, and ends out of it; without a successor too', async t => {
  const self: VirtualRouter = { ...OLD, standing: 'released' };
  const [leaving, said] = next(self, active, { type: 'reconfigured', previous: OLD });
  t.match(leaving, { name: 'leaving', cause: 'released', until: after(T, LEAVE_WAIT) });
  t.strictSame(dones(said), ['advertise 0', 'report']);
  const [second] = next(self, leaving, { type: 'time' }, after(T, LEAVE_WAIT));
  const over = after(T, micros(2 * LEAVE_WAIT));
  const [end, actions] = next(self, second, { type: 'time' }, over);
  t.strictSame([end, dones(actions)], [{ name: 'fault', retryAt: null }, ['release', 'report']]);
  const [back] = next(OLD, end, { type: 'reconfigured', previous: self }, over);
  t.equal(left(back, over), DOWN, 'health is back: the whole Master_Down_Interval');
});

t.test('weights, decision 0026: the skew that changes is a part of one second', async t => {
  const self = { ...OLD, adjustment: -60 };
  t.equal(left(next(self, waiting, { type: 'reconfigured', previous: OLD })[0]), 2_234_375);
  t.strictSame(dones(next(self, active, { type: 'reconfigured', previous: OLD })[1]), ['advertise 40']);
});

t.test('late is not dead, decision 0009: one interval and a skew of a second more', async t => {
  const late = after(waiting.downAt, seconds(5));
  const [state, actions] = next(OLD, waiting, { type: 'time' }, late);
  t.match(state, { name: 'backup', graced: true });
  t.equal(left(state, late), 10_000_000 + SKEW);
  t.strictSame(dones(actions), ['note']);
});

t.test('without carrier a Master stays one for Master_Down_Interval', async t => {
  t.equal(left(next(OLD, active, { type: 'link-down', reason: 'no-carrier', speaks: false })[0]), DOWN);
});

t.test('version 2 learns no interval: a new one of our own holds at once, RFC 3768 §7.1', async t => {
  const heard = { ...waiting, heard: { address: ABOVE, priority: priority(200) } };
  const faster = { ...OLD, advertInterval: seconds(2) };
  const rows: readonly (readonly [string, VirtualRouter, VirtualRouter, number, number])[] = [
    // the timer had 2 s left of 30.609375 s
    ['shorter', OLD, faster, seconds(2), 0],
    ['longer', OLD, { ...OLD, advertInterval: seconds(20) }, seconds(20), 32_000_000],
    ['in version 3 the one that was learned holds', { ...OLD, version: 3 }, { ...faster, version: 3 }, seconds(10), 2_000_000],
    ['version 3 becomes 2', { ...OLD, version: 3 }, OLD, seconds(10), 0],
    ['version 2 becomes 3', OLD, { ...OLD, version: 3 }, seconds(10), 7_484_375],
  ];
  for (const [title, previous, self, interval, wait] of rows) {
    const [state, actions] = next(self, heard, { type: 'reconfigured', previous });
    t.match(state, { name: 'backup', activeInterval: interval }, title);
    t.equal(left(state), wait, title);
    t.strictSame(actions, []);
  }
});
