// Tests src/config/tree.ts: walking, pruning and grafting of tables, and who brought what.

import t from 'tap';
import { parse } from 'toml';
import { graft, isTable, MAX_DEPTH, prune, type SourceFile, type Table, tableAt, valueAt } from '../../src/config/tree.ts';

const file = (index: number): SourceFile => ({ index, file: `${index}.toml`, text: '' });
const [main, second, third] = [file(0), file(1), file(2)];

function table(text: string): Table {
  return parse(text);
}

t.test('a table is what TOML calls one', async t => {
  t.ok(isTable(table('a = 1')));
  for (const value of [null, undefined, 1, 'a', [], {}, new Date(0), table('a = [1]').a]) t.notOk(isTable(value));
});

t.test('walks tables and lists', async t => {
  const tree = table('a.b = [1, { c = 2 }]');
  t.equal(valueAt(tree, []), tree);
  t.equal(valueAt(tree, ['a', 'b', 0]), 1);
  t.equal(valueAt(tree, ['a', 'b', 1, 'c']), 2);
  for (const path of [['x'], ['x', 'y'], ['a', 'b', 7], ['a', 'b', 0, 'c']]) t.equal(valueAt(tree, path), undefined);
  t.equal(tableAt(tree, ['a']), tree.a);
  t.strictSame(tableAt(tree, ['a', 'b']), {}, 'a list is no table');
});

t.test('prunes a key, and nothing else', async t => {
  const tree = table('a.b = 1\na.c = 2');
  prune(tree, ['a', 'b']);
  prune(tree, ['x', 'y']);
  prune(tree, []);
  t.equal(JSON.stringify(tree), '{"a":{"c":2}}');
});

t.test('grafts files together, and remembers who brought what', async t => {
  const forest = graft(main, [
    { source: main, tree: table('[vrrp.web]\nvrid = 1\n') },
    { source: second, tree: table('[vrrp.web]\npriority = 5\n[vrrp.db]\nvrid = 2\n') },
  ]);
  t.equal(JSON.stringify(forest.tree), '{"vrrp":{"web":{"vrid":1,"priority":5},"db":{"vrid":2}}}');
  for (const [path, source] of [
    [['vrrp'], main],
    [['vrrp', 'web', 'vrid'], main],
    [['vrrp', 'web', 'priority'], second],
    [['vrrp', 'web', 'priority', 3, 'deeper'], second],
    [['vrrp', 'db'], second],
    [['vrrp', 'web'], main],
    [['nowhere', 'at', 'all'], main],
    [[], main],
  ] as const)
    t.equal(forest.sourceOf(path), source, path.join('.'));
  t.strictSame(forest.clashes, []);
});

t.test('the earlier file wins, and the later one is told', async t => {
  const forest = graft(main, [
    { source: main, tree: table('a = 1\nb.c = 1\nd = 1') },
    { source: second, tree: table('a = 1\nb = 2\nd.e = 3') },
    { source: third, tree: table('a = 3') },
  ]);
  t.equal(JSON.stringify(forest.tree), '{"a":1,"b":{"c":1},"d":1}');
  t.strictSame(forest.clashes, [
    { path: ['a'], first: main, second },
    { path: ['b'], first: main, second },
    { path: ['d'], first: main, second },
    { path: ['a'], first: main, second: third },
  ]);
});

t.test('does not descend for ever', async t => {
  const deep = `${Array.from({ length: 20_000 }, () => 'a').join('.')} = 1`;
  const forest = graft(main, [
    { source: main, tree: table(deep) },
    { source: second, tree: table(deep) },
  ]);
  t.strictSame(
    forest.clashes.map(clash => clash.path.length),
    [MAX_DEPTH],
  );
});
