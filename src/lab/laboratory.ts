// The laboratory as it is made, broken, healed and removed: in which order, and what is written down before it is done, so that
// whatever is interrupted can be undone by the next command. Must not know how a machine does any of it, nor what is printed.
import type { LabMachine, LabProcess, SeenProcess } from '../platform/lab-ports.ts';
import { type FaultKind, formatState, type LabState, type Page, parseState, type Recorded } from './state.ts';
import { CLIENT, type Machine, type Plug, PREFIX, SWITCH, type Topology } from './topology.ts';
import { nginxText } from './usual.ts';

const STATE = 'state.json';
export const CLIENT_LOG = 'client.log';

/** The kernel needs a moment to end a process; so many looks, ms apart. */
const LOOKS = 100;
const LOOK_EVERY = 20;

/** What is wrong can be mended by whoever typed the command; `message` says how. */
export class LabError extends Error {
  override readonly name = 'LabError';
}

/** What a laboratory is made of. */
export interface Plan {
  readonly wish: string;
  readonly topology: Topology;
  /** By name of the node: its configuration, and who gives its page. */
  readonly nodes: ReadonlyMap<string, { readonly text: string; readonly page: Page }>;
  readonly notes: readonly string[];
}

export const configOf = (node: string): string => `${node}/holdfast.toml`;
export const socketOf = (node: string): string => `${node}/control.sock`;
export const logOf = (node: string): string => `${node}/holdfast.log`;
export const historyOf = (node: string): string => `${node}/history-control.jsonl`;

/** How a node's nginx is started, and where it leaves its number. */
export function nginxOf(machine: LabMachine, node: string): { readonly start: readonly string[]; readonly pidFile: string } | null {
  const folder = `${machine.folder}/${node}/nginx`;
  if (machine.nginx === null) return null;
  return { start: [machine.nginx, '-p', folder, '-c', `${folder}/nginx.conf`], pidFile: `${folder}/nginx.pid` };
}

/** @returns null when there is none, and for the remains of one that this version did not make */
export function recall(machine: LabMachine): LabState | null {
  const text = machine.read(STATE);
  return text === null ? null : parseState(text);
}

/** Whether there is anything that `remove` would remove. */
export function isThere(machine: LabMachine): boolean {
  return machine.read(STATE) !== null || machine.namespaces(PREFIX).length > 0;
}

export function remember(machine: LabMachine, state: LabState): LabState {
  machine.write(STATE, formatState(state));
  return state;
}

/** Makes all of it. What is there already must have been removed.
 *  @throws Error when the machine refuses something; what was made until then is removed by `remove` */
export async function make(machine: LabMachine, plan: Plan): Promise<LabState> {
  const { topology, wish, notes } = plan;
  let state = remember(machine, {
    schema: 1,
    phase: 'making',
    wish,
    topology,
    pages: Object.fromEntries([...plan.nodes].map(([name, { page }]) => [name, page])),
    processes: [],
    faults: [],
    last: null,
    notes,
  });
  for (const name of [SWITCH, ...[...topology.nodes, topology.client].map(({ namespace }) => namespace)]) await machine.addNamespace(name);
  // A switch that forwards from the first moment on and decides nothing of its own: no spanning tree, no snooping.
  const bridges = Array.from({ length: topology.bridges }, (_, number) => `br${number}`);
  await machine.ip(SWITCH, [
    ...bridges.map(name => `link add ${name} type bridge stp_state 0 mcast_snooping 0 forward_delay 0`),
    ...bridges.map(name => `link set ${name} up`),
  ]);
  for (const each of [...topology.nodes, topology.client]) await plugIn(machine, each);
  for (const [name, { text, page }] of plan.nodes) {
    machine.write(configOf(name), text);
    if (page !== 'built-in') machine.write(`${name}/nginx/nginx.conf`, nginxText(name, `${machine.folder}/${name}/nginx`));
  }
  for (const node of topology.nodes) state = await boot(machine, state, node);
  state = await startClient(machine, state);
  return remember(machine, { ...state, phase: 'ready' });
}

/** Gives a machine its interfaces as far as they are not there. */
async function plugIn(machine: LabMachine, { namespace, plugs }: Machine): Promise<void> {
  const there = await machine.interfaces(namespace);
  const missing = plugs.filter(({ name }) => !there.includes(name));
  await machine.ip(
    SWITCH,
    missing.map(({ port, name }) => `link add name ${port} type veth peer name ${name} netns ${namespace}`),
  );
  await machine.ip(
    SWITCH,
    plugs.map(({ port, bridge }) => `link set dev ${port} master br${bridge} up`),
  );
  // An address that still proves that it is alone (DAD) answers nobody, and nobody is to wait for it.
  const quiet = ['accept_dad', 'accept_ra', 'router_solicitations'];
  await machine.settings(
    namespace,
    Object.fromEntries(plugs.flatMap(({ name }) => quiet.map(setting => [`ipv6/conf/${name}/${setting}`, '0']))),
  );
  await machine.ip(namespace, ['link set lo up', ...plugs.flatMap(commandsOf)]);
}

