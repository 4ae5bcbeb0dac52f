// src/check/watchdog.ts: a service dies, hangs, is stopped, comes back; told step by step, and at random.
import fc from 'fast-check';
import t from 'tap';
import type { Timing, WatchdogSpec } from '../../src/check/duties.ts';
import type { Seen } from '../../src/check/probe.ts';
import type { ServiceState } from '../../src/check/service.ts';
import {
  askEvery,
  countsAsUp,
  initial,
  lookEvery,
  type WatchdogAction,
  type WatchdogEvent,
  type WatchdogState,
  watchdogDeadline,
  watchdogStep,
} from '../../src/check/watchdog.ts';
import { after, type Micros, micros, millis, seconds } from '../../src/vrrp/units.ts';
import { GOOD, MUTE, WRONG, watchdogSpec } from '../fixtures/duties.ts';

const RUNNING: ServiceState = { name: 'running', pid: 100 };
const DEAD: ServiceState = { name: 'dead', how: 'killed by SIGKILL' };
const STOPPED: ServiceState = { name: 'stopped' };
const CHANGING: ServiceState = { name: 'changing' };
const UNREACHABLE: Seen = { trouble: 'unreachable', seen: 'no route' };
const BY_UNIT = { service: { by: 'unit', unit: 'nginx.service' } } as const;

/** One watchdog and its clock. Each step gives what is to be done, in a word each. */
function watch(settings: Partial<WatchdogSpec> = {}, timing: Partial<Timing> = {}, fresh = true) {
  const spec = watchdogSpec(settings, timing);
  let now = seconds(100);
  let state = initial(now);

  function step(event: WatchdogEvent): string[] {
    const [next, actions] = watchdogStep(spec, state, event, now, fresh);
    state = next;
    return actions.map(word);
  }

  return {
    spec,
    state: (): WatchdogState => state,
    phase: () => state.phase.name,
    up: () => countsAsUp(spec, state),
    deadline: () => watchdogDeadline(spec, state),
    now: () => now,
    pass(by: Micros): string[] {
      now = after(now, by);
      return step({ type: 'time' });
    },
    told: (service: ServiceState) => step({ type: 'told', state: service }),
    ended: () => step({ type: 'ended' }),
    started: (failure: string | null = null) => step({ type: 'started', failure }),
    /** A look that begins now and takes 1 ms. */
    look(seen: Seen): string[] {
      const began = now;
      now = after(now, millis(1));
      return step({ type: 'look', look: { seen, began, ended: now } });
    },
    /** A look that began when the last one did not yet know. */
    staleLook: (seen: Seen, ago: Micros) => step({ type: 'look', look: { seen, began: micros(now - ago), ended: now } }),
    /** To where it is up. */
    serving() {
      this.told(RUNNING);
      this.look(GOOD);
      now = after(now, seconds(100));
      return this;
    },
  };
}

function word(action: WatchdogAction): string {
  return action.do === 'report' ? action.what : action.do;
}

t.test('it runs and answers', async t => {
  const w = watch();
  t.notOk(w.up(), 'unknown counts as down');
  t.strictSame(w.look(GOOD), [], 'an answer of something whose process nobody knows is none');
  t.strictSame(w.told(RUNNING), ['look']);
  t.strictSame(w.told(RUNNING), [], 'once');
  t.strictSame(w.look(GOOD), ['serving']);
  t.ok(w.up());
  t.strictSame([lookEvery(w.spec, w.state()), askEvery(w.state()), w.deadline()], [seconds(1), null, null]);
  t.strictSame(w.look(GOOD), []);
  t.ok(watch({}, { start: 'up' }).up());
});

t.test('kill -9: started at once, asked eagerly, and back before anybody noticed', async t => {
  const w = watch().serving();
  t.strictSame(w.ended(), ['ask']);
  t.ok(w.up());
  t.strictSame(w.told(DEAD), ['died', 'start']);
  t.strictSame([w.up(), w.phase(), lookEvery(w.spec, w.state()), askEvery(w.state())], [true, 'away', null, null]);
  t.strictSame(w.ended(), [], 'what is left of it is ended by us');
  t.strictSame(w.told(DEAD), []);
  t.strictSame(w.staleLook(GOOD, millis(5)), [], 'orphaned workers still answer');
  t.equal(w.deadline(), after(w.now(), seconds(2)), 'until then the address stays');
  w.pass(millis(30));
  t.strictSame(w.started(), ['look']);
  t.equal(lookEvery(w.spec, w.state()), millis(20));
  t.strictSame(w.look({ trouble: 'refused', seen: 'connection refused' }), []);
  t.strictSame(w.told(RUNNING), []);
  t.strictSame(w.look(GOOD), ['revived']);
  t.strictSame([w.phase(), w.up()], ['up', true]);
});

