// src/install/manifest.ts: kept, read back, and nothing else taken for one.
import t from 'tap';
import { emptyManifest, readManifest, writeManifest } from '../../src/install/manifest.ts';

t.test('there and back', async t => {
  const manifest = { ...emptyManifest('0.1.0'), files: { '/a': 'x' }, links: { '/b': '/c' }, folders: ['/d'], zones: ['public'] };
  t.same(readManifest(writeManifest(manifest)), manifest);
});

t.test('what is none', async t => {
  const good = emptyManifest('1');
  for (const wrong of [
    { schema: 2 },
    { version: 1 },
    { files: [] },
    { files: { '/a': 1 } },
    { links: { a: 'relative' } },
    { folders: [1] },
    { zones: 'public' },
  ])
    t.equal(readManifest(JSON.stringify({ ...good, ...wrong })), null, JSON.stringify(wrong));
  for (const text of ['', '[]', 'null', '{']) t.equal(readManifest(text), null);
});
