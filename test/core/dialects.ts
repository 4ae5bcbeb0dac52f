// Tests src/core/dialects.ts: in which forms a router speaks, and what it remembers of its peers.
import t from 'tap';
import { createDialects } from '../../src/core/dialects.ts';
import { after, type Micros, micros, millis, seconds } from '../../src/vrrp/units.ts';
import { ip, prefix, routerSpec } from '../fixtures/virtual-router.ts';

const AUTO = routerSpec();
const OLD = ip('192.0.2.66');
const NEW = ip('192.0.2.67');
const T = seconds(100);
/** The speakers' interval. */
const INTERVAL = seconds(1);

t.test('RFC 9568 until somebody speaks otherwise; nothing to remember', async t => {
  const dialects = createDialects([]);
  t.strictSame([dialects.inUse(AUTO), dialects.learned()], [['rfc9568'], []]);
  t.equal(dialects.heard(NEW, 'rfc9568', INTERVAL, AUTO, T), false);
  t.strictSame([dialects.inUse(AUTO), dialects.learned()], [['rfc9568'], []]);
});

t.test('design 4.7: learned from the first advertisement; told once that something changed', async t => {
  const dialects = createDialects([]);
  t.equal(dialects.heard(OLD, 'rfc5798', INTERVAL, AUTO, T), true);
  t.strictSame([dialects.inUse(AUTO), dialects.learned()], [['rfc5798'], ['rfc5798']]);
  t.equal(dialects.heard(OLD, 'rfc5798', INTERVAL, AUTO, T), false);
});

t.test('peers that differ: both forms, in whatever order they were heard', async t => {
  for (const order of [[OLD, NEW] as const, [NEW, OLD] as const]) {
    const dialects = createDialects([]);
    const changes = order.map(from => dialects.heard(from, from === OLD ? 'rfc5798' : 'rfc9568', INTERVAL, AUTO, T));
    t.strictSame(changes, [order[0] === OLD, true]);
    t.strictSame(dialects.inUse(AUTO), ['rfc5798', 'rfc9568']);
    t.strictSame(dialects.learned(), ['rfc5798', 'rfc9568']);
  }
});

t.test('a peer that was replaced by a newer program is answered in its new form alone, 3 of its intervals later', async t => {
  const dialects = createDialects([]);
  const hears = (form: 'rfc5798' | 'rfc9568', at: Micros, interval = millis(500)): boolean => dialects.heard(OLD, form, interval, AUTO, at);
  hears('rfc5798', T);
  t.equal(hears('rfc9568', after(T, millis(500))), true);
  t.strictSame(dialects.inUse(AUTO), ['rfc5798', 'rfc9568']);
  t.equal(hears('rfc9568', after(T, millis(1500))), false, 'not yet');
  t.equal(hears('rfc9568', after(T, micros(1_500_001))), true);
  t.strictSame([dialects.inUse(AUTO), dialects.learned()], [['rfc9568'], []]);
});

t.test('a peer that sends both forms wants both, and is no news each time', async t => {
  const dialects = createDialects([]);
  const news: boolean[] = [];
  for (let round = 0; round < 10; round += 1) {
    for (const form of ['rfc5798', 'rfc9568'] as const) news.push(dialects.heard(NEW, form, INTERVAL, AUTO, after(T, seconds(round))));
  }
  t.strictSame(news.slice(0, 2), [true, true]);
  t.notOk(news.slice(2).includes(true));
  t.strictSame(dialects.inUse(AUTO), ['rfc5798', 'rfc9568']);
});

t.test('what an earlier life remembered counts from the first advertisement, beside what is heard', async t => {
  const dialects = createDialects(['rfc5798']);
  t.strictSame([dialects.inUse(AUTO), dialects.learned()], [['rfc5798'], ['rfc5798']]);
  t.equal(dialects.heard(OLD, 'rfc5798', INTERVAL, AUTO, T), false, 'no news');
  t.equal(dialects.heard(NEW, 'rfc9568', INTERVAL, AUTO, T), true);
  t.strictSame(dialects.inUse(AUTO), ['rfc5798', 'rfc9568']);
});

t.test('16 speakers; the one not heard for the longest time is forgotten first', async t => {
  const dialects = createDialects([]);
  const hear = (host: number, form: 'rfc5798' | 'rfc9568'): boolean => dialects.heard(ip(`192.0.2.${host}`), form, INTERVAL, AUTO, T);
  hear(1, 'rfc5798');
  for (let host = 2; host <= 16; host += 1) hear(host, 'rfc9568');
  t.strictSame(dialects.inUse(AUTO), ['rfc5798', 'rfc9568']);
  hear(1, 'rfc5798');
  t.equal(hear(17, 'rfc9568'), false);
  t.strictSame(dialects.inUse(AUTO), ['rfc5798', 'rfc9568'], 'heard again in time');
  for (let host = 18; host <= 31; host += 1) hear(host, 'rfc9568');
  t.strictSame(dialects.inUse(AUTO), ['rfc5798', 'rfc9568']);
  t.equal(hear(32, 'rfc9568'), true);
  t.strictSame(dialects.inUse(AUTO), ['rfc9568'], 'gone');
});

t.test('a configured form is what is sent, whatever is heard', async t => {
  const dialects = createDialects(['rfc5798']);
  const fixed = routerSpec({ checksum: 'rfc9568' });
  t.strictSame(dialects.inUse(fixed), ['rfc9568']);
  t.equal(dialects.heard(OLD, 'rfc5798', INTERVAL, fixed, T), false);
  t.strictSame(dialects.inUse(fixed), ['rfc9568']);
  t.strictSame(dialects.inUse(routerSpec({ checksum: 'rfc5798' })), ['rfc5798']);
  t.strictSame(dialects.inUse(AUTO), ['rfc5798'], 'and known when the configuration says auto again');
});

t.test('only IPv4 in version 3 has two forms', async t => {
  const others = [routerSpec({ version: 2 }), routerSpec({ family: 'ipv6', addresses: [prefix('fe80::112:51/64')] })];
  for (const spec of others) {
    const dialects = createDialects(['rfc5798']);
    t.strictSame(dialects.inUse(spec), ['rfc9568']);
    t.equal(dialects.heard(OLD, 'rfc9568', INTERVAL, spec, T), false);
  }
});
