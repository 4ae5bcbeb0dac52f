// What a proof says against the configuration, at its place in the files.
// Must not know how it was proved, nor how the cases are listed (words.ts).
import type { Code } from '../config/diagnostic.ts';
import { quote } from '../config/diagnostic.ts';
import type { Machine } from '../config/duties.ts';
import type { Place, PlacedFinding } from '../config/finding.ts';
import type { Path } from '../config/tree.ts';
import type { Group } from './group.ts';
import type { Reject } from './network.ts';
import type { IdleWeight, Proof } from './prove.ts';
import { caseWords, listed, titleOf } from './words.ts';

/** @param written the machines of the proof by name, as their files have them */
export function findingsOf(proof: Proof, written: ReadonlyMap<string, Machine>): readonly PlacedFinding[] {
  const { group } = proof;
  const at = (index: number, path: Path): readonly Place[] => {
    const member = group[index];
    const router = written.get(member?.machine ?? '')?.routers.find(({ name }) => name === member?.spec.name);
    if (router === undefined) return [];
    const place = router.placeOf(path);
    return [path.length === 0 ? { ...place, at: 'key' } : place];
  };
  const finding = (index: number, path: Path, words: Omit<PlacedFinding, 'place'>): PlacedFinding[] =>
    at(index, path).map(place => ({ ...words, place }));
  return [
    ...alone(group, finding),
    ...both(proof, at),
    ...proof.nobody.slice(0, 1).flatMap(first => {
      const more = proof.nobody.length > 1 ? `, and in ${proof.nobody.length - 1} more cases` : '';
      const message = `nobody holds the addresses of ${titleOf(group)} with ${caseWords(group, first)}${more}`;
      const hint = '`on_fail = "release"` means that; with "demote" it serves when nobody else can';
      const index = first.outcomes.findIndex(({ condition }) => condition !== 'off');
      return finding(index, ['track'], { code: 'nobody-active', severity: 'note', message, hint });
    }),
    ...proof.idle.flatMap(idle => finding(idle.member, trackOf(group, idle), { ...idleWords(group, idle), severity: 'warning' })),
    ...equals(proof, finding),
  ];
}

type Find = (index: number, path: Path, words: Omit<PlacedFinding, 'place'>) => PlacedFinding[];

function alone(group: Group, finding: Find): readonly PlacedFinding[] {
  const [only, ...others] = group;
  if (only === undefined || others.length > 0) return [];
  const message = `only ${only.machine} has ${titleOf(group)}: nobody takes over when it dies`;
  const hint = 'give another machine a virtual router with the same `vrid` and `addresses`';
  return finding(0, [], { code: 'lone-router', severity: 'warning', message, hint });
}

/** Two holders, with what keeps them from believing each other. */
function both({ group, both: cases, rejects }: Proof, at: (index: number, path: Path) => readonly Place[]): readonly PlacedFinding[] {
  const [first] = cases;
  const holders = first?.holders.find(({ length }) => length > 1);
  if (first === undefined || holders === undefined) return [];
  const names = holders.map(index => group[index]?.machine ?? '');
  const reject = rejects.find(({ by, from }) => holders.includes(by) && holders.includes(from));
  const blamed = reject?.by ?? holders.at(-1) ?? 0;
  const other = reject?.from ?? holders[0] ?? 0;
  const key = reject === undefined ? 'peers' : (KEYS[reject.reason] ?? 'vrid');
  const when = first.outcomes.every(({ failures }) => failures.length === 0) ? '' : ` with ${caseWords(group, first)}`;
  const [place] = [...at(blamed, [key]), ...at(blamed, [])];
  if (place === undefined) return [];
  return [
    {
      code: 'both-active',
      severity: 'error',
      message: `${listed(names)} would hold the addresses of ${titleOf(group)} at the same time${when}`,
      place,
      hint: reject === undefined ? UNHEARD : rejectWords(group, reject, key),
      related: at(other, [key]).map(theirs => ({ message: `on ${group[other]?.machine} it is at`, place: theirs })),
    },
  ];
}

/** The setting by which two machines that reject each other for that reason differ. */
const KEYS: Readonly<Partial<Record<Reject['reason'], string>>> = {
  'wrong-version': 'version',
  'wrong-password': 'password',
  'wrong-interval': 'advert_interval',
  'not-a-peer': 'peers',
  'not-unicast': 'peers',
  'not-multicast': 'peers',
  'ttl-not-255': 'peers',
  'unknown-vrid': 'vrid',
  'no-addresses': 'addresses',
};

const UNHEARD = 'they do not hear each other: `peers` of each names the own addresses of the others, or is left out on all';

function rejectWords(group: Group, { by, from, reason, detail }: Reject, key: string): string {
  const [here, there] = [group[by]?.machine, group[from]?.machine];
  return `${here} rejects what ${there} says (${reason}: ${detail}); \`${key}\` must fit on both`;
}

function trackOf(group: Group, { member, of }: IdleWeight): Path {
  const index = group[member]?.tracks.findIndex(track => track.of === of) ?? 0;
  return ['track', index];
}

function idleWords(group: Group, { member, of, failed, other }: IdleWeight): { code: Code; message: string; hint: string } {
  const name = group[member]?.machine;
  const still = `${name} keeps ${titleOf(group)} when ${quote(of)} fails`;
  if (failed > other) {
    const message = `${still}: its priority is ${failed} then, and that of the others at most ${other}`;
    const hint = 'take a larger weight, or `on_fail = "demote"`, which needs no arithmetic';
    return { code: 'weight-without-effect', message, hint };
  }
  const why = failed === other ? 'no other has a higher one' : 'the others do not preempt';
  const hint = '`on_fail = "demote"` moves the addresses to any healthy machine, also with `preempt = false`';
  return { code: 'weight-without-effect', message: `${still}: its priority is ${failed} then, but ${why}`, hint };
}

function equals({ group, equals: members, both: cases }: Proof, finding: Find): readonly PlacedFinding[] {
  const [first, second] = members;
  if (first === undefined || second === undefined || cases.length > 0) return [];
  const names = listed(members.map(index => group[index]?.machine ?? ''));
  const message = `${names} have the same priority for ${titleOf(group)}: who serves first goes on, and of two that start together the one with the higher address`;
  const hint = 'where it matters which one serves, give it a higher `priority`';
  return finding(second, ['priority'], { code: 'equal-priority', severity: 'note', message, hint });
}
