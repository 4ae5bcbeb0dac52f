// `./build.sh bench`: holdfast beside keepalived in one run, taking turns, and what both of them cost.
// Must not know what a case does or what is good enough: cases.ts, addresses.ts, routers.ts, report.ts.
import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { whyNot } from '../netns/lab/guard.ts';
import { missing } from '../netns/lab/holdfast.ts';
import { MOVES, type MoveName, manyAddresses } from './addresses.ts';
import { CASES, type CaseName, ipv4, ipv6 } from './cases.ts';
import { CONTENDERS, type Contender, type Memory, MIXED, memory } from './contender.ts';
import { endPair, type Pair, type Scene, startPair } from './pair.ts';
import { type CrowdFigure, type Figure, type MoveFigure, report, type Setting } from './report.ts';
import { type Crowd, runCrowd } from './routers.ts';

const USAGE = `usage: ./build.sh bench [OPTION...]

  --cases LIST       of dead,stop,heal,kill,ipv6,mixed,addresses,routers (all): the first four over IPv4; ipv6 is those four,
                     mixed is dead,stop,heal with one daemon of each kind
  --intervals LIST   of the first four, milliseconds between advertisements (1000,100,10); heal is measured at 100 only, and
                     ipv6, mixed and addresses are too; routers at 1000
  --rounds N         of each case, for each daemon (7); routers: a third of it
  --addresses LIST   how many in one router (1,20,200)
  --routers LIST     how many in one daemon (1,50,255,1000)
  --only NAME        holdfast or keepalived alone
  --json FILE        all figures as JSON

The whole takes about 40 minutes. A short run, about three: ./build.sh bench --cases dead,stop,heal,kill --rounds 3 --intervals 100,10
`;

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: 'dead,stop,heal,kill,ipv6,mixed,addresses,routers' },
    intervals: { type: 'string', default: '1000,100,10' },
    rounds: { type: 'string', default: '7' },
    addresses: { type: 'string', default: '1,20,200' },
    routers: { type: 'string', default: '1,50,255,1000' },
    only: { type: 'string' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const GROUPS = ['ipv6', 'mixed', 'addresses', 'routers'];
const isCase = (name: string): name is CaseName => Object.hasOwn(CASES, name);
const names = values.cases.split(',');
const numbers = (text: string) => text.split(',').map(Number);
const [intervals, addresses, routers] = [numbers(values.intervals), numbers(values.addresses), numbers(values.routers)];
const rounds = Number(values.rounds);
const contenders = CONTENDERS.filter(contender => values.only === undefined || contender.name === values.only);
const wrong =
  !names.every(name => isCase(name) || GROUPS.includes(name)) ||
  intervals.some(ms => !(ms >= 10)) ||
  addresses.some(count => !(count >= 1 && count <= 255)) ||
  routers.some(count => !(count >= 1 && count <= 1000)) ||
  !(rounds >= 1) ||
  contenders.length === 0;
if (values.help || wrong) {
  process.stderr.write(USAGE);
  process.exit(values.help ? 0 : 2);
}
const why = whyNot() ?? missing();
if (why !== null) {
  process.stderr.write(`bench: ${why}\n`);
  process.exit(1);
}

const figures: Figure[] = [];
const moves: MoveFigure[] = [];
const crowds: CrowdFigure[] = [];
const failures: string[] = [];
const memories: Record<string, Memory> = {};
const say = (text: string) => process.stderr.write(`${text}\n`);

/** The pairs take turns, round by round.
 *  @returns what each of them yielded, by its name */
async function turns<R extends { readonly outageMs: number; readonly controlMs: number }>(
  title: string,
  pairs: readonly Pair[],
  round: (pair: Pair, part: number) => Promise<R>,
): Promise<ReadonlyMap<string, readonly R[]>> {
  const found = new Map<string, R[]>(pairs.map(({ contender }) => [contender.name, []]));
  for (let i = 0; i < rounds; i++) {
    for (const pair of pairs) {
      // Parts of the interval, evenly spread: a dead node's outage depends on when after an advertisement it dies.
      const result = await round(pair, (i + 0.5) / rounds);
      found.get(pair.contender.name)?.push(result);
      const outage = `${result.outageMs.toFixed(1).padStart(7)} ms`;
      const late = `(machine late ${result.controlMs.toFixed(1)} ms)`;
      say(`  ${title} ${i + 1}/${rounds}  ${pair.contender.name.padEnd(19)} ${outage}  ${late}`);
    }
  }
  return found;
}

async function withPairs(all: readonly Contender[], scene: Scene, use: (pairs: readonly Pair[]) => Promise<void>): Promise<void> {
  const pairs: Pair[] = [];
  try {
    for (const contender of all) pairs.push(await startPair(contender, scene));
    await use(pairs);
  } finally {
    for (const pair of pairs) endPair(pair);
  }
}

async function run(setting: Setting, name: CaseName, scene: Scene, all: readonly Contender[]): Promise<void> {
  const { intervalMs } = scene;
  await withPairs(all, scene, async pairs => {
    for (const [contender, list] of await turns(`${setting} ${name}@${intervalMs}ms`, pairs, CASES[name])) {
      figures.push({ contender, setting, name, intervalMs, rounds: list });
    }
    for (const pair of setting === 'ipv4' ? pairs : []) memories[pair.contender.name] ??= memory(pair.active);
  });
}

async function runMoves(count: number): Promise<void> {
  const all: readonly MoveName[] = ['dead', 'stop'];
  await withPairs(contenders, manyAddresses(count), async pairs => {
    for (const name of all) {
      for (const [contender, list] of await turns(`${name}, ${count} addresses`, pairs, MOVES[name])) {
        moves.push({ contender, name, addresses: count, rounds: list });
      }
    }
  });
}

async function runCrowds(count: number): Promise<void> {
  const found = new Map<string, Crowd[]>(contenders.map(({ name }) => [name, []]));
  const times = Math.ceil(rounds / 3);
  for (let i = 0; i < times; i++) {
    for (const contender of contenders) {
      const crowd = await runCrowd(contender, count).catch((error: unknown) => {
        failures.push(`${count} routers, ${contender.name}: ${String(error)}`);
        return null;
      });
      if (crowd === null) continue;
      found.get(contender.name)?.push(crowd);
      const cpu = `CPU ${crowd.activeCpu.toFixed(2)} % and ${crowd.backupCpu.toFixed(2)} %`;
      say(
        `  ${count} routers ${i + 1}/${times}  ${contender.name.padEnd(10)} ${cpu}, last announcement ${crowd.announcedMs.toFixed(0)} ms`,
      );
    }
  }
  for (const [contender, list] of found) crowds.push({ contender, routers: count, rounds: list });
}

const load = () => `load ${loadavg()[0]?.toFixed(1)}`;
say(`bench: ${contenders.map(({ name }) => name).join(' beside ')}, ${cpus().length} CPUs, ${load()}`);
for (const name of names.filter(isCase)) {
  for (const intervalMs of name === 'heal' ? [100] : intervals) await run('ipv4', name, ipv4(intervalMs), contenders);
}
if (names.includes('ipv6')) for (const name of Object.keys(CASES).filter(isCase)) await run('ipv6', name, ipv6(100), contenders);
if (names.includes('mixed')) {
  const yardstick = CONTENDERS.filter(({ name }) => name === 'keepalived');
  for (const name of ['dead', 'stop', 'heal'] as const) await run('mixed', name, ipv4(100), [...MIXED, ...yardstick]);
}
if (names.includes('addresses')) for (const count of addresses) await runMoves(count);
if (names.includes('routers')) for (const count of routers) await runCrowds(count);
say(`bench: done, ${load()}`);
const result = { figures, moves, crowds, memory: memories, failures };
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(result, null, 2)}\n`);
const { lines, met } = report(result);
process.stdout.write(`${lines.join('\n')}\n`);
process.exit(met ? 0 : 1);
