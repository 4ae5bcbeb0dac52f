// Tests src/core/reload.ts: what changes, in words; reviewed as prose. A password must not come out anywhere.
// Must not know how a change is made.
import t from 'tap';
import { difference } from '../../src/config/plan.ts';
import { aloneWords, changeLines, changeSummary, changeWords, problemWords, refusalWords } from '../../src/core/reload.ts';
import type { RouterSpec } from '../../src/vrrp/router.ts';
import { millis, priority, seconds, vrid } from '../../src/vrrp/units.ts';
import { ip, planFor, prefix, routerSpec } from '../fixtures/virtual-router.ts';

const change = (old: readonly RouterSpec[], next: readonly RouterSpec[]) => difference(planFor(...old), planFor(...next));
const web = routerSpec();
/** The words for one changed setting of `web`. */
const words = (settings: Partial<RouterSpec>, from: Partial<RouterSpec> = {}): readonly string[] =>
  change([{ ...web, ...from }], [{ ...web, ...from, ...settings }]).changed.flatMap(changeWords);

t.test('one line for each router that changes, and one for the rest', async t => {
  const database = routerSpec({ name: 'database', vrid: vrid(52), addresses: [prefix('192.0.2.201/24'), prefix('192.0.2.202/24')] });
  const old = routerSpec({ name: 'old', vrid: vrid(53) });
  const same = routerSpec({ name: 'same', vrid: vrid(54) });
  const mail = routerSpec({ name: 'mail', vrid: vrid(55), addresses: [] });
  const next = [
    { ...web, priority: priority(150), addresses: [prefix('192.0.2.200/24'), prefix('192.0.2.9/24')] },
    database,
    same,
    { ...mail, vrid: vrid(56) },
  ];
  const difference = change([web, old, same, mail], next);
  t.strictSame(changeLines(difference), [
    '+ database/ipv4  VRID 52 on hf0, version 3, priority 100, every 1s, 192.0.2.201/24, 192.0.2.202/24',
    '- old/ipv4       VRID 53 on hf0',
    '~ web/ipv4       priority 100 -> 150, addresses +192.0.2.9/24',
    '~ mail/ipv4      VRID 55 -> 56 (leaves in order, then starts anew)',
    '= 1 unchanged',
  ]);
  t.equal(
    changeSummary(difference),
    '+ database/ipv4 VRID 52 on hf0, version 3, priority 100, every 1s, 192.0.2.201/24, 192.0.2.202/24; - old/ipv4 VRID 53 on hf0; ' +
      '~ web/ipv4 priority 100 -> 150, addresses +192.0.2.9/24; ~ mail/ipv4 VRID 55 -> 56 (leaves in order, then starts anew); = 1 unchanged',
  );
  t.strictSame(changeLines(change([], [])), []);
  t.strictSame(changeLines(change([web], [web])), ['= 1 unchanged']);
});

t.test('duties by their names, behind the routers', async t => {
  const duties = { added: ['check gateway'], removed: ['watchdog nginx'], changed: ['hooks of web', 'track of web'] };
  const lines = ['+ check gateway', '- watchdog nginx', '~ hooks of web', '~ track of web', '= 1 unchanged'];
  t.strictSame(changeLines({ ...change([web], [web]), duties }), lines);
  t.equal(changeSummary({ ...change([web], [web]), duties }), lines.join('; '));
});

t.test('a new router with peers, and one whose addresses something else moves', async t => {
  const peers = [
    { address: ip('192.0.2.12'), minTtl: 255, maxTtl: 255 },
    { address: ip('198.51.100.1'), minTtl: 250, maxTtl: 254 },
    { address: ip('198.51.100.2'), minTtl: 253, maxTtl: 253 },
  ];
  t.strictSame(changeLines(change([], [routerSpec({ addresses: [], peers, version: 2 })])), [
    '+ web/ipv4  VRID 51 on hf0, version 2, priority 100, every 1s, no addresses, peers 192.0.2.12 198.51.100.1 (TTL 250 to 254) 198.51.100.2 (TTL 253)',
  ]);
});

t.test('each setting by the name that the file has for it', async t => {
  const expected: readonly (readonly [Partial<RouterSpec>, string])[] = [
    [{ interface: 'hf1' }, 'interface hf0 -> hf1'],
    [{ vrid: vrid(61) }, 'VRID 51 -> 61'],
    [{ version: 2 }, 'version 3 -> 2'],
    [{ priority: priority(255) }, 'priority 100 -> 255'],
    [{ advertInterval: millis(250) }, 'advert_interval 1s -> 250ms'],
    [{ preempt: false }, 'preempt true -> false'],
    [{ preemptDelay: seconds(30) }, 'preempt_delay 0s -> 30s'],
    [{ accept: false }, 'accept true -> false'],
    [{ checksum: 'rfc5798' }, 'checksum auto -> rfc5798'],
    [{ source: ip('192.0.2.11') }, 'source automatic -> 192.0.2.11'],
    [{ password: 'hunter2' }, 'password changed'],
    [{ lease: null }, 'lease 6s -> off'],
    [{ tracked: true }, 'track none -> some'],
    [{ trackInterface: false }, 'track_interface true -> false'],
    [{ peers: [{ address: ip('192.0.2.12'), minTtl: 255, maxTtl: 255 }] }, 'peers +192.0.2.12'],
  ];
  for (const [settings, text] of expected) t.strictSame(words(settings), [text]);
  t.equal(expected.length + 1, Object.keys(web).length - 2, 'all but name and family, and the addresses below');
});

