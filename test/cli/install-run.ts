// src/cli/install-run.ts: told before it is done, remembered when it is; what fails leaves what was there.
import t from 'tap';
import { carryOut } from '../../src/cli/install-run.ts';
import type { There } from '../../src/install/facts.ts';
import { emptyManifest, type Manifest, readManifest } from '../../src/install/manifest.ts';
import { EXECUTABLE_PATH, MANIFEST_PATH, PREVIOUS_PATH, UNIT_PATH } from '../../src/install/paths.ts';
import type { Step, Wanted } from '../../src/install/step.ts';
import type { Host } from '../../src/platform/install-ports.ts';

const unit: Wanted = { path: UNIT_PATH, mode: 0o644, sha256: 'sum of unit 2', content: { is: 'text', text: 'unit 2' } };
const executable: Wanted = { path: EXECUTABLE_PATH, mode: 0o755, sha256: 'sum of two', content: { is: 'self' } };

/** A machine with files in memory. `fails`: what no command line that begins so, or path, can be done with. */
function machine(files: Record<string, string>, fails: readonly string[] = []) {
  const lines: string[] = [];
  const text = (content: Uint8Array | string) => (typeof content === 'string' ? (files[content] ?? '') : new TextDecoder().decode(content));
  const refuse = (what: string, code: string) => {
    if (fails.some(each => what.startsWith(each))) throw Object.assign(new Error(`${code}: ${what}`), { code });
  };
  const host: Host = {
    look: async (path): Promise<There> =>
      files[path] === undefined ? { kind: 'absent' } : { kind: 'file', sha256: `sum of ${files[path]}` },
    read: async path => files[path] ?? null,
    list: async () => [],
    folder: async path => [path],
    async write(path, content, _mode, keep) {
      refuse(path, 'ENOSPC');
      const fresh = text(content);
      if (keep !== null) files[keep] = files[path] ?? '';
      files[path] = fresh;
      return [];
    },
    link: async path => [path],
    async remove(path) {
      refuse(path, 'EPERM');
      delete files[path];
    },
    removeFolder: async () => true,
    removeTree: async () => {},
    async run(argv) {
      const line = argv.join(' ');
      lines.push(`run: ${line}`);
      const bad = fails.some(each => line.startsWith(each) && (!each.includes('restart') || files[EXECUTABLE_PATH] === 'two'));
      return bad
        ? { status: 1, out: '', err: 'it said no\n' }
        : { status: 0, out: argv[0] === 'journalctl' ? 'last words\n' : '', err: '' };
    },
  };
  const moves = {
    handOver: async (_restarts: boolean, say: (line: string) => void) => say('web/ipv4: other serves'),
    takeBack: async () => void lines.push('taken back'),
  };
  const desk = {
    host,
    moves,
    content: (content: Wanted['content']) => new TextEncoder().encode(content.is === 'text' ? content.text : 'two'),
    say: (line: string) => void lines.push(line),
    complain: (line: string) => void lines.push(`! ${line}`),
  };
  const carry = (steps: readonly Step[], manifest: Manifest = emptyManifest('1'), records = true) =>
    carryOut({ plan: { steps, adopted: {}, notes: [] }, root: '', version: '2', manifest, records }, desk);
  return { files, lines, carry, recorded: () => readManifest(files[MANIFEST_PATH] ?? '') };
}

const UPGRADE: readonly Step[] = [
  { do: 'write', wanted: executable, keep: PREVIOUS_PATH, replaces: true },
  { do: 'write', wanted: unit, keep: null, replaces: true },
  { do: 'hand-over', restarts: true },
  { do: 'restart' },
  { do: 'take-back' },
];
const old: Manifest = { ...emptyManifest('1'), files: { [EXECUTABLE_PATH]: 'sum of one', [UNIT_PATH]: 'sum of unit 1' } };
const OLD = { [EXECUTABLE_PATH]: 'one', [UNIT_PATH]: 'unit 1' };

