// `holdfast lab`: machines, a switch and a client in network namespaces of this machine, to break them and to see what happens.
// Must not know how namespaces, interfaces and processes are made, nor what a configuration means.
import { parseArgs } from 'node:util';
import { printable } from '../config/diagnostic.ts';
import {
  breakNode,
  CLIENT_LOG,
  forgetMended,
  healNode,
  isThere,
  LabError,
  logOf,
  make,
  nodeOf,
  recall,
  recorded,
  remember,
  remove,
  socketOf,
} from '../lab/laboratory.ts';
import { append, familyOf, isSteady, NOTHING, outageOf, parseLog } from '../lab/outage.ts';
import { FAULTS, isFault, type LabState, type Report } from '../lab/state.ts';
import { MOST_NODES } from '../lab/topology.ts';
import { announceFault, hostOf, nodeTable, paint, picture, reportLines, suggestions, WIDTH, waitLines } from '../lab/words.ts';
import { type LabMachine, MachineRefused } from '../platform/lab-ports.ts';
import { openLabMachine } from '../platform/linux/lab-machine.ts';
import { EXIT } from './exit.ts';
import { askNode, BACK, lookAtAll, lookAtNodes, serviceWords, whoAnswers, whyOf } from './lab-look.ts';
import { client, page } from './lab-programs.ts';
import { type Screen, watch } from './watch.ts';

/** How long a command waits for the network to settle, and how long one node alone must have answered then; in ms. */
const BOUND = 30_000;
const STEADY = 500;
/** How long the nodes may take after that until every service is known to be well; in ms. */
const HEALTH = 8_000;
const LOOK_EVERY = 100;
const PICTURE_EVERY = 250;

const USAGE = `usage: holdfast lab up [--nodes 3] [--config FILE...] [--run-programs]
       holdfast lab break ${FAULTS.join('|')} NODE
       holdfast lab heal [NODE]
       holdfast lab status [--json] | watch | down
`;

type Verb = (machine: LabMachine, argv: readonly string[]) => Promise<number>;
const VERBS: Readonly<Record<string, Verb>> = { up, break: breakIt, heal, status, watch: watchIt, down };

/** @returns exit code: 0 done, 1 it did not come about, 2 usage, 78 configuration */
export async function lab([verb = '', ...argv]: readonly string[]): Promise<number> {
  // Programs of the laboratory itself.
  if (verb === 'client') return client(argv);
  if (verb === 'page') return page(argv);
  const chosen = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
  if (chosen === undefined) return usage(verb === '' ? '' : `holdfast: lab has no verb "${verb}"\n\n`);
  const machine = await openLabMachine();
  const why = machine.whyNot();
  if (why !== null) return fail(why);
  const looks = verb === 'status' || verb === 'watch';
  if (!looks && !(await machine.takeTurn())) return fail('another `holdfast lab` is at work; wait until it has ended');
  try {
    return await chosen(machine, argv);
  } catch (error) {
    // The machine's own refusals, such as a full or read-only /run, name the file; anything else is our bug and shows where.
    const known = error instanceof LabError || error instanceof MachineRefused || (error instanceof Error && 'syscall' in error);
    if (!known) throw error;
    return fail(error.message);
  }
}

