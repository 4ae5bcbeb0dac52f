// src/install/plan.ts: what an install does on which machine, in which order; what it leaves alone; what an uninstall undoes.
import t from 'tap';
import type { There } from '../../src/install/facts.ts';
import { emptyManifest, type Manifest } from '../../src/install/manifest.ts';
import {
  CONFIG_FOLDER,
  CONFIG_PATH,
  ENABLED_PATH,
  EXECUTABLE_PATH,
  MANIFEST_PATH,
  ORDER_PATH,
  OVERRIDE_PATH,
  PREVIOUS_PATH,
  STATE_FOLDER,
  UNIT_PATH,
} from '../../src/install/paths.ts';
import { installPlan, networkDropIns, orderDropIn, uninstallPlan } from '../../src/install/plan.ts';
import type { Step } from '../../src/install/step.ts';
import { tellStep } from '../../src/install/words.ts';
import { executable, file, PLAIN, situation, unit } from './fixtures/situation.ts';

const tell = (steps: readonly Step[]): readonly string[] => steps.map(step => tellStep(step, '', '2'));
const running = { state: 'active', masked: false, current: true, program: EXECUTABLE_PATH };
/** Of an install before, of version 1. */
const before: Manifest = {
  ...emptyManifest('1'),
  files: { [EXECUTABLE_PATH]: 'old', [UNIT_PATH]: 'unit', [CONFIG_PATH]: 'example' },
  links: { [ENABLED_PATH]: UNIT_PATH },
};
const installed = {
  [STATE_FOLDER]: { kind: 'folder' },
  [CONFIG_FOLDER]: { kind: 'folder' },
  [EXECUTABLE_PATH]: file('old'),
  [UNIT_PATH]: file('unit'),
  [CONFIG_PATH]: file('mine'),
  [ENABLED_PATH]: { kind: 'link', target: UNIT_PATH },
} as const;
const upToDate = { ...installed, [EXECUTABLE_PATH]: file('new') };

t.test('a machine without anything: all is written, nothing is started, and what is to be done is said', async t => {
  const { steps, notes } = installPlan(situation({ configured: 'none' }));
  t.same(tell(steps), [
    'make /var/lib/holdfast',
    'make /etc/holdfast',
    'write /usr/local/bin/holdfast, holdfast 2',
    'write /usr/local/lib/systemd/system/holdfast.service',
    'write /etc/holdfast/holdfast.toml',
    'let systemd read the unit: systemctl daemon-reload',
  ]);
  t.same(notes, [
    '/etc/holdfast/holdfast.toml is the example: say there what is to be served, then once more: /usr/local/bin/holdfast install',
  ]);
});

t.test('an example that nobody has changed is not served', async t => {
  const { steps } = installPlan(situation({ configured: 'example' }, { ...upToDate, [ENABLED_PATH]: { kind: 'absent' } }));
  t.same(steps, []);
});

t.test('a configuration: enabled and started, and never overwritten', async t => {
  const there = { ...upToDate, [ENABLED_PATH]: { kind: 'absent' } } as const;
  t.same(tell(installPlan(situation({}, there)).steps), [`start holdfast at boot: ${ENABLED_PATH}`, 'start holdfast']);
  const { steps, notes } = installPlan(situation({}, there, { start: false }));
  t.same(tell(steps), [`start holdfast at boot: ${ENABLED_PATH}`]);
  t.same(notes, ['holdfast does not run and is not started: systemctl start holdfast']);
});

t.test('all is there and runs: nothing to do', async t => {
  t.same(installPlan(situation({ service: running }, upToDate)), {
    steps: [],
    adopted: { [EXECUTABLE_PATH]: 'new', [UNIT_PATH]: 'unit' },
    notes: [],
  });
  const manifest = { ...before, files: { [EXECUTABLE_PATH]: 'new', [UNIT_PATH]: 'unit' } };
  t.same(installPlan(situation({ service: running }, upToDate, { manifest })), { steps: [], adopted: {}, notes: [] });
});

t.test('an upgrade: in place first, then handed over, restarted, taken back; the old one is kept', async t => {
  const { steps } = installPlan(situation({ service: running }, installed, { manifest: before }));
  t.same(steps, [
    { do: 'write', wanted: executable, keep: PREVIOUS_PATH, replaces: true },
    { do: 'hand-over', restarts: true },
    { do: 'restart' },
    { do: 'take-back' },
  ]);
  t.equal(tell(steps)[0], 'replace /usr/local/bin/holdfast with holdfast 2; what was there stays as holdfast.previous');
  t.same(tell(installPlan(situation({ service: running }, installed, { start: false })).steps).slice(1), [], 'not with --no-start');
});

