// What is garbage is gone after it, and nothing else changes.
// Must not know how V8 is asked.
import t from 'tap';
import { collectGarbage } from '../../../src/platform/linux/garbage.ts';

t.test('memory that nobody holds any more is given back', async t => {
  let held: string[] | null = Array.from({ length: 200_000 }, (_, index) => `line ${index} of a large configuration`);
  const before = process.memoryUsage().heapUsed;
  t.equal(held.length, 200_000);
  held = null;
  collectGarbage();
  const freed = (before - process.memoryUsage().heapUsed) / (1 << 20);
  t.ok(freed > 5, `${freed.toFixed(1)} MiB`);
  t.equal(typeof Reflect.get(globalThis, 'gc'), 'undefined', 'and nobody else has a collector now');
});