async function up(machine: LabMachine, argv: readonly string[]): Promise<number> {
  const options = {
    nodes: { type: 'string' },
    config: { type: 'string', multiple: true },
    'run-programs': { type: 'boolean', default: false },
  } as const;
  const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals: true });
  const files = values.config === undefined ? [] : [...values.config, ...positionals];
  const count = Number(values.nodes ?? 3);
  if (positionals.length > 0 && files.length === 0)
    return usage(`holdfast: lab up takes no ${positionals[0]}; files stand behind --config\n\n`);
  if (files.length > 0 && values.nodes !== undefined) return usage('holdfast: lab up has one node for each file; leave --nodes away\n\n');
  if (!(Number.isInteger(count) && count >= 2 && count <= MOST_NODES))
    return usage(`holdfast: --nodes must be 2 to ${MOST_NODES}, not ${values.nodes}\n\n`);
  // Only here configurations are read, which takes the libraries for it.
  const { planOf, usualPlan } = await import('./lab-files.ts');
  const plan = files.length === 0 ? usualPlan(machine, count) : await planOf(machine, files, values['run-programs']);
  if ('code' in plan) {
    process.stderr.write(`holdfast: ${plan.words}\n`);
    return plan.code;
  }
  const before = recall(machine);
  if (before?.phase === 'ready') {
    const same = before.wish === plan.wish;
    process.stdout.write(`a laboratory is up already (${before.wish})${same ? '' : '; `holdfast lab down` first, for another one'}\n\n`);
    await show(machine, before);
    return same ? EXIT.done : EXIT.failed;
  }
  if (isThere(machine)) {
    process.stdout.write('what an interrupted `lab up` has left is removed first\n');
    await remove(machine);
  }
  sayWhenInterrupted('`holdfast lab down` removes what is there, `holdfast lab up` begins anew');
  for (const note of plan.notes) process.stdout.write(`note: ${note}\n`);
  const state = await make(machine, plan).catch(async (error: unknown) => {
    await remove(machine);
    throw error;
  });
  const trouble = await served(machine, state);
  if (trouble !== null) {
    await show(machine, state);
    process.stderr.write(`holdfast: lab: ${trouble}; the end of each log:\n`);
    for (const { name } of state.topology.nodes) {
      const last = machine.tail(logOf(name), 2_000).trimEnd().split('\n').slice(-3);
      process.stderr.write(`${machine.folder}/${logOf(name)}\n${last.map(line => `  ${printable(line)}\n`).join('')}`);
    }
    process.stderr.write('holdfast lab down removes all of it\n');
    return EXIT.failed;
  }
  await settled(machine, state);
  await show(machine, state);
  const active = (await lookAtNodes(machine, state)).find(({ routers }) => routers?.some(each => each.state === 'active') ?? false);
  const name = active?.name ?? state.topology.nodes[0]?.name ?? '';
  process.stdout.write(`\n${suggestions(name, `${machine.folder}/${socketOf(name)}`).join('\n')}\n`);
  return EXIT.done;
}

/** Waits until every address is answered by one node.
 *  @returns why that does not happen; null when it has */
async function served(machine: LabMachine, state: LabState): Promise<string | null> {
  const until = machine.now() + BOUND * 1000;
  for (;;) {
    const { requests } = parseLog(machine.tail(CLIENT_LOG, BACK));
    const quiet = state.topology.targets.find(({ address }) => !isSteady(requests, address, machine.now(), STEADY));
    if (quiet === undefined) return null;
    const dead = state.topology.nodes.find(({ name }) => recorded(machine, state, name, 'holdfast') === null);
    if (dead !== undefined) return `holdfast on ${dead.name} has ended`;
    if (recorded(machine, state, 'client', 'client') === null) return 'the client has ended';
    if (machine.now() > until) return `nobody answers steadily at http://${hostOf(quiet.address)}/ after ${BOUND / 1000} s`;
    await machine.sleep(LOOK_EVERY);
  }
}

/** Checks want their first good looks, and then the highest priority takes over; what is demoted after that is told as it is. */
async function settled(machine: LabMachine, state: LabState): Promise<void> {
  const until = machine.now() + HEALTH * 1000;
  const still = settleMs(state) * 1000;
  let before = '';
  let since = machine.now();
  while (machine.now() < until) {
    const reports = await Promise.all(state.topology.nodes.map(({ name }) => askNode(machine, state, name)));
    const routers = reports.flatMap(report => report?.routers ?? []);
    const well = routers.every(({ priority, waiting }) => priority.effective === priority.configured && waiting === null);
    const now = JSON.stringify(routers.map(router => [router.name, router.state, router.priority.effective]));
    if (now !== before) since = machine.now();
    before = now;
    if (well && !reports.includes(null) && machine.now() - since > still) return;
    await machine.sleep(LOOK_EVERY);
  }
}

/** In this time the protocol does what it does next: silence is noticed after three intervals and less than one, RFC 9568 §6.1; ms. */
function settleMs({ topology }: LabState): number {
  return Math.max(0, ...topology.targets.map(({ intervalMs }) => 4 * intervalMs)) + 300;
}

