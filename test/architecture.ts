// The rules that keep the rooms apart: who may import whom, what must stay pure, how a file introduces itself.
// A rule that only people know is forgotten; this one fails.
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import t from 'tap';

interface Source {
  readonly path: string;
  readonly text: string;
  /** Imports that are evaluated with the file, as written. */
  readonly imports: readonly string[];
  /** `await import()`: evaluated when it is reached. */
  readonly lazy: readonly string[];
}

const root = join(import.meta.dirname, '..');

function read(path: string): Source {
  const text = readFileSync(join(root, path), 'utf8');
  const found = (pattern: RegExp): string[] => [...text.matchAll(pattern)].map(match => match[1] ?? '');
  return {
    path,
    text,
    imports: found(/^(?:import|export)\b(?!\s+type\b)[^;]*?from\s+'([^']+)'/gm),
    lazy: found(/\bimport\('([^']+)'\)/g),
  };
}

/** With type imports too: a room must not even know the shape of what it may not use. */
function everyImport({ text }: Source): string[] {
  return [...text.matchAll(/^(?:import|export)\b[^;]*?from\s+'([^']+)'/gm)].map(match => match[1] ?? '');
}

function resolve(from: string, target: string): string {
  return target.startsWith('.') ? normalize(join(dirname(from), target)) : target;
}

const sources = globSync('src/**/*.ts', { cwd: root })
  .filter(path => !path.endsWith('.d.ts'))
  .sort()
  .map(read);