t.test('what is in place does not run yet: only that is made up for', async t => {
  const steps = (service: typeof running) => tell(installPlan(situation({ service }, upToDate)).steps);
  t.match(steps({ ...running, current: false }), [/^hand over/, 'restart holdfast', /^take part/]);
  t.same(steps({ ...running, state: 'failed' }), ['start holdfast']);
});

t.test('the unit: a new one is read before anything is restarted, and a changed one is kept', async t => {
  const manifest = { ...before, files: { ...before.files, [UNIT_PATH]: 'unit 1' } };
  t.match(tell(installPlan(situation({ service: running }, { ...upToDate, [UNIT_PATH]: file('unit 1') }, { manifest })).steps), [
    `replace ${UNIT_PATH}`,
    'let systemd read the unit: systemctl daemon-reload',
    /^hand over/,
    'restart holdfast',
    /^take part/,
  ]);
  const changed = installPlan(situation({ service: running }, { ...upToDate, [UNIT_PATH]: file('by hand') }, { manifest }));
  t.same(changed.steps, []);
  t.match(changed.notes, [/^\/usr\/local\/lib\/systemd\/system\/holdfast.service is kept, it was changed by hand; compare: diff /]);
  const foreign = installPlan(situation({ service: running }, { ...upToDate, [UNIT_PATH]: { kind: 'link', target: '/x' } }));
  t.same(foreign.steps, [], 'what somebody else put there is theirs');
});

t.test('what an operator has decided stays: disabled, stopped, masked, overridden', async t => {
  const { [ENABLED_PATH]: _, ...disabled } = upToDate;
  const one = installPlan(situation({}, disabled, { manifest: before }));
  t.same(one.steps, []);
  t.same(one.notes, ['holdfast was disabled by hand and stays so: systemctl enable --now holdfast']);
  const two = installPlan(situation({}, upToDate, { manifest: before }));
  t.same([two.steps, two.notes], [[], ['holdfast does not run and is not started: systemctl start holdfast']]);
  const three = installPlan(situation({ service: { ...running, state: 'inactive', masked: true } }, disabled));
  t.same(three.steps, []);
  t.match(three.notes, [/^holdfast is masked/]);
  t.match(installPlan(situation({ service: running }, { ...upToDate, [OVERRIDE_PATH]: file('x') })).notes, [/goes before the unit.*rm /]);
  const elsewhere = { ...running, program: '/opt/holdfast' };
  t.match(installPlan(situation({ service: elsewhere }, upToDate)).notes, [
    /^the unit starts \/opt\/holdfast, not \/usr\/local\/bin\/holdfast/,
  ]);
});

t.test('firewalld: only the zones that are closed, before holdfast is started', async t => {
  const zone = (name: string, permanent: boolean, now: boolean) => ({ name, permanent, now });
  const firewalld = { zones: [zone('public', true, true), zone('dmz', true, false), zone('internal', false, true)] };
  t.same(tell(installPlan(situation({ firewalld }, { ...upToDate, [ENABLED_PATH]: { kind: 'absent' } })).steps), [
    'let VRRP (protocol 112) in, in zone dmz of firewalld',
    'let VRRP (protocol 112) in, in zone internal of firewalld',
    `start holdfast at boot: ${ENABLED_PATH}`,
    'start holdfast',
  ]);
});

t.test('SELinux: what was written gets its labels, where there is a program for it', async t => {
  const labels = (facts: Parameters<typeof situation>[0]) =>
    installPlan(situation({ ...facts, service: running }, installed)).steps.filter(step => step.do === 'run');
  t.same(labels({ selinux: 'enforcing', restorecon: true }), [
    { do: 'run', argv: ['restorecon', EXECUTABLE_PATH], words: 'give what was written its SELinux labels', must: false },
  ]);
  t.same(labels({ selinux: 'enforcing', restorecon: false }), []);
  t.same(labels({ selinux: 'off', restorecon: true }), []);
});

