// What kind of laboratory is asked for: the usual one, or the user's own configurations, one a node.
// Must not know how a laboratory is made.
import { basename } from 'node:path';
import { load } from '../config/load.ts';
import { parse } from '../config/parse.ts';
import { decode } from '../config/source.ts';
import { graft, tableAt } from '../config/tree.ts';
import { adopt, wishOf } from '../lab/adopt.ts';
import { nginxOf, type Plan } from '../lab/laboratory.ts';
import type { Page } from '../lab/state.ts';
import { isNodeName, layOut, MOST_NODES, nodeNames } from '../lab/topology.ts';
import { usualText, usualWish } from '../lab/usual.ts';
import { gather } from '../lab/words.ts';
import type { LabMachine } from '../platform/lab-ports.ts';
import { EXIT } from './exit.ts';
import { examine, readConfiguration } from './files.ts';

/** What keeps it from being made, and the exit status of that. */
export interface Refusal {
  readonly code: number;
  readonly words: string;
}

/** @param count 2 to MOST_NODES */
export function usualPlan(machine: LabMachine, count: number): Plan {
  const names = nodeNames(count);
  const page: Page = machine.nginx === null ? 'built-in' : 'watched';
  const missing = 'nginx is not installed here: a page of holdfast itself stands in, and nobody revives it';
  return {
    wish: `${count} nodes`,
    topology: layOut(names.map(usualWish)),
    nodes: new Map(names.map((name, i) => [name, { text: usualText(i, nginxOf(machine, name)), page }])),
    notes: machine.nginx === null ? [missing] : [],
  };
}

/** One node for each file; of a single file with `[node.NAME]`, one for each of those.
 *  @param programs whether what the files name is run, inside the laboratory */
export async function planOf(machine: LabMachine, files: readonly string[], programs: boolean): Promise<Plan | Refusal> {
  const wanted = await nodesOf(files);
  if ('code' in wanted) return wanted;
  const strange = wanted.find(({ name }) => !isNodeName(name));
  if (strange !== undefined)
    return refuse(`${strange.name} (${strange.file}) cannot be a node here: up to 12 of a-z, 0-9 and -, a letter first`);
  const machines = [];
  for (const { name, node, file } of wanted) {
    const { loaded, report } = await examine(file, node, null, 'ignore');
    if (loaded.plan === null) return { code: EXIT.configuration, words: `${report.trimEnd()}\n${file} cannot be used for ${name}` };
    machines.push({ name, machine: loaded.machine });
  }
  const topology = layOut(machines.map(each => wishOf(each.name, each.machine)));
  if (topology.targets.length === 0) return refuse('there is no virtual address that a client could ask');
  const nodes = new Map<string, { readonly text: string; readonly page: Page }>();
  const notes: { readonly node: string; readonly words: string }[] = [];
  for (const { name, machine: wished } of machines) {
    const plugs = topology.nodes.find(node => node.name === name)?.plugs ?? [];
    const adopted = adopt(wished, { plugs, nginx: nginxOf(machine, name), programs });
    const checked = await load([decode(`${name}.toml`, Buffer.from(adopted.text))], name);
    const error = checked.diagnostics.find(({ severity }) => severity === 'error');
    if (error !== undefined)
      return { code: EXIT.configuration, words: `${name}: what the lab makes of its file is no configuration: ${error.message}` };
    const page: Page = machine.nginx === null ? 'built-in' : adopted.watched ? 'watched' : 'nginx';
    nodes.set(name, { text: adopted.text, page });
    const renamed = plugs.filter(plug => plug.device !== plug.name).map(plug => `${plug.device} is ${plug.name}`);
    notes.push(...[...(renamed.length === 0 ? [] : [renamed.join(', ')]), ...adopted.notes].map(words => ({ node: name, words })));
  }
  return { wish: `${files.join(' ')}${programs ? ' --run-programs' : ''}`, topology, nodes, notes: [...topology.notes, ...gather(notes)] };
}

interface Wanted {
  readonly name: string;
  /** As the file calls it. */
  readonly node: string;
  readonly file: string;
}

async function nodesOf(files: readonly string[]): Promise<readonly Wanted[] | Refusal> {
  const [first = ''] = files;
  if (files.length > 1) {
    if (files.length > MOST_NODES) return refuse(`${files.length} files are too many, ${MOST_NODES} at most`);
    const names = files.map(file => shorten(basename(file, '.toml')));
    const distinct = new Set(names).size === names.length;
    return files.map((file, i) => {
      const name = distinct ? (names[i] ?? '') : (nodeNames(files.length)[i] ?? '');
      return { name, node: distinct ? basename(file, '.toml') : name, file };
    });
  }
  const sources = await readConfiguration(first);
  const trees = sources.flatMap((source, index) => {
    const { tree } = parse(source.text);
    return tree === undefined ? [] : [{ source: { index, file: source.file, text: source.text }, tree }];
  });
  const nodes = Object.keys(tableAt(graft({ index: 0, file: first, text: '' }, trees).tree, ['node']));
  const failed = sources.find(source => source.failure !== undefined);
  if (failed !== undefined) return { code: EXIT.configuration, words: `${failed.file}: ${failed.failure?.message ?? 'it cannot be read'}` };
  if (nodes.length < 2) return refuse('one file is one node: give one for each, or one file with [node.NAME] for each machine');
  if (nodes.length > MOST_NODES) return refuse(`${nodes.length} machines are too many, ${MOST_NODES} at most`);
  return nodes.map(node => ({ name: shorten(node), node, file: first }));
}

/** A host name as it is typed here: in lower case, without its domain. */
function shorten(name: string): string {
  return name.toLowerCase().split('.', 1).join();
}

function refuse(words: string): Refusal {
  return { code: EXIT.usage, words };
}
