// Who holds the addresses of a group, over all combinations of what can fail and from every holder before: each played through.
// Must not know files, nor in which words the outcome is told.
import { effectivePriority } from '../vrrp/router.ts';
import { healthyOf, OFF, type Outcome, outcomesOf, singlesOf } from './failures.ts';
import { type Group, groupsOf, type Machine } from './group.ts';
import { type Condition, type Moment, type Reject, settle, switchedOff } from './network.ts';

/** One combination: what fails, by member. */
export interface Case {
  readonly outcomes: readonly Outcome[];
  /** For each holder before, who holds the addresses in the end; by their places in the group. */
  readonly holders: readonly (readonly number[])[];
}

export interface Proof {
  readonly group: Group;
  /** How many combinations there are, and how many of them were played through, those with the fewest failures first. */
  readonly combinations: number;
  readonly played: number;
  /** Nothing fails, then each single failure in the order of the members. */
  readonly simple: readonly Case[];
  /** In which nobody holds the addresses though a machine is on; none whose failures contain those of another one. */
  readonly nobody: readonly Case[];
  /** In which more than one holds them; likewise. */
  readonly both: readonly Case[];
  /** Why members do not believe each other. */
  readonly rejects: readonly Reject[];
  /** Weights whose check may fail alone without moving the addresses. */
  readonly idle: readonly IdleWeight[];
  /** Members that are equal while all is well, so that their own addresses decide. */
  readonly equals: readonly number[];
}

export interface IdleWeight {
  readonly member: number;
  /** Its check. */
  readonly of: string;
  /** The member's priority while that check alone fails, and while nothing does. */
  readonly failed: number;
  readonly well: number;
  /** The best of the others. */
  readonly other: number;
}

/** So that an answer comes while somebody waits: a combination takes up to a millisecond. Of all groups that differ together. */
export const MOST_CASES = 3_000;

/** A proof for each virtual router of these machines. */
export function prove(machines: readonly Machine[]): readonly Proof[] {
  const groups = groupsOf(machines).map(group => ({ group, key: electionOf(group) }));
  const kinds = new Set(groups.map(({ key }) => key)).size;
  const most = Math.ceil(MOST_CASES / kinds);
  const known = new Map<string, Proof>();
  return groups.map(({ group, key }) => {
    const proof = known.get(key) ?? proveGroup(group, most);
    known.set(key, proof);
    return { ...proof, group };
  });
}

/** All of a group that its election depends on: routers often differ in their names, addresses and VRIDs only. */
function electionOf(group: Group): string {
  const [first] = group;
  const alike = group.every(({ spec }) => spec.vrid === first?.spec.vrid);
  return JSON.stringify(
    group.map(({ machine, spec, tracks, primary, guessed }) => {
      const { name: _name, interface: _interface, addresses, vrid, lease: _lease, accept: _accept, ...rest } = spec;
      const followed = tracks.map(({ of, consequence }) => [of, consequence]);
      return [machine, rest, addresses.length > 0, alike ? null : vrid, followed, primary, guessed];
    }),
  );
}

function proveGroup(group: Group, most: number): Proof {
  const possible = group.map(({ tracks }) => [...outcomesOf(tracks), OFF]);
  const combinations = possible.reduce((product, { length }) => product * length, 1);
  const befores = startsOf(group);
  const rejects = new Map<string, Reject>();
  const play = (outcomes: readonly Outcome[]): Case => {
    const holders = befores.map(before => {
      const settled = settle(group, before, conditionsOf(outcomes));
      for (const reject of settled.rejects) rejects.set(`${reject.by} ${reject.from} ${reject.reason}`, reject);
      return settled.holders;
    });
    return { outcomes, holders };
  };
  const nobody: Case[] = [];
  const both: Case[] = [];
  let played = 0;
  for (const outcomes of byFailures(possible)) {
    if (played === most) break;
    played += 1;
    const found = play(outcomes);
    const dark = outcomes.every(({ condition }) => condition === 'off');
    if (!dark && found.holders.some(({ length }) => length === 0) && isNew(nobody, found)) nobody.push(found);
    if (found.holders.some(({ length }) => length > 1) && isNew(both, found)) both.push(found);
  }
  return {
    group,
    combinations,
    played,
    simple: simpleCases(group).map(play),
    nobody,
    both,
    rejects: [...rejects.values()],
    idle: both.length > 0 ? [] : idleWeights(group, befores),
    equals: equalsOf(group),
  };
}

