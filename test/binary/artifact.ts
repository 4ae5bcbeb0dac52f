// dist/holdfast as a file and as a process: size, what it needs of the host, and that nothing outside changes how it runs.
// Must not know what its verbs do.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import t from 'tap';

const root = process.getuid?.() === 0;
const BINARY = 'dist/holdfast';
const ADDONS = globSync('dist/native/*.node').sort();

function holdfast(env: Readonly<Record<string, string>>, ...argv: readonly string[]) {
  const ran = spawnSync(BINARY, argv, { encoding: 'utf8', env: { ...env }, timeout: 30_000 });
  return { status: ran.status, out: ran.stdout, err: ran.stderr };
}

/** The newest version of `family` that `file` asks for, as numbers; [] when it asks for none. */
function newest(file: string, family: string): readonly number[] {
  const symbols = execFileSync('objdump', ['-T', file], { encoding: 'utf8', maxBuffer: 2 ** 26 });
  const versions = [...symbols.matchAll(new RegExp(`\\b${family}_([0-9.]+)`, 'g'))].map(([, version = '']) =>
    version.split('.').map(Number),
  );
  return versions.sort(compare).at(-1) ?? [];
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Modules of the bundle that a process evaluated, as V8 counted: esbuild wraps each into a function with its path as name. */
function evaluated(file: string): readonly string[] {
  const report: Coverage = JSON.parse(readFileSync(file, 'utf8'));
  const functions = report.result.flatMap(script => script.functions);
  return functions
    .filter(({ ranges }) => ranges[0]?.count !== 0)
    .flatMap(({ functionName }) => (functionName.includes('/') ? functionName : []));
}

/** V8 writes straight into the file. */
function isWhole(file: string): boolean {
  try {
    JSON.parse(readFileSync(file, 'utf8'));
    return true;
  } catch {
    return false;
  }
}

interface Coverage {
  readonly result: readonly {
    readonly functions: readonly { readonly functionName: string; readonly ranges: readonly { readonly count: number }[] }[];
  }[];
}

t.test('size', async t => {
  const size = statSync(BINARY).size;
  t.ok(size <= 113e6, `${size} bytes`);
  // Most of a minute, so what was compressed is kept: xz gives it the time of its source.
  const old = statSync(`${BINARY}.xz`, { throwIfNoEntry: false });
  if (old?.mtimeMs !== statSync(BINARY).mtimeMs) execFileSync('xz', ['-6', '--threads=0', '--keep', '--force', BINARY]);
  const xz = statSync(`${BINARY}.xz`);
  t.ok(xz.size <= 28e6, `${xz.size} bytes as .xz`);
});

t.test('runs where glibc is 2.28 and the compiler was GCC 8 (el8, Debian 10)', async t => {
  t.same(
    ADDONS.map(addon => addon.split('/').at(-1)),
    ['raw.node', 'sysnet.node'],
  );
  for (const file of [...ADDONS, BINARY]) {
    for (const [family, limit] of [
      ['GLIBC', [2, 28]],
      ['GLIBCXX', [3, 4, 25]],
      ['CXXABI', [1, 3, 11]],
    ] as const) {
      const asks = newest(file, family);
      t.ok(compare(asks, limit) <= 0, `${file}: ${family} ${asks.join('.')}`);
    }
  }
  t.ok(compare(newest('dist/native/sysnet.node', 'GLIBC'), [2, 17]) <= 0, 'and ours on 2.17');
  t.same(newest('dist/native/sysnet.node', 'GLIBCXX'), [], 'without libstdc++');
});

t.test('--version says the version of package.json', async t => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
  t.same(holdfast({}, '--version'), { status: 0, out: `holdfast ${version}\n`, err: '' });
});

