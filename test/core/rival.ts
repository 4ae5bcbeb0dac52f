// Tests src/core/rival.ts: another router that claims our role, since when, and whether it hears our answers.
import t from 'tap';
import { createRival } from '../../src/core/rival.ts';
import { after, type Micros, micros, priority, seconds } from '../../src/vrrp/units.ts';
import { ip, routerSpec } from '../fixtures/virtual-router.ts';

const SPEC = routerSpec();
const ONE = ip('192.0.2.66');
const OTHER = ip('192.0.2.67');
const T = seconds(100);
/** 3 x 1 s, and the skew of priority 1. */
const DOWN = micros(3_996_094);

function active(from = ONE) {
  return { what: 'second-active', from, priority: priority(50) } as const;
}

function owner(from = ONE) {
  return { what: 'second-owner', from } as const;
}

function at(by: number): Micros {
  return after(T, seconds(by));
}

t.test('nobody disputes until somebody claims', async t => {
  const rival = createRival();
  t.equal(rival.current(SPEC, T), null);
  t.equal(rival.claims(active(), SPEC, T), null);
  t.strictSame(rival.current(SPEC, T), { what: 'second-active', address: ONE, since: T });
});

t.test('since the first claim of a row, until none came for as long as a Backup would wait', async t => {
  const rival = createRival();
  rival.claims(active(), SPEC, T);
  rival.claims(active(), SPEC, at(1));
  t.match(rival.current(SPEC, at(2)), { since: T });
  t.match(rival.current(SPEC, after(at(1), DOWN)), { since: T });
  t.equal(rival.current(SPEC, after(after(at(1), DOWN), micros(1))), null);
  rival.claims(active(), SPEC, at(10));
  t.match(rival.current(SPEC, at(10)), { what: 'second-active', since: at(10) }, 'a later one begins a new row');
});

t.test('version 2: the skew is a part of one second, whatever the interval', async t => {
  const rival = createRival();
  const spec = routerSpec({ version: 2, advertInterval: seconds(10) });
  rival.claims(active(), spec, T);
  t.match(rival.current(spec, after(T, micros(30_996_094))), { since: T });
  t.equal(rival.current(spec, after(T, micros(30_996_095))), null);
});

t.test('design 4.7: who claims for 3 intervals though it is answered does not hear us; worth saying once', async t => {
  const rival = createRival();
  t.equal(rival.claims(active(), SPEC, T), null);
  t.equal(rival.claims(active(), SPEC, at(1)), null);
  t.equal(rival.claims(active(), SPEC, after(T, micros(2_999_999))), null);
  t.strictSame(rival.claims(active(), SPEC, at(3)), { what: 'peer-does-not-hear-us', address: ONE, since: T });
  t.equal(rival.claims(active(), SPEC, at(4)), null, 'said');
  t.match(rival.current(SPEC, at(4)), { what: 'peer-does-not-hear-us', since: T });
  for (const by of [20, 21, 22]) t.equal(rival.claims(active(), SPEC, at(by)), null);
  t.match(rival.claims(active(), SPEC, at(23)), { since: at(20) }, 'a new row is worth a new line');
});

t.test('two claims far apart are no row', async t => {
  const rival = createRival();
  rival.claims(active(), SPEC, T);
  t.equal(rival.claims(active(), SPEC, at(5)), null);
  t.match(rival.current(SPEC, at(5)), { what: 'second-active', since: at(5) });
});

t.test('another address is another rival', async t => {
  const rival = createRival();
  rival.claims(active(), SPEC, T);
  rival.claims(active(OTHER), SPEC, at(3));
  t.strictSame(rival.current(SPEC, at(3)), { what: 'second-active', address: OTHER, since: at(3) });
});

t.test('design 4.4: a second owner stays one, however long it speaks', async t => {
  const rival = createRival();
  for (let by = 0; by < 10; by += 1) t.equal(rival.claims(owner(), SPEC, at(by)), null);
  t.strictSame(rival.current(SPEC, at(10)), { what: 'second-owner', address: ONE, since: T });
  t.equal(rival.claims(active(), SPEC, at(10)), null, 'a claim of another kind begins anew');
  t.match(rival.current(SPEC, at(10)), { what: 'second-active', since: at(10) });
});