t.test('a binary upgrade: the old process ends, another one is there', async t => {
  const w = watch().serving();
  t.strictSame(w.ended(), ['ask']);
  t.strictSame(w.told(RUNNING), ['look']);
  t.equal(w.phase(), 'up');
});

t.test('it cannot be started: the reason is asked for, and the address goes', async t => {
  const w = watch().serving();
  w.ended();
  w.told(DEAD);
  w.pass(millis(10));
  t.strictSame(w.started('exit status 1'), ['start-failed', 'explain', 'start-waits']);
  t.equal(askEvery(w.state()), seconds(1), 'somebody else may start it');
  t.strictSame(w.told(DEAD), []);
  t.strictSame(w.pass(millis(499)), []);
  t.strictSame(w.pass(millis(1)), ['start']);
  t.strictSame(w.started('exit status 1'), ['start-failed', 'explain', 'start-waits']);
  t.ok(w.up());
  t.strictSame(w.pass(millis(1000)), ['start']);
  t.strictSame(w.pass(millis(490)), ['handed-over']);
  t.notOk(w.up());
  t.strictSame(w.started('exit status 1'), ['start-failed', 'explain', 'start-waits']);
  t.strictSame(w.pass(seconds(2)), ['start'], 'it goes on trying');
  t.strictSame(w.started(), ['look']);
  t.strictSame(w.look(GOOD), ['revived']);
  t.strictSame([w.phase(), w.up()], ['returning', false], 'once is not enough after that');
  t.strictSame(w.look(GOOD), ['rejoined']);
  t.ok(w.up());
});

t.test('`hand_over = "immediately"`: the address goes at once, and it is revived all the same', async t => {
  const w = watch({ handOver: 'immediately' }, { rise: 1 }).serving();
  w.ended();
  t.strictSame(w.told(DEAD), ['died', 'start']);
  t.notOk(w.up());
  t.equal(w.deadline(), null);
  w.started();
  t.strictSame(w.look(GOOD), ['revived', 'rejoined']);
  t.ok(w.up());
});

t.test('`hand_over = "never"`: whatever happens, the router counts on it', async t => {
  const w = watch({ handOver: 'never' });
  t.ok(w.up());
  w.serving();
  w.ended();
  w.told(DEAD);
  t.strictSame(w.pass(seconds(60)), []);
  t.ok(w.up());
  w.started();
  t.strictSame(w.look(WRONG), ['sick']);
  t.ok(w.up());
});

t.test('it hangs: fall looks without an answer, each as long as the timeout', async t => {
  const w = watch().serving();
  t.strictSame(w.look(MUTE), []);
  t.strictSame(w.look(GOOD), [], 'once is no hang');
  w.look(MUTE);
  w.pass(seconds(1));
  t.strictSame(w.look(MUTE), ['hung', 'start']);
  t.equal(w.state().phase.name === 'away' && w.state().phase.since, w.now());
  t.ok(w.up());
  w.started();
  t.strictSame(w.look(GOOD), ['revived']);
});

t.test('whoever answers wrongly is alive: it is not started again, and the address goes', async t => {
  const w = watch().serving();
  w.look(WRONG);
  t.strictSame(w.look(WRONG), ['sick']);
  t.strictSame([w.phase(), w.up()], ['sick', false]);
  t.equal(lookEvery(w.spec, w.state()), seconds(1));
  t.strictSame(w.look(WRONG), []);
  t.strictSame(w.look(GOOD), []);
  t.equal(w.phase(), 'sick');
  t.strictSame(w.look(GOOD), ['rejoined']);
  w.look(UNREACHABLE);
  t.strictSame(w.look(UNREACHABLE), ['sick'], 'nor where there is no way to it');
  w.look(MUTE);
  t.strictSame(w.look(MUTE), ['hung', 'start'], 'then it hangs too');
  t.notOk(w.up(), 'and is not counted on until it is back');
  w.started();
  t.strictSame(w.look(WRONG), ['sick']);
  t.strictSame(w.told(RUNNING), ['look']);
});

t.test('proving: no route is no wrong answer', async t => {
  const w = watch().serving();
  w.ended();
  w.told(DEAD);
  w.started();
  t.strictSame(w.look(UNREACHABLE), []);
  t.equal(w.phase(), 'away');
});

