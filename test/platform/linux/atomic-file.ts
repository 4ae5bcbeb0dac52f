// A file that is replaced as a whole, on a real file system: contents, mode, what is left behind, what is refused.
// Must not know what is in it.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { readPlainFile, writeAtomically } from '../../../src/platform/linux/atomic-file.ts';

function folder(t: Test): string {
  const path = mkdtempSync(join(tmpdir(), 'hf-atomic-'));
  t.teardown(() => rmSync(path, { recursive: true }));
  return path;
}

t.test('written, read, replaced; for its owner only', async t => {
  const at = folder(t);
  const path = join(at, 'learned.json');
  t.equal(await readPlainFile(path, 100), null, 'there is none yet');
  await writeAtomically(path, 'one');
  t.equal(await readPlainFile(path, 100), 'one');
  const { ino } = statSync(path);
  chmodSync(path, 0o644);
  await writeAtomically(path, 'zwölf');
  t.equal(await readPlainFile(path, 100), 'zwölf');
  t.equal(statSync(path).mode & 0o777, 0o600);
  t.not(statSync(path).ino, ino, 'another file, so that no reader sees half of it');
  t.same(readdirSync(at), ['learned.json'], 'and nothing else is left');
});

t.test('what a killed daemon left does not matter, and nobody is led elsewhere', async t => {
  const at = folder(t);
  const path = join(at, 'learned.json');
  writeFileSync(`${path}.new`, 'half of it');
  await writeAtomically(path, 'one');
  t.equal(readFileSync(path, 'utf8'), 'one');
  const victim = join(at, 'victim');
  writeFileSync(victim, 'precious');
  symlinkSync(victim, `${path}.new`);
  await writeAtomically(path, 'two');
  rmSync(path);
  symlinkSync(victim, path);
  await t.rejects(readPlainFile(path, 100), { code: 'ELOOP' });
  await writeAtomically(path, 'three');
  t.equal(readFileSync(victim, 'utf8'), 'precious');
  t.equal(await readPlainFile(path, 100), 'three');
});

t.test('places that cannot be used, and what is no plain file', async t => {
  const at = folder(t);
  await t.rejects(writeAtomically(join(at, 'not/there.json'), ''), { code: 'ENOENT' });
  t.equal(await readPlainFile(join(at, 'not/there.json'), 100), null);
  const full = join(at, 'full');
  writeFileSync(full, 'x'.repeat(101));
  await t.rejects(readPlainFile(full, 100), { message: `${full} has 101 bytes, 100 at most` });
  const directory = join(at, 'directory');
  mkdirSync(directory);
  await t.rejects(readPlainFile(directory, 100), { message: /is no plain file/ });
  const pipe = join(at, 'pipe');
  execFileSync('mkfifo', [pipe]);
  await t.rejects(readPlainFile(pipe, 100), { message: /is no plain file/ });
  await t.rejects(writeAtomically(directory, ''), 'a directory in its place');
});
