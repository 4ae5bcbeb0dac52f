// The lab's arithmetic and its verdicts, on sightings made by hand: a wrong ruler is worse than none.
// Must not need root, namespaces or a daemon.
import t from 'tap';
import { advertFrame, badFrames } from './lab/frames.ts';
import { between, makeRecording, type Sightings } from './lab/sightings.ts';
import { claims, controlIn, handovers, outages, overlaps, servedBy, spacing } from './lab/timeline.ts';
import { exactlyOneHolder, outageAtMost, overlapAtMost, steadyAdverts, type Verdict, type Window } from './lab/verdict.ts';

const VIP = '10.77.0.200';
const MS = 1000;

/** A millisecond per letter: who answered the probe, `.` nobody, `!` no probe was sent. */
function lines(story: string, start = 1_000_000): string[] {
  const found: string[] = [];
  [...story].forEach((who, i) => {
    const at = start + i * MS;
    if (who !== '!') found.push(`["s",${at},"${VIP}",${i}]`);
    if (/[a-z]/.test(who)) found.push(`["a",${at + 100},"${VIP}",${i},"${who}"]`);
  });
  return found;
}

/** A question every 5 ms per word: who said that they hold the address. */
function questions(story: string, start = 1_000_000): string[] {
  return story.split(' ').flatMap((who, i) => {
    const at = start + i * 5 * MS;
    const holders = [...who].filter(name => name !== '.');
    return [`["q",${at},"${VIP}"]`, ...holders.map((name, n) => `["h",${at + 100 + n},"${VIP}","${name}","02:00:00:00:00:01"]`)];
  });
}

function read(...all: readonly string[]): Sightings {
  const recording = makeRecording();
  const text = all.map(line => `${line}\n`).join('');
  // In two pieces, the first of which ends within a line.
  recording.take(text.slice(0, 7));
  recording.take(text.slice(7));
  return recording.sightings(0);
}

function window(seen: Sightings, from: number, to: number): Window {
  return { seen: between(seen, from, to), from, to };
}

const START = 1_000_000;

t.test('a time without answers', async t => {
  const seen = read(...lines('aaaaa..........bbbbb'));
  const [longest] = outages(seen, VIP, START, START + 20 * MS, 1.5);
  t.match(longest, { from: START + 4 * MS + 100, to: START + 15 * MS + 100, ms: 11, before: 'a', after: 'b' });
  t.equal(outages(seen, VIP, START, START + 20 * MS, 1.5).length, 1, 'the rhythm of the probes is no outage');
  t.match(
    outages(read(...lines('aaa.......')), VIP, START, START + 10 * MS, 1.5)[0],
    { ms: 7.9, before: 'a', after: null },
    'an outage that does not end reaches to the end of the window',
  );
  t.match(
    outages(seen, '10.77.0.9', START, START + 20 * MS, 1.5)[0],
    { ms: 20, before: null, after: null },
    'another address was never there',
  );
});

t.test('what the machine was late', async t => {
  const stall = (at: number, late: number, cpu: number) => `["c",${at},${late},${cpu}]`;
  const both = read(...lines('aaaaaaaaaaaaaaa'), stall(START + 5 * MS, 2000, 0), stall(START + 5 * MS, 3000, 1));
  t.equal(controlIn(both, null, START, START + 15 * MS), 3, 'a stall that two CPUs saw counts once');
  t.equal(controlIn(both, null, START + 4 * MS, START + 15 * MS), 1, 'only what lies in the window counts');
  t.equal(controlIn(read(...lines('aaa!!!!!aaa')), VIP, START, START + 12 * MS), 6, 'no probe for 6 ms is the machine too');
  const many = Array.from({ length: 8 }, (_, i) => stall(START + (i + 1) * 2 * MS, 1000, 0));
  t.equal(controlIn(read(...lines('a'.repeat(20)), ...many), null, START, START + 20 * MS), 4, 'the four longest count, not all');
});

t.test('who answered, and who else claimed to', async t => {
  const seen = read(...lines('aaabba'), ...questions('a a ab ab b . b'));
  t.strictSame(
    servedBy(seen, VIP).map(span => span.node),
    ['a', 'b', 'a'],
  );
  t.strictSame(
    claims(seen, VIP).map(claim => claim.nodes.join('')),
    ['a', 'a', 'ab', 'ab', 'b', ''],
    'the last question is still open',
  );
  t.match(overlaps(seen, VIP), [{ from: START + 10 * MS, to: START + 15 * MS, nodes: ['a', 'b'] }]);
});

