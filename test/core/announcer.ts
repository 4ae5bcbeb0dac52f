// Tests src/core/announcer.ts: announcements leave in small lots.
import t from 'tap';
import { type Announcer, createAnnouncer } from '../../src/core/announcer.ts';
import type { AdvertLink } from '../../src/platform/ports.ts';
import { after, type Micros, micros, seconds } from '../../src/vrrp/units.ts';

const T = seconds(1);

function link(): AdvertLink & { readonly sent: Uint8Array[] } {
  const sent: Uint8Array[] = [];
  return { sent, receive: () => null, send: () => {}, sendFrame: frame => sent.push(frame), listenFor: () => {}, close: () => {} };
}

function frames(count: number, from = 0): Uint8Array[] {
  return Array.from({ length: count }, (_, index) => Uint8Array.of(from + index));
}

/** Flushes at every deadline. @returns the instant at which nothing was left */
function runOut(announcer: Announcer, now: Micros): Micros {
  let last = now;
  for (let due = announcer.deadline(); due !== null; due = announcer.deadline()) {
    t.ok(due > last, 'the deadline lies ahead');
    last = due;
    announcer.flush(due);
  }
  return last;
}

t.test('up to 32 frames at once, with nothing left to do', async t => {
  for (const count of [1, 2, 32]) {
    const announcer = createAnnouncer();
    const one = link();
    announcer.add(one, frames(count), T);
    t.equal(one.sent.length, count);
    t.equal(announcer.deadline(), null);
  }
});

t.test('then 32 each millisecond, in their order', async t => {
  const announcer = createAnnouncer();
  const one = link();
  announcer.add(one, frames(400), T);
  t.equal(one.sent.length, 32);
  t.equal(announcer.deadline(), after(T, micros(1_000)));
  announcer.flush(after(T, micros(999)));
  t.equal(one.sent.length, 32, 'not a microsecond early');
  t.equal(runOut(announcer, T), after(T, micros(12_000)), '200 addresses in two forms are out after 12 ms');
  t.strictSame(one.sent, frames(400));
});

t.test('what is added to a queue waits its turn, and cannot make a lot larger', async t => {
  const announcer = createAnnouncer();
  const one = link();
  announcer.add(one, frames(40), T);
  announcer.add(one, frames(40, 40), after(T, micros(500)));
  t.equal(one.sent.length, 32);
  announcer.flush(after(T, micros(1_000)));
  t.equal(one.sent.length, 64);
  runOut(announcer, after(T, micros(1_000)));
  t.strictSame(one.sent, frames(80));
});

t.test('after a long sleep one lot goes out, not all that would have', async t => {
  const announcer = createAnnouncer();
  const one = link();
  announcer.add(one, frames(200), T);
  announcer.flush(after(T, seconds(10)));
  t.equal(one.sent.length, 64);
  t.equal(announcer.deadline(), after(T, micros(10_001_000)));
});

t.test('each link has its own pace; the deadline is the first of them', async t => {
  const announcer = createAnnouncer();
  const one = link();
  const other = link();
  announcer.add(one, frames(64), T);
  announcer.add(other, frames(64), after(T, micros(300)));
  t.strictSame([one.sent.length, other.sent.length], [32, 32]);
  t.equal(announcer.deadline(), after(T, micros(1_000)));
  announcer.flush(after(T, micros(1_000)));
  t.strictSame([one.sent.length, other.sent.length], [64, 32]);
  t.equal(announcer.deadline(), after(T, micros(1_300)));
});

t.test('a link that is gone is forgotten', async t => {
  const announcer = createAnnouncer();
  const one = link();
  announcer.add(one, frames(64), T);
  announcer.drop(one);
  t.equal(announcer.deadline(), null);
  announcer.flush(after(T, seconds(1)));
  t.equal(one.sent.length, 32);
});
