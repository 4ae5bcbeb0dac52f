// What a laboratory looks like at this moment: each node asked through its control socket, the client's log, the history of all nodes.
// Must not know how it is shown, and changes nothing.
import { fetchHistory, fetchStatus } from '../api/client.ts';
import type { RouterReport, StatusReport } from '../api/status.ts';
import { printable } from '../config/diagnostic.ts';
import { readEntries } from '../core/history.ts';
import { CLIENT_LOG, historyOf, socketOf } from '../lab/laboratory.ts';
import { parseLog, type Request, strip } from '../lab/outage.ts';
import type { LabState } from '../lab/state.ts';
import { marksOf, type NodeView, type TargetView, type View } from '../lab/words.ts';
import { showTime } from '../lib/time.ts';
import type { LabMachine } from '../platform/lab-ports.ts';
import { explainRouter } from './past.ts';

/** A node that stands still does not answer; in ms. */
const PATIENCE = 600;
/** A strip of so many tenths of a second. */
const STRIP = 60;
const STEP = 100;
/** Enough of the client's log for a strip, and for who answered before; in bytes. */
export const BACK = 128 << 10;
const LINES = 12;

/** @returns null when it does not answer, or cannot as its power is off */
export async function askNode(machine: LabMachine, state: LabState, node: string): Promise<StatusReport | null> {
  if (state.faults.some(fault => fault.node === node && (fault.what === 'power' || fault.what === 'freeze'))) return null;
  return within(fetchStatus(`${machine.folder}/${socketOf(node)}`));
}

/** What comes too late, or not at all, is null. */
function within<T>(asked: Promise<T>): Promise<T | null> {
  const { promise, resolve } = Promise.withResolvers<T | null>();
  const timer = setTimeout(resolve, PATIENCE, null);
  asked.then(resolve, () => resolve(null));
  return promise.finally(() => clearTimeout(timer));
}

/** Why a node serves a router, in a sentence; null when it does not say. */
export async function whyOf(machine: LabMachine, state: LabState, node: string, router: string, family: string): Promise<string | null> {
  const report = await askNode(machine, state, node);
  const past = report === null ? null : await within(fetchHistory(`${machine.folder}/${socketOf(node)}`));
  const found = report?.routers.find(each => each.name === router && each.family === family && each.state === 'active');
  if (report === null || past === null || found === undefined) return null;
  return printable(explainRouter(found, report, past.events, machine.wallNow()).sentence);
}

/** What a node last said of its watchdogs and checks since an instant; null for nothing.
 *  @param since ms since 1970 */
export async function serviceWords(machine: LabMachine, state: LabState, node: string, since: number): Promise<string | null> {
  const past = state.topology.nodes.some(({ name }) => name === node)
    ? await within(fetchHistory(`${machine.folder}/${socketOf(node)}`))
    : null;
  const last = past?.events.findLast(({ at, event }) => Date.parse(at) >= since && /^(watchdog|check)\./.test(event));
  return last === undefined ? null : printable(`${node}: ${last.message}`);
}

export async function lookAtNodes(machine: LabMachine, state: LabState): Promise<readonly NodeView[]> {
  return Promise.all(
    state.topology.nodes.map(async ({ name, plugs }): Promise<NodeView> => {
      const report = await askNode(machine, state, name);
      return {
        name,
        addresses: plugs.flatMap(({ addresses }) => addresses.map(address => address.replace(/\/.*/, ''))),
        page: state.pages[name] ?? 'built-in',
        fault: state.faults.find(({ node }) => node === name) ?? null,
        routers: report === null ? null : report.routers.map(viewOf),
      };
    }),
  );
}

function viewOf({ name, family, state, priority, waiting }: RouterReport) {
  const { configured, effective } = priority;
  return {
    name: printable(name),
    family,
    state,
    priority: configured === effective ? String(configured) : `${effective} of ${configured}`,
    waits: waiting === null ? null : printable(waiting),
  };
}

/** All that `lab watch` shows. */
export async function lookAtAll(machine: LabMachine, state: LabState): Promise<View> {
  const nodes = await lookAtNodes(machine, state);
  const { requests } = parseLog(machine.tail(CLIENT_LOG, BACK));
  const now = machine.now();
  const marks = marksOf(state.topology.nodes.map(({ name }) => name));
  const targets = state.topology.targets.map(
    (target): TargetView => ({
      target,
      who: whoAnswers(requests, target.address, now),
      strip: strip(requests, target.address, now, STEP, STRIP, marks),
    }),
  );
  const wall = machine.wallNow();
  return { nodes, targets, last: state.last, lines: lastLines(machine, state, wall), time: showTime(wall, wall) };
}

/** @returns null for nobody in the last half second */
export function whoAnswers(requests: readonly Request[], target: string, now: number): string | null {
  const answered = requests.findLast(each => each.target === target && each.answer !== null)?.answer ?? null;
  return answered === null || answered.at < now - 500_000 ? null : answered.who;
}

/** From the files, as a node without power still has them. */
function lastLines(machine: LabMachine, state: LabState, now: number): readonly string[] {
  return state.topology.nodes
    .flatMap(({ name }) => readEntries(machine.tail(historyOf(name), 8 << 10)).map(entry => ({ ...entry, name })))
    .filter(({ level }) => level !== 'debug')
    .sort((a, b) => a.at - b.at)
    .slice(-LINES)
    .map(({ at, name, message }) => `${showTime(at, now)} ${name}  ${printable(message)}`);
}