/** Room (longest match wins) and what its files may import. */
const MAY: readonly (readonly [room: string, allowed: readonly RegExp[]])[] = [
  ['src/lib/', [/^src\/lib\//]],
  ['src/vrrp/', [/^src\/vrrp\//, /^src\/lib\/unreachable\.ts$/]],
  ['src/check/', [/^src\/check\//, /^src\/vrrp\/(units|address)\.ts$/, /^src\/lib\//, /^re2js$/]],
  ['src/config/', [/^src\/config\//, /^src\/vrrp\//, /^src\/check\//, /^src\/lib\//, /^(zod|toml|toml-eslint-parser)$/]],
  ['src/page/', [/^src\/(page|api|lib)\//]],
  ['src/manual/', [/^src\/(manual|config)\//, /^zod$/]],
  ['src/proof/', [/^src\/(proof|config|check|vrrp|lib)\//]],
  ['src/appliance/', [/^src\/(appliance|config|lib)\//, /^src\/vrrp\/(units|address)\.ts$/, /^zod$/]],
  ['src/lab/', [/^src\/(lab|config|lib)\//, /^src\/vrrp\/(units|address)\.ts$/, /^src\/platform\/lab-ports\.ts$/]],
  ['src/install/', [/^src\/(install|lib)\//]],
  ['src/keepalived/', [/^src\/(keepalived|config|lib)\//, /^src\/vrrp\/(units|address)\.ts$/]],
  ['src/platform/ports.ts', [/^src\/vrrp\//]],
  ['src/platform/lab-ports.ts', []],
  ['src/platform/agent-ports.ts', [/^src\/platform\/ports\.ts$/, /^src\/(vrrp|check)\//]],
  ['src/platform/install-ports.ts', [/^src\/install\//]],
  [
    'src/platform/linux/',
    [
      /^src\/platform\/(linux\/|(agent-|install-|lab-)?ports\.ts)/,
      /^src\/(vrrp|check|install|lib)\//,
      /^node:/,
      /^(raw-socket|dns-packet|mysql2|pg|@redis\/client)(\/|$)/,
    ],
  ],
  ['src/platform/fake/', [/^src\/platform\/(fake\/|(agent-)?ports\.ts)/, /^src\/(vrrp|check|lib)\//]],
  ['src/core/', [/^src\/(core|vrrp|check|config|lib)\//, /^src\/platform\/(agent-)?ports\.ts$/]],
  ['src/api/', [/^src\/api\//, /^src\/core\/status\.ts$/, /^src\/lib\//, /^node:/]],
  [
    'src/cli/',
    [
      /^src\/(cli|api|core|vrrp|check|config|proof|appliance|install|keepalived|lab|manual|page|lib)\//,
      /^src\/platform\/((agent-|install-|lab-)?ports)\.ts$/,
      /^node:/,
    ],
  ],
  ['src/main.ts', [/^src\/(cli|manual|lib)\//]],
];

/** The only places that name the real machine. */
const COMPOSE = ['src/cli/run.ts', 'src/cli/agent.ts', 'src/cli/install.ts', 'src/cli/check-machine.ts', 'src/cli/lab.ts'];

t.test('rooms import one way only', t => {
  for (const source of sources) {
    const rule = MAY.find(([room]) => source.path.startsWith(room));
    if (rule === undefined) {
      t.fail(`${source.path} lies in no room`);
      continue;
    }
    const allowed = COMPOSE.includes(source.path) ? [...rule[1], /^src\/platform\/linux\//, /^systemd-notify$/] : rule[1];
    for (const target of [...everyImport(source), ...source.lazy]) {
      const wanted = resolve(source.path, target);
      if (!allowed.some(pattern => pattern.test(wanted))) t.fail(`${source.path} must not import ${wanted}`);
    }
  }
  t.pass('checked');
  t.end();
});

t.test('the rooms that are pure know no clock, no chance, no machine and no log', t => {
  const forbidden =
    /\b(Date|performance|setTimeout|setInterval|setImmediate|queueMicrotask|process|console|crypto)\b\s*[.(]|\bMath\.random\b|\bnew Date\b/;
  const rooms = /^src\/(vrrp|check|config|proof|manual|page|keepalived|install|lab|appliance)\//;
  // The page's script is text here, and runs in a browser. Reading an instant asks no clock.
  for (const { path, text } of sources.filter(({ path }) => rooms.test(path) && path !== 'src/page/script.ts')) {
    const code = text.replaceAll('Date.parse(', '').replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
    t.notMatch(code, forbidden, path);
  }
  t.end();
});

t.test('core knows the machine by its ports only, and keeps no time of its own but the agent’s patience', t => {
  const forbidden = /\b(Date\.now|performance\.now|setInterval|setImmediate|process\.|console\.)/;
  for (const { path, text } of sources.filter(({ path }) => path.startsWith('src/core/'))) t.notMatch(text, forbidden, path);
  t.end();
});

t.test('the engine never evaluates what only the agent or a command needs', t => {
  const seen = new Set<string>();
  const walk = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    if (!path.startsWith('src/')) return;
    for (const target of read(path).imports) walk(resolve(path, target));
  };
  walk('src/main.ts');
  walk('src/cli/run.ts');
  for (const name of seen) {
    t.notMatch(name, /^src\/page\//, `reached: ${name}`);
    t.notMatch(
      name,
      /^((zod|toml|toml-eslint-parser|systemd-notify|dns-packet|re2js|mysql2|pg|@redis\/client)(\/.*)?|node:(http|https|tls|dgram|dns|child_process|worker_threads))$/,
      `reached: ${name}`,
    );
  }
  t.ok(seen.has('src/vrrp/step.ts'), 'the walk does reach the state machine');
  t.end();
});

t.test('every file says what it is and what it must not know, and stays readable', t => {
  for (const { path, text } of sources) {
    const lines = text.split('\n');
    t.match(lines[0] ?? '', /^\/\/ \S/, `${path} opens with what it is`);
    t.match(lines[1] ?? '', /^\/\/ \S/, `${path} goes on with what it must not know`);
    t.ok(lines.length <= 500, `${path} has ${lines.length} lines, 500 is the end`);
  }
  t.end();
});

t.test('no import cycle', t => {
  const state = new Map<string, 'open' | 'done'>();
  const walk = (path: string, trail: readonly string[]): void => {
    if (state.get(path) === 'done' || !path.startsWith('src/')) return;
    if (state.get(path) === 'open') {
      t.fail(`cycle: ${[...trail, path].join(' -> ')}`);
      return;
    }
    state.set(path, 'open');
    for (const target of read(path).imports) walk(resolve(path, target), [...trail, path]);
    state.set(path, 'done');
  };
  for (const { path } of sources) walk(path, []);
  t.pass('checked');
  t.end();
});
