// The part of pg that we use, and which its types do not name: the client alone. Its main module would load a pool beside it, and
// libpq if a variable of the environment says so.
declare module 'pg/lib/client.js' {
  import type { Duplex } from 'node:stream';

  export interface Options {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly database: string;
    /** A function, as an empty text would make it look elsewhere. */
    readonly password: () => string;
    readonly ssl: false;
    readonly sslnegotiation: 'postgres';
    /** It calls `connect` and `setNoDelay` of it, and waits for its 'connect'. */
    readonly stream: Duplex;
    readonly types: { getTypeParser(): (text: string) => string };
  }

  export default class Client {
    constructor(options: Options);
    on(event: 'error' | 'notice', listener: (error: unknown) => void): this;
    connect(): Promise<unknown>;
    query(text: string): Promise<{ readonly rows: readonly Readonly<Record<string, string | null>>[] }>;
    end(): Promise<void>;
    /** What the startup message says. */
    getStartupConf(): Readonly<Record<string, string>>;
  }
}
