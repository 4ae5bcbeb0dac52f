// Waiting with a limit, and asking once.
// Must not know what is waited for.
import t from 'tap';
import { limitWords } from '../../../src/check/words.ts';
import { LATE, shared, within } from '../../../src/platform/linux/patience.ts';
import { millis, seconds } from '../../../src/vrrp/units.ts';

t.test('within', async t => {
  t.equal(await within(Promise.resolve('in time'), seconds(60)), 'in time');
  t.equal(await within(new Promise(() => {}), millis(5)), LATE);
  await t.rejects(within(Promise.reject(new Error('ours')), seconds(60)), { message: 'ours' });
});

t.test('shared: one question for all who ask while it is open', async t => {
  const answers: PromiseWithResolvers<string>[] = [];
  const ask = shared((_: string) => {
    const answer = Promise.withResolvers<string>();
    answers.push(answer);
    return answer.promise;
  });
  const both = Promise.all([ask('a'), ask('a')]);
  const other = ask('b');
  t.equal(answers.length, 2, 'one for each key');
  for (const [i, { resolve }] of answers.entries()) resolve(`answer ${i}`);
  t.same(await both, ['answer 0', 'answer 0']);
  t.equal(await other, 'answer 1');
  void ask('a');
  t.equal(answers.length, 3, 'and anew when it was answered');
});

t.test('limits in words', async t => {
  t.equal(limitWords(seconds(1)), '1 s');
  t.equal(limitWords(seconds(2.5)), '2.5 s');
  t.equal(limitWords(millis(250)), '250 ms');
});