t.test('systemd-networkd: told to keep addresses, where that says nothing about DHCP', async t => {
  const paths = (keeps: string | null, dhcp: boolean, configured: 'real' | 'example' = 'real') =>
    networkDropIns({ ...PLAIN, configured, networks: [{ name: '10-lan.network', keeps, dhcp }] }).map(({ path }) => path);
  t.same(paths(null, false), ['/etc/systemd/network/10-lan.network.d/holdfast.conf']);
  t.same(paths('static', false), ['/etc/systemd/network/10-lan.network.d/holdfast.conf'], 'an address with a lifetime is not static to it');
  for (const [keeps, dhcp] of [
    ['yes', false],
    ['true', false],
    [null, true],
  ] as const)
    t.same(paths(keeps, dhcp), []);
  t.same(paths(null, false, 'example'), []);
  t.match(
    networkDropIns({ ...PLAIN, networks: [{ name: 'x.network', keeps: null, dhcp: false }] })[0]?.text,
    /\n\[Network\]\nKeepConfiguration=yes\n$/,
  );
});

t.test('what is watched and the unit does not know goes down after us', async t => {
  const text = '[Unit]\nAfter=network.target\nAfter=nginx.service haproxy.service\n';
  const after = (...watched: readonly string[]) => orderDropIn({ ...PLAIN, watched }, text);
  t.match(after('nginx.service', 'app.service', 'a\\x2db@1.service'), /\n\[Unit\]\nAfter=app\.service a\\x2db@1\.service\n$/);
  for (const watched of [[], ['haproxy.service'], ['multi-user.target'], ['a b.service']]) t.equal(after(...watched), null, watched.join());
  const wanted = { ...unit, path: ORDER_PATH, sha256: 'order' };
  t.same(
    tell(installPlan(situation({ service: running }, upToDate, { files: [unit, wanted] })).steps),
    [`write ${ORDER_PATH}`, 'let systemd read the unit: systemctl daemon-reload'],
    'read, and nothing is restarted for it',
  );
});

t.test('a tree: files and the link, and no command of this machine', async t => {
  const all = { root: '/mnt/t', selinux: 'enforcing', restorecon: true, service: { ...running, state: 'unknown' } } as const;
  const { steps, notes } = installPlan(situation(all));
  t.same([...new Set(steps.map(step => step.do))], ['folder', 'write', 'link']);
  t.same(tell(steps).at(-1), `start holdfast at boot: ${ENABLED_PATH}`);
  t.same(notes, ['SELinux labels are given when that system boots: touch /mnt/t/.autorelabel']);
});

t.test('uninstall: what was put there, as long as it is that', async t => {
  const manifest: Manifest = {
    ...before,
    files: { ...before.files, [EXECUTABLE_PATH]: 'new' },
    folders: ['/usr/local/lib/systemd'],
    zones: ['public'],
  };
  const there = { ...upToDate, [MANIFEST_PATH]: file('m'), '/usr/local/lib/systemd': { kind: 'folder' } } as const;
  const plan = (more: Readonly<Record<string, There>>, purge = false, root: string | null = null, state = 'active') =>
    uninstallPlan(
      { facts: { root, service: { ...running, state } }, there: path => ({ ...there, ...more })[path] ?? { kind: 'absent' }, purge },
      manifest,
    );
  t.same(tell(plan({}).steps), [
    'hand over: other machines serve',
    'stop holdfast',
    `remove ${ENABLED_PATH}`,
    'remove /usr/local/bin/holdfast',
    `remove ${UNIT_PATH}`,
    'let VRRP in no more, in zone public of firewalld',
    'let systemd forget the unit: systemctl daemon-reload',
    'remove /var/lib/holdfast/installed.json',
    'remove /usr/local/lib/systemd if nothing is left in it',
  ]);
  t.same(plan({}).notes, ['/etc/holdfast is kept, and /var/lib/holdfast; --purge removes both']);
  const changed = plan({ [UNIT_PATH]: file('by hand'), [ENABLED_PATH]: { kind: 'link', target: '/dev/null' } });
  t.notOk(tell(changed.steps).some(words => words.includes(UNIT_PATH) || words.includes(ENABLED_PATH)));
  t.match(changed.notes, [/multi-user.target.wants.* is kept/, /holdfast.service is kept: it was changed since/, /--purge/]);
  t.match(tell(plan({}, true).steps), [
    /./,
    /./,
    /./,
    /./,
    /./,
    /./,
    /./,
    'remove /etc/holdfast and all that is in it',
    'remove /var/lib/holdfast and all that is in it',
    /./,
  ]);
  t.notOk(tell(plan({}, false, '/mnt/t').steps).some(words => /hand over|systemctl|firewalld|stop/.test(words)));
  t.notOk(tell(plan({}, false, null, 'inactive').steps).some(words => /hand over|stop/.test(words)));
  t.match(plan({ [PREVIOUS_PATH]: file('theirs') }).notes[1], /holdfast.previous is kept: it was there before/);
});
