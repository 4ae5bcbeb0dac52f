// Tests src/cli/check.ts: what `holdfast check` prints where, and how it exits.
import { spawnSync } from 'node:child_process';
import { hostname } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { reportStatus } from '../../src/api/status.ts';
import { check } from '../../src/cli/check.ts';
import { micros, millis } from '../../src/vrrp/units.ts';
import { controlSocket } from '../fixtures/control.ts';
import { router } from '../fixtures/diagnose.ts';
import { tracking } from '../fixtures/machines.ts';
import { engineStatus, loaded, servicesStatus } from '../fixtures/status-report.ts';

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(...argv: readonly string[]): Promise<Ran> {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await check(argv, { stdout: { write: text => out.push(text) }, stderr: { write: text => err.push(text) } });
  return { code, stdout: out.join(''), stderr: err.join('') };
}

/** An interface that no machine has, so that nothing is said about this one. */
const HERE = { interface: '"hf0-nowhere"', vrid: '17' };
const GOOD = router('web', HERE);
const WARNED = router('web', { ...HERE, preempt: 'false', preempt_delay: '"30s"' });

t.test('one line says that all is well', async t => {
  const directory = t.testdir({ 'one.toml': GOOD, 'two.toml': GOOD + router('db', { ...HERE, vrid: '18', addresses: '["192.0.2.201"]' }) });
  const [one, two] = [join(directory, 'one.toml'), join(directory, 'two.toml')];
  t.strictSame(await run(one), { code: 0, stdout: `${one}: ok, 1 virtual router (web), node ${hostname()}\n`, stderr: '' });
  t.strictSame(await run(two, '--node', 'edge-a'), {
    code: 0,
    stdout: `${two}: ok, 2 virtual routers (web, db), node edge-a\n`,
    stderr: '',
  });
});

t.test('counts checks and watchdogs', async t => {
  const checks = '[check.port]\ntype = "tcp"\nport = 80\n[check.gateway]\ntype = "ping"\ntarget = "192.0.2.1"\n';
  const watchdog = '[watchdog.nginx]\nunit = "nginx.service"\nprobe = { type = "tcp", port = 80 }\n';
  const text = `${router('web', { ...HERE, track: '["nginx", "port", "gateway"]' })}${checks}${watchdog}`;
  const path = join(t.testdir({ 'holdfast.toml': text }), 'holdfast.toml');
  t.equal((await run(path)).stdout, `${path}: ok, 1 virtual router (web), 2 checks, 1 watchdog, node ${hostname()}\n`);
  t.match(JSON.parse((await run(path, '--json')).stdout), {
    configurations: [{ routers: ['web'], checks: ['port', 'gateway'], watchdogs: ['nginx'] }],
  });
});

t.test('says so when the file has tables for others only', async t => {
  const path = join(t.testdir({ 'holdfast.toml': `${GOOD}[node.edge-a.vrrp.web]\npriority = 150\n` }), 'holdfast.toml');
  t.equal((await run(path, '--node', 'edge-a.example.org')).stdout, `${path}: ok, 1 virtual router (web), node edge-a\n`);
  t.equal((await run(path, '--node', 'edge-b')).stdout, `${path}: ok, 1 virtual router (web), node edge-b without a table of its own\n`);
});

t.test('mistakes go to stderr, all of them, and exit with 78', async t => {
  const path = join(t.testdir({ 'holdfast.toml': `${GOOD}vird = 1\npriority = 1\n` }), 'holdfast.toml');
  const { code, stdout, stderr } = await run(path);
  t.equal(code, 78);
  t.equal(stdout, '');
  t.match(stderr, /^error\[unknown-key\][\s\S]*\n\nerror\[out-of-range\][\s\S]*\n\n.*: 2 errors\n$/);
});

t.test('warnings pass, unless they shall not', async t => {
  const path = join(t.testdir({ 'holdfast.toml': WARNED }), 'holdfast.toml');
  const lax = await run(path);
  t.equal(lax.code, 0);
  t.match(lax.stderr, /^warning\[setting-without-effect\]/);
  t.equal(lax.stdout, `${path}: ok, 1 virtual router (web), node ${hostname()}, 1 warning\n`);
  const strict = await run(path, '--strict');
  t.equal(strict.code, 78);
  t.equal(strict.stdout, '');
  t.match(strict.stderr, `${path}: 1 warning, which --strict does not let pass\n`);
});

t.test('notes pass always', async t => {
  const path = join(t.testdir({ 'holdfast.toml': router('web', { ...HERE, addresses: '["2001:db8::200/64"]' }) }), 'holdfast.toml');
  const { code, stdout, stderr } = await run(path, '--strict');
  t.equal(code, 0);
  t.match(stderr, /^note\[link-local-added\]/);
  t.equal(stdout, `${path}: ok, 1 virtual router (web), node ${hostname()}, 1 note\n`);
  t.match(JSON.parse((await run(path, '--strict', '--json')).stdout), {
    configurations: [{ ok: true, diagnostics: [{ code: 'link-local-added', severity: 'note' }] }],
  });
});

