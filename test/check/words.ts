// src/check/words.ts: durations and strangers' words.
import fc from 'fast-check';
import t from 'tap';
import { limitWords, listWords, oneLine, tookWords } from '../../src/check/words.ts';
import { micros, millis, seconds } from '../../src/vrrp/units.ts';

t.test('a limit reads as it was written', async t => {
  t.equal(limitWords(seconds(1)), '1 s');
  t.equal(limitWords(seconds(1.5)), '1.5 s');
  t.equal(limitWords(millis(250)), '250 ms');
  t.equal(limitWords(millis(2.5)), '2.5 ms');
});

t.test('a measured time has as many digits as it is worth, and is never below a limit that it has passed', async t => {
  t.equal(tookWords(micros(1)), '0.1 ms');
  t.equal(tookWords(micros(3_010)), '3.1 ms');
  t.equal(tookWords(micros(10_000)), '10 ms');
  t.equal(tookWords(micros(500_001)), '501 ms');
  t.equal(tookWords(seconds(1)), '1 s');
  t.equal(tookWords(micros(2_300_001)), '2.4 s');
});

t.test('what a stranger wrote is one line of printable text, and not long', async t => {
  t.equal(oneLine('  a\r\n\tb\x1b[31mc\u202ed\u0000 ', 20), 'a b [31mc d');
  t.equal(oneLine('abcdef', 6), 'abcdef');
  t.equal(oneLine('abcdefg', 6), 'abcdef…');
  t.equal(oneLine('', 6), '');
  t.equal(oneLine('\u{1f600}'.repeat(3), 2), '\u{1f600}\u{1f600}…', 'characters are not cut in two');
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), fc.integer({ min: 1, max: 50 }), (text, most) => {
      const line = oneLine(text, most);
      return [...line].length <= most + 1 && !/[\p{C}\n]/u.test(line);
    }),
  );
});

t.test('a long list is told by its beginning', async t => {
  t.equal(listWords([], 2), '');
  t.equal(listWords(['a', 'b'], 2), 'a, b');
  t.equal(listWords(['a', 'b', 'c', 'd'], 2), 'a, b and 2 more');
});
