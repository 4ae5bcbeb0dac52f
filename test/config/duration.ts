// Tests src/config/duration.ts: what is a duration, exactly, and that what we write we can read.
import t from 'tap';
import { DURATION_PATTERN, formatDuration, parseDuration } from '../../src/config/duration.ts';
import { micros } from '../../src/vrrp/units.ts';
import fc from '../fixtures/property.ts';

t.test('reads a number and a unit', async t => {
  for (const [text, value] of [
    ['0s', 0],
    ['10ms', 10_000],
    ['1s', 1_000_000],
    ['1.5s', 1_500_000],
    ['1.1s', 1_100_000],
    ['40.95s', 40_950_000],
    ['0.001ms', 1],
    ['2m', 120_000_000],
    ['1.5h', 5_400_000_000],
    ['007s', 7_000_000],
  ] as const) {
    t.equal(parseDuration(text), value, text);
    t.match(text, new RegExp(DURATION_PATTERN), 'the pattern in the schema agrees');
  }
});

t.test('reads nothing else', async t => {
  const others = [
    '',
    '1',
    's',
    '1 s',
    ' 1s',
    '1s ',
    '-1s',
    '+1s',
    '.5s',
    '1.s',
    '1,5s',
    '1e3s',
    '1sec',
    '1S',
    '1min',
    '1m30s',
    '1d',
    '١s',
    '1s\n',
  ];
  for (const text of others) {
    t.equal(parseDuration(text), null, JSON.stringify(text));
    t.notMatch(text.endsWith('\n') ? 'x' : text, new RegExp(DURATION_PATTERN), 'the pattern in the schema agrees');
  }
  t.equal(parseDuration('0.0001ms'), null, 'finer than a microsecond');
  t.equal(parseDuration('999999999h'), null, 'more than a number can hold');
  t.equal(parseDuration('1234567890s'), null, 'too many digits');
});

t.test('writes what it reads', async t => {
  for (const [value, text] of [
    [0, '0s'],
    [10_000, '10ms'],
    [1_500_000, '1.5s'],
    [40_950_000, '40.95s'],
    [3_600_000_000, '1h'],
    [5_400_000_000, '5400s'],
  ] as const)
    t.equal(formatDuration(micros(value)), text);
  fc.assert(fc.property(fc.nat({ max: 10_000_000 }), value => parseDuration(formatDuration(micros(value))) === value));
});
