// What the two versions of the protocol can do and what they cannot: families, intervals, passwords.
// Must not know single values.
import { type Address, familyOf } from '../vrrp/address.ts';
import { seconds } from '../vrrp/units.ts';
import { formatDuration } from './duration.ts';
import type { PlacedFinding } from './finding.ts';
import { familiesOf, type Router } from './router.ts';
import type { Path } from './tree.ts';

/** Settings that the router's version does not have. */
export function checkVersion(router: Router): readonly PlacedFinding[] {
  if (router.isBroken('version')) return [];
  return router.settings.version === 2
    ? [...familyOfVersion2(router), ...intervalOfVersion2(router), ...openPassword(router)]
    : noPassword(router);
}

function familyOfVersion2({ settings, placeOf }: Router): PlacedFinding[] {
  const { addresses = [], peers, source } = settings;
  if (!familiesOf(settings).includes('ipv6')) return [];
  const written: readonly (readonly [Path, Address])[] = [
    ...addresses.map(({ address }, index) => [['addresses', index], address] as const),
    ...peers.map(({ address }, index) => [['peers', index], address] as const),
    ...(source === undefined ? [] : [[['source'], source] as const]),
  ];
  return written
    .filter(([, address]) => familyOf(address) === 'ipv6')
    .slice(0, 1)
    .map(([path]) => ({
      code: 'ipv6-needs-version-3',
      severity: 'error',
      message: '`version = 2` is IPv4 only (RFC 3768)',
      place: placeOf(path),
      hint: 'put the IPv6 addresses into a virtual router of their own with `version = 3`; it may have the same `vrid`',
    }));
}

/** The message of version 2 has whole seconds, RFC 3768 §5.3.7. */
function intervalOfVersion2({ settings: { advert_interval: interval }, placeOf }: Router): PlacedFinding[] {
  if (interval % seconds(1) === 0) return [];
  return [
    {
      code: 'out-of-range',
      severity: 'error',
      message: `with \`version = 2\`, \`advert_interval\` must be whole seconds, not ${formatDuration(interval)}`,
      place: placeOf(['advert_interval']),
      hint: 'the other machines discard advertisements with another interval than their own; write theirs, "1s" as a rule',
    },
  ];
}

function openPassword({ settings: { password }, placeOf }: Router): PlacedFinding[] {
  if (password?.from !== 'text') return [];
  return [
    {
      code: 'password-exposed',
      severity: 'warning',
      message: 'the password can be read by whoever may read this file',
      place: { ...placeOf(['password']), at: 'key' },
      hint: 'keep it in a file for root alone: `password = { file = "/etc/holdfast/web.password" }`',
    },
  ];
}

function noPassword({ settings: { password }, placeOf }: Router): PlacedFinding[] {
  if (password === undefined) return [];
  return [
    {
      code: 'password',
      severity: 'error',
      message: 'version 3 has no passwords (RFC 9568 §9)',
      place: { ...placeOf(['password']), at: 'key' },
      hint: 'leave it out; if the other machines have one, they speak version 2: `version = 2`',
    },
  ];
}
