// src/manual/configuration.ts and json-schema.ts: every key is in the page and in the schema, with its default and what it is.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import t from 'tap';
import { parse } from 'toml';
import { CHECK_KEYS } from '../../src/config/check-schema.ts';
import { HTTP_KEYS } from '../../src/config/http-schema.ts';
import { ROUTER_KEYS } from '../../src/config/router-schema.ts';
import { WATCHDOG_KEYS } from '../../src/config/watchdog-schema.ts';
import { configurationPage } from '../../src/manual/configuration.ts';
import { jsonSchema, type Schema } from '../../src/manual/json-schema.ts';
import type { Block, Item } from '../../src/manual/page.ts';
import { roff } from '../../src/manual/roff.ts';

const page = configurationPage(jsonSchema());

/** The items right below each heading. */
function chapters(): ReadonlyMap<string, readonly Item[]> {
  const found = new Map<string, readonly Item[]>();
  let name = '';
  for (const block of page.blocks) {
    if (block.kind === 'heading') name = block.text;
    if (block.kind === 'items') found.set(name, block.items);
  }
  return found;
}

const words = (blocks: readonly Block[]): string => blocks.map(block => ('text' in block ? block.text : '')).join(' ');

t.test('each kind of table with all of its keys, in their order', async t => {
  for (const [chapter, keys] of [
    ['VIRTUAL ROUTERS', ROUTER_KEYS],
    ['CHECKS', CHECK_KEYS],
    ['WATCHDOGS', WATCHDOG_KEYS],
    ['PAGE AND METRICS', HTTP_KEYS],
  ] as const) {
    const items = chapters().get(chapter) ?? [];
    t.strictSame(
      items.map(({ term }) => term.split(' = ')[0]),
      Object.keys(keys),
    );
    for (const { term, blocks } of items) t.match(words(blocks), /^[A-Z]\S* .*\./, `${chapter} ${term} is explained`);
  }
});

t.test('no table of the file is forgotten', async t => {
  t.strictSame(Object.keys(jsonSchema().properties ?? {}).toSorted(), ['check', 'http', 'node', 'vrrp', 'watchdog']);
});

t.test('what a value is, its default, its parts, and the types of checks that have it', async t => {
  const item = (chapter: string, key: string) => (chapters().get(chapter) ?? []).find(({ term }) => term.startsWith(`${key} = `));
  t.match(item('VIRTUAL ROUTERS', 'priority'), { term: 'priority = NUMBER', blocks: [{ text: /Default: `100`\.$/ }] });
  t.match(item('VIRTUAL ROUTERS', 'version')?.term, 'version = 2 | 3');
  t.match(item('VIRTUAL ROUTERS', 'addresses')?.blocks[1], { items: [{ term: 'address = "TEXT"' }, {}, { term: 'label = "TEXT"' }, {}] });
  t.match(item('VIRTUAL ROUTERS', 'track')?.term, 'track = ["TEXT" | { ... }, ...]');
  t.match(item('CHECKS', 'status')?.term, 'status = [NUMBER | "TEXT", ...]');
  t.match(words(item('CHECKS', 'url')?.blocks ?? []), / Of type http\.$/);
  t.match(words(item('CHECKS', 'interval')?.blocks ?? []), /Default: `"1s"`\. Of type tcp, http, /);
  t.notMatch(words(item('CHECKS', 'on_fail')?.blocks ?? []), /Of type/);
  t.match(words(item('CHECKS', 'tls')?.blocks ?? []), /^With https/);
  t.notMatch(words(item('CHECKS', 'tls')?.blocks ?? []), /Default/);
  t.equal(item('WATCHDOGS', 'probe')?.blocks.length, 1, 'its keys are those of checks');
});

t.test('without a complaint of groff', { skip: spawnSync('groff', ['--version']).status === 0 ? false : 'needs groff' }, async t => {
  const { status, stderr } = spawnSync('groff', ['-man', '-ww', '-z'], { input: roff(page, 'holdfast'), encoding: 'utf8' });
  t.strictSame([status, stderr], [0, '']);
});

t.test('the schema accepts what our example says, all of it', async t => {
  const example = readFileSync('docs/holdfast.example.toml', 'utf8').replaceAll(
    /^# ?(?=\[(vrrp|check|watchdog|node|http)\b|[a-z_]+ = )/gm,
    '',
  );
  const flaws = (schema: Schema, value: unknown, path: string): string[] => {
    const { anyOf, properties, additionalProperties: more, items, type } = schema;
    if (anyOf !== undefined) return anyOf.some(each => flaws(each, value, path).length === 0) ? [] : [path];
    if (schema.enum !== undefined) return schema.enum.includes(value) ? [] : [path];
    if (type === 'array')
      return Array.isArray(value) ? value.flatMap((each, index) => flaws(items ?? {}, each, `${path}.${index}`)) : [path];
    if (type === 'object') {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return [path];
      return Object.entries(value).flatMap(([key, inner]) => {
        const known = properties?.[key] ?? (typeof more === 'object' ? more : undefined);
        return known === undefined ? [`${path}.${key}`] : flaws(known, inner, `${path}.${key}`);
      });
    }
    const simple = [type ?? typeof value].flat().map(each => (each === 'integer' ? 'number' : each));
    return simple.some(each => each === typeof value) ? [] : [path];
  };
  t.strictSame(flaws(jsonSchema(), parse(example), ''), []);
  t.strictSame(flaws(jsonSchema(), parse('[vrrp.web]\nvird = 1\n'), ''), ['.vrrp.web.vird']);
});
