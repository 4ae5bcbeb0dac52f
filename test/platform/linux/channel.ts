// The channel over a real socket pair: how messages are cut up on the way, and what a strange or silent other end does.
// Must not know what engine and agent say to each other.
import { Socket } from 'node:net';
import t, { type Test } from 'tap';
import { openChannel } from '../../../src/platform/linux/channel.ts';
import { errnoName, sysnet } from '../../../src/platform/linux/sysnet.ts';
import fc from '../../fixtures/property.ts';
import { until } from '../../netns/lab/clock.ts';

const BOUND = 20_000;

interface Message {
  readonly n: number;
  readonly text?: string;
}

function pair(): readonly [number, number] {
  const made = sysnet.socketpair();
  if (typeof made === 'number') throw new Error(errnoName(made));
  return made;
}

/** One end as a channel, with what it heard. */
function open(t: Test, fd: number, hears: (message: Message) => void = () => {}) {
  const heard: Message[] = [];
  const end = { closed: 0 };
  const channel = openChannel<Message, Message>(
    fd,
    message => {
      heard.push(message);
      hears(message);
    },
    () => {
      end.closed += 1;
    },
  );
  t.teardown(() => channel.close());
  return {
    ...channel,
    heard,
    end,
    hearing: (count: number) =>
      until(
        `${count} messages`,
        BOUND,
        () => heard.length >= count,
        () => `${heard.length}`,
      ),
    closing: () => until('the end of the channel', BOUND, () => end.closed > 0),
  };
}

/** A channel, and the bare socket at its other end. */
function bare(t: Test, hears?: (message: Message) => void) {
  const [ours, theirs] = pair();
  const socket = new Socket({ fd: theirs, readable: true, writable: true });
  socket.on('error', () => {});
  t.teardown(() => void socket.destroy());
  return { ...open(t, ours, hears), socket };
}

t.test('both ways, in order', async t => {
  const [a, b] = pair();
  const left = open(t, a);
  const right = open(t, b);
  for (let n = 0; n < 100; n++) left.send({ n });
  right.send({ n: -1, text: 'ünïcödé\n"' });
  await Promise.all([right.hearing(100), left.hearing(1)]);
  t.same(
    right.heard.map(({ n }) => n),
    Array.from({ length: 100 }, (_, n) => n),
  );
  t.same(left.heard, [{ n: -1, text: 'ünïcödé\n"' }]);
});

t.test('however the bytes are cut up', async t => {
  const { socket, heard, hearing } = bare(t);
  const messages: readonly Message[] = [{ n: 1, text: 'größer' }, { n: 2 }, { n: 3, text: '€'.repeat(20) }, { n: 4 }];
  const bytes = Buffer.from(messages.map(message => `${JSON.stringify(message)}\n`).join(''));
  let expected = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(bytes.length), { maxLength: 12 }), async cuts => {
      const at = [0, ...cuts.sort((a, b) => a - b), bytes.length];
      for (let i = 1; i < at.length; i++) {
        const piece = bytes.subarray(at[i - 1], at[i]);
        if (piece.length > 0) await new Promise<void>(resolve => socket.write(piece, () => resolve()));
        // So that it arrives alone.
        await new Promise(resolve => setImmediate(resolve));
      }
      expected += messages.length;
      await hearing(expected);
      t.same(heard.slice(-messages.length), messages);
    }),
    { numRuns: 30 },
  );
});

t.test('messages of some megabytes, one after the other', async t => {
  const [a, b] = pair();
  const left = open(t, a);
  const right = open(t, b);
  const text = 'x'.repeat(4 << 20);
  for (let n = 1; n <= 4; n++) {
    left.send({ n, text });
    right.send({ n, text });
    await Promise.all([right.hearing(n), left.hearing(n)]);
  }
  for (const { heard } of [left, right]) t.ok(heard.every(message => message.text === text));
});

t.test('what is no message closes the channel, after those before it and without those behind it', async t => {
  for (const [what, bytes] of [
    ['noise', 'this is no JSON\n'],
    ['half a message', '{"n":\n'],
    ['an empty line', '\n'],
    ['no object', '7\n'],
    ['null', 'null\n'],
    ['bytes that are no text', Buffer.from([0xff, 0xfe, 0x0a])],
  ] as const) {
    const { socket, heard, closing, end, send } = bare(t);
    socket.write(Buffer.concat([Buffer.from('{"n":1}\n'), Buffer.from(bytes), Buffer.from('{"n":2}\n')]));
    await closing();
    t.same(heard, [{ n: 1 }], what);
    send({ n: 3 });
    t.equal(end.closed, 1);
  }
});

t.test('a line without an end is given up', async t => {
  const { socket, closing, heard } = bare(t);
  const piece = Buffer.alloc(1 << 20, 'x');
  for (let i = 0; i < 40; i++) socket.write(piece);
  await closing();
  t.same(heard, []);
});

t.test('many short lines are not a long one', async t => {
  const { socket, hearing, end } = bare(t);
  const lines = `${JSON.stringify({ n: 1, text: 'x'.repeat(1000) })}\n`.repeat(1000);
  for (let i = 0; i < 20; i++) socket.write(lines);
  await hearing(20_000);
  t.equal(end.closed, 0);
});

t.test('a peer that does not read costs a bounded amount, and gets whole messages when it reads again', async t => {
  const [ours, theirs] = pair();
  const { send, end } = open(t, ours);
  const text = 'x'.repeat(64 << 10);
  const sent = 500;
  for (let n = 0; n < sent; n++) send({ n, text });
  const other = open(t, theirs);
  await other.hearing(10);
  const last = { n: sent };
  await until('the queue to be empty again', BOUND, () => {
    send(last);
    return other.heard.at(-1)?.n === sent;
  });
  const through = other.heard.filter(({ n }) => n < sent);
  t.ok(through.length < 64, `${through.length} of ${sent} were kept: at most about a mebibyte, and what the kernel holds`);
  t.ok(through.every(message => message.text === text));
  t.equal(end.closed, 0);
});

t.test('the end is told once, whoever makes it', async t => {
  const one = bare(t);
  one.socket.destroy();
  await one.closing();
  const two = bare(t);
  two.socket.end();
  await two.closing();
  const three = bare(t);
  three.close();
  three.close();
  await three.closing();
  three.send({ n: 1 });
  await new Promise(resolve => setImmediate(resolve));
  t.same(
    [one, two, three].map(({ end }) => end.closed),
    [1, 1, 1],
  );
});

t.test('nothing is heard after one’s own close', async t => {
  const opened = bare(t, () => opened.close());
  opened.socket.write('{"n":1}\n{"n":2}\n');
  await opened.closing();
  t.same(opened.heard, [{ n: 1 }]);
});
