// src/proof/prove.ts: who serves over all combinations of failures.
import t from 'tap';
import { MOST_CASES, type Proof, prove } from '../../src/proof/prove.ts';
import { caseWords } from '../../src/proof/words.ts';
import { router } from '../fixtures/diagnose.ts';
import { machinesOf, tracking } from '../fixtures/machines.ts';

async function proved(...texts: readonly string[]): Promise<Proof> {
  const [proof, ...others] = prove((await machinesOf(...texts)).machines);
  if (proof === undefined || others.length > 0) throw new Error('one group was expected');
  return proof;
}

const cases = ({ group }: Proof, all: Proof['simple']) => all.map(each => `${caseWords(group, each)} -> ${JSON.stringify(each.holders)}`);

t.test('demoted everywhere: always somebody, and never two', async t => {
  const proof = await proved(tracking({ priority: '150' }, 'demoting'), tracking({}, 'demoting'));
  t.match(proof, { combinations: 9, played: 9, nobody: [], both: [], idle: [], equals: [], rejects: [] });
  t.strictSame(cases(proof, proof.simple), [
    'nothing -> [[0],[0]]',
    'a: demoting -> [[1],[1]]',
    'a off -> [[1],[1]]',
    'b: demoting -> [[0],[0]]',
    'b off -> [[0],[0]]',
  ]);
});

t.test('released everywhere: nobody, said with the fewest failures', async t => {
  const proof = await proved(tracking({ priority: '150' }, 'releasing', 'light'), tracking({}, 'releasing'));
  t.strictSame(cases(proof, proof.nobody), [
    'a: releasing; b: releasing -> [[],[]]',
    'a: releasing; b off -> [[],[]]',
    'a off; b: releasing -> [[],[]]',
  ]);
});

t.test('nobody preempts: it depends on who had it', async t => {
  const calm = { preempt: 'false' };
  const proof = await proved(tracking({ ...calm, priority: '150' }, 'heavy'), tracking(calm, 'heavy'));
  t.strictSame(cases(proof, proof.simple), [
    'nothing -> [[0],[1]]',
    'a: heavy -> [[0],[1]]',
    'a off -> [[1],[1]]',
    'b: heavy -> [[0],[1]]',
    'b off -> [[0],[0]]',
  ]);
  t.match(proof.idle, [
    { member: 0, of: 'heavy', failed: 90, well: 150, other: 100 },
    { member: 1, of: 'heavy', failed: 40, well: 100, other: 150 },
  ]);
});

t.test('weights: too light, heavy enough, a bonus that is lost, of one that does not serve, and together', async t => {
  const [a, b] = [{ priority: '150' }, { priority: '100' }];
  t.match((await proved(tracking(a, 'light'), tracking(b))).idle, [{ member: 0, of: 'light', failed: 130, well: 150, other: 100 }]);
  t.strictSame((await proved(tracking(a, 'heavy'), tracking(b))).idle, []);
  t.strictSame((await proved(tracking(a), tracking(b, 'light'))).idle, []);
  t.strictSame((await proved(tracking({ priority: '90' }, 'bonus'), tracking(b))).idle, []);
  t.match((await proved(tracking(a, 'bonus'), tracking(b))).idle, [{ of: 'bonus', failed: 150, well: 170 }]);
  t.strictSame((await proved(tracking(a, 'light'))).idle, [], 'alone there is nothing to move to');
});

t.test('two at once: every case in which it is so, with its reason', async t => {
  const proof = await proved(router('web', { vrid: '17', priority: '150' }), router('web', { vrid: '17', version: '2' }));
  t.strictSame(cases(proof, proof.both), ['nothing -> [[0,1],[0,1]]']);
  t.match(proof.rejects, [{ reason: 'wrong-version' }, { reason: 'wrong-version' }]);
});

t.test('equals: unless their own addresses are known', async t => {
  t.strictSame((await proved(router('web'), router('web'), router('web', { priority: '90' }))).equals, [0, 1]);
  t.strictSame((await proved(router('web', { source: '"192.0.2.1"' }), router('web', { source: '"192.0.2.2"' }))).equals, []);
  t.strictSame((await proved(tracking({ priority: '80' }, 'bonus'), router('web', { vrid: '17' }))).equals, [0, 1]);
});

t.test('more combinations than anybody waits for: those with the fewest failures', async t => {
  const all = ['demoting', 'releasing', 'light', 'heavy', 'bonus'] as const;
  const proof = await proved(tracking({ priority: '150' }, ...all), tracking({}, ...all), tracking({ priority: '120' }, ...all));
  t.ok(proof.combinations > MOST_CASES);
  t.equal(proof.played, MOST_CASES);
  t.equal(proof.simple.length, 1 + 3 * 6);
});

t.test('routers that differ in names, addresses and VRIDs only are played once, and each has its own words', async t => {
  const check = '[check.x]\ntype = "tcp"\nport = 80\n';
  const one = (index: number, priority: string) =>
    router(`r${index}`, { vrid: `${index + 1}`, priority, addresses: `["10.0.0.${index + 1}/24"]`, track: '["x"]' });
  const many = (priority: string, count: number) => [...Array.from({ length: count }, (_, index) => one(index, priority)), check].join('');
  const proofs = prove((await machinesOf(many('150', 250), many('100', 250))).machines);
  t.equal(proofs.length, 250);
  t.equal(new Set(proofs.map(({ simple }) => simple)).size, 1);
  t.strictSame(
    proofs.slice(0, 2).map(({ group }) => group[0]?.spec.name),
    ['r0', 'r1'],
  );
  const [alike, other] = prove(
    (await machinesOf(many('150', 2), many('100', 1) + router('r1', { vrid: '2', addresses: '["10.0.0.2/24"]', version: '2' }))).machines,
  );
  t.strictSame([alike?.both.length, other?.both.length], [0, 1], 'what differs is played for itself');
  const apart = (vrid: string) =>
    router('a', { vrid, addresses: '["10.0.0.1/24"]' }) + router('b', { vrid: '9', addresses: '["10.0.0.2/24"]' });
  t.match(prove((await machinesOf(apart('1'), apart('2'))).machines), [{ rejects: [{ detail: 'VRID 1' }, {}] }, { rejects: [] }]);
});
