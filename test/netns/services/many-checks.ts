// Drill: 300 checks a second beside 10 ms advertisements. What they cost the agent, and that they cost the engine nothing: it is as late with them
// as without, measured in turns in one run. Must not know how looks are made.
import { readFileSync } from 'node:fs';
import { now, sleep, until } from '../lab/clock.ts';
import { start } from '../lab/daemon.ts';
import { drill, type Lab } from '../lab/drill.ts';
import { memoryOf, writeHoldfast } from '../lab/holdfast.ts';
import { startNginx } from '../lab/nginx.ts';
import { type RouterSettings, web } from '../lab/router.ts';

const INTERVAL = 10;
const CHECKS = 300;
const PHASE = 8_000;
const ROUNDS = 2;
/** issue: of one core, and MiB. */
const CPU = 10;
const MEMORY = 40;
const LATER_MS = 1;

/** HTTP, TCP and ping in equal parts, as a proxy has them for its backends. */
function checks(): string {
  return Array.from({ length: CHECKS }, (_, index) => {
    const name = `[check.c${index}]`;
    switch (index % 3) {
      case 0:
        return `${name}\ntype = "http"\nurl = "http://127.0.0.1/"`;
      case 1:
        return `${name}\ntype = "tcp"\nport = 80`;
      default:
        return `${name}\ntype = "ping"\ntarget = "127.0.0.1"`;
    }
  }).join('\n');
}

/** The least that Node takes for as many requests of these kinds, with nothing around them. */
const BARE = `
  const net = require('node:net'), http = require('node:http');
  let n = 0;
  setInterval(() => {
    for (let i = 0; i < 6; i++) {
      if (n++ % 3 === 0) http.get({ host: '127.0.0.1', port: 80, agent: false }, r => r.resume()).on('error', () => {});
      else net.connect(80, '127.0.0.1', function () { this.destroy(); }).on('error', () => {});
    }
  }, 20);`;

interface Figures {
  /** Of one core, percent. */
  readonly cpu: number;
  /** The 99th percentile of the engine's lateness, ms, within its histogram. */
  readonly p99: number;
  /** MiB of the agent's own. */
  readonly memory: number;
}

interface Counted {
  readonly at: number;
  readonly ticks: number;
  readonly histogram: readonly { readonly up_to_us: number | null; readonly count: number }[];
}

await drill('300 checks beside advertisements every 10 ms', { limitMs: 120_000, probeMs: 5, askMs: 50 }, async (t, lab) => {
  startNginx(lab.network, lab.node('a'));
  const plain: RouterSettings = web(200, INTERVAL);
  const names = Array.from({ length: CHECKS }, (_, index) => `c${index}`);
  const tracked: RouterSettings = { ...plain, track: names, duties: checks() };
  const a = await lab.active('a', plain);
  await lab.backup('b', web(100, INTERVAL));
  const { holdfast } = a;
  if (holdfast === null) {
    t.pass('only holdfast has checks');
    return;
  }
  const agent = await until('an agent', 5000, () => holdfast.agent());
  const bare = start(lab.node('a'), { name: 'bare requests', command: [process.execPath, '-e', BARE] });
  const bareCpu: number[] = [];
  const without: Figures[] = [];
  const withThem: Figures[] = [];

  async function reload(router: RouterSettings, wanted: number): Promise<void> {
    writeHoldfast(lab.network, lab.node('a'), [router]);
    holdfast?.signal('SIGHUP');
    await until('the reload', 20_000, async () => {
      const status = await holdfast?.status();
      return status?.checks.length === wanted && status.checks.every(({ state }) => state === 'up');
    });
  }

  for (let round = 0; round < ROUNDS; round += 1) {
    await reload(plain, 0);
    without.push(await measure(agent, lab));
    await reload(tracked, CHECKS);
    withThem.push(await measure(agent, lab));
  }

  async function count(): Promise<Counted> {
    const status = JSON.parse(JSON.stringify(await holdfast?.status()));
    return { at: now(), ticks: ticksOf(agent), histogram: status.lateness.histogram };
  }

  async function measure(pid: number, _lab: Lab): Promise<Figures> {
    await sleep(500);
    const before = await count();
    const bareBefore = ticksOf(bare.pid);
    await sleep(PHASE);
    const after = await count();
    bareCpu.push(((ticksOf(bare.pid) - bareBefore) * 10_000 * 100) / (after.at - before.at));
    const cpu = ((after.ticks - before.ticks) * 10_000 * 100) / (after.at - before.at);
    const counts = after.histogram.map(({ up_to_us, count: n }, index) => ({ up_to_us, count: n - (before.histogram[index]?.count ?? 0) }));
    return { cpu, p99: percentile(counts), memory: memoryOf(pid).anonymous / 1024 };
  }

  const best = (all: readonly Figures[], of: (figures: Figures) => number) => Math.min(...all.map(of));
  const [cpu, p99, memory] = [best(withThem, f => f.cpu), best(withThem, f => f.p99), Math.max(...withThem.map(f => f.memory))];
  const told = (all: readonly Figures[]) =>
    all.map(f => `${f.cpu.toFixed(1)} % ${f.p99.toFixed(2)} ms ${f.memory.toFixed(1)} MiB`).join('; ');
  t.comment(`without: ${told(without)}`);
  t.comment(`with:    ${told(withThem)}`);
  const control = Math.min(...bareCpu);
  t.comment(`bare requests: ${bareCpu.map(each => each.toFixed(1)).join(', ')} %`);
  t.ok(
    cpu <= Math.max(CPU, 2 * control),
    `the agent takes ${cpu.toFixed(1)} % of one core, bare requests ${control.toFixed(1)} %; ${CPU} % on a quiet machine`,
  );
  const grown = memory - (without[0]?.memory ?? 0);
  t.ok(grown <= MEMORY, `and ${grown.toFixed(1)} MiB more; ${MEMORY} allowed`);
  const base = Math.max(...without.map(f => f.p99));
  t.ok(p99 <= base + LATER_MS, `the engine is ${p99.toFixed(2)} ms late at p99 with them, ${base.toFixed(2)} ms without`);
});

/** Clock ticks of 10 ms that a process has used, user and system. proc(5) */
function ticksOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

/** Where 99 of 100 lie below, straight within a bucket. */
function percentile(buckets: readonly { readonly up_to_us: number | null; readonly count: number }[]): number {
  const all = buckets.reduce((sum, { count }) => sum + count, 0);
  let below = 0;
  let floor = 0;
  for (const { up_to_us, count } of buckets) {
    const ceiling = up_to_us ?? 10_000_000;
    if (below + count >= all * 0.99) return (floor + ((all * 0.99 - below) / count) * (ceiling - floor)) / 1000;
    below += count;
    floor = ceiling;
  }
  return Number.NaN;
}
