// src/appliance/screen.ts: what a console shows, and when a box is sound.
import t from 'tap';
import { isSound, ownAddresses, type Situation, screen } from '../../src/appliance/screen.ts';

const WELL: Situation = {
  version: '1.0.0',
  hostname: 'box-a',
  slot: 'a',
  interfaces: [{ name: 'ens3', up: true, addresses: ['10.77.0.11/24'] }],
  routers: [{ name: 'web', state: 'active', addresses: ['10.77.0.200'], servedBy: null, waiting: null }],
  services: [{ name: 'nginx', up: true, words: 'HTTP 200' }],
  failedUnits: [],
  problems: [],
};

t.test('all is well', async t => {
  t.strictSame(screen(WELL), [
    'holdfast 1.0.0  box-a  slot a',
    '  ens3   10.77.0.11/24',
    '  web    ACTIVE, serving 10.77.0.200',
    '  nginx  up',
  ]);
});

t.test('the other one serves', async t => {
  const [web] = WELL.routers;
  const routers = web === undefined ? [] : [{ ...web, state: 'backup', servedBy: '10.77.0.12' }];
  t.equal(screen({ ...WELL, routers })[2], '  web    backup, 10.77.0.12 serves 10.77.0.200');
});

t.test('nothing dropped, no cable', async t => {
  const situation = { ...WELL, slot: null, routers: [], services: [], interfaces: [{ name: 'ens3', up: false, addresses: [] }] };
  t.strictSame(screen(situation), [
    'holdfast 1.0.0  box-a',
    '  ens3     no cable',
    '  waiting  there is no virtual router yet: put a holdfast.toml on the CONFIG partition',
  ]);
  t.equal(screen({ ...situation, interfaces: [{ name: 'ens3', up: true, addresses: [] }] })[1], '  ens3     no address yet');
  t.equal(
    screen({ ...situation, interfaces: [{ name: 'ens3', up: false, addresses: ['10.0.0.1/8'] }] })[1],
    '  ens3     10.0.0.1/8  (no cable)',
  );
});

t.test('what is wrong, line by line, and nothing that moves the cursor', async t => {
  const lines = screen({
    ...WELL,
    services: [{ name: 'nginx', up: false, words: 'unknown directive' }],
    failedUnits: ['sshd.service'],
    problems: ['error: one\n2 | x\u001b[2J\n'],
  });
  t.strictSame(lines.slice(3), ['  nginx  DOWN: unknown directive', '  ! sshd.service has failed', '  ! error: one', '  ! 2 | x\ufffd[2J']);
});

t.test('an interface is known by what stays on it', async t => {
  const all = [
    { address: '10.77.0.11', cidr: '10.77.0.11/24' },
    { address: '10.77.0.200', cidr: '10.77.0.200/24' },
    { address: '2001:db8::11', cidr: '2001:db8::11/64', scopeid: 0 },
    { address: 'fe80::1', cidr: 'fe80::1/64', scopeid: 3 },
    { address: '192.0.2.1', cidr: null },
  ];
  t.strictSame(ownAddresses(all, new Set(['10.77.0.200/24'])), ['10.77.0.11/24', '2001:db8::11/64', '192.0.2.1']);
});

t.test('sound: every router has a part, every service answers, no unit has failed', async t => {
  const [web] = WELL.routers;
  if (web === undefined) throw new Error('no router');
  t.equal(isSound(WELL), true);
  t.equal(isSound({ ...WELL, routers: [] }), true);
  t.equal(isSound({ ...WELL, routers: [{ ...web, state: 'backup' }] }), true);
  t.equal(
    isSound({ ...WELL, routers: [{ ...web, state: 'initialize', waiting: 'ens3 is not there' }] }),
    true,
    'a cable is nobody’s fault',
  );
  t.equal(isSound({ ...WELL, routers: [{ ...web, state: 'fault' }] }), false);
  t.equal(isSound({ ...WELL, services: [{ name: 'nginx', up: false, words: '' }] }), false);
  t.equal(isSound({ ...WELL, failedUnits: ['x.service'] }), false);
});
