// Every key of `[http]` with its type, default and description: where the web page and the metrics are to be had.
// Must not know TOML, files, positions, nor how two settings depend on each other.
import { z } from 'zod';
import { type Address, familyOf, parseAddress } from '../vrrp/address.ts';
import { quote } from './diagnostic.ts';
import { type Context, MUST, refuse } from './rules.ts';
import { secretValue } from './service-elements.ts';

/** Where somebody listens. */
export interface Endpoint {
  readonly address: Address;
  readonly port: number;
}

/** `127.0.0.1:9112`, `[::1]:9112`. */
export function showEndpoint({ address, port }: Endpoint): string {
  return familyOf(address) === 'ipv6' ? `[${address}]:${port}` : `${address}:${port}`;
}

const EXAMPLE = 'for example `listen = "127.0.0.1:9112"`';

function endpoint(text: string, context: Context): Endpoint {
  const wrong = (message: string, hint = EXAMPLE) => refuse(context, message, { code: 'bad-address', hint });
  const [, inner, plain, digits] = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(text) ?? [];
  if (digits === undefined) {
    const bare = parseAddress(text);
    if (bare === null) return wrong(`${quote(text)} is not an address with a port`);
    return wrong(`${quote(text)} has no port`, `write \`listen = "${showEndpoint({ address: bare, port: 9112 })}"\``);
  }
  const port = Number(digits);
  if (port < 1 || port > 65_535) return wrong(`${digits} is no port: 1 to 65535`);
  const name = [inner, plain].join('');
  const address = parseAddress(name);
  if (address !== null && (familyOf(address) === 'ipv6') === (inner !== undefined)) return { address, port };
  if (name === 'localhost') return wrong('names are not looked up here', `write \`listen = "127.0.0.1:${port}"\``);
  if (name === '') return wrong('there is no address before the port', 'all IPv4 addresses are "0.0.0.0", all of both families "[::]"');
  return wrong(`${quote(name)} is not an IP address; an IPv6 address stands in brackets`);
}

/** Every key of `[http]`. */
export const HTTP_KEYS = {
  listen: z
    .string({ error: MUST.text })
    .transform(endpoint)
    .prefault('127.0.0.1:9112')
    .meta({
      description: 'Address and port where the page and the metrics are served; beyond loopback it needs a `token`.',
      examples: ['127.0.0.1:9112'],
    }),
  token: secretValue('token')
    .optional()
    .meta({
      description: 'Who knows it may look: at least 16 characters, asked of everybody. Without it, all users of this machine may.',
      examples: [{ file: '/etc/holdfast/token' }],
    }),
} as const;

/** `[http]` */
export const httpTable = z
  .strictObject(HTTP_KEYS, { error: MUST.table })
  .meta({ description: 'The web page and the metrics, served only where this table is.' });

export type HttpSettings = z.output<typeof httpTable>;