t.test('shows no password, and reads none of another machine', async t => {
  const plain = router('web', { ...HERE, version: '2', password: '"secret12"' });
  const elsewhere = router('web', { ...HERE, version: '2', password: '{ file = "/nowhere/secret12" }' });
  const directory = t.testdir({ 'plain.toml': plain, 'elsewhere.toml': elsewhere });
  for (const json of [[], ['--json']]) {
    const { code, stdout, stderr } = await run(join(directory, 'plain.toml'), ...json);
    t.equal(code, 0);
    t.match(stdout + stderr, 'password-exposed');
    t.notMatch(stdout + stderr, 'secret12');
  }
  t.match(await run(join(directory, 'elsewhere.toml')), { code: 78, stderr: /^error\[password-unreadable\]/ });
  t.match(await run(join(directory, 'elsewhere.toml'), '--node', 'edge-b'), { code: 0, stderr: '' });
});

t.test('looks at this machine for its own configuration, or when told to', async t => {
  const path = join(t.testdir({ 'holdfast.toml': GOOD, 'lo.toml': router('web', { ...HERE, interface: '"lo"' }) }), 'holdfast.toml');
  t.match(await run(path, '--system'), { code: 0, stderr: /^warning\[interface-missing\]/ });
  t.match(await run(path, '--system', '--node', 'edge-a'), { stderr: /^warning\[interface-missing\]/ });
  const loopback = join(path, '../lo.toml');
  t.match(await run(loopback), { code: 0, stderr: /^warning\[address-outside-networks\]/ });
  t.match(await run(loopback, '--node', `not-${hostname()}`), { code: 0, stderr: /^$/ });
});

t.test('what may be an oversight is a note', async t => {
  const path = join(t.testdir({ 'holdfast.toml': router('web', { ...HERE, vrid: '51' }) }), 'holdfast.toml');
  t.match(await run(path, '--strict'), {
    code: 0,
    stdout: /, 1 note\n$/,
    stderr: /^note\[sample-vrid\]: VRID 51 [\s\S]*\n3 \| vrid = 51\n/,
  });
});

