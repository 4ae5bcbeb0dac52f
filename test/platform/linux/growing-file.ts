// src/platform/linux/growing-file.ts: lines on a real disk, bounded, torn and refused.
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { openGrowingFile } from '../../../src/platform/linux/growing-file.ts';

t.test('lines stay in order, the oldest go', async t => {
  const path = join(t.testdir(), 'history.jsonl');
  const file = openGrowingFile(path, 100);
  t.equal(await file.read(), '');
  for (let i = 0; i < 30; i += 1) await file.append(`line ${i} of some length\n`);
  t.ok(statSync(path).size <= 100);
  t.ok(statSync(`${path}.1`).size <= 100);
  t.equal(statSync(path).mode & 0o777, 0o600);
  const lines = (await file.read()).trim().split('\n');
  t.equal(lines.at(-1), 'line 29 of some length');
  const numbers = lines.map(line => Number(line.split(' ')[1]));
  t.strictSame(
    numbers,
    Array.from({ length: numbers.length }, (_, i) => 30 - numbers.length + i),
  );
});

t.test('more than a file holds in one piece', async t => {
  const path = join(t.testdir(), 'x');
  const file = openGrowingFile(path, 10);
  await file.append('a'.repeat(50));
  await file.append('b\n');
  t.equal(readFileSync(path, 'utf8'), 'b\n');
});

t.test('a torn line does not swallow the next', async t => {
  const path = join(t.testdir({ x: '{"at":' }), 'x');
  const file = openGrowingFile(path, 1000);
  await file.append('{"whole":1}\n');
  await file.append('{"whole":2}\n');
  t.equal(await file.read(), '{"at":\n{"whole":1}\n{"whole":2}\n');
});

t.test('what cannot be written is said, by its own error', async t => {
  const folder = t.testdir();
  await t.rejects(openGrowingFile(join(folder, 'none/x'), 100).append('x\n'), { code: 'ENOENT' });
  mkdirSync(join(folder, 'directory'));
  await t.rejects(openGrowingFile(join(folder, 'directory'), 1 << 20).append('x\n'), { code: 'EISDIR' });
  writeFileSync(join(folder, 'elsewhere'), '');
  symlinkSync(join(folder, 'elsewhere'), join(folder, 'link'));
  await t.rejects(openGrowingFile(join(folder, 'link'), 100).append('x\n'), { code: 'ELOOP' });
  t.equal(readFileSync(join(folder, 'elsewhere'), 'utf8'), '', 'nobody leads us elsewhere');
  chmodSync(folder, 0o700);
  t.ok(existsSync(folder));
});
