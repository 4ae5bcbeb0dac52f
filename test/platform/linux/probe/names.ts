// src/platform/linux/probe/names.ts: names to addresses, within a limit.
import type { LookupOptions } from 'node:dns';
import { writeFile } from 'node:fs/promises';
import { decode, encode } from 'dns-packet';
import t, { type Test } from 'tap';
import { createNames, type Found, lookupWithin, type Names } from '../../../../src/platform/linux/probe/names.ts';
import { until } from '../../../netns/lab/clock.ts';
import { leftovers, listenUdp } from '../fixtures/servers.ts';

const LONG = 30_000;
const HOSTS = `${import.meta.dirname}/../fixtures/hosts`;
const FOUND = 0x8180;

const find = (names: Names, name: string): Promise<Found> => names.search(name, LONG).found;

/** Records of each name, `A 192.0.2.1`; what is not there is NXDOMAIN, and null is never answered. */
async function serve(t: Test, zone: Readonly<Record<string, Readonly<Record<string, readonly string[] | null>>>>, ttl = 60) {
  const asked: string[] = [];
  const port = await listenUdp(t, (message, answer) => {
    const { id = 0, questions = [] } = decode(message);
    const [question] = questions;
    if (question === undefined) return;
    asked.push(`${question.name} ${question.type}`);
    const records = zone[question.name];
    const texts = records?.[question.type] ?? [];
    if (records?.[question.type] === null) return;
    const flags = records === undefined ? FOUND | 3 : FOUND;
    // Only A and AAAA are asked for.
    const answers = texts.map(data => ({ type: question.type === 'A' ? 'A' : 'AAAA', name: question.name, ttl, data }) as const);
    answer(encode({ type: 'response', id, flags, questions, answers }));
  });
  return { names: createNames({ servers: [`127.0.0.1:${port}`], hosts: HOSTS }), asked };
}

t.test('a file of hosts comes first', async t => {
  const { names, asked } = await serve(t, {});
  t.strictSame(await find(names, 'both.example'), { addresses: ['::1', '127.0.0.1'] });
  t.strictSame(await find(names, 'BOTH'), { addresses: ['127.0.0.1'] });
  t.strictSame(await find(names, 'localhost'), { addresses: ['::1', '127.0.0.1'] });
  t.strictSame(await find(names, 'a.localhost.'), { addresses: ['::1', '127.0.0.1'] });
  t.strictSame(asked, []);
  for (const name of ['hidden.example', 'oth', 'other', 'plain.example', '127.0.0.1', 'example']) {
    t.strictSame(await find(names, name), { code: 'ENOTFOUND' }, name);
  }
});

t.test('a file of hosts that changes is read again', async t => {
  const hosts = `${t.testdir({ hosts: '127.0.0.8 a.example\n' })}/hosts`;
  const names = createNames({ servers: ['127.0.0.1:9'], hosts });
  t.strictSame(await find(names, 'a.example'), { addresses: ['127.0.0.8'] });
  await writeFile(hosts, '127.0.0.9 a.example\n');
  await until('the new address', LONG, async () => {
    const found = await find(names, 'a.example');
    return 'addresses' in found && found.addresses.join() === '127.0.0.9';
  });
  await writeFile(hosts, `127.0.0.9 a.example\n${'#'.repeat(1 << 20)}`);
  await until('the file to be too long', LONG, async () => 'code' in (await find(names, 'a.example')));
});

t.test('both families are asked for, IPv6 comes first', async t => {
  const { names, asked } = await serve(t, {
    'both.test': { A: ['192.0.2.1', '192.0.2.2'], AAAA: ['2001:db8::1'] },
    'four.test': { A: ['192.0.2.1'] },
    'six.test': { AAAA: ['2001:db8::1'] },
    'none.test': {},
  });
  const quiet = leftovers();
  t.strictSame(await find(names, 'both.test'), { addresses: ['2001:db8::1', '192.0.2.1', '192.0.2.2'] });
  t.strictSame(asked.sort(), ['both.test A', 'both.test AAAA']);
  t.strictSame(await find(names, 'four.test'), { addresses: ['192.0.2.1'] });
  t.strictSame(await find(names, 'six.test'), { addresses: ['2001:db8::1'] });
  t.strictSame(await find(names, 'none.test'), { code: 'ENODATA' });
  t.strictSame(await find(names, 'nobody.test'), { code: 'ENOTFOUND' });
  t.strictSame(await find(names, 'a..b'), { code: 'EBADNAME' });
  await quiet();
});

