// src/lab/outage.ts: what the client missed, and who answered before and after.
import t from 'tap';
import {
  append,
  familyOf,
  formatRequest,
  formatStall,
  isSteady,
  NOTHING,
  outageOf,
  parseLog,
  type Request,
  strip,
} from '../../src/lab/outage.ts';

const VIP = '10.77.0.200';
const S = 1_000_000;

/** Requests every 10 ms in a span of ms, each answered after 2 ms; null: not at all. */
function row(from: number, to: number, who: string | null, target = VIP): readonly Request[] {
  return Array.from({ length: (to - from) / 10 }, (_, i) => {
    const sent = (from + 10 * i) * 1000;
    return { sent, target, answer: who === null ? null : { at: sent + 2000, who } };
  });
}

const log = (...requests: readonly (readonly Request[])[]) => ({ requests: requests.flat(), stalls: [] });

t.test('the log, there and back', async t => {
  const requests = [...row(0, 20, 'edge-a'), ...row(20, 30, null), ...row(30, 40, 'b', '2001:db8::1')];
  const text = requests.map(formatRequest).join('') + formatStall({ at: 77, ms: 120.4 });
  t.same(parseLog(text), { requests, stalls: [{ at: 77, ms: 120 }] });
  t.same(parseLog('12 10.77.0.200 1'), NOTHING, 'a torn line');
  t.same(parseLog('12 10.77.0.200 13 \x1b[2J\nx\n1 late\n'), NOTHING, 'an answer that is none');
  t.same(append(parseLog(text), parseLog(text)).requests.length, 2 * requests.length);
  t.same([familyOf(VIP), familyOf('2001:db8::1')], ['ipv4', 'ipv6']);
});

t.test('an address that moves', async t => {
  const seen = log(row(0, 2000, 'edge-a'), row(2000, 2330, null), row(2330, 4000, 'edge-b'));
  t.same(outageOf(seen, VIP, 2 * S, 4 * S), { target: VIP, before: 'edge-a', after: 'edge-b', longestMs: 340, lost: 33, lateMs: 0 });
  t.same(outageOf(seen, '10.77.0.201', 2 * S, 4 * S), {
    target: '10.77.0.201',
    before: null,
    after: null,
    longestMs: 2000,
    lost: 0,
    lateMs: 0,
  });
});

t.test('one that stays, one that is not answered any more, one that nobody answered before', async t => {
  t.match(outageOf(log(row(0, 4000, 'a')), VIP, 2 * S, 4 * S), { before: 'a', after: 'a', longestMs: 10, lost: 0 });
  const gone = log(row(0, 2000, 'a'), row(2000, 4000, null));
  t.match(outageOf(gone, VIP, 2 * S, 4 * S), { before: 'a', after: null, longestMs: 2008, lost: 200 });
  const back = log(row(0, 2500, null), row(2500, 4000, 'a'));
  t.match(outageOf(back, VIP, 2 * S, 4 * S), { before: null, after: 'a', longestMs: 502, lost: 50 });
  t.match(outageOf(log(row(0, 500, 'a'), row(3000, 4000, 'a')), VIP, 2 * S, 4 * S), { before: null }, 'long ago is not before');
});

t.test('answers that overtake each other count in their order', async t => {
  const late: Request = { sent: 1_000_000, target: VIP, answer: { at: 1_100_000, who: 'a' } };
  const seen = { requests: [{ ...late, sent: 1_010_000, answer: { at: 1_015_000, who: 'a' } }, late], stalls: [{ at: 1_050_000, ms: 60 }] };
  t.match(outageOf(seen, VIP, 900_000, 1_200_000), { longestMs: 115, lateMs: 60, before: null });
});

t.test('steady is one alone, without a pause, until now', async t => {
  const steady = (requests: readonly Request[], now = 2000) => isSteady(requests, VIP, now * 1000, 500);
  t.ok(steady(row(0, 2000, 'a')));
  t.notOk(steady([...row(0, 1700, 'a'), ...row(1700, 2000, 'b')]), 'two of them');
  t.notOk(steady(row(0, 1800, 'a')), 'silent for 200 ms');
  t.notOk(steady(row(1900, 2000, 'a')), 'too few');
  t.notOk(steady([]));
});

t.test('the last seconds as a strip', async t => {
  const marks = new Map([
    ['edge-a', 'a'],
    ['edge-b', 'b'],
  ]);
  const seen = [...row(0, 300, 'edge-a'), ...row(300, 600, null), ...row(600, 900, 'edge-b'), ...row(900, 1000, 'stranger')];
  t.equal(strip(seen, VIP, S, 100, 10, marks), 'aaa...bbb?');
  t.equal(strip(seen, VIP, S, 100, 3, marks), 'bb?');
  t.equal(strip([], VIP, S, 100, 3, marks), '...');
});
