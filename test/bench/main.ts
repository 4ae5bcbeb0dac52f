// `./build.sh bench`: holdfast beside keepalived in one run, taking turns, and the memory of both.
// Must not know what a case does or what is good enough: cases.ts, report.ts.
import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { whyNot } from '../netns/lab/guard.ts';
import { missing } from '../netns/lab/holdfast.ts';
import { CASES, type CaseName, endPair, type Pair, pairMemory, type Round, startPair } from './cases.ts';
import { CONTENDERS, type Memory } from './contender.ts';
import { type Figure, report } from './report.ts';

const USAGE = `usage: ./build.sh bench [OPTION...]

  --cases LIST       of dead,stop,heal,kill (all)
  --intervals LIST   milliseconds between advertisements (1000,100,10); heal is measured at 100 only
  --rounds N         of each case and interval, for each daemon (7)
  --only NAME        holdfast or keepalived alone
  --json FILE        all figures as JSON

A short run, about three minutes: ./build.sh bench --rounds 3 --intervals 100,10
`;

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: 'dead,stop,heal,kill' },
    intervals: { type: 'string', default: '1000,100,10' },
    rounds: { type: 'string', default: '7' },
    only: { type: 'string' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const isCase = (name: string): name is CaseName => Object.hasOwn(CASES, name);
const names = values.cases.split(',');
const intervals = values.intervals.split(',').map(Number);
const rounds = Number(values.rounds);
const contenders = CONTENDERS.filter(contender => values.only === undefined || contender.name === values.only);
if (values.help || !names.every(isCase) || intervals.some(ms => !(ms >= 10)) || !(rounds >= 1) || contenders.length === 0) {
  process.stderr.write(USAGE);
  process.exit(values.help ? 0 : 2);
}
const why = whyNot() ?? missing();
if (why !== null) {
  process.stderr.write(`bench: ${why}\n`);
  process.exit(1);
}

const figures: Figure[] = [];
const memory: Record<string, Memory> = {};
const say = (text: string) => process.stderr.write(`${text}\n`);

/** One case at one interval: the pairs take turns, round by round. */
async function run(name: CaseName, intervalMs: number): Promise<void> {
  const pairs: Pair[] = [];
  const found = new Map<string, Round[]>(contenders.map(({ name: contender }) => [contender, []]));
  try {
    for (const contender of contenders) pairs.push(await startPair(contender, intervalMs));
    for (let round = 0; round < rounds; round++) {
      for (const pair of pairs) {
        // Parts of the interval, evenly spread: a dead node's outage depends on when after an advertisement it dies.
        const result = await CASES[name](pair, (round + 0.5) / rounds);
        found.get(pair.contender.name)?.push(result);
        const outage = `${result.outageMs.toFixed(1).padStart(7)} ms`;
        const late = `(machine late ${result.controlMs.toFixed(1)} ms)`;
        say(`  ${name}@${intervalMs}ms ${round + 1}/${rounds}  ${pair.contender.name.padEnd(10)} ${outage}  ${late}`);
      }
    }
    for (const pair of pairs) memory[pair.contender.name] ??= pairMemory(pair);
  } finally {
    for (const pair of pairs) endPair(pair);
  }
  for (const [contender, list] of found) figures.push({ contender, name, intervalMs, rounds: list });
}

say(`bench: ${contenders.map(({ name }) => name).join(' beside ')}, ${cpus().length} CPUs, load ${loadavg()[0]?.toFixed(1)}`);
for (const name of names.filter(isCase)) {
  for (const intervalMs of name === 'heal' ? [100] : intervals) await run(name, intervalMs);
}
const result = { figures, memory };
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(result, null, 2)}\n`);
const { lines, met } = report(result);
process.stdout.write(`${lines.join('\n')}\n`);
process.exit(met ? 0 : 1);