t.test('a family that is not answered for is not waited for', async t => {
  const { names } = await serve(t, { 'four.test': { A: ['192.0.2.1'], AAAA: null }, 'six.test': { A: null, AAAA: ['2001:db8::1'] } });
  const quiet = leftovers();
  const begin = performance.now();
  t.strictSame(await find(names, 'four.test'), { addresses: ['192.0.2.1'] });
  t.strictSame(await find(names, 'six.test'), { addresses: ['2001:db8::1'] });
  t.ok(performance.now() - begin < LONG / 4, 'less than one try of the server');
  await quiet();
});

t.test('what was found is kept as long as it may be', async t => {
  const kept = await serve(t, { 'a.test': { A: ['192.0.2.1'] } });
  for (const name of ['a.test', 'A.test.', 'a.test']) t.strictSame(await find(kept.names, name), { addresses: ['192.0.2.1'] });
  t.equal(kept.asked.length, 2, 'two families, once');
  const fleeting = await serve(t, { 'a.test': { A: ['192.0.2.1'] } }, 0);
  await find(fleeting.names, 'a.test');
  await find(fleeting.names, 'a.test');
  t.equal(fleeting.asked.length, 4);
});

t.test('a search that is given up ends at once', async t => {
  const silent = await listenUdp(t, () => {});
  const names = createNames({ servers: [`127.0.0.1:${silent}`], hosts: HOSTS });
  const quiet = leftovers();
  const search = names.search('nobody.test', LONG);
  await new Promise(resolve => setTimeout(resolve, 20));
  search.cancel();
  t.strictSame(await search.found, { code: 'ECANCELLED' });
  const early = names.search('nobody.test', LONG);
  early.cancel();
  t.strictSame(await early.found, { code: 'ECANCELLED' }, 'also before it has begun');
  await quiet();
});

t.test('names that do not resolve do not hold up the others', async t => {
  const names = createNames({ servers: [`127.0.0.1:${await listenUdp(t, () => {})}`], hosts: HOSTS });
  const lost = Array.from({ length: 20 }, (_, i) => names.search(`nobody${i}.test`, LONG));
  const { names: others } = await serve(t, { 'a.test': { A: ['192.0.2.1'] } });
  const begin = performance.now();
  t.strictSame(await find(others, 'a.test'), { addresses: ['192.0.2.1'] });
  t.strictSame(await find(names, 'both.example'), { addresses: ['::1', '127.0.0.1'] });
  t.ok(performance.now() - begin < 5_000, 'getaddrinfo would have taken 100 s');
  for (const { cancel } of lost) cancel();
  for (const { found } of lost) t.strictSame(await found, { code: 'ECANCELLED' });
});

t.test('in the place of dns.lookup', async t => {
  const { names } = await serve(t, { 'both.test': { A: ['192.0.2.1'], AAAA: ['2001:db8::1'] }, 'four.test': { A: ['192.0.2.1'] } });
  const ask = (name: string, options: LookupOptions) =>
    new Promise(resolve => lookupWithin(LONG, names)(name, options, (error, ...rest) => resolve(error === null ? rest : error.code)));
  t.strictSame(await ask('both.test', { all: true }), [
    [
      { address: '2001:db8::1', family: 6 },
      { address: '192.0.2.1', family: 4 },
    ],
  ]);
  t.strictSame(await ask('both.test', {}), ['2001:db8::1', 6]);
  t.strictSame(await ask('both.test', { family: 4 }), ['192.0.2.1', 4]);
  t.strictSame(await ask('both.test', { family: 'IPv6' }), ['2001:db8::1', 6]);
  t.strictSame(await ask('four.test', { family: 6 }), 'ENOTFOUND');
  t.strictSame(await ask('nobody.test', {}), 'ENOTFOUND');
  const silent = await listenUdp(t, () => {});
  const mute = createNames({ servers: [`127.0.0.1:${silent}`], hosts: HOSTS });
  t.equal(await new Promise(resolve => lookupWithin(50, mute)('nobody.test', {}, error => resolve(error?.code))), 'EAI_AGAIN');
});
