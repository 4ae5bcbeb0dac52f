// Drill: those who ask. Reading verbs are fast, also with 255 virtual routers, and neither they nor clients that stall or flood make the engine late.
// Must not know what a verb prints.
import { execFileSync } from 'node:child_process';
import { createConnection, type Socket } from 'node:net';
import type { Test } from 'tap';
import { now, sleep } from '../lab/clock.ts';
import { holdfast } from '../lab/control.ts';
import { drill, marginMs } from '../lab/drill.ts';
import { startHoldfast } from '../lab/holdfast.ts';
import { median } from '../lab/median.ts';
import { type RouterSettings, VIP, web } from '../lab/router.ts';
import { exactlyOneHolder, steadyAdverts } from '../lab/verdict.ts';

/** issue: beyond Node's own start, and beyond that of status for 255 routers, ms. */
const BEYOND_NODE = 150;
const MANY = 300;
const ROUNDS = 7;
const INTERVAL = 10;
const PHASE = 3000;

const missing = process.env.HOLDFAST_LAB_DAEMON === undefined ? null : 'only holdfast has these verbs';

/** Medians of verbs and of Node's own start in one interleaved run, ms. */
async function times(t: Test, socket: string, verbs: readonly (readonly string[])[], allowed: number): Promise<void> {
  const took = verbs.map((): number[] => []);
  const node: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const from = now();
    // Without what tap puts into the environment.
    execFileSync(process.execPath, ['-e', '0'], { env: {} });
    node.push((now() - from) / 1000);
    for (const [index, verb] of verbs.entries()) {
      const asked = now();
      const { code, err } = await holdfast(socket, ...verb);
      took[index]?.push((now() - asked) / 1000);
      if (code !== 0) t.fail(`${verb.join(' ')} ended with ${code}: ${err}`);
    }
  }
  const own = median(node);
  // On a machine on which Node itself needs longer than 50 ms, everything does.
  const bound = own + allowed * Math.max(1, own / 50);
  for (const [index, verb] of verbs.entries()) {
    const middle = median(took[index] ?? []);
    t.ok(
      middle <= bound,
      `holdfast ${verb.join(' ')}: ${middle.toFixed(0)} ms, Node's own start ${own.toFixed(0)} ms; ${bound.toFixed(0)} allowed`,
    );
  }
}

await drill('reading verbs, beside advertisements every 10 ms', { missing }, async (t, lab) => {
  const a = await lab.active('a', web(200, INTERVAL));
  await lab.backup('b', web(100, INTERVAL));
  const { holdfast: daemon } = a;
  if (daemon === null) throw new Error('this drill is about holdfast');
  const { socket } = daemon;
  await times(t, socket, [['status'], ['status', '--json'], ['why'], ['history']], BEYOND_NODE);

  const judge = async (from: number, told: string): Promise<void> => {
    const window = await lab.window(from);
    lab.judge(exactlyOneHolder(window, VIP, 'a'), told);
    lab.judge(steadyAdverts(window, 51, 'a', INTERVAL, marginMs(INTERVAL)), told);
  };
  const verbs = now();
  while (now() - verbs < PHASE * 1000) await Promise.all([holdfast(socket, 'status'), holdfast(socket, 'history')]);
  await judge(verbs, 'verb after verb');

  const clients: Socket[] = [];
  const client = (words: string): Socket => {
    const made = createConnection(socket, () => made.write(words));
    clients.push(made.on('error', () => {}));
    return made;
  };
  const flooded = now();
  for (let i = 0; i < 400; i += 1) client(i % 2 === 0 ? '' : 'GET /v1/status HTTP/1.1\r\nx:');
  const greedy = client('');
  const flood = setInterval(() => {
    if (!greedy.destroyed && greedy.writableLength < 1_000_000) greedy.write('GET /v1/status HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(200));
  }, 5);
  await sleep(PHASE);
  clearInterval(flood);
  await judge(flooded, '400 clients that stall, and one that floods');
  for (const each of clients) each.destroy();
  t.match(await holdfast(socket, 'status'), { code: 0 }, 'and who asks then is answered');
});

await drill('status of 255 virtual routers', { missing }, async (t, lab) => {
  const routers = Array.from({ length: 255 }, (_, index): RouterSettings => {
    const vrid = index + 1;
    return {
      name: `r${vrid}`,
      vrid,
      priority: 200,
      intervalMs: 1000,
      addresses: vrid === 51 ? [VIP] : [`10.77.${1 + (vrid >> 7)}.${(vrid & 127) + 1}`],
    };
  });
  const a = startHoldfast(lab.network, lab.node('a'), routers);
  lab.watch(a);
  await lab.observer.servesAlone('a', VIP, 30_000);
  await times(t, a.socket, [['status'], ['status', '--json']], MANY);
});
