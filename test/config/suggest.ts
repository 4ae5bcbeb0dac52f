// Tests src/config/suggest.ts: near enough to help, never so far that it misleads.
import t from 'tap';
import { distance, suggest } from '../../src/config/suggest.ts';

const KEYS = ['interface', 'vrid', 'priority', 'addresses', 'advert_interval', 'preempt', 'preempt_delay'];

t.test('counts insertions, deletions, replacements and swapped neighbours', async t => {
  for (const [from, to, edits] of [
    ['', '', 0],
    ['', 'abc', 3],
    ['abc', '', 3],
    ['vrid', 'vrid', 0],
    ['vird', 'vrid', 1],
    ['vid', 'vrid', 1],
    ['vrrid', 'vrid', 1],
    ['vrad', 'vrid', 1],
    ['ab', 'ba', 1],
    ['kitten', 'sitting', 3],
    ['ca', 'abc', 3],
  ] as const)
    t.equal(distance(from, to), edits, `${from} to ${to}`);
});

t.test('finds the word that was meant', async t => {
  for (const [word, meant] of [
    ['vird', 'vrid'],
    ['VRID', 'vrid'],
    ['prioritiy', 'priority'],
    ['adress', 'addresses'],
    ['advert-interval', 'advert_interval'],
    ['advertInterval', 'advert_interval'],
    ['preemt', 'preempt'],
    ['prempt_delay', 'preempt_delay'],
  ] as const)
    t.equal(suggest(word, KEYS), meant, word);
});

t.test('is silent when nothing is near', async t => {
  for (const word of ['', 'x', 'ip', 'nopreempt_at_all', 'colour', 'v'.repeat(65)]) t.equal(suggest(word, KEYS), null, word);
  t.equal(suggest('vrid', []), null);
});