t.test('advertisements', async t => {
  const advert = (ms: number, node: string) => `["v",${START + ms * MS},"${node}","10.77.0.1",3,51,100,100]`;
  const seen = read(...[0, 100, 200, 330].map(ms => advert(ms, 'a')), advert(700, 'b'));
  const own = seen.adverts.filter(({ node }) => node === 'a');
  t.strictSame(spacing(seen, own, 100), { count: 4, longestMs: 130, lateMs: 30 });
  const late = read(...[0, 100, 200, 330].map(ms => advert(ms, 'a')), `["c",${START + 325 * MS},25000,0]`);
  t.equal(spacing(late, late.adverts, 100).lateMs, 5, 'the machine was late for 25 ms of it');
  t.match(handovers(seen.adverts), [{ from: 'a', to: 'b', ms: 370 }]);
  t.match(steadyAdverts(window(seen, START, START + 400 * MS), 51, 'a', 100, 35), { ok: true });
  t.match(steadyAdverts(window(seen, START, START + 400 * MS), 51, 'a', 100, 25), { ok: false, text: /30.0 ms beyond/ });
  t.match(steadyAdverts(window(seen, START, START + 800 * MS), 51, 'a', 100, 500), { ok: false, text: /came from b/ });
  t.match(steadyAdverts(window(seen, START + 340 * MS, START + 690 * MS), 51, 'a', 100, 20), { ok: false, text: /^0 adv/ });
});

t.test('verdicts', async t => {
  const judged = (verdict: Verdict, ok: boolean, text: RegExp) => {
    t.equal(verdict.ok, ok, verdict.text);
    t.match(verdict.text, text);
  };
  const of = (answers: string, asked: string) => window(read(...lines(answers), ...questions(asked)), START, START + answers.length * MS);
  judged(exactlyOneHolder(of('aaaaaaaaaaaaaaaaaaaaaaaaa', 'a a a a a'), VIP, 'a'), true, /a's alone/);
  judged(exactlyOneHolder(of('aaaaaaaaaaaaaaaaaaaaaaaab', 'a a a a a'), VIP, 'a'), false, /b answered/);
  judged(exactlyOneHolder(of('aaaaaaaaaaaaaaaaaaaaaaaaa', 'a ab a a a'), VIP, 'a'), false, /claimed by a\+b/);
  judged(exactlyOneHolder(of('aaaaaaaaaaaaaaaaaaaaaaaaa', 'a . . a a'), VIP, 'a'), false, /nobody/);
  judged(exactlyOneHolder(of('!!!!!!!!!!!!!!!!!!!!!!!!!', 'a a a a a'), VIP, 'a'), false, /no verdict/);
  judged(exactlyOneHolder(window(read(...lines('aaaaaaaa'), '["x",3]'), START, START + 8 * MS), VIP, 'a'), false, /lost 3 frames/);

  judged(outageAtMost(of('aaaaa..........bbbbb', 'a b'), VIP, 10), true, /11.0 ms without an answer.*from a to b/);
  judged(outageAtMost(of('aaaaa..........bbbbb', 'a b'), VIP, 9.9), false, /11.0 ms/);
  judged(outageAtMost(of('aaaaa!!!!!!!!!!bbbbb', 'a b'), VIP, 1), true, /11.0 ms without.*10.9 ms by the machine/);
  judged(outageAtMost(of('....................', 'a b'), VIP, 10), false, /20.0 ms.*the start to the end/);

  judged(overlapAtMost(of('aaaaaaaaaaaaaaaaaaaaaaaaa', 'a ab ab ab b b'), VIP, 9), true, /10.0 ms allowed|10.0 ms; 10/);
  judged(overlapAtMost(of('aaaaaaaaaaaaaaaaaaaaaaaaa', 'a ab ab ab b b'), VIP, 8), false, /a and b both held/);
  judged(overlapAtMost(of('aaaaaaaaaaaaaaaaaaaaaaaaa', 'a a b b'), VIP, 0), true, /never had two/);
});

t.test('frames by hand', async t => {
  const like = { source: '10.77.0.1', vrid: 51, priority: 200, intervalMs: 100, addresses: [VIP] };
  const good = Buffer.from(advertFrame(like)).toString('hex');
  t.equal(good.slice(0, 28), '01005e0000120200000000990800', 'to the group');
  t.match(good.slice(28), /^45c00020....0000ff70....0a4d0001e000001231\x333c801000a....0a4d00c8$/, 'an advertisement');
  const some = badFrames(500, 1, like);
  t.equal(some.length, 500);
  t.strictSame(badFrames(500, 1, like), some, 'one seed, the same frames');
  t.notOk(
    some.some(frame => Buffer.from(frame).toString('hex') === good),
    'the good one is not among them',
  );
});
