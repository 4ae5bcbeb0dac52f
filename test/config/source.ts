// Tests src/config/source.ts: which bytes are text, and where they stop being.
import t from 'tap';
import { decode, MAX_BYTES, TOO_LARGE } from '../../src/config/source.ts';

const utf8 = (text: string) => new TextEncoder().encode(text);

t.test('reads UTF-8 with and without a byte order mark', async t => {
  t.strictSame(decode('f', utf8('a = "日本 😀"\n')), { file: 'f', text: 'a = "日本 😀"\n' });
  t.strictSame(decode('f', utf8('\ufeffa = 1')), { file: 'f', text: 'a = 1' });
  t.strictSame(decode('f', new Uint8Array()), { file: 'f', text: '' });
  t.strictSame(decode('f', utf8('a = "\ufffd"')), { file: 'f', text: 'a = "\ufffd"' }, 'a real replacement character is text');
});

t.test('points at the first byte that is no text', async t => {
  const { text, failure } = decode('f', Uint8Array.of(...utf8('a = 1\nb = "😀'), 0xe9, ...utf8('"\n')));
  t.equal(text, 'a = 1\nb = "😀\ufffd"\n');
  t.equal(failure?.code, 'not-utf8');
  t.strictSame(failure?.span, { line: 2, column: 7, endLine: 2, endColumn: 8 });
});

t.test('recognises UTF-16', async t => {
  for (const mark of [
    [0xff, 0xfe],
    [0xfe, 0xff],
  ]) {
    const { failure } = decode('f', Uint8Array.of(...mark, 0x61, 0x00));
    t.match(failure, { code: 'not-utf8', hint: /UTF-16/, span: null });
  }
  t.match(decode('f', Uint8Array.of(0xff, 0x61)).failure?.hint, 'save it as UTF-8');
});

t.test('stops at 1 MiB', async t => {
  t.equal(decode('f', new Uint8Array(MAX_BYTES).fill(32)).failure, undefined);
  t.strictSame(decode('f', new Uint8Array(MAX_BYTES + 1).fill(32)), { file: 'f', text: '', failure: TOO_LARGE });
});