function commandsOf({ name, addresses, routes }: Plug): readonly string[] {
  return [
    ...addresses.map(address => `address replace ${address} dev ${name}${address.includes(':') ? ' nodad' : ''}`),
    `link set ${name} up`,
    ...routes.map(route => `route replace ${route} dev ${name}`),
  ];
}

/** Starts what does not run on a node: its page, unless holdfast does that, and holdfast. */
async function boot(machine: LabMachine, state: LabState, node: Machine): Promise<LabState> {
  const { name, namespace } = node;
  const page = state.pages[name] ?? 'built-in';
  let now = state;
  if (page !== 'watched' && recorded(machine, now, name, 'page') === null) {
    const nginx = nginxOf(machine, name);
    const argv = page === 'nginx' && nginx !== null ? [...nginx.start, '-g', 'daemon off;'] : [...machine.self, 'lab', 'page', name];
    now = record(machine, now, await machine.start(namespace, argv, `${name}/page.log`), name, 'page');
  }
  if (recorded(machine, now, name, 'holdfast') === null) {
    const files = ['--config', `${machine.folder}/${configOf(name)}`, '--socket', `${machine.folder}/${socketOf(name)}`];
    const started = await machine.start(namespace, [...machine.self, 'run', ...files, '--node', name], logOf(name));
    now = record(machine, now, started, name, 'holdfast');
  }
  return now;
}

async function startClient(machine: LabMachine, state: LabState): Promise<LabState> {
  if (recorded(machine, state, 'client', 'client') !== null) return state;
  const targets = state.topology.targets.map(({ address }) => address);
  const argv = [...machine.self, 'lab', 'client', `${machine.folder}/${CLIENT_LOG}`, ...targets];
  return record(machine, state, await machine.start(CLIENT, argv, 'client.err'), 'client', 'client');
}

function record(machine: LabMachine, state: LabState, process: LabProcess, on: string, what: Recorded['what']): LabState {
  const { pid, started } = process;
  const others = state.processes.filter(each => each.pid !== pid && machine.runs(each));
  return remember(machine, { ...state, processes: [...others, { pid, started, on, what }] });
}

/** The process of that kind that was started last and runs; null when none does. */
export function recorded(machine: LabMachine, state: LabState, on: string, what: Recorded['what']): Recorded | null {
  return state.processes.findLast(each => each.on === on && each.what === what && machine.runs(each)) ?? null;
}

/** Every process of a node, written down before anything is done to it. People who look around in a terminal are none of them. */
function seize(machine: LabMachine, state: LabState, node: Pick<Machine, 'name' | 'namespace'>): readonly [LabState, readonly Recorded[]] {
  const known = new Map(state.processes.map(each => [`${each.pid} ${each.started}`, each]));
  const here = machine
    .processes(node.namespace)
    .filter(({ terminal }) => !terminal)
    .map(({ pid, started }): Recorded => known.get(`${pid} ${started}`) ?? { pid, started, on: node.name, what: 'other' });
  const others = state.processes.filter(each => !here.some(({ pid }) => pid === each.pid) && machine.runs(each));
  return [remember(machine, { ...state, processes: [...others, ...here] }), here];
}

/** Does a fault to a node; it is written down first.
 *  @throws LabError when there is nothing to break */
export async function breakNode(machine: LabMachine, before: LabState, name: string, what: FaultKind): Promise<LabState> {
  const node = nodeOf(before, name);
  const doomed = what === 'nginx' ? pageOf(machine, before, node) : [];
  if (what === 'nginx' && doomed.length === 0) throw new LabError(`no nginx runs on ${name}; holdfast lab heal ${name} starts it`);
  let state = remember(machine, { ...before, faults: [...before.faults, { node: name, what, at: machine.wallNow() }] });
  const ports = node.plugs.map(({ port }) => port);
  switch (what) {
    case 'cable':
      await machine.ip(
        SWITCH,
        ports.map(port => `link set dev ${port} down`),
      );
      return state;
    case 'freeze': {
      const [seized, processes] = seize(machine, state, node);
      for (const each of processes) machine.signal(each, 'SIGSTOP');
      return seized;
    }
    case 'nginx':
      for (const each of doomed) state = record(machine, state, each, name, 'other');
      for (const each of doomed) machine.signal(each, 'SIGKILL');
      return state;
    case 'power': {
      // A dead machine says nothing more, not even that its cable is gone; and its addresses are gone with it.
      const [seized, processes] = seize(machine, state, node);
      for (const each of processes) machine.signal(each, 'SIGSTOP');
      await machine.ip(
        SWITCH,
        ports.map(port => `link delete ${port}`),
      );
      return (await end(machine, seized, node)).state;
    }
  }
}