async function show(machine: LabMachine, state: LabState): Promise<void> {
  const nodes = await lookAtNodes(machine, state);
  const { requests } = parseLog(machine.tail(CLIENT_LOG, BACK));
  const lines = [
    ...nodeTable(nodes),
    ...waitLines(nodes),
    '',
    ...state.topology.targets.map(({ address, router, intervalMs }) => {
      const who = whoAnswers(requests, address, machine.now());
      return `the client asks http://${hostOf(address)}/ (${router}, adverts every ${intervalMs} ms): ${who === null ? 'nobody' : who} answers`;
    }),
    ...(recorded(machine, state, 'client', 'client') === null ? ['the client does not run; holdfast lab heal starts it'] : []),
    `logs and configurations: ${machine.folder}/NODE/`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

async function breakIt(machine: LabMachine, argv: readonly string[]): Promise<number> {
  const { positionals } = parseArgs({ args: [...argv], allowPositionals: true });
  const [what, name = '', ...more] = positionals;
  if (!isFault(what) || name === '' || more.length > 0) return usage(`holdfast: lab break takes what to break, and where\n\n`);
  const state = ready(machine);
  nodeOf(state, name);
  const broken = state.faults.find(({ node }) => node === name);
  if (broken !== undefined) throw new LabError(`${name} has a fault already (${broken.what}); first: holdfast lab heal ${name}`);
  process.stdout.write(`${announceFault(what, name, state.pages[name] ?? 'built-in')}\n`);
  sayWhenInterrupted(`${name} stays broken (${what}) until \`holdfast lab heal ${name}\``);
  const { state: after, report } = await observed(machine, state, `${what} ${name}`, [], () => breakNode(machine, state, name, what));
  const mended = forgetMended(machine, after);
  if (what === 'nginx' && mended.faults.length < after.faults.length) process.stdout.write(`holdfast has brought nginx on ${name} back\n`);
  return tell(machine, mended, report, what === 'nginx' ? name : null);
}

async function heal(machine: LabMachine, argv: readonly string[]): Promise<number> {
  const { positionals } = parseArgs({ args: [...argv], allowPositionals: true });
  if (positionals.length > 1) return usage('holdfast: lab heal takes one node, or none for all\n\n');
  const state = ready(machine);
  const [only] = positionals;
  const names = only === undefined ? [...new Set(state.faults.map(({ node }) => node))] : [nodeOf(state, only).name];
  if (names.length === 0 && recorded(machine, state, 'client', 'client') !== null) {
    process.stdout.write('nothing is broken\n');
    return EXIT.done;
  }
  const all = names.length === 0 ? state.topology.nodes.slice(0, 1).map(({ name }) => name) : names;
  process.stdout.write(`${all.join(', ')} ${all.length === 1 ? 'is' : 'are'} healed\n`);
  sayWhenInterrupted('`holdfast lab heal` once more does what is left');
  const { state: after, report } = await observed(machine, state, `healed ${all.join(', ')}`, all, async () => {
    let healed = state;
    for (const name of all) healed = await healNode(machine, healed, name);
    return healed;
  });
  return tell(machine, after, report);
}

/** Does something and watches the client until its answers are steady again, and the protocol has had the time for what it does next.
 *  @param awaited nodes that must take part again */
async function observed(
  machine: LabMachine,
  state: LabState,
  did: string,
  awaited: readonly string[],
  act: () => Promise<LabState>,
): Promise<{ readonly state: LabState; readonly report: Report }> {
  const { targets } = state.topology;
  const log = machine.follow(CLIENT_LOG, BACK);
  let torn = '';
  let seen = NOTHING;
  const take = (): void => {
    const lines = (torn + log.next()).split('\n');
    torn = lines.pop() ?? '';
    seen = append(seen, parseLog(lines.join('\n')));
  };
  try {
    take();
    const from = machine.now();
    const at = machine.wallNow();
    const after = await act();
    const settle = settleMs(state) + 700;
    let earliest = machine.now() + settle * 1000;
    const until = from + BOUND * 1000;
    let waiting = [...awaited];
    for (;;) {
      await machine.sleep(LOOK_EVERY);
      take();
      const now = machine.now();
      if (waiting.length > 0) {
        const reports = await Promise.all(waiting.map(name => askNode(machine, after, name)));
        waiting = waiting.filter((_name, i) => reports[i]?.routers.every(each => each.state === 'initialize') ?? true);
        if (waiting.length === 0) earliest = now + settle * 1000;
      }
      const steady = targets.every(({ address }) => isSteady(seen.requests, address, now, STEADY));
      if (now > until || (steady && now > earliest && waiting.length === 0)) break;
    }
    const to = machine.now();
    const report: Report = { did, at, outages: targets.map(({ address }) => outageOf(seen, address, from, to)) };
    return { state: remember(machine, { ...after, last: report }), report };
  } finally {
    log.close();
  }
}

/** @param revived the node whose service is what this was about; null: the addresses are
 *  @returns exit code: 1 when nobody answers */
async function tell(machine: LabMachine, state: LabState, report: Report, revived: string | null = null): Promise<number> {
  const why = new Map<string, string>();
  for (const { target, before, after } of report.outages) {
    const router = state.topology.targets.find(({ address }) => address === target)?.router;
    const stayed = before === after && revived !== null ? await serviceWords(machine, state, revived, report.at) : null;
    const sentence =
      stayed ?? (after === null || router === undefined ? null : await whyOf(machine, state, after, router, familyOf(target)));
    if (sentence !== null) why.set(target, sentence);
  }
  process.stdout.write(`${reportLines(report, why, BOUND).join('\n')}\n`);
  for (const { node, what } of state.faults) process.stdout.write(`still broken: ${what} ${node}; holdfast lab heal ${node}\n`);
  return report.outages.every(({ after }) => after !== null) ? EXIT.done : EXIT.failed;
}

async function status(machine: LabMachine, argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...argv], options: { json: { type: 'boolean', default: false } } });
  const state = ready(machine);
  if (values.json) {
    const { nodes, targets, last } = await lookAtAll(machine, state);
    process.stdout.write(`${JSON.stringify({ schema: 1, folder: machine.folder, nodes, targets, last }, null, 2)}\n`);
    return EXIT.done;
  }
  for (const note of state.notes) process.stdout.write(`note: ${note}\n`);
  await show(machine, state);
  if (state.last !== null) process.stdout.write(`\nlast: ${state.last.did}\n${reportLines(state.last, new Map(), BOUND).join('\n')}\n`);
  return EXIT.done;
}

