// Tests src/core/announcer.ts: announcements leave in small lots.
import t from 'tap';
import { type Announcer, createAnnouncer } from '../../src/core/announcer.ts';
import type { Link, Network } from '../../src/platform/ports.ts';
import { after, type Micros, micros, seconds } from '../../src/vrrp/units.ts';

const T = seconds(1);
const HF0 = link('hf0', 2);
const HF1 = link('hf1', 3);

function link(name: string, index: number): Link {
  return { name, index, unusable: null, mac: Uint8Array.of(2, 0, 0, 0, 0, index), addresses: [] };
}

interface Rig {
  readonly announcer: Announcer;
  /** What left on that interface. */
  sent(on: Link): readonly Uint8Array[];
}

function rig(): Rig {
  const all: { readonly on: Link; readonly frame: Uint8Array }[] = [];
  const network: Network = {
    link: () => undefined,
    put: () => {},
    remove: () => {},
    protect: () => {},
    deny: () => {},
    deniedByOthers: () => {},
    sendFrame: (on, frame) => all.push({ on, frame }),
  };
  return { announcer: createAnnouncer(network), sent: on => all.filter(each => each.on === on).map(({ frame }) => frame) };
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

t.test('up to 64 frames at once, with nothing left to do', async t => {
  for (const count of [1, 2, 64]) {
    const { announcer, sent } = rig();
    announcer.add('web', HF0, frames(count), T);
    t.equal(sent(HF0).length, count);
    t.equal(announcer.deadline(), null);
  }
});

t.test('then 64 each millisecond, in their order', async t => {
  const { announcer, sent } = rig();
  announcer.add('web', HF0, frames(400), T);
  t.equal(sent(HF0).length, 64);
  t.equal(announcer.deadline(), after(T, micros(1_000)));
  announcer.flush(after(T, micros(999)));
  t.equal(sent(HF0).length, 64, 'not a microsecond early');
  t.equal(runOut(announcer, T), after(T, micros(6_000)), '200 addresses in two forms are out after 6 ms');
  t.strictSame(sent(HF0), frames(400));
});

t.test('what is added to a queue waits its turn, and cannot make a lot larger', async t => {
  const { announcer, sent } = rig();
  announcer.add('web', HF0, frames(80), T);
  announcer.add('mail', HF0, frames(80, 80), after(T, micros(500)));
  t.equal(sent(HF0).length, 64);
  announcer.flush(after(T, micros(1_000)));
  t.equal(sent(HF0).length, 128);
  runOut(announcer, after(T, micros(1_000)));
  t.strictSame(sent(HF0), frames(160));
});

t.test('after a long sleep one lot goes out, not all that would have', async t => {
  const { announcer, sent } = rig();
  announcer.add('web', HF0, frames(400), T);
  announcer.flush(after(T, seconds(10)));
  t.equal(sent(HF0).length, 128);
  t.equal(announcer.deadline(), after(T, micros(10_001_000)));
});

t.test('each interface has its own pace; the deadline is the first of them', async t => {
  const { announcer, sent } = rig();
  announcer.add('web', HF0, frames(128), T);
  announcer.add('web', HF1, frames(128), after(T, micros(300)));
  t.strictSame([sent(HF0).length, sent(HF1).length], [64, 64]);
  t.equal(announcer.deadline(), after(T, micros(1_000)));
  announcer.flush(after(T, micros(1_000)));
  t.strictSame([sent(HF0).length, sent(HF1).length], [128, 64]);
  t.equal(announcer.deadline(), after(T, micros(1_300)));
});

t.test('what the kernel shows anew of an interface shares its pace; a new life under its name does not', async t => {
  const { announcer, sent } = rig();
  const reborn = link('hf0', 9);
  announcer.add('web', HF0, frames(128), T);
  announcer.add('mail', { ...HF0 }, frames(128), T);
  t.equal(sent(HF0).length, 64);
  announcer.add('web', reborn, frames(64), T);
  t.equal(sent(reborn).length, 64);
});

t.test('routers that take over in one moment share the pace of their interface, however little each has to say', async t => {
  const { announcer, sent } = rig();
  for (let router = 0; router < 255; router += 1) announcer.add(`router-${router}`, HF0, frames(2, router), T);
  t.ok(sent(HF0).length <= 64, `${sent(HF0).length} at once`);
  t.ok(runOut(announcer, T) >= after(T, micros(7_000)));
  t.equal(sent(HF0).length, 510);
  announcer.add('web', HF0, frames(2), after(T, seconds(1)));
  t.equal(sent(HF0).length, 512, 'at once again after a pause');
});

t.test('what a router says again replaces what still waits of it, in its place', async t => {
  const { announcer, sent } = rig();
  announcer.add('web', HF0, frames(100), T);
  announcer.add('mail', HF0, frames(10, 100), T);
  announcer.add('web', HF0, frames(20, 200), T);
  runOut(announcer, T);
  t.strictSame(sent(HF0), [...frames(64), ...frames(20, 200), ...frames(10, 100)]);
});

t.test('each interface has a queue of its own for the same router', async t => {
  const { announcer, sent } = rig();
  announcer.add('web', HF0, frames(80), T);
  announcer.add('web', HF1, frames(80, 100), T);
  runOut(announcer, T);
  t.strictSame([sent(HF0), sent(HF1)], [frames(80), frames(80, 100)]);
});

t.test('routers that are made to announce faster than frames can leave: what waits stays bounded, and every one has its turn', async t => {
  const { announcer, sent } = rig();
  const [routers, each] = [100, 120];
  let now = T;
  for (let round = 0; round < 30; round += 1) {
    for (let router = 0; router < routers; router += 1) {
      const said = Array.from({ length: each }, () => Uint8Array.of(router));
      announcer.add(`router-${router}`, HF0, said, now);
    }
    const next = after(now, micros(102_000));
    for (let due = announcer.deadline(); due !== null && due < next; due = announcer.deadline()) announcer.flush(due);
    now = next;
  }
  const before = sent(HF0).length;
  const spoke = new Set(sent(HF0).map(([router]) => router));
  runOut(announcer, T);
  const waited = sent(HF0).length - before;
  t.ok(waited <= routers * each, `${waited} frames waited`);
  t.equal(spoke.size, routers);
});

t.test('what is withdrawn does not leave any more, and the rest does', async t => {
  const { announcer, sent } = rig();
  for (const on of [HF0, HF1]) announcer.add('web', on, frames(80), T);
  announcer.add('mail', HF0, frames(10, 100), T);
  announcer.withdraw('web');
  runOut(announcer, T);
  t.strictSame([sent(HF0), sent(HF1)], [[...frames(64), ...frames(10, 100)], frames(64)]);
  announcer.withdraw('web');
  t.equal(announcer.deadline(), null);
});

t.test('nothing to announce is nothing to wait for', async t => {
  const { announcer } = rig();
  announcer.add('web', HF0, [], T);
  t.equal(announcer.deadline(), null);
});