t.test('clients of databases are beside the bundle, which every process holds in its heap', async t => {
  const binary = readFileSync(BINARY);
  t.notMatch(readFileSync('dist/main.cjs', 'latin1'), /node_modules\/(mysql2|iconv-lite|pg|pg-[a-z]+|@redis)\//);
  for (const [part, library] of [
    ['mysql', 'mysql2'],
    ['postgres', 'pg'],
    ['redis', '@redis/client'],
  ] as const) {
    const source = readFileSync(`dist/parts/${part}.cjs`);
    t.ok(binary.includes(source), `${part}.cjs is in the executable`);
    const text = source.toString('latin1');
    t.ok(text.includes(`node_modules/${library}/`), `with ${library}`);
    t.notMatch(text, /[^\t\n\x20-\x7e]/, 'one byte for each character');
    t.notMatch(text, /\bconsole\b\s*[.[]/, 'and it prints nothing');
  }
});

t.test('NODE_OPTIONS is ignored', async t => {
  const foreign = join(t.testdir({ 'foreign.cjs': 'process.stdout.write("foreign code\\n");' }), 'foreign.cjs');
  const node = spawnSync(process.execPath, ['-e', '0'], { encoding: 'utf8', env: { NODE_OPTIONS: `--require ${foreign}` } });
  t.equal(node.stdout, 'foreign code\n', 'which Node itself obeys');
  t.match(holdfast({ NODE_OPTIONS: `--require ${foreign}` }, '--version'), { status: 0, out: /^holdfast [\d.]+\n$/ });
});

t.test('its arguments are not read as options of Node', async t => {
  t.notMatch(holdfast({}, '--eval', 'console.log("evaluated")'), { status: 0 });
  t.notMatch(holdfast({}, '--v8-options').out, /--max-old-space-size/);
});

t.test('an engine: the flags baked in, and nothing evaluated that is for others', { skip: root ? false : 'needs root' }, async t => {
  const dir = t.testdir({ 'holdfast.toml': '[vrrp.web]\ninterface = "hf0"\nvrid = 51\naddresses = ["192.0.2.200/24"]\n' });
  const coverage = join(dir, 'coverage');
  const socket = join(mkdtempSync('/tmp/holdfast-'), 'control.sock'); // a socket's path has 108 bytes
  t.teardown(() => rmSync(dirname(socket), { recursive: true }));
  const argv = ['--net', resolve(BINARY), 'run', '--config', join(dir, 'holdfast.toml'), '--socket', socket];
  const engine = spawn('unshare', argv, { env: { NODE_V8_COVERAGE: coverage } });
  t.teardown(() => engine.kill('SIGKILL'));
  const ended = once(engine, 'exit');
  let err = '';
  engine.stderr.on('data', chunk => (err += chunk));
  for (let i = 0; i < 200 && !existsSync(socket); i++) await pause(100);
  t.ok(existsSync(socket), 'listens within 20 s', { said: err });
  const pid = engine.pid ?? 0;
  const threads = readdirSync(`/proc/${pid}/task`).length;
  t.ok(threads <= 3, `${threads} threads: V8 has no pool, and nobody waits for SIGUSR1`);
  // The other flags go the same way; from outside they only show in the file.
  const file = readFileSync(BINARY).toString('latin1');
  for (const flag of ['--max-semi-space-size=1', '--max-old-space-size=64', '--v8-pool-size=0']) t.ok(file.includes(flag), flag);
  engine.kill('SIGUSR1');
  engine.kill('SIGTERM');
  t.same(await ended, [0, null]);

  t.notMatch(err, /Debugger listening/);

  // V8 writes its report when a process ends, and the agent ends after its engine.
  const reports = () => readdirSync(coverage).map(name => join(coverage, name));
  for (let i = 0; i < 200 && (reports().length < 2 || !reports().every(isWhole)); i++) await pause(100);
  const [ours = [], others = []] = [true, false].map(own => reports().filter(file => file.includes(`coverage-${pid}-`) === own));
  t.same([ours.length, others.length], [1, 1], 'a report of the engine and one of the agent');
  const here = evaluated(ours[0] ?? '').join('\n');
  t.match(here, /src\/platform\/linux\/sysnet\.ts/, 'what it needs');
  t.notMatch(here, /node_modules\/(zod|toml|toml-eslint-parser|pino|commander|systemd-notify)\/|src\/config\//);
  t.match(evaluated(others[0] ?? '').join('\n'), /node_modules\/zod\//, 'and the agent, which does need that');
});
