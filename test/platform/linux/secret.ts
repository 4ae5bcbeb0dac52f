// Secrets out of real files, the environment and a directory of credentials, and everything that is none.
// Must not know what they are for.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { readSecret } from '../../../src/platform/linux/secret.ts';

const root = process.getuid?.() === 0;

function folder(t: Test): string {
  const path = mkdtempSync(join(tmpdir(), 'hf-secret-'));
  t.teardown(() => rmSync(path, { recursive: true }));
  return path;
}

function put(path: string, content: string | Uint8Array, mode = 0o600): { readonly from: 'file'; readonly path: string } {
  writeFileSync(path, content, { mode });
  chmodSync(path, mode);
  return { from: 'file', path };
}

t.test('a file: its text without the one line end behind it', async t => {
  const at = folder(t);
  const read = (content: string | Uint8Array) => readSecret(put(join(at, 'secret'), content));
  t.same(await read('hidden'), { secret: 'hidden' });
  t.same(await read('hidden\n'), { secret: 'hidden' });
  t.same(await read('hidden\r\n'), { secret: 'hidden' });
  t.same(await read('hidden\n\n'), { secret: 'hidden\n' }, 'only one');
  t.same(await read(' zwölf €\t'), { secret: ' zwölf €\t' }, 'and nothing else');
  t.same(await read('x'.repeat(4096)), { secret: 'x'.repeat(4096) });
  symlinkSync(join(at, 'secret'), join(at, 'link'));
  t.same(await readSecret({ from: 'file', path: join(at, 'link') }), { secret: 'x'.repeat(4096) }, 'behind a symbolic link too');
});

t.test('a file that everybody may read is told apart', async t => {
  const at = folder(t);
  t.same(await readSecret(put(join(at, 'open'), 'hidden', 0o644)), { secret: 'hidden', open: true });
  t.same(await readSecret(put(join(at, 'group'), 'hidden', 0o640)), { secret: 'hidden' });
});

t.test('what is no secret is refused in words, without a word of it', async t => {
  const at = folder(t);
  const path = join(at, 'secret');
  const read = (content: string | Uint8Array) => readSecret(put(path, content));
  t.same(await read(''), { failure: `${path} is empty` });
  t.same(await read('\n'), { failure: `${path} is empty` });
  t.same(await read('x'.repeat(4097)), { failure: `${path} is longer than 4096 bytes, which no password is` });
  t.same(await read(Uint8Array.of(0x68, 0xff, 0x68)), { failure: `${path} is not UTF-8 text` });
  t.same(await read('hid\0den'), { failure: `${path} contains a NUL character` });
  mkdirSync(join(at, 'directory'));
  execFileSync('mkfifo', [join(at, 'pipe')]);
  for (const odd of [join(at, 'directory'), join(at, 'pipe'), '/dev/zero']) {
    t.same(await readSecret({ from: 'file', path: odd }), { failure: `${odd} is no plain file` });
  }
  for (const absent of [join(at, 'not-there'), join(path, 'below-a-file')]) {
    t.same(await readSecret({ from: 'file', path: absent }), { failure: `${absent} does not exist` });
  }
  symlinkSync(join(at, 'loop'), join(at, 'loop'));
  t.same(await readSecret({ from: 'file', path: join(at, 'loop') }), { failure: `${join(at, 'loop')} cannot be read: ELOOP` });
});

t.test('a file of somebody else', { skip: root ? 'root may read everything' : false }, async t => {
  const at = folder(t);
  t.same(await readSecret(put(join(at, 'secret'), 'hidden', 0o000)), { failure: `${join(at, 'secret')} may not be read` });
});

t.test('the environment', async t => {
  t.teardown(() => {
    delete process.env.HF_TEST_SECRET;
  });
  t.same(await readSecret({ from: 'env', name: 'HF_TEST_SECRET' }), { failure: 'the environment variable HF_TEST_SECRET is not set' });
  process.env.HF_TEST_SECRET = '';
  t.same(await readSecret({ from: 'env', name: 'HF_TEST_SECRET' }), { failure: 'the environment variable HF_TEST_SECRET is empty' });
  process.env.HF_TEST_SECRET = 'hidden\n';
  t.same(await readSecret({ from: 'env', name: 'HF_TEST_SECRET' }), { secret: 'hidden\n' }, 'as it is');
});

t.test('a credential of the service', async t => {
  const at = folder(t);
  const before = process.env.CREDENTIALS_DIRECTORY;
  t.teardown(() => {
    if (before === undefined) delete process.env.CREDENTIALS_DIRECTORY;
    else process.env.CREDENTIALS_DIRECTORY = before;
  });
  delete process.env.CREDENTIALS_DIRECTORY;
  t.same(await readSecret({ from: 'credential', name: 'db' }), {
    failure: 'the credential db is missing: this service has none; LoadCredential= in its unit gives it one',
  });
  process.env.CREDENTIALS_DIRECTORY = at;
  t.same(await readSecret({ from: 'credential', name: 'db' }), { failure: 'the credential db does not exist' });
  put(join(at, 'db'), 'hidden\n');
  t.same(await readSecret({ from: 'credential', name: 'db' }), { secret: 'hidden' });
  for (const name of ['', '.', '..', '../db', '/etc/shadow']) {
    t.same(await readSecret({ from: 'credential', name }), { failure: `the credential ${name} is no name of a credential` });
  }
});

t.test('many who ask for the same file at once', async t => {
  const source = put(join(folder(t), 'secret'), 'hidden');
  const all = await Promise.all(Array.from({ length: 50 }, () => readSecret(source)));
  t.ok(all.every(each => 'secret' in each && each.secret === 'hidden'));
});
