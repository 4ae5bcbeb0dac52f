// What systemd would get: datagrams at a path or an abstract name, as sd_notify(3) has them. Plays systemd.
// Must not know when anything is sent.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { openSdNotify } from '../../../src/platform/linux/sd-notify.ts';
import { errnoName, META_FIELDS, SLOT_HEAD, sysnet } from '../../../src/platform/linux/sysnet.ts';

const SLOT_SIZE = SLOT_HEAD + 4096;

/** Listens where `NOTIFY_SOCKET` says, and gives what arrived since it was last asked. */
function listen(t: Test, name: string): () => readonly string[] {
  const fd = sysnet.socket(1, 2, 0);
  const path = name.startsWith('@') ? `\0${name.slice(1)}` : name;
  const bound = sysnet.bind(fd, Uint8Array.from([1, 0, ...Buffer.from(path)]));
  if (bound < 0) throw new Error(errnoName(bound));
  t.teardown(() => void sysnet.close(fd));
  return () => {
    const arena = new Uint8Array(8 * SLOT_SIZE);
    const meta = new Int32Array(8 * META_FIELDS);
    const count = sysnet.recvBatch(fd, arena, meta, 8, SLOT_SIZE);
    return Array.from({ length: Math.max(0, count) }, (_, i) => {
      const at = i * SLOT_SIZE + SLOT_HEAD;
      return Buffer.from(arena.subarray(at, at + (meta[i * META_FIELDS] ?? 0))).toString();
    });
  };
}

t.test('one datagram each, at a path or an abstract name', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'hf-notify-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  for (const name of [join(folder, 'notify'), `@hf-notify-${process.pid}`]) {
    const heard = listen(t, name);
    const { send, watchdogEvery } = openSdNotify({ NOTIFY_SOCKET: name }, 1);
    send('READY=1');
    send('WATCHDOG=1');
    send('STATUS=grüße\nSTOPPING=1');
    t.same(heard(), ['READY=1', 'WATCHDOG=1', 'STATUS=grüße\nSTOPPING=1'], name);
    t.equal(watchdogEvery, null);
  }
});

t.test('nobody listens', async t => {
  for (const environment of [{}, { NOTIFY_SOCKET: '' }, { WATCHDOG_USEC: '1000000' }]) {
    const { send, watchdogEvery } = openSdNotify(environment, 1);
    send('READY=1');
    t.equal(watchdogEvery, null);
  }
});

t.test('somebody has gone, or cannot keep up: nothing throws and nothing waits', async t => {
  const { send } = openSdNotify({ NOTIFY_SOCKET: '/nonexistent/notify' }, 1);
  send('READY=1');
  const name = `@hf-notify-full-${process.pid}`;
  const heard = listen(t, name);
  const full = openSdNotify({ NOTIFY_SOCKET: name }, 1);
  for (let i = 0; i < 10_000; i++) full.send('WATCHDOG=1');
  t.ok(heard().length > 0);
});

t.test('the watchdog is fed twice as often as it must be', async t => {
  const every = (environment: Readonly<Record<string, string>>, pid = 7) =>
    openSdNotify({ NOTIFY_SOCKET: '@hf-nobody', ...environment }, pid).watchdogEvery;
  t.equal(every({ WATCHDOG_USEC: '10000000' }), 5000);
  t.equal(every({ WATCHDOG_USEC: '3001' }), 1);
  t.equal(every({ WATCHDOG_USEC: '1' }), 1, 'and never as fast as can be');
  t.equal(every({ WATCHDOG_USEC: '0' }), null);
  t.equal(every({ WATCHDOG_USEC: 'soon' }), null);
  t.equal(every({ WATCHDOG_USEC: '10000000', WATCHDOG_PID: '7' }), 5000);
  t.equal(every({ WATCHDOG_USEC: '10000000', WATCHDOG_PID: '8' }), null, 'it is meant for another process');
});
