// What the settings mean together, for one machine: its virtual routers, and where they contradict each other.
// Must not know TOML or single values: the tree that comes here holds only what the schema accepts.
import { type Family, formatPrefix } from '../vrrp/address.ts';
import type { RouterSpec } from '../vrrp/router.ts';
import { autoLease } from '../vrrp/timers.ts';
import { type Micros, OWNER } from '../vrrp/units.ts';
import { quote } from './diagnostic.ts';
import { formatDuration } from './duration.ts';
import type { Place, PlacedFinding } from './finding.ts';
import { REQUIRED, routerTable, type Settings } from './schema.ts';
import { exampleOf } from './shape.ts';
import { type Forest, type Path, tableAt } from './tree.ts';

/** One virtual router of a machine. */
export interface Router {
  readonly name: string;
  readonly settings: Settings;
  /** Where a setting, or an element of it, is written: in the machine's own table or in the common one. */
  placeOf(path: Path): Place;
}

/** A tree without what is broken, and what that was. */
export interface Sound {
  readonly forest: Forest;
  readonly broken: ReadonlySet<string>;
  /** Whether statements are missing from it because they could not be read at all. */
  readonly gaps: boolean;
}

/** The machine's virtual routers: the common ones in the order of the file with its own settings over them, then its own. */
export function routersOf({ forest }: Sound, node: string): readonly Router[] {
  const [common, own] = [tableAt(forest.tree, ['vrrp']), tableAt(forest.tree, ['node', node, 'vrrp'])];
  return [...new Set([...Object.keys(common), ...Object.keys(own)])].map(name => {
    const base: Path = ['vrrp', name];
    const over: Path = ['node', node, 'vrrp', name];
    const [first, second] = [tableAt(forest.tree, base), tableAt(forest.tree, over)];
    return {
      name,
      settings: routerTable.parse({ ...first, ...second }),
      placeOf([key, ...rest]) {
        const path = (key !== undefined && Object.hasOwn(second, key)) || !Object.hasOwn(common, name) ? over : base;
        const whole = key === undefined ? path : [...path, key, ...rest];
        return { source: forest.sourceOf(whole), path: whole, at: 'value' };
      },
    };
  });
}

/** Everything that is wrong with the routers of one machine beyond single values. */
export function checkMeaning(sound: Sound, node: string, routers: readonly Router[]): readonly PlacedFinding[] {
  return [
    ...(sound.gaps ? [] : missingKeys(sound, node, routers)),
    ...routers.flatMap(router => [...shortLease(sound, node, router), ...withoutEffect(router)]),
    ...vridClashes(routers),
    ...duplicateAddresses(routers),
  ];
}

/** The router as the engine runs it; undefined while a key without a default is missing. */
export function specOf({ name, settings }: Router): RouterSpec | undefined {
  const { interface: device, vrid, addresses } = settings;
  if (device === undefined || vrid === undefined || addresses === undefined) return undefined;
  return {
    name,
    family: FAMILY,
    interface: device,
    vrid,
    version: settings.version,
    priority: settings.priority,
    addresses,
    advertInterval: settings.advert_interval,
    preempt: settings.preempt,
    preemptDelay: settings.preempt_delay,
    accept: settings.accept,
    checksum: settings.checksum,
    lease: leaseOf(settings),
    tracked: false,
  };
}

/** The only family in this version. */
const FAMILY: Family = 'ipv4';

function leaseOf({ lease, advert_interval }: Settings): Micros | null {
  if (lease === 'off') return null;
  return lease === 'auto' ? autoLease(advert_interval) : lease;
}

/** Whether a setting was there but could not be used, so that its absence means nothing. */
function isBroken({ broken }: Sound, node: string, name: string, key: string): boolean {
  const paths = [
    ['vrrp', name, key],
    ['node', node, 'vrrp', name, key],
  ];
  return paths.some(path => path.some((_step, index) => broken.has(JSON.stringify(path.slice(0, index + 1)))));
}

function missingKeys(sound: Sound, node: string, routers: readonly Router[]): PlacedFinding[] {
  return routers.flatMap(({ name, settings, placeOf }) =>
    REQUIRED.filter(key => settings[key] === undefined && !isBroken(sound, node, name, key)).map(key => ({
      code: 'missing-key',
      severity: 'error',
      message: `virtual router ${quote(name)} has no \`${key}\``,
      place: { ...placeOf([]), at: 'key' },
      hint: exampleOf(key),
    })),
  );
}

/** Decision 0007: with fewer than 6 intervals the lease could end before a successor answers. */
function shortLease(sound: Sound, node: string, { name, settings, placeOf }: Router): PlacedFinding[] {
  const least = autoLease(settings.advert_interval);
  const { lease } = settings;
  if (lease === 'auto' || lease === 'off' || lease >= least || isBroken(sound, node, name, 'advert_interval')) return [];
  return [
    {
      code: 'lease-too-short',
      severity: 'error',
      message: `\`lease\` must be at least ${formatDuration(least)} at an \`advert_interval\` of ${formatDuration(settings.advert_interval)}`,
      place: placeOf(['lease']),
      hint: '`lease = "auto"` is always right; a shorter lease could end before another machine answers',
    },
  ];
}

function withoutEffect({ settings, placeOf }: Router): PlacedFinding[] {
  const warn = (key: string, message: string): PlacedFinding => ({
    code: 'setting-without-effect',
    severity: 'warning',
    message,
    place: { ...placeOf([key]), at: 'key' },
  });
  if (settings.preempt) return [];
  const findings: PlacedFinding[] = [];
  if (settings.priority === OWNER)
    findings.push(warn('preempt', '`preempt = false` has no effect at priority 255: the owner always takes over'));
  if (settings.preempt_delay > 0) findings.push(warn('preempt_delay', '`preempt_delay` has no effect with `preempt = false`'));
  return findings;
}

function vridClashes(routers: readonly Router[]): PlacedFinding[] {
  const first = new Map<string, Router>();
  return routers.flatMap((router): PlacedFinding[] => {
    const { interface: device, vrid } = router.settings;
    if (device === undefined || vrid === undefined) return [];
    const key = `${device} ${vrid}`;
    const other = first.get(key);
    if (other === undefined) {
      first.set(key, router);
      return [];
    }
    return [
      {
        code: 'vrid-clash',
        severity: 'error',
        message: `virtual routers ${quote(other.name)} and ${quote(router.name)} have the same \`vrid\` ${vrid} on ${device}`,
        place: router.placeOf(['vrid']),
        hint: 'each virtual router needs a `vrid` of its own on its interface, the same one on all machines',
        related: [{ message: `${quote(other.name)} has it at`, place: other.placeOf(['vrid']) }],
      },
    ];
  });
}

function duplicateAddresses(routers: readonly Router[]): PlacedFinding[] {
  const first = new Map<string, { router: Router; place: Place }>();
  const findings: PlacedFinding[] = [];
  for (const router of routers) {
    for (const [index, prefix] of (router.settings.addresses ?? []).entries()) {
      const place = router.placeOf(['addresses', index]);
      const other = first.get(prefix.address);
      if (other === undefined) {
        first.set(prefix.address, { router, place });
        continue;
      }
      const where = other.router === router ? 'is listed twice' : `belongs to ${quote(other.router.name)} already`;
      findings.push({
        code: 'duplicate-address',
        severity: 'error',
        message: `${formatPrefix(prefix)} ${where}`,
        place,
        related: [{ message: 'first listed at', place: other.place }],
      });
    }
  }
  return findings;
}
