// Claims on names in a network namespace, also by processes that die without a word. Must not know what is claimed.
import t from 'tap';
import { claims } from '../../../src/platform/linux/claims.ts';
import type { Claim } from '../../../src/platform/ports.ts';
import { makeNamespace, needsNamespaces as needs } from '../../fixtures/namespace.ts';
import { snippet, source } from '../../fixtures/snippet.ts';
import { until } from '../../netns/lab/clock.ts';

/** Names of this run only: all runs on a machine share a namespace. */
const name = (text: string): string => `test-${process.pid}/${text}`;

function claim(text: string): Claim {
  const made = claims.claim(name(text));
  if ('kind' in made) throw new Error(`${text} is claimed already`);
  return made;
}

/** A process that claims a name, says so, and stays. */
const holder = (text: string): string => `
  import { claims } from ${source('platform/linux/claims.ts')};
  const claim = claims.claim(${JSON.stringify(name(text))});
  process.stderr.write('kind' in claim ? claim.code + '\\n' : 'claimed\\n');
  process.stdin.resume();`;

t.test('one owner per name, and the next after it let go', async t => {
  const first = claim('hf0/ipv4/51');
  t.same(claims.claim(name('hf0/ipv4/51')), { kind: 'system-error', op: 'claim', code: 'EADDRINUSE', target: name('hf0/ipv4/51') });
  const other = claim('hf0/ipv4/52');
  first.release();
  claim('hf0/ipv4/51').release();
  other.release();
});

t.test('what is no beginning of another name is another name', async t => {
  const first = claim('hf0/ipv4/5');
  claim('hf0/ipv4/51').release();
  t.ok('kind' in claims.claim(name('hf0/ipv4/5')));
  first.release();
});

t.test('the claim of a process that was killed ends with it', async t => {
  const other = snippet(holder('killed'));
  await other.says(/^claimed$/);
  t.match(claims.claim(name('killed')), { code: 'EADDRINUSE' });
  await other.kill();
  const made = await until('the name to be free', 10_000, () => {
    const made = claims.claim(name('killed'));
    return 'kind' in made ? undefined : made;
  });
  made.release();
});

t.test('a child does not inherit the claim', async t => {
  const mine = claim('inherited');
  const child = snippet('process.stderr.write("up\\n"); process.stdin.resume();');
  t.teardown(() => child.kill());
  await child.says(/up/);
  mine.release();
  claim('inherited').release();
});

t.test('another network namespace is another machine', needs, async t => {
  const space = await makeNamespace();
  const mine = claim('elsewhere');
  const other = snippet(holder('elsewhere'), command => space.start(command));
  t.teardown(() => other.kill());
  t.equal(await other.says(/./), 'claimed');
  mine.release();
});

t.test('a name that is too long is refused, not cut', async t => {
  t.match(claims.claim('x'.repeat(200)), { op: 'claim', code: 'EINVAL' });
});
