// Every key of `[vrrp.NAME]` with its type, bounds, default and description.
// Must not know TOML, files, positions, nor how two settings depend on each other.
import { z } from 'zod';
import { maxAddresses } from '../vrrp/packet.ts';
import type { Version } from '../vrrp/router.ts';
import { type Micros, millis, type Priority, priority, seconds, type Vrid, vrid } from '../vrrp/units.ts';
import { DURATION_PATTERN } from './duration.ts';
import { passwordValue, peerElement, virtualAddressElement } from './elements.ts';
import { choice, duration, durationText, hostAddress, interfaceName, MUST, readDuration, refuse, wholeNumber } from './rules.ts';
import { hookValue, trackElement } from './service-elements.ts';

/** Longest lease and delay. Beyond it a slip of the pen is likelier than a wish. */
const HOUR = seconds(3600);

/** Every key of `[vrrp.NAME]`. The default of a key is what follows when it is absent. */
export const ROUTER_KEYS = {
  interface: z
    .string({ error: MUST.name })
    .transform(interfaceName)
    .meta({
      description: 'The interface that the advertisements use, and that the addresses live on unless they name another.',
      examples: ['eth0'],
    }),
  vrid: wholeNumber<Vrid>('vrid', [1, 255], vrid).meta({
    description:
      'Virtual router identifier, 1 to 255: the same on all machines of the group, and used by no other group in the same network.',
    examples: [51],
  }),
  priority: wholeNumber<Priority>(
    'priority',
    [2, 255],
    priority,
    new Map([
      [0, '0 is no priority but the message "I stop taking part" (RFC 9568 §5.2.4)'],
      [1, '1 is kept for a router whose own service is sick; take 2 or more'],
    ]),
  )
    .prefault(100)
    .meta({
      description: 'The highest that is alive serves. 2 to 254; 255 only for the machine whose own addresses these are.',
      examples: [150],
    }),
  addresses: z.array(virtualAddressElement, { error: MUST.list }).meta({
    maxItems: maxAddresses('ipv4') + maxAddresses('ipv6'),
    description:
      'The virtual addresses, IPv4, IPv6 or both, with the prefix length of their network; without one, /32 or /128. ' +
      'A table says more about one: `interface`, `label`, `scope`. Empty where something else moves the address.',
    examples: [['192.0.2.200/24']],
  }),
  track: z
    .array(trackElement, { error: MUST.list })
    .prefault([])
    .meta({
      description:
        'Checks and watchdogs that this router depends on, by their names. A table says what follows for this router: `name`, `on_fail`.',
      examples: [['gateway']],
    }),
  track_interface: z
    .boolean({ error: MUST.flag })
    .prefault(true)
    .meta({
      description:
        'Whether loss of carrier on `interface` takes the router down; false for a cable whose other end is the other machine itself.',
      examples: [true],
    }),
  version: z
    .number({ error: MUST.number })
    .transform((version, context): Version => {
      if (version === 2 || version === 3) return version;
      return refuse(context, `\`version\` must be 2 or 3, not ${version}`, { code: 'out-of-range' });
    })
    .prefault(3)
    .meta({
      description: 'Version of VRRP, the same on all machines of the group. 2 is for old peers: IPv4 and whole seconds only.',
      enum: [2, 3],
      examples: [3],
    }),
  advert_interval: duration('advert_interval', millis(10), millis(40_950), millis(10))
    .prefault('1s')
    .meta({
      description: 'Time between two advertisements, 10ms to 40.95s in steps of 10ms; the same on all machines of the group.',
      examples: ['1s'],
    }),
  preempt: z
    .boolean({ error: MUST.flag })
    .prefault(true)
    .meta({ description: 'Whether this machine takes over from an Active with a lower priority.', examples: [false] }),
  preempt_delay: duration('preempt_delay', seconds(0), HOUR, millis(1))
    .prefault('0s')
    .meta({
      description:
        'How long an Active with a lower priority is left in peace, 0s to 1h. Never delays the answer to silence or to a resignation.',
      examples: ['30s'],
    }),
  accept: z
    .boolean({ error: MUST.flag })
    .prefault(true)
    .meta({
      description: 'Whether the machine itself answers on the addresses while it is Active; without it, they can only be routed through.',
      examples: [true],
    }),
  checksum: choice(['auto', 'rfc9568', 'rfc5798'])
    .prefault('auto')
    .meta({ description: 'Form of the checksum in IPv4 advertisements of version 3; `auto` follows the peers.', examples: ['auto'] }),
  peers: z
    .array(peerElement, { error: MUST.list })
    .prefault([])
    .meta({
      description:
        'The other machines, when advertisements shall go to each of them instead of to the multicast group. A table says from how far ' +
        'away one may be heard: `min_ttl`, `max_ttl`. The address of the machine itself may be in the list.',
      examples: [['192.0.2.11']],
    }),
  lease: durationText()
    .meta({ pattern: `^auto$|^off$|${DURATION_PATTERN}` })
    .transform((text, context): Micros | 'auto' | 'off' => {
      if (text === 'auto' || text === 'off') return text;
      return readDuration(context, 'lease', text, seconds(1), HOUR, seconds(1));
    })
    .prefault('auto')
    .meta({
      description:
        'After how long without a sign of life from holdfast the kernel removes the addresses: whole seconds, at least 6 advertisement intervals. ' +
        '`auto` is that minimum, `off` leaves them for ever.',
      examples: ['auto'],
    }),
  source: z
    .string({ error: MUST.text })
    .transform(hostAddress)
    .optional()
    .meta({ description: 'Own address to send from, by default the first of the interface.', examples: ['192.0.2.10'] }),
  password: passwordValue.optional().meta({
    description:
      'Version 2 only: the password in plain text that old peers want, at most 8 bytes. It protects from mistakes, not from people.',
    examples: [{ file: '/etc/holdfast/web.password' }],
  }),
  on_active: hook('on_active', 'it becomes Active'),
  on_backup: hook('on_backup', 'it becomes Backup'),
  on_fault: hook('on_fault', 'it cannot take part'),
  on_stop: hook('on_stop', 'it ends'),
  on_change: hook('on_change', 'its state changes, whatever to'),
} as const;

function hook(key: string, when: string) {
  return hookValue(key)
    .optional()
    .meta({
      description:
        `What to run or tell when ${when}: a program, a list of a program and its arguments, ` +
        'or a table with `run` and `user` or `post` and `secret`, and `timeout`.',
      examples: ['/etc/holdfast/hook.sh'],
    });
}

/** `[vrrp.NAME]`. What no default can stand for may be missing here and come from another table. */
export const routerTable = z
  .strictObject(ROUTER_KEYS, { error: MUST.table })
  .partial({ interface: true, vrid: true, addresses: true })
  .meta({ description: 'One virtual router.' });

/** Keys that have no default. */
export const REQUIRED = ['interface', 'vrid', 'addresses'] as const;

/** The settings of one virtual router, defaults filled in. */
export type Settings = z.output<typeof routerTable>;