t.test('each is told, then done, and remembered', async t => {
  const { files, lines, carry, recorded } = machine({ ...OLD });
  t.equal(await carry([...UPGRADE, { do: 'open-zone', zone: 'public' }], old), true);
  t.same(lines, [
    'replace /usr/local/bin/holdfast with holdfast 2; what was there stays as holdfast.previous',
    `replace ${UNIT_PATH}`,
    'hand over: other machines serve while holdfast is restarted',
    '  web/ipv4: other serves',
    'restart holdfast',
    'run: systemctl restart holdfast.service',
    'take part again, as the configuration says',
    'taken back',
    'let VRRP (protocol 112) in, in zone public of firewalld',
    'run: firewall-cmd --permanent --zone=public --add-protocol=vrrp',
    'run: firewall-cmd --zone=public --add-protocol=vrrp',
  ]);
  t.equal(files[EXECUTABLE_PATH], 'two');
  t.same(recorded(), {
    ...old,
    version: '2',
    files: { [EXECUTABLE_PATH]: 'sum of two', [UNIT_PATH]: 'sum of unit 2', [PREVIOUS_PATH]: 'sum of one' },
    zones: ['public'],
  });
});

t.test('a holdfast that somebody else brought is kept, and is not ours', async t => {
  const { carry, recorded } = machine({ ...OLD });
  await carry(UPGRADE.slice(0, 1));
  t.same(recorded()?.files, { [EXECUTABLE_PATH]: 'sum of two' });
});

t.test('a disk that is full: the step, the cure, and all as it was', async t => {
  const { files, lines, carry, recorded } = machine({ ...OLD }, [EXECUTABLE_PATH]);
  t.equal(await carry(UPGRADE, old), false);
  t.match(lines.slice(1), [/^! failed: replace \/usr\/local\/bin\/holdfast/, /ENOSPC/, /hint: no space is left there: df -h/]);
  t.same(files, OLD);
  t.equal(recorded(), null);
});

t.test('what was done before a failure is remembered', async t => {
  const { carry, recorded } = machine({ ...OLD }, [UNIT_PATH]);
  t.equal(await carry(UPGRADE, old), false);
  t.same(recorded()?.files, { ...old.files, [EXECUTABLE_PATH]: 'sum of two', [PREVIOUS_PATH]: 'sum of one' });
});

t.test('a new holdfast that does not start: the one before, its unit, and its orders are back', async t => {
  const { files, lines, carry, recorded } = machine({ ...OLD }, ['systemctl restart']);
  t.equal(await carry(UPGRADE, old), false);
  t.same(lines.slice(4), [
    'restart holdfast',
    'run: systemctl restart holdfast.service',
    'run: journalctl --no-pager --output=cat --unit holdfast.service --lines 8',
    '! failed: restart holdfast',
    '!   it said no\n    last words',
    'put back what was there before (/usr/local/bin/holdfast.previous), and start that',
    'run: systemctl daemon-reload',
    'run: systemctl restart holdfast.service',
    'taken back',
    '! the holdfast of before runs again',
    '!   = hint: systemctl status holdfast; journalctl -u holdfast -n 50',
  ]);
  t.match(files, { ...OLD, [PREVIOUS_PATH]: 'one' });
  t.same(recorded(), { ...old, files: { ...old.files, [PREVIOUS_PATH]: 'sum of one' } });
});

t.test('a command that the rest does not need is complained about, one that it needs ends it', async t => {
  const { lines, carry } = machine({}, ['restorecon', 'systemctl daemon-reload']);
  const run = (program: string, must: boolean): Step => ({ do: 'run', argv: program.split(' '), words: 'do it', must });
  t.equal(await carry([run('restorecon', false), run('systemctl daemon-reload', true), { do: 'start' }]), false);
  t.match(lines, [
    /^do it/,
    /^run/,
    '! restorecon: it said no; the rest goes on',
    /^do it/,
    /^run/,
    /^! failed: do it/,
    /it said no/,
    /hint/,
  ]);
});

t.test('an uninstall records nothing', async t => {
  const { files, carry } = machine({ ...OLD });
  t.equal(await carry([{ do: 'remove', path: UNIT_PATH }], old, false), true);
  t.same(files, { [EXECUTABLE_PATH]: 'one' });
});
