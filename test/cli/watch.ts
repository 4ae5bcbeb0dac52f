// src/cli/watch.ts: a picture that fits the terminal, and a terminal that is as before when it ends.
import { EventEmitter } from 'node:events';
import t from 'tap';
import { picture, watch } from '../../src/cli/watch.ts';

t.test('lines are cut at the edge, rows at the bottom', async t => {
  t.equal(picture('one\ntwo\n', { columns: 10, rows: 5 }), '\x1b[Hone\x1b[K\r\ntwo\x1b[K\x1b[J');
  t.equal(picture('0123456789', { columns: 10, rows: 5 }), '\x1b[H0123456789\x1b[K\x1b[J');
  t.equal(picture('0123456789a', { columns: 10, rows: 5 }), '\x1b[H012345678…\x1b[K\x1b[J');
  const many = picture(Array.from({ length: 10 }, (_, i) => `line ${i}`).join('\n'), { columns: 80, rows: 4 });
  t.ok(many.includes('line 2\x1b[K\r\n... 7 more lines'));
  t.notMatch(many, /line 3/);
  t.equal(picture('x', {}), '\x1b[Hx\x1b[K\x1b[J');
});

async function watching(isTTY: boolean) {
  const written: string[] = [];
  const signals = new EventEmitter();
  let asked = 0;
  const screen = { isTTY, columns: 80, rows: 24, write: (text: string) => void written.push(text) };
  const ended = watch(
    async () => {
      asked += 1;
      if (asked === 2) setImmediate(() => signals.emit('SIGINT'));
      return `text ${asked}\n`;
    },
    screen,
    signals as unknown as NodeJS.Process,
  );
  return { code: await ended, text: written.join('') };
}

t.test('in a terminal it leaves what was there before', async t => {
  const { code, text } = await watching(true);
  t.equal(code, 0);
  t.ok(text.startsWith('\x1b[?1049h'));
  t.match(text, /text 1[\s\S]*text 2/);
  t.ok(text.endsWith('\x1b[?25h\x1b[?1049l'));
});

t.test('without one, each text below the other', async t => {
  const { text } = await watching(false);
  t.equal(text, 'text 1\n\ntext 2\n\n');
});