t.test('systemctl stop: handed over at once, and left alone until it is started', async t => {
  const w = watch(BY_UNIT).serving();
  w.ended();
  t.strictSame(w.told(CHANGING), []);
  t.strictSame([w.phase(), w.up(), askEvery(w.state())], ['away', true, millis(100)]);
  t.strictSame(w.told(CHANGING), []);
  t.strictSame(w.told(STOPPED), ['stopped']);
  t.strictSame([w.phase(), w.up(), lookEvery(w.spec, w.state()), askEvery(w.state())], ['stopped', false, null, seconds(1)]);
  t.strictSame(w.told(STOPPED), []);
  t.strictSame(w.told(CHANGING), [], 'being started');
  t.strictSame(w.pass(seconds(60)), []);
  t.strictSame(w.look(GOOD), []);
  t.strictSame(w.told(RUNNING), ['look']);
  t.strictSame(w.look(GOOD), ['revived']);
  t.strictSame(w.look(GOOD), ['rejoined']);
});

t.test('systemctl restart: away for a moment, and nobody starts it twice', async t => {
  const w = watch(BY_UNIT).serving();
  w.ended();
  w.told(CHANGING);
  t.strictSame(w.told(RUNNING), ['look']);
  t.strictSame(w.look(GOOD), ['revived']);
  w.ended();
  w.told(CHANGING);
  t.strictSame(w.pass(seconds(2)), ['handed-over'], 'unless it takes too long');
  t.strictSame(w.told(DEAD), ['died', 'start'], 'or fails');
});

t.test('a unit that is not there', async t => {
  const w = watch(BY_UNIT);
  t.strictSame(w.told({ name: 'missing', why: 'there is no unit nginx.service' }), ['stopped']);
  t.notOk(w.up());
});

t.test('who is not there at our own start is started where only we do that', async t => {
  t.strictSame(watch().told(STOPPED), ['died', 'start']);
  t.strictSame(watch({}, {}, false).told(STOPPED), ['stopped'], 'not when only the agent begins anew');
  t.strictSame(watch(BY_UNIT).told(STOPPED), ['stopped'], 'nor a unit, which has its own way to start');
  t.strictSame(watch(BY_UNIT).told(DEAD), ['died', 'start']);
  t.strictSame(watch(BY_UNIT).told(CHANGING), [], 'the machine is still starting it');
});

t.test('its pid file is gone: stopped on purpose; but not when a start of ours failed', async t => {
  const w = watch().serving();
  w.ended();
  t.strictSame(w.told(STOPPED), ['stopped']);
  const v = watch().serving();
  v.ended();
  v.told(DEAD);
  v.started('exit status 1');
  t.strictSame(v.told(STOPPED), []);
  t.equal(v.phase(), 'away');
});

t.test('it starts, and dies before it has answered', async t => {
  const w = watch().serving();
  w.ended();
  w.told(DEAD);
  w.started();
  t.strictSame(w.ended(), ['ask']);
  t.strictSame(w.told(DEAD), ['start-failed', 'explain', 'start-waits']);
  t.strictSame(w.started(), [], 'a word that comes too late');
});

t.test('it starts, and does not answer for 90 s', async t => {
  const w = watch().serving();
  w.ended();
  w.told(DEAD);
  w.started();
  t.strictSame(w.pass(seconds(89)), ['handed-over']);
  t.equal(w.deadline(), after(w.now(), seconds(1)));
  t.strictSame(w.pass(seconds(1)), ['start-failed', 'explain', 'start-waits']);
  const v = watch().serving();
  v.ended();
  v.told(DEAD);
  v.started();
  t.strictSame(v.pass(seconds(90)), ['handed-over', 'start-failed', 'explain', 'start-waits']);
});

t.test('killed again and again: the budget, then longer and longer waits', async t => {
  const w = watch({ startLimit: 3 }).serving();
  const waits: string[] = [];
  for (let death = 0; death < 6; death += 1) {
    w.ended();
    const actions = w.told(DEAD);
    waits.push(actions.at(-1) ?? '');
    const due = w.deadline();
    if (actions.at(-1) !== 'start' && due !== null) w.pass(micros(due - w.now()));
    w.started();
    w.look(GOOD);
    w.look(GOOD);
    w.pass(millis(10));
  }
  t.strictSame(waits, ['start', 'start', 'start', 'start-waits', 'start-waits', 'start-waits']);
  t.strictSame(w.state().starts.strikes, 3);
  w.pass(seconds(60));
  w.ended();
  t.strictSame(w.told(DEAD), ['died', 'start'], 'after a minute of peace all is forgotten');
});