async function watchIt(machine: LabMachine, argv: readonly string[]): Promise<number> {
  parseArgs({ args: [...argv] });
  ready(machine);
  const { stdout } = process;
  const read = async (): Promise<string> => {
    const state = recall(machine);
    if (state === null) return 'the laboratory is gone; Ctrl-C leaves';
    const [width, rows] = stdout.isTTY ? [stdout.columns, stdout.rows] : [WIDTH, 24];
    return picture(await lookAtAll(machine, state), width, rows);
  };
  if (!stdout.isTTY) {
    stdout.write(`${await read()}\n`);
    return EXIT.done;
  }
  // https://no-color.org
  const plain = (process.env.NO_COLOR ?? '') !== '' || process.env.TERM === 'dumb';
  const screen: Screen = {
    isTTY: true,
    get columns() {
      return stdout.columns;
    },
    get rows() {
      return stdout.rows;
    },
    write: text => stdout.write(plain ? text : paint(text)),
  };
  return watch(read, screen, process, PICTURE_EVERY);
}

async function down(machine: LabMachine, argv: readonly string[]): Promise<number> {
  parseArgs({ args: [...argv] });
  if (!isThere(machine)) {
    machine.clear();
    process.stdout.write('there is no laboratory\n');
    return EXIT.done;
  }
  const { processes, namespaces, visitors } = await remove(machine);
  process.stdout.write(`removed: ${namespaces} network namespaces, ${processes} processes, ${machine.folder}\n`);
  for (const { pid, name } of visitors)
    process.stdout.write(`process ${pid} (${name}) looks around in a terminal and was left alone; its network goes when it ends\n`);
  return EXIT.done;
}

/** @throws LabError when there is none, or only a part of one */
function ready(machine: LabMachine): LabState {
  const state = recall(machine);
  if (state?.phase === 'ready') return state;
  if (isThere(machine)) throw new LabError('the laboratory was interrupted while it was made; `holdfast lab up` begins anew');
  throw new LabError('there is no laboratory; `holdfast lab up` makes one');
}

function sayWhenInterrupted(words: string): void {
  process.once('SIGINT', () => {
    process.stderr.write(`\nholdfast: interrupted; ${words}\n`);
    process.exit(130);
  });
}

function fail(words: string): number {
  process.stderr.write(`holdfast: lab: ${words}\n`);
  return EXIT.failed;
}

function usage(words: string): number {
  process.stderr.write(`${words}${USAGE}`);
  return EXIT.usage;
}
