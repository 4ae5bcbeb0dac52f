// What names mean across the tables of one machine: whether what is tracked is there, and what is there is tracked.
// Must not know single values, nor how a check is made.
import type { Consequence } from '../check/duties.ts';
import { OWNER } from '../vrrp/units.ts';
import type { CheckType } from './check-schema.ts';
import { quote } from './diagnostic.ts';
import type { Check, Machine } from './duties.ts';
import { isBroken, type Sound } from './entry.ts';
import type { PlacedFinding } from './finding.ts';
import { weighs } from './probe-meaning.ts';
import type { Router } from './router.ts';
import { suggest } from './suggest.ts';
import type { Watchdog } from './watchdog.ts';

/** What is wrong with the names of one machine, and with what is to follow. */
export function checkTracks(sound: Sound, node: string, machine: Machine): readonly PlacedFinding[] {
  const outcomes = new Map([...machine.checks, ...machine.watchdogs].map(({ name, settings }) => [name, settings.on_fail]));
  return [
    ...nameClashes(machine),
    ...machine.routers.flatMap(router => [
      ...unknownNames(sound, node, router, outcomes),
      ...trackedTwice(router),
      ...idleWeights(router, outcomes),
    ]),
    ...wrongWeights(machine),
  ];
}

/** Checks that no machine tracks, though one has them: nothing follows from them. And watchdogs, which are useful by themselves. */
export function untracked(machines: readonly Machine[]): readonly PlacedFinding[] {
  const routers = machines.flatMap(machine => machine.routers);
  if (routers.some(router => router.isBroken('track'))) return [];
  const tracked = new Set(routers.flatMap(({ settings }) => settings.track.map(({ name }) => name)));
  const idle = <Kind extends Check | Watchdog>(all: readonly Kind[]): readonly Kind[] => [
    ...new Map(
      all
        .filter(({ name }) => !tracked.has(name))
        .toReversed()
        .map(each => [each.name, each]),
    ).values(),
  ];
  const found = ({ name, placeOf }: Check | Watchdog, words: Pick<PlacedFinding, 'code' | 'severity' | 'message'>): PlacedFinding => ({
    ...words,
    place: { ...placeOf([]), at: 'key' },
    hint: `where a virtual router depends on it, write \`track = ["${name}"]\` there`,
  });
  return [
    ...idle(machines.flatMap(({ checks }) => checks)).map(check =>
      found(check, {
        code: 'check-unused',
        severity: 'warning',
        message: `no virtual router tracks check ${quote(check.name)}, so nothing follows from it`,
      }),
    ),
    ...idle(machines.flatMap(({ watchdogs }) => watchdogs))
      .filter(({ settings }) => settings.hand_over !== 'never')
      .map(watchdog => {
        const message = `no virtual router tracks watchdog ${quote(watchdog.name)}: it starts the service again, and hands nothing over`;
        return found(watchdog, { code: 'watchdog-untracked', severity: 'note', message });
      }),
  ];
}

function nameClashes({ checks, watchdogs }: Machine): PlacedFinding[] {
  const byName = new Map(checks.map(check => [check.name, check]));
  return watchdogs.flatMap(({ name, placeOf }): PlacedFinding[] => {
    const check = byName.get(name);
    if (check === undefined) return [];
    return [
      {
        code: 'name-clash',
        severity: 'error',
        message: `a check and a watchdog are both called ${quote(name)}, so \`track\` cannot tell them apart`,
        place: { ...placeOf([]), at: 'key' },
        hint: 'give one of them another name',
        related: [{ message: 'the check is at', place: { ...check.placeOf([]), at: 'key' } }],
      },
    ];
  });
}

/** More names than people write would take longer than they wait. */
const MOST_COMPARED = 100_000;

function unknownNames(
  { broken, gaps }: Sound,
  node: string,
  { settings, placeOf }: Router,
  known: ReadonlyMap<string, Consequence>,
): PlacedFinding[] {
  if (gaps) return [];
  const isBrokenName = (name: string): boolean =>
    [
      ['check', name],
      ['watchdog', name],
      ['node', node, 'check', name],
      ['node', node, 'watchdog', name],
    ].some(path => isBroken(broken, path));
  return settings.track.flatMap(({ name }, index): PlacedFinding[] => {
    if (known.has(name) || isBrokenName(name)) return [];
    const nearest = settings.track.length * known.size > MOST_COMPARED ? null : suggest(name, known.keys());
    const hint =
      nearest === null ? `it needs a table of its own: \`[check.${name}]\` or \`[watchdog.${name}]\`` : `did you mean "${nearest}"?`;
    return [
      {
        code: 'unknown-check',
        severity: 'error',
        message: `there is no check or watchdog ${quote(name)}`,
        place: placeOf(['track', index]),
        hint,
      },
    ];
  });
}

function trackedTwice({ settings: { track }, placeOf }: Router): PlacedFinding[] {
  const seen = new Map<string, number>();
  return track.flatMap(({ name }, index): PlacedFinding[] => {
    const first = seen.get(name);
    if (first === undefined) {
      seen.set(name, index);
      return [];
    }
    const related = [{ message: 'first tracked at', place: placeOf(['track', first]) }];
    return [
      { code: 'tracked-twice', severity: 'error', message: `${quote(name)} is tracked twice`, place: placeOf(['track', index]), related },
    ];
  });
}

/** An owner's priority stays as it is. */
function idleWeights({ settings: { track, priority }, placeOf }: Router, outcomes: ReadonlyMap<string, Consequence>): PlacedFinding[] {
  if (priority !== OWNER) return [];
  return track.flatMap(({ name, onFail }, index): PlacedFinding[] => {
    if ((onFail ?? outcomes.get(name))?.do !== 'weight') return [];
    return [
      {
        code: 'setting-without-effect',
        severity: 'warning',
        message: `the weight of ${quote(name)} has no effect at priority 255, which no weight changes`,
        place: placeOf(['track', index]),
        hint: `write { name = "${name}", on_fail = "demote" }`,
      },
    ];
  });
}

function wrongWeights({ routers, checks, watchdogs }: Machine): PlacedFinding[] {
  const types = new Map<string, CheckType | undefined>([
    ...checks.map(({ name, settings }) => [name, settings.type] as const),
    ...watchdogs.map(({ name, settings }) => [name, settings.probe?.type] as const),
  ]);
  const wrong = (name: string, consequence: Consequence | null, place: PlacedFinding['place']): PlacedFinding[] => {
    const type = types.get(name);
    if (consequence === null || !weighs(consequence) || type === undefined || type === 'file' || type === 'command') return [];
    const message = `${quote(name)} reads no number that could be a weight: checks of type "file" and "command" do`;
    return [{ code: 'bad-choice', severity: 'error', message, place, hint: 'for example `on_fail = { weight = -20 }`' }];
  };
  return [
    ...[...checks, ...watchdogs].flatMap(({ name, settings, placeOf }) => wrong(name, settings.on_fail, placeOf(['on_fail']))),
    ...routers.flatMap(({ settings, placeOf }) =>
      settings.track.flatMap(({ name, onFail }, index) => wrong(name, onFail, placeOf(['track', index, 'on_fail']))),
    ),
  ];
}
