// Every key that single types of checks have, with its type, bounds, default and description.
// Must not know TOML, files, positions, which type has which (check-schema.ts), nor how two settings depend on each other.
import { z } from 'zod';
import type { TlsRules } from '../check/probe.ts';
import { millis, seconds } from '../vrrp/units.ts';
import { choice, duration, interfaceName, MUST, refuse, wholeNumber } from './rules.ts';
import { programValue, secretValue } from './service-elements.ts';
import { askedAddress, fullPath, headerFields, hostName, someText, statusRange, unitName, webAddress } from './service-rules.ts';

const text = () => z.string({ error: MUST.text }).transform(someText);
const path = () => z.string({ error: MUST.text }).transform(fullPath);
const flag = () => z.boolean({ error: MUST.flag }).prefault(false);
const number = () => z.number({ error: MUST.anyNumber });

/** Keys of `tls`. */
export const TLS_KEYS = {
  verify: z.boolean({ error: MUST.flag }).prefault(true).meta({ description: 'Whether the server must prove who it is.' }),
  ca: path().exactOptional().meta({ description: 'PEM file of the authorities to believe instead of those of the system.' }),
  certificate: path().exactOptional().meta({ description: 'PEM file with a certificate that proves who we are; needs `key`.' }),
  key: path().exactOptional().meta({ description: 'PEM file with its private key.' }),
  min_days: wholeNumber('min_days', [0, 3650], Number)
    .prefault(0)
    .meta({ description: 'The server’s certificate must be good for so many days more, 0 to 3650.' }),
} as const;

const tls = z.strictObject(TLS_KEYS, { error: MUST.table }).transform(({ verify, ca, certificate, key, min_days }, context): TlsRules => {
  if ((certificate === undefined) === (key === undefined))
    return { verify, ca: ca ?? null, certificate: certificate ?? null, key: key ?? null, minDays: min_days };
  const [there, absent] = key === undefined ? ['certificate', 'key'] : ['key', 'certificate'];
  const hint = `for example \`${absent} = "/etc/holdfast/client.${absent === 'key' ? 'key' : 'pem'}"\``;
  return refuse(context, `\`tls\` has a \`${there}\` and no \`${absent}\``, { code: 'missing-key', hint });
});

