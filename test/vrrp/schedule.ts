// Tests src/vrrp/schedule.ts: announcements and offers over time.
import t from 'tap';
import { announceWait, offerWait } from '../../src/vrrp/schedule.ts';
import { type Micros, micros, millis, seconds, vrid } from '../../src/vrrp/units.ts';
import fc from '../fixtures/property.ts';

const VRID = fc.integer({ min: 1, max: 255 }).map(vrid);

t.test('decision 0010: 100 ms, 1.1 s and 5.1 s after the first, for every router', async t => {
  for (const id of [1, 51, 255]) {
    t.strictSame(
      [1, 2, 3].map(announced => announceWait(announced, vrid(id))),
      [millis(100), seconds(1), seconds(4)],
    );
  }
});

t.test('then a minute, a tenth more or less, in whole microseconds', async t => {
  fc.assert(
    fc.property(VRID, fc.integer({ min: 4, max: 1_000_000 }), (id, announced) => {
      const wait = announceWait(announced, id);
      // The last microsecond is that of rounding up.
      return Number.isInteger(wait) && wait >= 54_000_000 && wait <= 66_000_001;
    }),
  );
  t.pass();
});

t.test('the routers of one machine drift apart, and none keeps one pace', async t => {
  const rounds = Array.from({ length: 10 }, (_, round) => announceWait(4 + round, vrid(51)));
  t.equal(new Set(rounds).size, 10);
  const routers = [1, 2, 3, 4, 5, 6, 7, 8].map(id => announceWait(4, vrid(id)));
  t.equal(new Set(routers).size, 8);
});

t.test('the same router and round give the same wait: a run can be repeated', async t => {
  t.equal(announceWait(17, vrid(51)), announceWait(17, vrid(51)));
});

t.test('decision 0011: offers after 1 s, doubling to a minute', async t => {
  const waits: Micros[] = [];
  for (let wait = offerWait(null); waits.length < 8; wait = offerWait(wait)) waits.push(wait);
  t.strictSame(
    waits,
    [1, 2, 4, 8, 16, 32, 60, 60].map(number => seconds(number)),
  );
  t.equal(offerWait(micros(60_000_000)), seconds(60));
});
