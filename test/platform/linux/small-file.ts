// Short texts out of files, and what is no file: never waited for, never opened without need.
// Must not know what the texts mean.
import { execFileSync } from 'node:child_process';
import { chmodSync, closeSync, constants, mkdirSync, openSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { readSmallFile } from '../../../src/platform/linux/small-file.ts';

const none = (trouble: string, why: string) => ({ kind: 'none', trouble, why });

t.test('a text, and when it was written', async t => {
  const dir = t.testdir({ file: 'four\n' });
  const path = join(dir, 'file');
  utimesSync(path, 1_000, 2_000);
  const first = await readSmallFile(path, 5);
  t.match(first, { kind: 'text', text: 'four\n', writtenAt: 2_000_000 });
  t.same(await readSmallFile(path, 5), first);
  utimesSync(path, 1_000, 2_001);
  const second = await readSmallFile(path, 5);
  t.not('stamp' in first && first.stamp, 'stamp' in second && second.stamp);
  t.same(await readSmallFile(path, 4), none('unexpected', 'has more than 4 bytes'));
  symlinkSync('file', join(dir, 'link'));
  t.match(await readSmallFile(join(dir, 'link'), 5), { text: 'four\n' });
  t.match(await readSmallFile('/proc/sys/kernel/ostype', 10), { text: 'Linux\n' }, 'a file that says it is empty');
});

t.test('what is no file', async t => {
  const dir = t.testdir({ file: '' });
  const path = (name: string) => join(dir, name);
  t.same(await readSmallFile(path('nothing'), 5), none('missing', 'does not exist'));
  t.same(await readSmallFile(path('file/nothing'), 5), none('missing', 'does not exist'));
  t.same(await readSmallFile(dir, 5), none('unexpected', 'is a directory'));
  t.same(await readSmallFile('/dev/null', 5), none('unexpected', 'is a device'));
  execFileSync('mkfifo', [path('fifo')]);
  t.same(await readSmallFile(path('fifo'), 5), none('unexpected', 'is a pipe'));
  // Nobody may find a reader at the other end.
  t.throws(() => openSync(path('fifo'), constants.O_WRONLY | constants.O_NONBLOCK), { code: 'ENXIO' });
  const server = createServer();
  await new Promise<void>(resolve => server.listen(path('socket'), resolve));
  t.same(await readSmallFile(path('socket'), 5), none('unexpected', 'is a socket'));
  server.close();
  symlinkSync('loop', path('loop'));
  t.same(await readSmallFile(path('loop'), 5), none('unexpected', 'cannot be read: ELOOP'));
});

t.test('what may not be read', { skip: process.getuid?.() === 0 && 'root may read everything' }, async t => {
  const dir = t.testdir({ file: '' });
  chmodSync(join(dir, 'file'), 0);
  t.same(await readSmallFile(join(dir, 'file'), 5), none('denied', 'may not be read'));
});

t.test('no descriptor is left open', async t => {
  const dir = t.testdir({ file: 'text' });
  mkdirSync(join(dir, 'sub'));
  writeFileSync(join(dir, 'sub/long'), 'long text');
  const next = () => {
    const fd = openSync('/dev/null', 'r');
    closeSync(fd);
    return fd;
  };
  const before = next();
  for (const name of ['file', 'sub', 'sub/long', 'nothing']) await readSmallFile(join(dir, name), 5);
  t.equal(next(), before);
});
