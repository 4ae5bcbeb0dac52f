// src/check/health.ts: from looks to a verdict.
import fc from 'fast-check';
import t from 'tap';
import type { Timing } from '../../src/check/duties.ts';
import { type CheckState, deadline, isUp, look, type Manner, settle, unknown } from '../../src/check/health.ts';
import { after, type Micros, micros, millis, seconds } from '../../src/vrrp/units.ts';
import { GOOD, MUTE, TIMING } from '../fixtures/duties.ts';

/** Looks one second apart, each of 10 ms: `+` good, `-` bad. */
function run(looks: string, timing: Partial<Timing> = {}, from: CheckState = unknown(micros(0)), begin = seconds(0)): CheckState {
  return [...looks].reduce((state, sign, index) => {
    const began = after(begin, seconds(index));
    return look({ ...TIMING, ...timing }, 'polled', state, { seen: sign === '+' ? GOOD : MUTE, began, ended: after(began, millis(10)) });
  }, from);
}

function verdicts(looks: string, timing: Partial<Timing> = {}): string {
  return Array.from({ length: looks.length }, (_, index) => run(looks.slice(0, index + 1), timing).verdict).join(' ');
}

t.test('the first look is believed', async t => {
  t.equal(verdicts('+'), 'up');
  t.equal(verdicts('-'), 'down');
});

t.test('`start = "up"` needs as many bad looks as any other check that is up', async t => {
  t.equal(verdicts('--', { start: 'up' }), 'unknown down');
  t.equal(verdicts('-+', { start: 'up' }), 'unknown up');
  t.ok(isUp({ ...TIMING, start: 'up' }, unknown(micros(0))));
  t.notOk(isUp(TIMING, unknown(micros(0))));
});

t.test('fall bad looks in a row make it down, rise good ones make it up', async t => {
  t.equal(verdicts('+-+--+-++'), 'up up up up down down down down up');
  t.equal(verdicts('+--', { fall: 1 }), 'up down down');
  t.equal(verdicts('-+++', { rise: 3 }), 'down down down up');
  t.ok(isUp(TIMING, run('+-')));
  t.notOk(isUp(TIMING, run('+--')));
});

t.test('it is so since the beginning of the first look that said so', async t => {
  t.equal(run('+-+--').since, seconds(3));
  t.equal(run('+-+----').since, seconds(3), 'and stays so');
  t.equal(run('+-+--').last?.ended, micros(4_010_000));
});

t.test('a check that comes and goes is held down, visibly, and for longer each time', async t => {
  const hold = { hold: seconds(30), rise: 1, fall: 1 };
  const twice = run('+-+-+', hold);
  t.strictSame([twice.verdict, twice.heldUntil], ['up', null]);
  const third = run('+-+-+-+', hold);
  t.strictSame([third.verdict, third.heldUntil], ['down', micros(36_010_000)]);
  t.equal(deadline({ ...TIMING, ...hold }, 'polled', third), micros(36_010_000));
  t.equal(settle({ ...TIMING, ...hold }, 'polled', third, micros(36_009_999)).verdict, 'down');
  const over = settle({ ...TIMING, ...hold }, 'polled', third, micros(36_010_000));
  t.strictSame([over.verdict, over.heldUntil, over.since], ['up', null, seconds(6)]);
  const fourth = run('-+', hold, over, seconds(40));
  t.strictSame([fourth.verdict, fourth.heldUntil], ['down', micros(101_010_000)], '60 s');
});

t.test('a bad look ends the hold; it begins anew', async t => {
  const hold = { hold: seconds(30), rise: 1, fall: 1 };
  t.equal(run('+-+-+-++-', hold).heldUntil, null);
  t.equal(run('+-+-+-++-+', hold).heldUntil, micros(39_010_000));
});

t.test('watched: what lasts long enough counts', async t => {
  const timing: Timing = { ...TIMING, downDelay: seconds(2), upDelay: seconds(5) };
  const say = (state: CheckState, good: boolean, at: Micros) =>
    look(timing, 'watched', state, { seen: good ? GOOD : MUTE, began: at, ended: at });
  const up = say(unknown(micros(0)), true, micros(0));
  t.equal(up.verdict, 'up', 'at the start there is nothing to wait for');
  t.equal(deadline(timing, 'watched', up), null);
  const shaky = say(up, false, seconds(10));
  t.strictSame([shaky.verdict, deadline(timing, 'watched', shaky)], ['up', seconds(12)]);
  t.equal(settle(timing, 'watched', shaky, seconds(11.9)).verdict, 'up');
  t.equal(say(shaky, true, seconds(11)).verdict, 'up', 'it came back in time');
  t.equal(settle(timing, 'watched', say(shaky, true, seconds(11)), seconds(13)).verdict, 'up');
  const down = settle(timing, 'watched', shaky, seconds(12));
  t.strictSame([down.verdict, down.since], ['down', seconds(10)]);
  const back = say(down, true, seconds(20));
  t.strictSame([back.verdict, deadline(timing, 'watched', back)], ['down', seconds(25)]);
  t.equal(settle(timing, 'watched', back, seconds(25)).verdict, 'up');
});

t.test('nothing was seen, nothing settles', async t => {
  const state = unknown(micros(0));
  t.equal(settle(TIMING, 'polled', state, seconds(5)), state);
  for (const manner of ['polled', 'watched'] satisfies Manner[]) t.equal(deadline(TIMING, manner, state), null);
});

t.test('property: the verdict follows the last `rise` or `fall` looks, and never changes without them', async () => {
  fc.assert(
    fc.property(
      fc.array(fc.boolean(), { maxLength: 60 }),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 4 }),
      (looks, rise, fall) => {
        const signs = looks.map(good => (good ? '+' : '-')).join('');
        for (let length = 2; length <= signs.length; length += 1) {
          const [before, after_] = [run(signs.slice(0, length - 1), { rise, fall }), run(signs.slice(0, length), { rise, fall })];
          if (before.verdict === after_.verdict) continue;
          const row = after_.verdict === 'up' ? '+'.repeat(rise) : '-'.repeat(fall);
          if (!signs.slice(0, length).endsWith(row)) return false;
        }
        return true;
      },
    ),
  );
});