t.test('it comes and goes: held down, visibly, then it rejoins', async t => {
  const w = watch({ handOver: 'immediately' }, { hold: seconds(30), rise: 1 }).serving();
  for (let fall = 0; fall < 2; fall += 1) {
    w.ended();
    w.told(DEAD);
    w.started();
    t.strictSame(w.look(GOOD), ['revived', 'rejoined']);
  }
  w.ended();
  w.told(DEAD);
  w.started();
  t.strictSame(w.look(GOOD), ['revived', 'held']);
  t.equal(w.deadline(), after(w.now(), seconds(30)));
  t.strictSame(w.look(GOOD), []);
  t.strictSame(w.pass(seconds(10)), []);
  t.strictSame(w.look(MUTE), []);
  t.strictSame(w.look(GOOD), ['held'], 'and the hold begins anew');
  t.strictSame(w.pass(seconds(30)), ['rejoined']);
  t.ok(w.up());
});

t.test('it is back after the address had gone, and stops answering again', async t => {
  const w = watch({ handOver: 'immediately' }, { rise: 3 }).serving();
  w.ended();
  w.told(DEAD);
  w.started();
  t.strictSame(w.look(GOOD), ['revived']);
  t.strictSame(w.pass(seconds(1)), [], 'nothing is held');
  t.strictSame(w.told(RUNNING), ['look']);
  w.look(MUTE);
  t.strictSame(w.look(MUTE), ['hung', 'start']);
  w.started();
  w.look(GOOD);
  w.look(WRONG);
  t.strictSame(w.look(WRONG), ['sick']);
  t.strictSame(w.told(DEAD), ['died', 'start']);
});

t.test('it runs at our start and does not answer', async t => {
  const w = watch();
  w.told(RUNNING);
  t.strictSame(w.look(MUTE), []);
  t.strictSame(w.look(MUTE), ['hung', 'start']);
  const v = watch();
  v.told(RUNNING);
  v.look(WRONG);
  t.strictSame(v.look(WRONG), ['sick']);
});

t.test('nothing is due where nothing is going on', async t => {
  t.strictSame(watch().pass(seconds(1)), []);
  t.strictSame(watch().serving().pass(seconds(1)), []);
  t.equal(lookEvery(watch().spec, watch().state()), seconds(1));
  t.equal(askEvery(watch().state()), null);
});

t.test('property: never two starts at once, never more than the budget, and the address stays while it is revived in time', async () => {
  const event = fc.oneof(
    fc.constant('ended' as const),
    fc.constantFrom('running', 'dead', 'stopped', 'changing' as const),
    fc.constantFrom('good', 'mute', 'wrong' as const),
    fc.constantFrom('started', 'failed' as const),
    fc.integer({ min: 1, max: 5_000 }),
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 120 }), fc.boolean(), (events, byUnit) => {
      const w = watch(byUnit ? BY_UNIT : {});
      let starting = false;
      const starts: number[] = [];
      for (const each of events) {
        const actions = happen(each);
        for (const action of actions) {
          if (action !== 'start') continue;
          if (starting) return false;
          starting = true;
          starts.push(w.now());
        }
        if (each === 'started' || each === 'failed') starting = starting && actions.includes('start');
        const due = w.deadline();
        if (due !== null && typeof each === 'number' && due <= w.now()) return false;
      }
      // Budget, and then at least half a second between two.
      return starts.every((at, index) => {
        const sixth = starts[index - 5];
        const previous = starts[index - 1];
        return sixth === undefined || previous === undefined || at - sixth >= 60_000_000 || at - previous >= 500_000;
      });

      function happen(what: (typeof events)[number]): string[] {
        if (typeof what === 'number') return w.pass(millis(what));
        switch (what) {
          case 'ended':
            return w.ended();
          case 'running':
            return w.told(RUNNING);
          case 'dead':
            return w.told(DEAD);
          case 'stopped':
            return w.told(STOPPED);
          case 'changing':
            return w.told(CHANGING);
          case 'good':
            return w.look(GOOD);
          case 'mute':
            return w.look(MUTE);
          case 'wrong':
            return w.look(WRONG);
          case 'started':
            return starting ? w.started() : [];
          case 'failed':
            return starting ? w.started('exit status 1') : [];
          default:
            return [];
        }
      }
    }),
    { numRuns: 500 },
  );
});
