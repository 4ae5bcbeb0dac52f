// src/cli/appliance.ts: from a folder with what was dropped to a folder with what is in force, with the real nginx.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import { appliance } from '../../src/cli/appliance.ts';

const defaults = join(import.meta.dirname, '../../image/rootfs-overlay/usr/share/appliance');
const ROUTER = '[vrrp.web]\ninterface = "ens3"\nvrid = 51\naddresses = ["10.77.0.200/24"]\n';

function hasNginx(): boolean {
  try {
    execFileSync('nginx', ['-v'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** `nginx -t` opens its pid file, so it wants to be root. */
const nginx = process.getuid?.() === 0 && hasNginx() ? {} : { skip: 'needs root and nginx' };

function box(t: Test) {
  const folder = t.testdir({ 'machine-id': 'abcdef0123456789abcdef0123456789\n' });
  const at = (path: string): string => join(folder, path);
  return {
    at,
    drop(texts: Readonly<Record<string, string>>): void {
      rmSync(at('drop'), { recursive: true, force: true });
      for (const [path, text] of Object.entries(texts)) {
        mkdirSync(dirname(at(`drop/${path}`)), { recursive: true });
        writeFileSync(at(`drop/${path}`), text);
      }
    },
    apply: () =>
      appliance([
        'apply',
        ...['drop', 'active', 'kept', 'machine-id'].flatMap(name => [`--${name}`, at(name)]),
        ...['--defaults', defaults, '--errors', at('errors.txt')],
      ]),
    text: (path: string): string | null => (existsSync(at(path)) ? readFileSync(at(path), 'utf8') : null),
    list: (path: string): readonly string[] => readdirSync(at(path)).sort(),
  };
}

t.test('an empty box, then a good drop, then a bad one, then the cure', async t => {
  const { drop, apply, text, list } = box(t);
  t.equal(await apply(), 0);
  t.strictSame(list('active'), ['holdfast.d', 'holdfast.toml', 'hostname', 'network', 'nginx']);

  drop({ hostname: 'box-a\r\n', 'holdfast.toml': ROUTER });
  t.equal(await apply(), 0);
  t.equal(text('active/hostname'), 'box-a\n');
  t.equal(text('kept/holdfast.toml'), ROUTER);

  drop({ hostname: 'box-a\r\n', 'holdfast.toml': `${ROUTER}vird = 52\n` });
  t.equal(await apply(), 1);
  t.equal(text('active/holdfast.toml'), ROUTER, 'the last good one');
  t.match(
    text('errors.txt'),
    /error\[unknown-key\][\s\S]*holdfast\.toml:5:1[\s\S]*vird = 52\r\n[\s\S]*the last good holdfast\.toml is in force\r\n$/,
  );

  drop({ hostname: 'box-a\r\n', 'holdfast.toml': ROUTER.replace('51', '52') });
  t.equal(await apply(), 0);
  t.match(text('active/holdfast.toml'), /52/);
  t.equal(text('errors.txt'), null);
  t.strictSame(
    list('.').filter(name => name.startsWith('kept')),
    ['kept'],
    'nothing half done is left',
  );
});

t.test('nginx itself is asked about its files', nginx, async t => {
  const { drop, apply, text } = box(t);
  drop({ 'nginx/conf.d/site.conf': 'server { listen 80; return 204; }\n' });
  t.equal(await apply(), 0);
  drop({ 'nginx/conf.d/site.conf': 'server { lisen 80; }\n' });
  t.equal(await apply(), 1);
  t.match(text('errors.txt'), /unknown directive "lisen" in .*conf\.d\/site\.conf:1[\s\S]*the last good nginx configuration is in force/);
  t.match(text('active/nginx/conf.d/site.conf'), /return 204/);
});

t.test('a power cut while the last good one was being replaced', async t => {
  const { at, drop, apply, text } = box(t);
  drop({ 'holdfast.toml': ROUTER });
  t.equal(await apply(), 0);
  execFileSync('mv', [at('kept'), at('kept.old')]);
  mkdirSync(at('kept.new'));
  drop({ 'holdfast.toml': 'x' });
  t.equal(await apply(), 1);
  t.equal(text('active/holdfast.toml'), ROUTER);
  t.equal(text('kept/holdfast.toml'), ROUTER);
});

t.test('a state that cannot be written costs what is kept, not the start', async t => {
  const { at, drop, apply, text } = box(t);
  writeFileSync(at('kept.new'), 'in the way');
  drop({ 'holdfast.toml': ROUTER });
  execFileSync('mkdir', ['-p', at('kept.old/x')]);
  t.equal(await apply(), 0);
  t.equal(text('active/holdfast.toml'), ROUTER);
});

t.test('there is one thing to do', async t => {
  t.equal(await appliance([]), 2);
  t.equal(await appliance(['undo']), 2);
});
