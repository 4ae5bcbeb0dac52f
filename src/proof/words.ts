// A proof for people: one line for each single failure, then the combinations that go wrong. And the names for its parts.
// Must not know how it was proved, nor files.
import { formatPrefix } from '../vrrp/address.ts';
import type { Group } from './group.ts';
import type { Case, Proof } from './prove.ts';

/** More lines of one kind than anybody reads. */
const MOST_LISTED = 20;

/** The proof as lines without line ends. */
export function proofLines(proof: Proof): readonly string[] {
  const { group, simple, nobody, both } = proof;
  const rows = [['failed', 'serves'], ...simple.map(each => [caseWords(group, each), whoWords(group, each)])];
  const width = Math.max(...rows.map(([words = '']) => words.length));
  const played = proof.played === proof.combinations ? `all ${proof.combinations}` : `the first ${proof.played} of ${proof.combinations}`;
  const bad = [
    both.length === 0 ? 'never two at once' : `more than one at once in ${both.length}:`,
    nobody.length === 0 ? 'always somebody who is on' : `nobody in ${nobody.length}:`,
  ];
  return [
    `${titleOf(group)}, VRID ${vridsOf(group)}, ${addressesOf(group)}`,
    ...rows.map(([words = '', who]) => `  ${words.padEnd(width)}  ${who}`),
    `  ${played} combinations of failures, from every holder before: ${bad[0]}`,
    ...listCases(group, both),
    `  ${bad[1]}`,
    ...listCases(group, nobody),
  ];
}

function listCases(group: Group, cases: readonly Case[]): readonly string[] {
  const rest = cases.length - MOST_LISTED;
  const lines = cases.slice(0, MOST_LISTED).map(each => `    ${caseWords(group, each)}`);
  return rest > 0 ? [...lines, `    and ${rest} more`] : lines;
}

/** How people call the router of a group. */
export function titleOf(group: Group): string {
  return [...new Set(group.map(({ spec }) => `${spec.name}/${spec.family}`))].join(', ');
}

/** What fails: `edge-a off`, `edge-a: nginx, gateway; edge-b: db`, `nothing`. */
export function caseWords(group: Group, { outcomes }: Case): string {
  const parts = outcomes.flatMap(({ condition, failures }, index) => {
    const name = group[index]?.machine ?? '';
    if (condition === 'off') return [`${name} off`];
    return failures.length === 0 ? [] : [`${name}: ${failures.join(', ')}`];
  });
  return parts.length === 0 ? 'nothing' : parts.join('; ');
}

/** Who holds the addresses then. */
export function whoWords(group: Group, { holders }: Case): string {
  const ends = new Map(holders.map(each => [each.join(), each]));
  const words = Array.from(ends.values(), each => (each.length === 0 ? 'nobody' : listed(each.map(index => nameOf(group, index)))));
  return words.length === 1 ? (words[0] ?? '') : `${words.join(' or ')}, whoever had it`;
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(names: readonly string[]): string {
  const last = names.at(-1) ?? '';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`;
}

function nameOf(group: Group, index: number): string {
  return group[index]?.machine ?? '';
}

function vridsOf(group: Group): string {
  return [...new Set(group.map(({ spec }) => spec.vrid))].join(' and ');
}

function addressesOf(group: Group): string {
  const all = new Set(group.flatMap(({ spec }) => spec.addresses.map(formatPrefix)));
  const [first = 'no address', ...others] = all;
  return others.length === 0 ? first : `${first} and ${others.length} more`;
}
