// Tests src/lib/log.ts: one line of text, and how many lines of one kind are worth reading.
import t from 'tap';
import { createLimiter, formatLine } from '../../src/lib/log.ts';

t.test('event, fields, sentence', async t => {
  const fields = { router: 'web', vrid: 51, self: true, reason: null };
  t.equal(
    formatLine('info', 'vrrp.transition', fields, 'serving 192.0.2.200', false),
    'info  vrrp.transition router=web vrid=51 self=true reason=null msg="serving 192.0.2.200"\n',
  );
  t.equal(formatLine('debug', 'a.b', {}, 'ready', false), 'debug a.b msg=ready\n');
});

t.test('journald gets the level as sd-daemon(3) has it', async t => {
  const first = (level: 'error' | 'warn' | 'info' | 'debug') => formatLine(level, 'a.b', {}, 'x', true);
  t.strictSame(
    [first('error'), first('warn'), first('info'), first('debug')],
    ['<3>a.b msg=x\n', '<4>a.b msg=x\n', '<6>a.b msg=x\n', '<7>a.b msg=x\n'],
  );
});

t.test('whatever a value holds, it stays one line and one field', async t => {
  const cases = [
    ['', '""'],
    ['plain-text_1.2:3/4', 'plain-text_1.2:3/4'],
    ['two words', '"two words"'],
    ['a=b', '"a=b"'],
    ['say "no"', '"say \\"no\\""'],
    ['line\nfeed', '"line\\nfeed"'],
    ['\u0007', '"\\u0007"'],
    ['\u001b[31m', '"\\u001b[31m"'],
    ['\u0085', '"\u0085"'],
    ['grün', 'grün'],
  ] as const;
  for (const [value, text] of cases) t.equal(formatLine('warn', 'a.b', { f: value }, 'x', false), `warn  a.b f=${text} msg=x\n`);
});

t.test('so many lines of a kind in each window, and the next one tells how many were left out', async t => {
  const admit = createLimiter(2, 100);
  t.strictSame([admit('a', 0), admit('a', 1), admit('a', 2), admit('a', 99)], [0, 0, null, null]);
  t.equal(admit('b', 3), 0, 'another kind has its own window');
  t.strictSame([admit('a', 100), admit('a', 101), admit('a', 102)], [2, 0, null]);
  t.equal(admit('a', 100_000), 1, 'whenever it comes');
});

t.test('a window begins with the first line in it, not on a grid', async t => {
  const admit = createLimiter(1, 100);
  t.strictSame([admit('a', 50), admit('a', 149), admit('a', 150), admit('a', 249), admit('a', 250)], [0, null, 1, null, 1]);
});
