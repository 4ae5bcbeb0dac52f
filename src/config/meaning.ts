// What the settings mean together, for one machine: where they contradict each other.
// Must not know TOML or single values: the tree that comes here holds only what the schema accepts.
import { autoLease } from '../vrrp/timers.ts';
import { OWNER } from '../vrrp/units.ts';
import { checkAddresses, duplicateAddresses } from './addresses.ts';
import { quote } from './diagnostic.ts';
import { formatDuration } from './duration.ts';
import type { Check, Machine } from './duties.ts';
import type { Sound } from './entry.ts';
import type { PlacedFinding } from './finding.ts';
import { checkPeers, checkSource } from './peers.ts';
import { type Asking, checkAsking, weighs } from './probe-meaning.ts';
import { familiesOf, type Router } from './router.ts';
import { REQUIRED } from './router-schema.ts';
import { staysHere } from './service-rules.ts';
import { checkTracks } from './track-meaning.ts';
import { checkVersion } from './version.ts';
import { checkWatchdog } from './watchdog-meaning.ts';
import { exampleOf } from './wrong-value.ts';

/** Everything that is wrong with what one machine has, beyond single values, and what is good to know.
 *  @param node as the file calls the machine */
export function checkMeaning(sound: Sound, node: string, machine: Machine): readonly PlacedFinding[] {
  const { routers, checks, watchdogs, http } = machine;
  return [
    ...(sound.gaps ? [] : routers.flatMap(missingKeys)),
    ...routers.flatMap(router => [
      ...shortLease(router),
      ...withoutEffect(router),
      ...checkVersion(router),
      ...checkAddresses(router),
      ...checkPeers(router),
      ...checkSource(router),
      ...openHooks(router),
    ]),
    ...vridClashes(routers),
    ...duplicateAddresses(routers),
    ...checks.flatMap(check => checkAsking(asking(check, sound.gaps))),
    ...watchdogs.flatMap(watchdog => checkWatchdog(watchdog, sound.gaps)),
    ...checkTracks(sound, node, machine),
    ...(http === null ? [] : http.findings),
  ];
}

function missingKeys({ name, settings, placeOf, isBroken }: Router): PlacedFinding[] {
  return REQUIRED.filter(key => settings[key] === undefined && !isBroken(key)).map(key => ({
    code: 'missing-key',
    severity: 'error',
    message: `virtual router ${quote(name)} has no \`${key}\``,
    place: { ...placeOf([]), at: 'key' },
    hint: exampleOf(['vrrp', name, key]),
  }));
}

/** Decision 0007: with fewer than 6 intervals the lease could end before a successor answers. */
function shortLease({ settings, placeOf, isBroken }: Router): PlacedFinding[] {
  const least = autoLease(settings.advert_interval);
  const { lease } = settings;
  if (lease === 'auto' || lease === 'off' || lease >= least || isBroken('advert_interval')) return [];
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
  const owner = settings.priority === OWNER;
  const { preempt, preempt_delay, accept, checksum } = settings;
  const idle: readonly (readonly [key: string, is: boolean, message: string])[] = [
    ['preempt', !preempt && owner, '`preempt = false` has no effect at priority 255: the owner always takes over'],
    ['preempt_delay', !preempt && preempt_delay > 0, '`preempt_delay` has no effect with `preempt = false`'],
    ['accept', !accept && owner, '`accept = false` has no effect at priority 255: the owner answers on its own addresses'],
    ['checksum', checksum !== 'auto' && settings.version === 2, '`checksum` has no effect with `version = 2`, which has one form only'],
    [
      'checksum',
      checksum !== 'auto' && !familiesOf(settings).includes('ipv4'),
      '`checksum` has no effect over IPv6, which has one form only',
    ],
  ];
  return idle
    .filter(([, is]) => is)
    .map(([key, , message]) => ({
      code: 'setting-without-effect',
      severity: 'warning',
      message,
      place: { ...placeOf([key]), at: 'key' },
    }));
}

function asking({ name, settings, written, placeOf, isBroken }: Check, gaps: boolean): Asking {
  return {
    called: `check ${quote(name)}`,
    path: ['check', name],
    settings,
    written,
    weighs: weighs(settings.on_fail),
    placeOf,
    isBroken: key => gaps || isBroken(key),
  };
}

const HOOKS = ['on_active', 'on_backup', 'on_fault', 'on_stop', 'on_change'] as const;

/** What is told by plain HTTP can be read, and kept from arriving, by others. */
function openHooks({ settings, placeOf }: Router): PlacedFinding[] {
  return HOOKS.flatMap((key): PlacedFinding[] => {
    const hook = settings[key];
    if (hook?.do !== 'post' || /^https:/i.test(hook.url) || staysHere(hook.url)) return [];
    const message = `what \`${key}\` tells leaves this machine without encryption`;
    return [{ code: 'post-not-encrypted', severity: 'warning', message, place: placeOf([key, 'post']), hint: 'write an https URL' }];
  });
}

/** Routers of one VRID on one interface are one to their peers, unless they are of different families. */
function vridClashes(routers: readonly Router[]): PlacedFinding[] {
  const first = new Map<string, Router>();
  return routers.flatMap((router): PlacedFinding[] => {
    const { interface: device, vrid, addresses } = router.settings;
    if (device === undefined || vrid === undefined || addresses === undefined) return [];
    const keys = familiesOf(router.settings).map(family => `${device} ${vrid} ${family}`);
    const other = keys.map(key => first.get(key)).find(known => known !== undefined);
    for (const key of keys) if (!first.has(key)) first.set(key, router);
    if (other === undefined) return [];
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
