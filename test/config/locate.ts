// Tests src/config/locate.ts: every way to write a key is found where it stands.
import t from 'tap';
import { characters, locator } from '../../src/config/locate.ts';
import type { Path } from '../../src/config/tree.ts';

/** The text that a span covers, one line only. */
async function covered(text: string, path: Path, at: 'key' | 'value'): Promise<string | null> {
  const span = (await locator(text))(path, at);
  if (span === null) return null;
  const line = Array.from(text.split('\n')[span.line - 1] ?? '');
  const end = span.endLine === span.line ? span.endColumn : line.length + 1;
  return `${span.line}: ${line.slice(span.column - 1, end - 1).join('')}`;
}

const TEXT = `top = 1
[vrrp.web]
interface = "eth0" # no
addresses = ["192.0.2.200/24", "日本", { a = [1] }]
"quoted key" = 'x'
dotted.key.of = true
inline = { vrid = 51, b.c = 2 }
[vrrp."d b"]
many = [
  1,
]
[[list]]
x = 1
[[list.inner]]
y = 1
[[list]]
x = 2
[list.sub]
z = 1
`;

t.test('finds keys and values', async t => {
  for (const [path, key, value] of [
    [['top'], '1: top', '1: 1'],
    [['vrrp'], '2: vrrp', '2: vrrp'],
    [['vrrp', 'web'], '2: vrrp.web', '2: vrrp.web'],
    [['vrrp', 'web', 'interface'], '3: interface', '3: "eth0"'],
    [['vrrp', 'web', 'addresses', 1], '4: "日本"', '4: "日本"'],
    [['vrrp', 'web', 'addresses', 2, 'a', 0], '4: 1', '4: 1'],
    [['vrrp', 'web', 'quoted key'], '5: "quoted key"', "5: 'x'"],
    [['vrrp', 'web', 'dotted'], '6: dotted', '6: dotted'],
    [['vrrp', 'web', 'dotted', 'key', 'of'], '6: dotted.key.of', '6: true'],
    [['vrrp', 'web', 'inline', 'vrid'], '7: vrid', '7: 51'],
    [['vrrp', 'web', 'inline', 'b', 'c'], '7: b.c', '7: 2'],
    [['vrrp', 'd b'], '8: vrrp."d b"', '8: vrrp."d b"'],
    [['vrrp', 'd b', 'many'], '9: many', '9: ['],
    [['list'], '12: list', '12: list'],
    [['list', 0, 'x'], '13: x', '13: 1'],
    [['list', 0, 'inner', 0, 'y'], '15: y', '15: 1'],
    [['list', 1], '16: list', '16: list'],
    [['list', 1, 'x'], '17: x', '17: 2'],
    [['list', 1, 'sub'], '18: list.sub', '18: list.sub'],
    [['list', 1, 'sub', 'z'], '19: z', '19: 1'],
  ] as const) {
    t.equal(await covered(TEXT, path, 'key'), key, `key of ${path.join('.')}`);
    t.equal(await covered(TEXT, path, 'value'), value, `value of ${path.join('.')}`);
  }
});

t.test('points at the nearest table for what is not written', async t => {
  t.equal(await covered(TEXT, ['vrrp', 'web', 'vrid'], 'value'), '2: vrrp.web');
  t.equal(await covered(TEXT, ['vrrp', 'web', 'addresses', 9], 'value'), '4: addresses');
  t.equal(await covered(TEXT, ['nowhere'], 'key'), null);
  t.equal(await covered(TEXT, [], 'key'), null);
});

t.test('finds what is inside of tables in lists, for one machine too', async t => {
  const text = `[node.edge-a.vrrp.web]
addresses = ["192.0.2.200", { address = "192.0.2.201", interface = "eth1" },
  { label = "eth0:x" }]
`;
  const list: Path = ['node', 'edge-a', 'vrrp', 'web', 'addresses'];
  for (const [path, value] of [
    [[...list, 0], '2: "192.0.2.200"'],
    [[...list, 1], '2: { address = "192.0.2.201", interface = "eth1" }'],
    [[...list, 1, 'interface'], '2: "eth1"'],
    [[...list, 2, 'label'], '3: "eth0:x"'],
    [[...list, 2, 'address'], '3: { label = "eth0:x" }'],
  ] as const)
    t.equal(await covered(text, path, 'value'), value, path.join('.'));
});

t.test('counts characters, not UTF-16 units', async t => {
  t.equal(await covered('"😀😀" = { b = 1 }', ['😀😀', 'b'], 'key'), '1: b');
  t.strictSame((await locator('"😀" = 1\r\nb = "x"\r\n'))(['b'], 'value'), { line: 2, column: 5, endLine: 2, endColumn: 8 });
  t.strictSame((await locator('# \u2028 \u0085\nb = 1'))(['b'], 'key'), { line: 2, column: 1, endLine: 2, endColumn: 2 });
  t.equal(characters('a😀b', 3), 2);
});

t.test('goes no deeper than any key of ours, and gives up in silence', async t => {
  const path = Array.from({ length: 5_000 }, (_, index) => `k${index}`);
  t.equal((await locator(`${path.join('.')} = 1\n[${path.join('.')}x]\nz.y = 1`))(path, 'key')?.line, 1);
  t.ok((await locator(`a = ${'['.repeat(100)}${']'.repeat(100)}`))(['a', ...Array.from({ length: 90 }, () => 0)], 'key'));
  t.equal((await locator('a = = 1'))(['a'], 'key'), null, 'a text that is no TOML');
});