/** What single types have. */
export const PROBE_KEYS = {
  host: z
    .string({ error: MUST.text })
    .transform(hostName)
    .optional()
    .meta({
      description:
        'The machine that is asked, by its address or its name; by default this one, 127.0.0.1. ' +
        'http: the name of the virtual host, in the Host header and in the certificate; by default that in the URL.',
      examples: ['127.0.0.1'],
    }),
  port: wholeNumber('port', [1, 65_535], Number)
    .optional()
    .meta({ description: 'The port, 1 to 65535. dns: 53, mysql: 3306, postgres: 5432, redis: 6379 unless it is written.', examples: [80] }),
  url: z
    .string({ error: MUST.text })
    .transform((value, context) => webAddress('url', value, context))
    .optional()
    .meta({ description: 'What is asked for, by http or https.', examples: ['http://127.0.0.1/'] }),
  method: choice(['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'])
    .prefault('GET')
    .meta({ description: 'The method of the request.', examples: ['GET'] }),
  headers: z
    .record(z.string(), z.string({ error: MUST.text }), { error: MUST.table })
    .transform(headerFields)
    .prefault({})
    .meta({
      description: 'Headers of the request. None with a secret: they are not written into this file.',
      examples: [{ Accept: 'text/html' }],
    }),
  status: z
    .array(
      z.union(
        [
          z.number().transform((value, context) => statusRange(value, context)),
          z.string().transform((value, context) => statusRange(value, context)),
        ],
        { error: MUST.status },
      ),
      { error: MUST.list },
    )
    .transform((list, context) => {
      if (list.length > 0) return list;
      return refuse(context, '`status` is empty, so no answer would be good', {
        code: 'out-of-range',
        hint: 'by default `status = ["200-399"]`',
      });
    })
    .prefault(['200-399'])
    .meta({ description: 'Good statuses: numbers, or ranges in quotes.', examples: [['200-399']] }),
  body: text()
    .optional()
    .meta({ description: 'Text that the body of the answer must contain.', examples: ['Welcome'] }),
  body_regex: text()
    .optional()
    .meta({ description: 'A regular expression (RE2) that the body of the answer must match.', examples: ['ready: (yes|true)'] }),
  json: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()], { error: MUST.field }), { error: MUST.table })
    .prefault({})
    .meta({
      description: 'Fields that a JSON body must have, by their paths such as `"checks.0.name"`, and their values.',
      examples: [{ status: 'ok' }],
    }),
  max_latency: duration('max_latency', millis(1), seconds(60), millis(1))
    .optional()
    .meta({ description: 'The whole answer must be there by then, 1ms to 1m.', examples: ['500ms'] }),
  tls: tls.prefault({}).meta({
    description: 'With https: whom to believe and how we prove who we are: `verify`, `ca`, `certificate`, `key`, `min_days`.',
    examples: [{ min_days: 14 }],
  }),
  target: z
    .string({ error: MUST.text })
    .transform(askedAddress)
    .optional()
    .meta({ description: 'The address that must answer, IPv4 or IPv6.', examples: ['192.0.2.1'] }),
  interface: z
    .string({ error: MUST.name })
    .transform(interfaceName)
    .optional()
    .meta({
      description: 'The interface. With ping, the one to ask from, by default as the routes have it.',
      examples: ['eth1'],
    }),
  server: z
    .string({ error: MUST.text })
    .transform(askedAddress)
    .optional()
    .meta({ description: 'Address of the name server that is asked.', examples: ['127.0.0.1'] }),
  name: text()
    .optional()
    .meta({
      description: 'With dns, the name that is asked for. With process, the name of the process, its first 15 bytes.',
      examples: ['www.example.org'],
    }),
  record: choice(['A', 'AAAA', 'CNAME', 'MX', 'NS', 'PTR', 'SOA', 'SRV', 'TXT'])
    .prefault('A')
    .meta({ description: 'What is asked for about the name.', examples: ['A'] }),
  transport: choice(['udp', 'tcp'])
    .prefault('udp')
    .meta({ description: 'How the name server is asked.', examples: ['udp'] }),
  expect: z
    .array(text(), { error: MUST.list })
    .prefault([])
    .meta({
      description: 'Answers that must all be among those that come; without any, each answer of that record will do.',
      examples: [['192.0.2.80']],
    }),
  run: programValue('run')
    .optional()
    .meta({
      description: 'A program by its full path, or a list of it and its arguments. Exit status 0 is good, every other one is bad.',
      examples: [['/usr/local/bin/check-web', '--quick']],
    }),
  unit: z
    .string({ error: MUST.text })
    .transform((value, context) => unitName(value, null, context))
    .optional()
    .meta({ description: 'The systemd unit that must be active.', examples: ['nginx.service'] }),
  pid_file: path()
    .optional()
    .meta({ description: 'File with the number of the process that must run.', examples: ['/run/nginx.pid'] }),
  cgroup: z
    .string({ error: MUST.text })
    .transform((value, context) => {
      if (!/^\/sys\/fs\/cgroup\b|(^|\/)\.\.?(\/|$)|\p{Cc}|^\/*$/u.test(value)) return value;
      const hint = 'as `systemd-cgls` and /proc/PID/cgroup show it: "/system.slice/nginx.service"';
      return refuse(context, '`cgroup` is no path below /sys/fs/cgroup', { code: 'bad-path', hint });
    })
    .optional()
    .meta({
      description: 'The control group, below /sys/fs/cgroup, whose processes are counted.',
      examples: ['/system.slice/nginx.service'],
    }),
  count: wholeNumber('count', [1, 10_000], Number)
    .prefault(1)
    .meta({ description: 'At least so many processes must run, 1 to 10000.', examples: [1] }),
  path: path()
    .optional()
    .meta({ description: 'A file with a number and nothing else.', examples: ['/run/load'] }),
  minimum: number()
    .optional()
    .meta({ description: 'The least number that is good.', examples: [1] }),
  maximum: number()
    .optional()
    .meta({ description: 'The greatest number that is good.', examples: [100] }),
  socket: path()
    .optional()
    .meta({ description: 'A UNIX socket instead of `host` and `port`; postgres: its directory.', examples: ['/run/mysqld/mysqld.sock'] }),
  user: text()
    .optional()
    .meta({
      description: 'With command, the account that it runs as, by default `holdfast` where that exists. With a database, who asks.',
      examples: ['holdfast'],
    }),
  password: secretValue('password')
    .optional()
    .meta({
      description: 'Where the password is: a `file`, a variable `env`, or a `credential`.',
      examples: [{ file: '/etc/holdfast/db.password' }],
    }),
  database: text()
    .prefault('postgres')
    .meta({ description: 'The database to connect to.', examples: ['postgres'] }),
  role: choice(['primary', 'standby', 'master', 'replica'])
    .optional()
    .meta({ description: 'The role that it must have: postgres primary or standby, redis master or replica.', examples: ['primary'] }),
  writable: flag().meta({ description: 'Whether it must accept writes.', examples: [true] }),
  synced: flag().meta({ description: 'Galera: whether the node must be synced and ready.', examples: [true] }),
  max_lag: duration('max_lag', seconds(0), seconds(86_400), millis(1))
    .optional()
    .meta({ description: 'A replica may be behind by that much, 0s to 24h.', examples: ['10s'] }),
} as const;
