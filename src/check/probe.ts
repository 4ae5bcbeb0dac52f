// What can be asked of a service, as plain data: one variant for each kind of check, and what one look at it saw.
// Must not know who asks, how often, nor what follows from an answer.
import type { Micros } from '../vrrp/units.ts';

/** Where a secret is; never the secret itself, so that none stands in a plan, a status or a log. */
export type SecretSource =
  | { readonly from: 'file'; readonly path: string }
  /** A variable of the daemon's environment. */
  | { readonly from: 'env'; readonly name: string }
  /** A credential of the service, systemd.exec(5) LoadCredential=. */
  | { readonly from: 'credential'; readonly name: string };

/** Inclusive on both ends. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

export interface TcpProbe {
  readonly type: 'tcp';
  readonly host: string;
  readonly port: number;
}

export interface HttpProbe {
  readonly type: 'http';
  /** http: or https:, without user and password. */
  readonly url: string;
  readonly method: string;
  /** Name of the virtual host: the Host header, and the name in the certificate; null: that of the URL. */
  readonly host: string | null;
  readonly headers: Readonly<Record<string, string>>;
  /** Good ones; never empty. */
  readonly status: readonly Range[];
  /** Text that the body must contain. */
  readonly body: string | null;
  /** RE2 syntax, which takes linear time whatever the text. */
  readonly bodyRegex: string | null;
  /** Fields of a JSON body by their path, `status` or `checks.0.name`, and the values that they must have. */
  readonly json: Readonly<Record<string, string | number | boolean>>;
  /** Longest time until the whole answer is there; null: only the timeout counts. */
  readonly maxLatency: Micros | null;
  readonly tls: TlsRules;
}

export interface TlsRules {
  /** Chain and name are verified. */
  readonly verify: boolean;
  /** PEM file of the authorities to believe instead of the system's. */
  readonly ca: string | null;
  /** PEM files that prove who we are. */
  readonly certificate: string | null;
  readonly key: string | null;
  /** Fewer days until the server's certificate expires are bad. */
  readonly minDays: number;
}

/** Exit status 0 is good, everything else is bad, as in keepalived. */
export interface CommandProbe {
  readonly type: 'command';
  /** Program by its full path, then its arguments. */
  readonly run: readonly string[];
  /** Account that it runs as; null: see `Program`. */
  readonly user: string | null;
}

/** Told by the kernel when a process ends; never polled for that. */
export interface ProcessProbe {
  readonly type: 'process';
  /** The first process of a pid file, every process of a name (comm), every process of a cgroup (below /sys/fs/cgroup). */
  readonly by: { readonly pidFile: string } | { readonly name: string } | { readonly cgroup: string };
  /** Fewer processes are bad. */
  readonly count: number;
}

export interface UnitProbe {
  readonly type: 'unit';
  readonly unit: string;
}

/** A number in a file, the whole of its text. */
export interface FileProbe {
  readonly type: 'file';
  readonly path: string;
  readonly minimum: number | null;
  readonly maximum: number | null;
}

export interface PingProbe {
  readonly type: 'ping';
  /** An address, IPv4 or IPv6; names are not looked up. */
  readonly target: string;
  /** Interface to ask from; null: as the routes have it. */
  readonly interface: string | null;
}

export interface DnsProbe {
  readonly type: 'dns';
  /** Address of the name server. */
  readonly server: string;
  readonly port: number;
  readonly name: string;
  readonly record: 'A' | 'AAAA' | 'CNAME' | 'MX' | 'NS' | 'PTR' | 'SOA' | 'SRV' | 'TXT';
  readonly transport: 'udp' | 'tcp';
  /** Answers that must all be there; empty: any answer of that record will do. */
  readonly expect: readonly string[];
}

/** Where a database listens. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  /** Path of a UNIX socket (postgres: of its directory); it replaces host and port. */
  readonly socket: string | null;
  readonly user: string | null;
  readonly password: SecretSource | null;
}

export interface MysqlProbe extends Endpoint {
  readonly type: 'mysql';
  /** read_only and super_read_only are off. */
  readonly writable: boolean;
  /** Longest replication lag of a replica; null: not looked at. */
  readonly maxLag: Micros | null;
  /** Galera: wsrep_ready, and wsrep_local_state_comment is Synced. */
  readonly synced: boolean;
}

export interface PostgresProbe extends Endpoint {
  readonly type: 'postgres';
  readonly database: string;
  readonly role: 'primary' | 'standby' | null;
  /** Longest replay lag of a standby; null: not looked at. */
  readonly maxLag: Micros | null;
}

export interface RedisProbe extends Endpoint {
  readonly type: 'redis';
  readonly role: 'master' | 'replica' | null;
}

/** Told by the kernel when the link changes. */
export interface InterfaceProbe {
  readonly type: 'interface';
  readonly interface: string;
}

/** Asked again and again. */
export type PolledProbe =
  | TcpProbe
  | HttpProbe
  | CommandProbe
  | UnitProbe
  | FileProbe
  | PingProbe
  | DnsProbe
  | MysqlProbe
  | PostgresProbe
  | RedisProbe;

/** Watched: it tells by itself. */
export type WatchedProbe = ProcessProbe | InterfaceProbe;

export type Probe = PolledProbe | WatchedProbe;

/** In one word, why a look was bad. Closed; the same in code, log, status and manual. */
export type Trouble =
  /** Nothing, or not enough, came within the time limit. */
  | 'timeout'
  /** Nobody listens there. */
  | 'refused'
  /** The network gives no way there, or broke it off. */
  | 'unreachable'
  /** A name that does not resolve. */
  | 'no-such-name'
  /** What came is not what the protocol allows. */
  | 'protocol'
  /** An answer, and not the wanted one: status, body, field, record, number. */
  | 'unexpected'
  /** A good answer that took too long. */
  | 'slow'
  /** Certificate or handshake. */
  | 'certificate'
  /** User, password, permission. */
  | 'denied'
  /** A database in the wrong role, or read-only. */
  | 'wrong-role'
  | 'lagging'
  /** A program: exit status, signal. */
  | 'failed'
  /** No such file, process, unit, interface. */
  | 'missing'
  | 'down'
  /** A program that others could change. */
  | 'unsafe';

/** What one look saw. */
export interface Seen {
  readonly trouble: Trouble | null;
  /** For people, without the name of the check: `HTTP 200`, `connection refused`, `no answer within 1 s`. Never a secret. */
  readonly seen: string;
  /** The number that was read, where there is one to read. */
  readonly number?: number;
}

/** The TCP port of this machine that it asks at; null: another machine's, or none. */
export function portOf(probe: Probe): number | null {
  switch (probe.type) {
    case 'tcp':
    case 'mysql':
    case 'postgres':
    case 'redis':
      return isLoopback(probe.host) ? probe.port : null;
    case 'http': {
      const url = URL.parse(probe.url);
      if (url === null || !isLoopback(url.hostname)) return null;
      return url.port === '' ? DEFAULT_PORTS[url.protocol === 'https:' ? 'https' : 'http'] : Number(url.port);
    }
    default:
      return null;
  }
}

const DEFAULT_PORTS = { http: 80, https: 443 } as const;

function isLoopback(host: string): boolean {
  return host === 'localhost' || host.startsWith('127.') || host === '::1' || host === '[::1]';
}

export function isWatched(probe: Probe): probe is WatchedProbe {
  return probe.type === 'process' || probe.type === 'interface';
}
