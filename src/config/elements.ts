// Values with parts: a virtual address with its interface, a peer with its distance, a password with its place. Text alone
// is the short form. Must not know which keys hold them (schema.ts), nor what depends on other keys.
import { z } from 'zod';
import type { Peer, VirtualAddress } from '../vrrp/router.ts';
import { type Password, passwordFlaw } from './password.ts';
import { addressLabel, choice, hostAddress, interfaceName, MUST, refuse, virtualAddress, wholeNumber } from './rules.ts';

/** Keys of an element of `addresses` that is a table. */
export const ADDRESS_KEYS = {
  address: z
    .string({ error: MUST.text })
    .transform(virtualAddress)
    .meta({ description: 'The address with the prefix length of its network; without one, /32 or /128.' }),
  interface: z
    .string({ error: MUST.name })
    .transform(interfaceName)
    .exactOptional()
    .meta({ description: 'The interface that it lives on, when that is not the one of the advertisements.', examples: ['eth1'] }),
  label: z
    .string({ error: MUST.text })
    .transform(addressLabel)
    .exactOptional()
    .meta({ description: 'IPv4 only: its name in old tools, the interface and a colon and a word; 15 bytes at most.' }),
  scope: choice(['global', 'link', 'host']).exactOptional().meta({ description: 'IPv4 only: how far it is valid, as in `ip address`.' }),
} as const;

/** An element of `addresses`. */
export const virtualAddressElement = z.union(
  [
    z.string().transform((text, context): VirtualAddress => virtualAddress(text, context)),
    z.strictObject(ADDRESS_KEYS, { error: MUST.table }).transform(({ address, ...more }): VirtualAddress => ({ ...address, ...more })),
  ],
  { error: MUST.address },
);

const WIDEST = [1, 255] as const;

/** Keys of an element of `peers` that is a table. */
export const PEER_KEYS = {
  address: z.string({ error: MUST.text }).transform(hostAddress).meta({ description: 'Its own address.' }),
  min_ttl: wholeNumber('min_ttl', WIDEST, Number)
    .prefault(255)
    .meta({ description: 'Lowest TTL or hop limit that its advertisements may arrive with, 1 to 255: 255 less the routers in between.' }),
  max_ttl: wholeNumber('max_ttl', WIDEST, Number).prefault(255).meta({ description: 'The highest, 1 to 255.' }),
} as const;

/** An element of `peers`. */
export const peerElement = z.union(
  [
    z.string().transform((text, context): Peer => ({ address: hostAddress(text, context), minTtl: 255, maxTtl: 255 })),
    z.strictObject(PEER_KEYS, { error: MUST.table }).transform(({ address, min_ttl, max_ttl }, context): Peer => {
      if (min_ttl <= max_ttl) return { address, minTtl: min_ttl, maxTtl: max_ttl };
      const hint = 'both are 255 unless they are written';
      return refuse(context, `\`min_ttl\` ${min_ttl} is more than \`max_ttl\` ${max_ttl}`, { code: 'out-of-range', hint });
    }),
  ],
  { error: MUST.address },
);

/** Keys of `password` when it is a table. */
export const PASSWORD_KEYS = {
  file: z.string({ error: MUST.text }).exactOptional().meta({ description: 'A file with nothing but the password, by its full path.' }),
  credential: z
    .string({ error: MUST.text })
    .exactOptional()
    .meta({ description: 'A credential of the service, `LoadCredential=` in its systemd unit, by its name.' }),
} as const;

/** The value of `password`. */
export const passwordValue = z.union(
  [
    z.string().transform((text, context): Password => {
      const flaw = passwordFlaw(text, 'keep only those here');
      return flaw === null
        ? { from: 'text', text }
        : refuse(context, `the password ${flaw.message}`, { code: 'password', hint: flaw.hint });
    }),
    z.strictObject(PASSWORD_KEYS, { error: MUST.table }).transform(({ file, credential }, context): Password => {
      const wrong = (message: string, hint: string) => refuse(context, message, { code: 'password', hint });
      if (file !== undefined && credential === undefined) {
        const hint = 'write the full path: `password = { file = "/etc/holdfast/web.password" }`';
        return /^\/[^\0]*$/.test(file) ? { from: 'file', path: file } : wrong('`file` does not begin with a slash', hint);
      }
      if (credential !== undefined && file === undefined) {
        const hint = 'a credential has the name before the colon in `LoadCredential=`, such as "web"';
        if (/^[^/\0]+$/.test(credential) && !/^\.\.?$/.test(credential)) return { from: 'credential', name: credential };
        return wrong('`credential` is no name of a credential', hint);
      }
      return wrong('a password has either a `file` or a `credential`', 'write `password = { file = "/etc/holdfast/web.password" }`');
    }),
  ],
  { error: MUST.password },
);