t.test('an interval that is too short for this machine, as the daemon here measured it', async t => {
  const path = join(t.testdir({ 'holdfast.toml': router('web', { ...HERE, advert_interval: '"10ms"' }) }), 'holdfast.toml');
  const late = (wakes: number) =>
    engineStatus([], { lateness: { wakes, last: micros(0), sum: micros(0), max: millis(30), histogram: [{ upTo: null, count: wakes }] } });
  const report = (wakes: number) => async () => reportStatus(late(wakes), 'edge-a', 0, loaded(), servicesStatus());
  const slow = await controlSocket(t, { status: report(5000) });
  t.match((await run(path, '--system', '--socket', slow)).stderr, /warning\[interval-too-short\]: this machine is up to 30ms late/);
  t.notMatch((await run(path, '--socket', slow)).stderr, /\[interval-too-short/, 'only when this machine is asked about');
  t.notMatch((await run(path, '--system', '--socket', await controlSocket(t, { status: report(10) }))).stderr, /\[interval-too-short/);
  t.match(await run(path, '--system', '--socket', '/nowhere/control.sock'), { code: 0 });
});

t.test('several files: who serves in each combination of failures', async t => {
  const [a, b] = [tracking({ ...HERE, priority: '150' }, 'releasing', 'light'), tracking(HERE)];
  const directory = t.testdir({ 'edge-a.toml': a, 'edge-b.toml': b });
  const [first, second] = [join(directory, 'edge-a.toml'), join(directory, 'edge-b.toml')];
  const { code, stdout, stderr } = await run(first, second);
  t.equal(code, 0);
  t.match(
    stdout,
    /^.*edge-a\.toml: ok, .*, 1 warning, 1 note\n.*edge-b\.toml: ok, .*\n\nweb\/ipv4, VRID 17, 192\.0\.2\.200\/24\n {2}failed +serves\n/,
  );
  t.match(stdout, /\n {2}edge-a: light +edge-a\n {2}edge-a off +edge-b\n/);
  t.match(stderr, /^note\[nobody-active\][\s\S]*\n\nwarning\[weight-without-effect\]: edge-a keeps web\/ipv4 .*\n --> .*edge-a\.toml:5:/);
  t.match(JSON.parse((await run(first, second, '--json')).stdout), {
    proofs: [
      {
        router: 'web/ipv4',
        machines: ['edge-a', 'edge-b'],
        combinations: 10,
        played: 10,
        single_failures: [{ failed: 'nothing', holders: [['edge-a'], ['edge-a']] }, { failed: 'edge-a: releasing' }, {}, {}, {}],
        nobody: [{ failed: 'edge-a: releasing; edge-b off', holders: [[], []] }],
        several: [],
      },
    ],
  });
});

t.test('one file with tables for several machines is proved too, and shows it when asked', async t => {
  const text = `${GOOD}[node.edge-a.vrrp.web]\npriority = 150\n[node.edge-b.vrrp.web]\nversion = 2\n`;
  const good = text.replace('version = 2', 'priority = 90');
  const directory = t.testdir({ 'bad.toml': text, 'good.toml': good, 'copy.toml': good });
  const [bad, right, copy] = ['bad.toml', 'good.toml', 'copy.toml'].map(name => join(directory, name));
  const wrong = await run(bad ?? '', '--node', 'edge-a');
  t.match(wrong, { code: 78, stdout: '', stderr: /^error\[both-active\]: edge-a and edge-b would .*\n --> .*bad\.toml:8:11\n/ });
  t.match(await run(right ?? '', '--node', 'edge-a'), { code: 0, stdout: /^.*: ok, [^\n]*\n$/, stderr: '' });
  t.match(await run(right ?? '', '--node', 'edge-a', '--prove'), { code: 0, stdout: /\n {2}nothing +edge-a\n {2}edge-a off +edge-b\n/ });
  t.match(
    await run(right ?? '', copy ?? ''),
    { code: 0, stdout: /node edge-a\n[\s\S]*\n {2}nothing +edge-a\n/, stderr: '' },
    'the same file twice',
  );
  t.match(await run(right ?? '', bad ?? ''), {
    code: 78,
    stderr: /^error\[machine-differs\]: another file says something else of machine `edge-b`\n --> .*bad\.toml/,
  });
});

t.test('one machine proves nothing; files of one name go by their paths; passwords that nobody can read are the same', async t => {
  const secret = { ...HERE, version: '2', password: '{ file = "/nowhere/secret" }' };
  const directory = t.testdir({
    a: { 'hf.toml': router('web', { ...secret, priority: '150' }) },
    b: { 'hf.toml': router('web', { ...secret, password: '"word"' }) },
  });
  const [a, b] = [join(directory, 'a/hf.toml'), join(directory, 'b/hf.toml')];
  t.match(await run(a, '--node', 'edge-a', '--prove'), { code: 0, stderr: /^holdfast: nothing to prove: / });
  t.match(await run(a, b, '--node', 'edge-a'), { code: 0, stdout: new RegExp(`\n {2}nothing +${a}\n {2}${a} off +${b}\n`) });
});

t.test('several files are several configurations', async t => {
  const directory = t.testdir({ 'good.toml': GOOD, 'bad.toml': '' });
  const { code, stdout, stderr } = await run(join(directory, 'good.toml'), join(directory, 'bad.toml'), join(directory, 'none.toml'));
  t.equal(code, 78);
  t.match(stdout, /^.*good\.toml: ok, .*\n$/);
  t.match(stderr, /error\[no-routers\][\s\S]*bad\.toml: 1 error\nerror\[file-missing\][\s\S]*none\.toml: 1 error\n$/);
});

t.test('a watchdog alone passes, and is counted', async t => {
  const text = '[watchdog.nginx]\nunit = "nginx.service"\nprobe = { type = "tcp", port = 80 }\n';
  const path = join(t.testdir({ 'holdfast.toml': text }), 'holdfast.toml');
  t.match(await run(path), { code: 0, stdout: /: ok, no virtual router, 1 watchdog, node .*, 1 warning/ });
});

t.test('--json puts everything on stdout', async t => {
  const directory = t.testdir({
    'holdfast.toml': `${WARNED}${router('db', { ...HERE, addresses: '["192.0.2.9"]' })}`,
    'empty.toml': '',
  });
  const [path, empty] = [join(directory, 'holdfast.toml'), join(directory, 'empty.toml')];
  const { code, stdout, stderr } = await run('--json', '--node', 'edge-a', path, empty);
  t.equal(code, 78);
  t.equal(stderr, '');
  t.match(JSON.parse(stdout), {
    schema: 1,
    configurations: [
      {
        file: path,
        ok: false,
        node: 'edge-a',
        routers: ['web', 'db'],
        checks: [],
        watchdogs: [],
        diagnostics: [
          {
            code: 'setting-without-effect',
            severity: 'warning',
            file: path,
            span: { line: 6, column: 1, end_line: 6, end_column: 14 },
            hint: null,
          },
          { code: 'vrid-clash', severity: 'error', label: null, hint: /./, related: [{ message: /web/, file: path, span: { line: 3 } }] },
        ],
      },
      { file: empty, ok: false, routers: [], diagnostics: [{ code: 'no-routers', span: null, related: [] }] },
    ],
  });
});

t.test('a call that makes no sense', async t => {
  t.match(await run('--node', ''), { code: 2, stderr: /--node/ });
  await t.rejects(run('--colour'), { code: 'ERR_PARSE_ARGS_UNKNOWN_OPTION' });
});

t.test('works from the command line, on /etc/holdfast by default', async t => {
  const main = join(import.meta.dirname, '../../src/main.ts');
  const holdfast = (...args: readonly string[]) => spawnSync(process.execPath, [main, 'check', ...args], { encoding: 'utf8', env: {} });
  const path = join(t.testdir({ 'holdfast.toml': GOOD }), 'holdfast.toml');
  t.match(holdfast(path), { status: 0, stdout: /: ok, /, stderr: /^$/ });
  t.match(holdfast('--colour'), { status: 2, stderr: /--colour/ });
  const { stdout, stderr } = holdfast();
  t.match(stdout + stderr, '/etc/holdfast/holdfast.toml: ');
});
