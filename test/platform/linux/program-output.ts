// The pipe of a program that has ended: those who still have it go on, and not too many of them are listened to.
// Must not know programs. What is heard of one: program.ts.
import { closeSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import t from 'tap';
import { type Output, openOutput } from '../../../src/platform/linux/program-output.ts';
import { sysnet } from '../../../src/platform/linux/sysnet.ts';
import { until } from '../../netns/lab/clock.ts';

const BOUND = 20_000;

function open(): Output {
  const output = openOutput();
  if (typeof output === 'number') throw new Error('no pipe');
  return output;
}

/** What writing there gives: bytes, or -errno. */
const write = (end: number): number => sysnet.logWrite(end, Buffer.from('x'));

t.test('what comes after the end of a program is taken, and not kept', async t => {
  const output = open();
  writeSync(output.end, 'before');
  output.finish();
  t.equal(output.text(), 'before');
  // More than a pipe holds, so somebody takes it; and not all at once, or this program would be kept busy.
  let bytes = 0;
  const begun = performance.now();
  await until('a megabyte to go through', BOUND, () => {
    for (let wrote = sysnet.logWrite(output.end, Buffer.alloc(4096)); wrote > 0; wrote = sysnet.logWrite(output.end, Buffer.alloc(4096)))
      bytes += wrote;
    return bytes > 1_000_000;
  });
  t.ok(performance.now() - begun > 500, 'some 640 KB/s');
  t.equal(output.text(), 'before');
  closeSync(output.end);
});

t.test('with more than 64 of them, the longest is cut off', async t => {
  const outputs = Array.from({ length: 66 }, open);
  for (const output of outputs) output.finish();
  const [first, second, third] = outputs;
  t.equal(write(first?.end ?? -1), -constants.errno.EPIPE);
  t.equal(write(second?.end ?? -1), -constants.errno.EPIPE);
  t.equal(write(third?.end ?? -1), 1);
  for (const { end } of outputs) closeSync(end);
  // Each that ends makes room.
  const more = open();
  more.finish();
  t.equal(write(more.end), 1);
  closeSync(more.end);
});

t.test('one that nobody has any more is closed with its program', async t => {
  const output = open();
  writeSync(output.end, 'said');
  closeSync(output.end);
  output.finish();
  t.equal(output.text(), 'said');
  output.finish();
  t.equal(output.text(), 'said', 'twice is once');
});