/** Kills everybody on a machine until nobody is left: one that dies may just have started another. */
async function end(
  machine: LabMachine,
  before: LabState,
  node: Pick<Machine, 'name' | 'namespace'>,
): Promise<{ readonly state: LabState; readonly ended: number }> {
  let state = before;
  const ended = new Set<number>();
  for (let look = 0; look < LOOKS; look += 1) {
    const [seized, processes] = seize(machine, state, node);
    state = seized;
    if (processes.length === 0) break;
    for (const each of processes) {
      machine.signal(each, 'SIGKILL');
      ended.add(each.pid);
    }
    await machine.sleep(LOOK_EVERY);
  }
  return { state, ended: ended.size };
}

/** nginx's master; where nobody revives it, its workers too, which would go on without it. */
function pageOf(machine: LabMachine, state: LabState, { name, namespace }: Machine): readonly LabProcess[] {
  const page = state.pages[name];
  const here = machine.processes(namespace);
  if (page === 'nginx') return here.filter(each => each.name === 'nginx');
  if (page === 'built-in') {
    const process = recorded(machine, state, name, 'page');
    return process === null ? [] : [process];
  }
  const pid = Number(machine.read(`${name}/nginx/nginx.pid`)?.trim() ?? 0);
  return here.filter(each => each.pid === pid);
}

/** Undoes whatever was done to a node, and whatever of it was left half done. */
export async function healNode(machine: LabMachine, before: LabState, name: string): Promise<LabState> {
  const node = nodeOf(before, name);
  let [state, processes] = seize(machine, before, node);
  await plugIn(machine, node);
  for (const each of processes) machine.signal(each, 'SIGCONT');
  // A power cut that was interrupted: what lives then is of a machine that was off.
  if (before.faults.some(fault => fault.node === name && fault.what === 'power')) state = (await end(machine, state, node)).state;
  // The workers of a killed nginx hold the port.
  if (state.pages[name] === 'nginx' && recorded(machine, state, name, 'page') === null)
    for (const each of pageOf(machine, state, node)) machine.signal(each, 'SIGKILL');
  state = await startClient(machine, await boot(machine, state, node));
  return remember(machine, { ...state, faults: state.faults.filter(fault => fault.node !== name) });
}

/** Forgets faults that holdfast has mended by itself. */
export function forgetMended(machine: LabMachine, state: LabState): LabState {
  const { faults, topology } = state;
  const left = faults.filter(({ node, what }) => {
    const found = topology.nodes.find(({ name }) => name === node);
    return what !== 'nginx' || found === undefined || pageOf(machine, state, found).length === 0;
  });
  return left.length === faults.length ? state : remember(machine, { ...state, faults: left });
}

export interface Removed {
  readonly processes: number;
  readonly namespaces: number;
  /** People in terminals, who keep what is left of a namespace until they leave. */
  readonly visitors: readonly SeenProcess[];
}

/** Removes all of it, also what was only half made or is half removed. */
export async function remove(machine: LabMachine): Promise<Removed> {
  let state = recall(machine);
  const names = machine.namespaces(PREFIX);
  const visitors = names.flatMap(name => machine.processes(name).filter(({ terminal }) => terminal));
  let processes = 0;
  for (const each of state?.processes ?? []) if (machine.signal(each, 'SIGKILL')) processes += 1;
  for (const namespace of names) {
    const node = { name: namespace.slice(PREFIX.length), namespace };
    const { state: after, ended } = await end(machine, state ?? LOST, node);
    if (state !== null) state = after;
    processes += ended;
  }
  for (const name of names) await machine.removeNamespace(name);
  machine.clear();
  return { processes, namespaces: names.length, visitors };
}

/** What is remembered of a laboratory whose state is gone: nothing. */
const LOST: LabState = {
  schema: 1,
  phase: 'making',
  wish: '',
  topology: { bridges: 0, nodes: [], client: { name: 'client', namespace: CLIENT, plugs: [] }, targets: [], notes: [] },
  pages: {},
  processes: [],
  faults: [],
  last: null,
  notes: [],
};

/** @throws LabError when there is no such node */
export function nodeOf({ topology }: LabState, name: string): Machine {
  const found = topology.nodes.find(each => each.name === name);
  if (found !== undefined) return found;
  throw new LabError(`there is no node ${name}; there is ${topology.nodes.map(each => each.name).join(', ')}`);
}
