// Tests src/platform/linux/web-guard.ts: one token, one cookie that is made of it and does not show it.
import t from 'tap';
import { createGuard, sourceHash } from '../../../src/platform/linux/web-guard.ts';

t.test('knows its token and its cookie, and takes neither for the other', async t => {
  const guard = createGuard('correct-horse-battery');
  t.ok(guard.knows('correct-horse-battery'));
  for (const wrong of ['', 'correct-horse-batter', 'correct-horse-battery ', 'x'.repeat(10_000), guard.cookie.value])
    t.notOk(guard.knows(wrong), wrong.slice(0, 30));
  t.ok(guard.knowsCookie(guard.cookie.value));
  for (const wrong of ['', 'correct-horse-battery', guard.cookie.value.toUpperCase()]) t.notOk(guard.knowsCookie(wrong), wrong);
  t.match(guard.cookie, { name: /^holdfast-[0-9a-f]{8}$/, value: /^[0-9a-f]{64}$/ });
});

t.test('another token, another cookie under another name', async t => {
  const [one, other] = [createGuard('one-token-of-many'), createGuard('another-token-too')];
  t.not(one.cookie.name, other.cookie.name);
  t.notOk(other.knowsCookie(one.cookie.value));
});

t.test('a hash as Content-Security-Policy wants it', async t => {
  // CSP Level 3 §8.3: "alert('Hello, world.');"
  t.equal(sourceHash("alert('Hello, world.');"), 'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng=');
});
