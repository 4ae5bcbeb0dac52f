// src/cli/manual.ts: pages and schema on standard output.
import t from 'tap';
import { manual } from '../../src/cli/manual.ts';

async function run(...argv: readonly string[]) {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await manual(argv, { stdout: { write: text => out.push(text) }, stderr: { write: text => err.push(text) } });
  return { code, out: out.join(''), err: err.join('') };
}

t.test('pages and schema', async t => {
  t.match(await run(), { code: 0, out: /^\.TH HOLDFAST 8 .*\n/, err: '' });
  t.match(await run('8'), { out: /^\.TH HOLDFAST 8 / });
  t.match(await run('5'), { code: 0, out: /^\.TH HOLDFAST\.TOML 5 / });
  t.match(JSON.parse((await run('schema')).out), { $schema: /2020-12/, properties: { vrrp: {} } });
});

t.test('no such page', async t => {
  for (const argv of [['7'], ['constructor'], ['5', '8']])
    t.match(await run(...argv), { code: 2, out: '', err: /^holdfast: there is no page .*: 8, 5 or schema\n$/ });
});
