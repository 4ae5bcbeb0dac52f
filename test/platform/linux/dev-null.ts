// The file that says nothing: opened once.
import { readSync } from 'node:fs';
import t from 'tap';
import { devNull } from '../../../src/platform/linux/dev-null.ts';

t.test('it is one, and the same', async t => {
  const fd = devNull();
  t.ok(fd > 2);
  t.equal(devNull(), fd);
  t.equal(readSync(fd, new Uint8Array(1)), 0);
});
