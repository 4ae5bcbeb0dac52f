// src/proof/findings.ts: what a proof says against the configuration, and where.
import t from 'tap';
import { findingsOf } from '../../src/proof/findings.ts';
import { prove } from '../../src/proof/prove.ts';
import { router } from '../fixtures/diagnose.ts';
import { machinesOf, tracking } from '../fixtures/machines.ts';

async function found(...texts: readonly string[]): Promise<readonly string[]> {
  const { machines, written } = await machinesOf(...texts);
  return prove(machines)
    .flatMap(proof => findingsOf(proof, written))
    .map(({ severity, code, message, hint, place }) => `${severity} ${code} ${place.path.join('.')}: ${message} (${hint})`);
}

t.test('nothing to say', async t => {
  t.strictSame(await found(tracking({ priority: '150' }, 'demoting', 'heavy'), tracking({}, 'demoting')), []);
});

t.test('one machine only', async t => {
  const other = router('db', { vrid: '9', addresses: '["192.0.2.9/24"]' });
  t.strictSame(await found(router('web') + other, router('web', { priority: '150' })), [
    'warning lone-router vrrp.db: only a has db/ipv4: nobody takes over when it dies (give another machine a virtual router with the same `vrid` and `addresses`)',
  ]);
});

t.test('nobody', async t => {
  const [note, ...others] = await found(tracking({ priority: '150' }, 'releasing'), tracking({}, 'releasing'));
  t.equal(
    note,
    'note nobody-active vrrp.web.track: nobody holds the addresses of web/ipv4 with a: releasing; b: releasing, and in 2 more cases (`on_fail = "release"` means that; with "demote" it serves when nobody else can)',
  );
  t.strictSame(others, []);
  t.match(await found(tracking({ priority: '150' }, 'releasing'), tracking({})), [/with a: releasing; b off \(/]);
});

t.test('two at once: the setting that keeps them apart', async t => {
  const same = { vrid: '17', priority: '150' };
  const rows: readonly (readonly [Readonly<Record<string, string>>, Readonly<Record<string, string>>, RegExp])[] = [
    [
      {},
      { version: '2' },
      /^error both-active vrrp\.web\.version: a and b would hold the addresses of web\/ipv4 at the same time \(b rejects what a says \(wrong-version: version 3\); `version` must fit on both\)$/,
    ],
    [{ version: '2', password: '"one"' }, { version: '2', password: '"two"' }, /vrrp\.web\.password: .*wrong-password: another password/],
    [{ version: '2' }, { version: '2', advert_interval: '"2s"' }, /vrrp\.web\.advert_interval: .*wrong-interval/],
    [{ peers: '["192.0.2.11"]' }, {}, /vrrp\.web\.peers: .*not-multicast: sent to 192\.0\.2\.11/],
    [
      { peers: '["192.0.2.11"]', source: '"192.0.2.10"' },
      { peers: '["192.0.2.99"]', source: '"192.0.2.12"' },
      /vrrp\.web\.peers: .*\(they do not hear each other: `peers` of each/,
    ],
    [{}, { vrid: '18' }, /vrrp\.web\.vrid: .*unknown-vrid: VRID 17/],
  ];
  for (const [a, b, expected] of rows) {
    const [first, ...others] = await found(router('web', { ...same, ...a }), router('web', { ...same, priority: '100', ...b }));
    t.match(first, expected);
    t.strictSame(others, []);
  }
});

t.test('two at once with something failed', async t => {
  const text = (priority: string, peers: string, source: string) => tracking({ priority, peers, source }, 'demoting');
  const a = text('150', '["192.0.2.11", "192.0.2.12"]', '"192.0.2.10"');
  const b = text('120', '["192.0.2.10"]', '"192.0.2.11"');
  const c = text('100', '["192.0.2.10"]', '"192.0.2.12"');
  t.match(await found(a, b, c), [/^error both-active vrrp\.web\.peers: b and c would hold .* with a(: demoting| off) \(/]);
});

t.test('weights that move nothing', async t => {
  const [a, b] = [{ priority: '150' }, { priority: '100' }];
  t.match(await found(tracking(a, 'demoting', 'light'), tracking(b)), [
    'warning weight-without-effect vrrp.web.track.1: a keeps web/ipv4 when `light` fails: its priority is 130 then, and that of the others at most 100 (take a larger weight, or `on_fail = "demote"`, which needs no arithmetic)',
  ]);
  const calm = { preempt: 'false' };
  t.match(await found(tracking({ ...calm, ...a }, 'heavy'), tracking({ ...calm, ...b })), [
    /its priority is 90 then, but the others do not preempt \(/,
  ]);
  t.match(await found(tracking({ priority: '120' }, 'light'), tracking({ ...calm, ...b })), [
    /its priority is 100 then, but no other has a higher one/,
  ]);
});

t.test('equals', async t => {
  t.strictSame(await found(router('web'), router('web')), [
    'note equal-priority vrrp.web.priority: a and b have the same priority for web/ipv4: who serves first goes on, and of two that start together the one with the higher address (where it matters which one serves, give it a higher `priority`)',
  ]);
  t.match(await found(router('web'), router('web', { version: '2' })), [/^error both-active/], 'two at once is worse');
});

t.test('a machine that no file has', async t => {
  const { machines } = await machinesOf(router('web'), router('web', { version: '2' }));
  t.strictSame(
    prove(machines).flatMap(proof => findingsOf(proof, new Map())),
    [],
  );
});
