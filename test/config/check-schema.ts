// Tests src/config/check-schema.ts: every key is described, defaults are those of the manual, and each type has its keys.
import t from 'tap';
import {
  CHECK_KEYS,
  checkTable,
  isCheckType,
  isForeign,
  isTyped,
  mannerKeys,
  OUTCOME_KEYS,
  ownKeys,
  probeTable,
  TYPES,
  typesWith,
} from '../../src/config/check-schema.ts';
import { PROBE_KEYS } from '../../src/config/probe-schema.ts';
import { descriptionFlaws } from '../fixtures/read-value.ts';

const TIMING = { interval: 1_000_000, timeout: 1_000_000, rise: 2, fall: 2, start: 'down' };

t.test('every key has a description and an example', async t => {
  t.strictSame(descriptionFlaws(CHECK_KEYS), []);
  for (const [key, schema] of Object.entries(CHECK_KEYS)) t.ok(schema.meta()?.examples, `${key} has an example`);
});

t.test('defaults are those of the manual', async t => {
  t.match(checkTable.parse({}), {
    ...TIMING,
    up_delay: 0,
    down_delay: 0,
    hold: 30_000_000,
    on_fail: { do: 'demote' },
    method: 'GET',
    count: 1,
  });
  t.match(probeTable.parse({}), TIMING);
  for (const key of ['hold', 'on_fail', 'up_delay', 'down_delay'])
    t.notOk(Object.hasOwn(probeTable.shape, key), `${key} is none of a probe`);
  t.strictSame(Object.keys(OUTCOME_KEYS), ['hold', 'on_fail']);
});

t.test('bounds', async t => {
  for (const [key, good, bad] of [
    ['interval', ['100ms', '1h'], ['99ms', '61m', 1]],
    ['timeout', ['10ms', '1m'], ['9ms', '61s']],
    ['rise', [1, 100], [0, 101]],
    ['fall', [1, 100], [0, 101]],
    ['up_delay', ['0s', '1h'], ['61m']],
    ['down_delay', ['0s', '1h'], ['61m']],
    ['hold', ['0s', '1h'], ['61m']],
    ['start', ['up', 'down'], ['maybe']],
    ['type', ['tcp', 'interface'], ['smtp', 'constructor']],
  ] as const) {
    for (const value of good) t.ok(CHECK_KEYS[key].safeParse(value).success, `${key} = ${value}`);
    for (const value of bad) t.notOk(CHECK_KEYS[key].safeParse(value).success, `${key} = ${value}`);
  }
});

t.test('each type has its keys, and no key is nobody’s', async t => {
  t.strictSame(ownKeys('tcp'), ['host', 'port']);
  t.strictSame(ownKeys('unit'), ['unit']);
  t.strictSame(ownKeys('redis'), ['host', 'port', 'socket', 'user', 'password', 'role']);
  t.strictSame(mannerKeys('tcp'), ['interval', 'timeout', 'rise', 'fall']);
  t.strictSame(mannerKeys('process'), ['up_delay', 'down_delay']);
  for (const key of Object.keys(PROBE_KEYS)) t.ok(typesWith(key).length > 0, key);
  t.strictSame(typesWith('url'), ['http']);
  t.strictSame(typesWith('up_delay'), ['process', 'interface']);
  for (const [type, key, foreign] of [
    ['tcp', 'url', true],
    ['tcp', 'port', false],
    ['tcp', 'interval', false],
    ['tcp', 'up_delay', true],
    ['process', 'interval', true],
    ['interface', 'down_delay', false],
    ['interface', 'hold', false],
    ['interface', 'nonsense', false],
  ] as const)
    t.equal(isForeign(type, key), foreign, `${key} in ${type}`);
  t.strictSame(['url', 'rise', 'up_delay', 'hold', 'type', 'start'].map(isTyped), [true, true, true, false, false, false]);
  t.strictSame(['tcp', 'constructor', 1, undefined].map(isCheckType), [true, false, false, false]);
  t.strictSame(Object.keys(TYPES).toSorted(), [...CHECK_KEYS.type.unwrap().options].toSorted());
});
