// Numbers in files, and what else is in files.
// Must not know what is counted.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { lookAtFile } from '../../../../src/platform/linux/probe/file.ts';
import { millis, seconds } from '../../../../src/vrrp/units.ts';
import { stallFiles } from '../fixtures/programs.ts';

const look = (path: string, minimum: number | null = null, maximum: number | null = null) =>
  lookAtFile({ type: 'file', path, minimum, maximum }, seconds(60));

t.test('numbers', async t => {
  const path = join(t.testdir({}), 'number');
  for (const [text, number] of [
    ['42', 42],
    ['42\n', 42],
    [' \t-7 \r\n', -7],
    ['+1', 1],
    ['0.25', 0.25],
    ['.5', 0.5],
    ['5.', 5],
    ['007', 7],
  ] as const) {
    writeFileSync(path, text);
    t.same(await look(path), { trouble: null, seen: text.trim(), number }, JSON.stringify(text));
  }
  for (const text of ['secret', '4 2', '0x10', '1e3', 'NaN', 'Infinity', '-', '.', '1,5', '٣', '42\0']) {
    writeFileSync(path, text);
    t.same(await look(path), { trouble: 'unexpected', seen: `${path} holds something else than a number` }, JSON.stringify(text));
  }
  for (const text of ['', ' \n']) {
    writeFileSync(path, text);
    t.same(await look(path), { trouble: 'unexpected', seen: `${path} is empty` });
  }
  writeFileSync(path, '1'.repeat(65));
  t.same(await look(path), { trouble: 'unexpected', seen: `${path} has more than 64 bytes` });
});

t.test('bounds', async t => {
  const path = join(t.testdir({ number: '42\n' }), 'number');
  const good = { trouble: null, seen: '42', number: 42 };
  t.same(await look(path, 42, 42), good, 'the bounds are within');
  t.same(await look(path, null, 43), good);
  t.same(await look(path, 42.5), { trouble: 'unexpected', seen: '42, less than 42.5', number: 42 });
  t.same(await look(path, null, -1), { trouble: 'unexpected', seen: '42, more than -1', number: 42 });
});

t.test('no such file, and what is none', async t => {
  const dir = t.testdir({});
  const path = join(dir, 'fifo');
  t.same(await look(path), { trouble: 'missing', seen: `${path} does not exist` });
  t.same(await look(dir), { trouble: 'unexpected', seen: `${dir} is a directory` });
  execFileSync('mkfifo', [path]);
  t.same(await look(path), { trouble: 'unexpected', seen: `${path} is a pipe` });
});

t.test('below /proc and /sys', async t => {
  t.match(await look('/proc/sys/kernel/pid_max', 1), { trouble: null, number: Number });
  t.same(await look('/sys/class/net/lo/mtu', 1), { trouble: null, seen: '65536', number: 65536 });
  t.match(await look('/sys/class/net/lo/speed'), { trouble: 'unexpected' }, 'one that the kernel refuses to read');
});

t.test('no answer', async t => {
  const path = join(t.testdir({ number: '42\n' }), 'number');
  const stalled = stallFiles();
  const late = { trouble: 'timeout', seen: `${path} could not be read within 20 ms` };
  const probe = { type: 'file', path, minimum: null, maximum: null } as const;
  for (let i = 0; i < 3; i++) t.same(await lookAtFile(probe, millis(20)), late);
  await stalled;
  t.match(await look(path), { trouble: null, number: 42 });
});