t.test('addresses: what comes, what goes, how they are put, and their order', async t => {
  const [a, b] = [prefix('192.0.2.200/24'), prefix('192.0.2.8/24')];
  t.strictSame(words({ addresses: [a, prefix('192.0.2.9/24')] }, { addresses: [a, b] }), ['addresses +192.0.2.9/24 -192.0.2.8/24']);
  t.strictSame(words({ addresses: [b, a] }, { addresses: [a, b] }), ['addresses in another order']);
  t.strictSame(words({ addresses: [{ ...a, interface: 'hf1', label: 'hf1:web', scope: 'link' }] }), [
    'addresses +192.0.2.200/24 on hf1 label hf1:web scope link -192.0.2.200/24',
  ]);
  const many = Array.from({ length: 200 }, (_, i) => prefix(`198.51.100.${i}/24`));
  const [text = ''] = words({ addresses: [a, ...many] });
  t.match(text, /^addresses \+198\.51\.100\.0\/24 .* and 188 more$/);
});

t.test('an address that was put first by us and is in the file now: nothing moves, and that is what is said', async t => {
  const [ours, other] = [prefix('fe80::112:51/64'), prefix('2001:db8::1/64')];
  const derived = { ...ours, derived: true } as const;
  t.strictSame(words({ addresses: [ours, other] }, { addresses: [derived, other] }), ['addresses fe80::112:51 now in the file']);
  t.strictSame(words({ addresses: [derived, other] }, { addresses: [ours, other] }), [
    'addresses fe80::112:51 no longer in the file, and still there',
  ]);
  t.strictSame(words({ addresses: [ours] }, { addresses: [derived, other] }), ['addresses -2001:db8::1/64, fe80::112:51 now in the file']);
  t.strictSame(words({ addresses: [other, ours] }, { addresses: [derived, other] }), [
    'addresses in another order, fe80::112:51 now in the file',
  ]);
});

t.test('version 2: a change without which the other machines do not listen is said once, beside what changes', async t => {
  const old = { version: 2, password: 'hunter2' } as const;
  const alone = (settings: Partial<RouterSpec>, from: Partial<RouterSpec> = old) =>
    aloneWords(change([{ ...web, ...from }], [{ ...web, ...from, ...settings }]));
  const said = 'the other machines do not hear web/ipv4 until they have it too';
  t.equal(alone({ advertInterval: seconds(2) }), said);
  t.equal(alone({ password: 'hunter3' }), said);
  t.equal(alone({ password: null }), said);
  t.equal(alone({ version: 3, password: null }), said);
  t.equal(alone({ version: 2 }, {}), said);
  t.equal(alone({ priority: priority(150) }), null);
  t.equal(alone({ advertInterval: seconds(2) }, {}), null, 'version 3 takes the interval over');
  const both = change(
    [{ ...web, ...old }, routerSpec({ ...old, name: 'db', vrid: vrid(52) }), routerSpec({ name: 'same', vrid: vrid(53) })],
    [{ ...web }, routerSpec({ ...old, name: 'db', vrid: vrid(52), password: 'hunter3' }), routerSpec({ name: 'same', vrid: vrid(53) })],
  );
  t.strictSame(changeLines(both), [
    '~ web/ipv4  version 2 -> 3, password changed',
    '~ db/ipv4   password changed',
    '! the other machines do not hear web/ipv4, db/ipv4 until they have it too',
    '= 1 unchanged',
  ]);
  t.equal(changeSummary(both), '~ web/ipv4 version 2 -> 3, password changed; ~ db/ipv4 password changed; = 1 unchanged');
});

t.test('a password is never shown, whatever happens to it', async t => {
  const secret = { password: 'hunter2' };
  for (const difference of [
    change([], [{ ...web, ...secret }]),
    change([{ ...web, ...secret }], []),
    change([{ ...web, ...secret }], [{ ...web, password: 'hunter3' }]),
    change([{ ...web, ...secret }], [web]),
    change([{ ...web, ...secret }], [{ ...web, ...secret, vrid: vrid(9) }]),
  ]) {
    t.notMatch([...changeLines(difference), changeSummary(difference), ...difference.changed.flatMap(changeWords)].join('\n'), /hunter/);
  }
});

t.test('the log line has an end', async t => {
  const routers = Array.from({ length: 255 }, (_, i) => routerSpec({ name: `r${i}`, vrid: vrid(i + 1) }));
  const summary = changeSummary(change([], routers));
  t.match(summary, /^\+ r0\/ipv4 .*; \+ r7\/ipv4 [^;]*; and 247 more$/);
  t.equal(changeLines(change([], routers)).length, 255, 'the lines for people are complete');
});

t.test('problems, refusals', async t => {
  t.equal(problemWords({ errors: 1, first: 'a.toml:3:5 bad' }), 'a.toml:3:5 bad');
  t.equal(problemWords({ errors: 3, first: 'a.toml:3:5 bad' }), 'a.toml:3:5 bad (and 2 more)');
  t.match(refusalWords({ router: 'web', reason: 'already-running' }), /^web was not started: another daemon/);
});