/** Nothing fails, then each single failure, in the order of the members. */
function simpleCases(group: Group): readonly (readonly Outcome[])[] {
  const healthy = group.map(({ tracks }): Outcome => ({ condition: healthyOf(tracks), failures: [] }));
  return [healthy, ...group.flatMap(({ tracks }, member) => [...singlesOf(tracks), OFF].map(outcome => healthy.with(member, outcome)))];
}

/** All well, and held by each of them once: whoever is there first keeps the addresses from an equal, or where nobody preempts. */
function startsOf(group: Group): readonly Moment[] {
  const healthy = healthOf(group);
  const off = switchedOff(group);
  return group.map((_member, first) => {
    const alone = healthy.map((condition, index) => (index === first ? condition : 'off'));
    return settle(group, settle(group, off, alone).moment, healthy).moment;
  });
}

function healthOf(group: Group): readonly Condition[] {
  return group.map(({ tracks }) => healthyOf(tracks));
}

function conditionsOf(outcomes: readonly Outcome[]): readonly Condition[] {
  return outcomes.map(({ condition }) => condition);
}

/** The product of all lists, those with the fewest failures first. */
function* byFailures(possible: readonly (readonly Outcome[])[]): Generator<readonly Outcome[]> {
  const most = possible.reduce((sum, list) => sum + Math.max(...list.map(weightOf)), 0);
  for (let failures = 0; failures <= most; failures += 1) yield* withFailures(possible, failures);
}

function* withFailures([list, ...others]: readonly (readonly Outcome[])[], failures: number): Generator<readonly Outcome[]> {
  if (list === undefined) {
    if (failures === 0) yield [];
    return;
  }
  for (const outcome of list) {
    const left = failures - weightOf(outcome);
    if (left >= 0) for (const rest of withFailures(others, left)) yield [outcome, ...rest];
  }
}

function weightOf({ failures }: Outcome): number {
  return failures.length;
}

/** What fails, each as one word that names the member too. */
function failuresOf(outcomes: readonly Outcome[]): readonly string[] {
  return outcomes.flatMap(({ failures }, index) => failures.map(failure => `${index} ${failure}`));
}

function isNew(known: readonly Case[], { outcomes }: Case): boolean {
  const here = new Set(failuresOf(outcomes));
  return !known.some(other => failuresOf(other.outcomes).every(failure => here.has(failure)));
}

/** A weight is there to move the addresses: whether the failure of its check does, when its member has them while all is well. */
function idleWeights(group: Group, befores: readonly Moment[]): readonly IdleWeight[] {
  if (group.length < 2) return [];
  const healthy = healthOf(group);
  const priorities = prioritiesOf(group);
  return group.flatMap(({ tracks }, member): readonly IdleWeight[] => {
    const before = befores[member];
    if (before === undefined || !settle(group, before, healthy).holders.includes(member)) return [];
    const weights = tracks.filter(({ consequence }) => consequence.do === 'weight' && consequence.weight !== 'number');
    return weights.flatMap(({ of }): readonly IdleWeight[] => {
      const failed = singlesOf(tracks).find(({ failures }) => failures[0] === of)?.condition ?? 'off';
      if (!settle(group, before, healthy.with(member, failed)).holders.includes(member)) return [];
      const other = Math.max(...priorities.toSpliced(member, 1));
      return [{ member, of, failed: priorityOf(group, member, failed), well: priorities[member] ?? 0, other }];
    });
  });
}

/** Of each member while nothing fails. */
function prioritiesOf(group: Group): readonly number[] {
  return healthOf(group).map((condition, index) => priorityOf(group, index, condition));
}

function priorityOf(group: Group, index: number, condition: Condition): number {
  const member = group[index];
  if (member === undefined || condition === 'off') return 0;
  return effectivePriority({ ...member.spec, ...condition, primary: member.primary });
}

/** Those that share the highest priority; none where one alone has it, or where the addresses that decide are known. */
function equalsOf(group: Group): readonly number[] {
  const priorities = prioritiesOf(group);
  const highest = Math.max(...priorities);
  const equals = priorities.flatMap((priority, index) => (priority === highest ? [index] : []));
  return equals.length > 1 && equals.some(index => group[index]?.guessed) ? equals : [];
}
