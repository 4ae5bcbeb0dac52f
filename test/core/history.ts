// src/core/history.ts: what is kept of what happened, over restarts and over broken files.
import t from 'tap';
import { createHistory, type Entry, readEntries, writeEntry } from '../../src/core/history.ts';
import { createLog } from '../../src/platform/fake/log.ts';

const entry = (at: number, message = `line ${at}`): Entry => ({
  at,
  level: 'info',
  event: 'vrrp.transition',
  fields: { router: 'web' },
  message,
});

function rig(kept = '', failing: string | null = null) {
  const log = createLog();
  const files = { text: kept, pieces: 0, failing };
  const history = createHistory({
    log,
    async read() {
      if (files.failing !== null) throw new Error(files.failing);
      return files.text;
    },
    async append(text) {
      if (files.failing !== null) throw new Error(files.failing);
      files.text += text;
      files.pieces += 1;
    },
  });
  return { history, files, events: () => log.lines.map(({ event }) => event) };
}

t.test('what is recorded together is written in one piece, and read by the next', async t => {
  const { history, files } = rig();
  await history.recall();
  for (let i = 0; i < 10; i += 1) history.record(entry(i));
  await history.settled();
  t.equal(files.pieces, 1);
  const next = rig(files.text);
  next.history.record(entry(99));
  await next.history.recall();
  t.strictSame(
    next.history.entries().map(({ at }) => at),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 99],
    'what happened while it was read comes last',
  );
  await history.settled();
});

t.test('what happens before the past was read is kept once, behind it', async t => {
  const { history, files } = rig(writeEntry(entry(1)));
  history.record(entry(2));
  await new Promise(resolve => setImmediate(resolve));
  await history.recall();
  await history.settled();
  const once = [1, 2];
  t.strictSame(
    history.entries().map(({ at }) => at),
    once,
  );
  t.strictSame(
    readEntries(files.text).map(({ at }) => at),
    once,
  );
});

t.test('a torn line, and lines of others, are left out', async t => {
  const whole = writeEntry(entry(1));
  for (const torn of [
    whole.slice(0, 20),
    '{}',
    'null',
    '[]',
    '{"at":1}',
    '{"at":1,"level":"loud","event":"","fields":{},"message":""}',
    '\0\0',
  ])
    t.strictSame(readEntries(`${torn}\n${whole}`), [entry(1)], torn);
  t.strictSame(readEntries(whole + whole.slice(0, -5)), [entry(1)]);
});

t.test('the newest are in memory, however many there were', async t => {
  const { history } = rig(Array.from({ length: 3_000 }, (_, i) => writeEntry(entry(i))).join(''));
  await history.recall();
  t.equal(history.entries().length, 2_000);
  for (let i = 3_000; i < 9_000; i += 1) history.record(entry(i));
  t.equal(history.entries().length, 2_000);
  t.equal(history.entries().at(-1)?.at, 8_999);
  await history.settled();
});

t.test('a full disk is said once, and nothing is lost for whoever asks', async t => {
  const { history, files, events } = rig('', 'ENOSPC');
  await history.recall();
  for (let i = 0; i < 3; i += 1) {
    history.record(entry(i));
    await history.settled();
  }
  t.strictSame(events(), ['agent.history-unreadable', 'agent.history-unwritable']);
  t.equal(history.entries().length, 3);
  files.failing = null;
  history.record(entry(3));
  await history.settled();
  t.equal(files.pieces, 1);
});
