// Tests src/config/service-elements.ts: programs, secrets, consequences, names and hooks in all their forms.
import t from 'tap';
import {
  consequence,
  HOOK_KEYS,
  hookValue,
  NAME,
  programValue,
  SECRET_KEYS,
  secretValue,
  TRACK_KEYS,
  trackElement,
  WEIGHT_KEYS,
} from '../../src/config/service-elements.ts';
import { descriptionFlaws, readValue } from '../fixtures/read-value.ts';

t.test('every key is described', async t => {
  for (const keys of [SECRET_KEYS, WEIGHT_KEYS, TRACK_KEYS, HOOK_KEYS]) t.strictSame(descriptionFlaws(keys), []);
});

t.test('programs', async t => {
  const schema = programValue('run');
  t.strictSame(readValue(schema, '/bin/true'), ['/bin/true']);
  t.strictSame(readValue(schema, ['/bin/true', 'x']), ['/bin/true', 'x']);
  t.match(readValue(schema, 'true'), /^bad-program: /);
  t.match(readValue(schema, ['true']), /^bad-program: /);
  t.equal(readValue(schema, [1]), 'invalid_type: must be text in quotes');
  t.equal(readValue(schema, 1), 'invalid_union: must be a program in quotes, or a list of a program and its arguments');
});

t.test('secrets: where they are, and nothing else', async t => {
  const schema = secretValue('password');
  t.strictSame(readValue(schema, { file: '/etc/x' }), { from: 'file', path: '/etc/x' });
  t.strictSame(readValue(schema, { env: 'DB_PASSWORD' }), { from: 'env', name: 'DB_PASSWORD' });
  t.strictSame(readValue(schema, { credential: 'db.password' }), { from: 'credential', name: 'db.password' });
  t.equal(readValue(schema, 'hidden'), 'invalid_type: must be a table with `file`, `env` or `credential`');
  const one =
    /^bad-secret: `password` has one of `file`, `env` and `credential` \(write `password = \{ file = "\/etc\/holdfast\/password" \}`/;
  for (const wrong of [{}, { file: '/x', env: 'X' }, { file: '/x', env: 'X', credential: 'x' }]) t.match(readValue(schema, wrong), one);
  t.match(readValue(schema, { file: 'hidden' }), /^bad-secret: `file` is not a full path \([^)]*\)$/);
  for (const env of ['', '1x', 'not a name', 'x=y'])
    t.match(readValue(schema, { env }), /^bad-secret: `env` is no name of a variable \([^)]*"SECRET"/);
  for (const credential of ['', '.', '..', 'a/b', 'a\0'])
    t.equal(
      readValue(schema, { credential }),
      'bad-secret: `credential` is no name of a credential (it has the name before the colon in `LoadCredential=`)',
    );
});

t.test('consequences', async t => {
  t.strictSame(readValue(consequence, 'demote'), { do: 'demote' });
  t.strictSame(readValue(consequence, 'release'), { do: 'release' });
  for (const weight of [-253, -1, 1, 253, 'number'] as const) t.strictSame(readValue(consequence, { weight }), { do: 'weight', weight });
  for (const weight of [0, 254, -254, 1.5])
    t.equal(
      readValue(consequence, { weight }),
      `out-of-range: \`weight\` must be a whole number from -253 to -1 or from 1 to 253, not ${weight}`,
    );
  t.equal(readValue(consequence, 'resign'), 'invalid_value: must be "demote", "release", or a table with `weight`');
  t.equal(readValue(consequence, { weight: '-20' }), 'invalid_value: must be a whole number, or "number"');
  t.equal(readValue(consequence, 3), 'invalid_value: must be "demote", "release", or a table with `weight`');
});

t.test('names', async t => {
  const name = new RegExp(NAME);
  for (const fine of ['nginx', 'a.b-c_D9', '1', 'x'.repeat(64)]) t.match(fine, name);
  for (const wrong of ['', 'a b', 'ä', 'a/b', 'x'.repeat(65)]) t.notMatch(wrong, name);
});

t.test('elements of track', async t => {
  t.strictSame(readValue(trackElement, 'nginx'), { name: 'nginx', onFail: null });
  t.strictSame(readValue(trackElement, { name: 'nginx' }), { name: 'nginx', onFail: null });
  t.strictSame(readValue(trackElement, { name: 'nginx', on_fail: 'release' }), { name: 'nginx', onFail: { do: 'release' } });
  t.equal(readValue(trackElement, 'a b'), 'bad-name: `a b` cannot be the name of a check or watchdog');
  for (const [old, weight] of [
    ['chk_nginx weight -20', -20],
    ['chk_nginx  weight +5 reverse', 5],
  ] as const)
    t.equal(
      readValue(trackElement, old),
      `bad-name: \`${old}\` cannot be the name of a check or watchdog (write { name = "chk_nginx", on_fail = { weight = ${weight} } })`,
    );
  t.match(readValue(trackElement, { name: '' }), /^bad-name: /);
});

t.test('hooks', async t => {
  const schema = hookValue('on_active');
  const run = { do: 'run', run: ['/etc/x.sh'], user: null, timeout: 30_000_000 };
  t.strictSame(readValue(schema, '/etc/x.sh'), run);
  t.strictSame(readValue(schema, ['/etc/x.sh', 'a']), { ...run, run: ['/etc/x.sh', 'a'] });
  t.strictSame(readValue(schema, { run: '/etc/x.sh' }), run);
  t.strictSame(readValue(schema, { run: ['/etc/x.sh'], user: 'alice', timeout: '1h' }), { ...run, user: 'alice', timeout: 3_600_000_000 });
  const post = { do: 'post', url: 'https://ops.example/hook', secret: null, timeout: 300_000_000 };
  t.strictSame(readValue(schema, { post: post.url }), post);
  t.strictSame(readValue(schema, { post: post.url, secret: { file: '/etc/x.key' }, timeout: '100ms' }), {
    ...post,
    secret: { from: 'file', path: '/etc/x.key' },
    timeout: 100_000,
  });
  for (const [wrong, words] of [
    [{}, 'either-or: `on_active` has either `run` or `post` (for example `on_active = { run = "/etc/holdfast/hook.sh" }`)'],
    [
      { run: '/x', post: post.url },
      'either-or: `on_active` has either `run` or `post` (for example `on_active = { run = "/etc/holdfast/hook.sh" }`)',
    ],
    [{ run: '/x', secret: { env: 'X' } }, 'either-or: a `secret` signs requests, and this is a program (leave it out)'],
    [{ post: post.url, user: 'x' }, 'either-or: a `user` runs a program, and this is a request (leave it out)'],
    [{ run: '/x', timeout: '99ms' }, 'out-of-range: `timeout` must be between 100ms and 1h, not 99ms'],
    [{ run: '/x', timeout: '2h' }, 'out-of-range: `timeout` must be between 100ms and 1h, not 2h'],
    [{ run: '/x', user: '' }, 'bad-text: the text is empty (without it, leave the key out)'],
  ] as const)
    t.equal(readValue(schema, wrong), words);
  t.match(readValue(schema, 'x.sh'), /^bad-program: /);
  t.match(readValue(schema, []), /^bad-program: there is no program \(for example `on_active = /);
  t.match(readValue(schema, 1), /^invalid_union: must be a program in quotes, a list/);
});
