// What is to be written, before it is text: tables of holdfast.toml with remarks where a meaning changed.
// Must not know keepalived, nor how TOML spells anything (write.ts).

export type Value = string | number | boolean | readonly Value[] | { readonly [key: string]: Value };

export interface Entry {
  readonly key: string;
  readonly value: Value;
  /** Why it stands there, for whoever reads the file. */
  readonly remark?: string | undefined;
}

export interface Table {
  readonly kind: 'vrrp' | 'check' | 'watchdog';
  readonly name: string;
  /** Above it. */
  readonly remarks: readonly string[];
  readonly entries: readonly Entry[];
}

/** A password of version 2, which belongs into a file of its own. */
export interface Secret {
  readonly router: string;
  readonly path: string;
  readonly password: string;
}

/** What may stand behind `vrrp.`, `check.` or `watchdog.`. */
const STRANGE = /[^a-zA-Z0-9_.-]+/g;

/** Names that holdfast takes, each given once. */
export function makeNames(): (wanted: string) => string {
  const taken = new Set<string>();
  return wanted => {
    const plain = wanted
      .replace(STRANGE, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 56);
    const base = plain === '' ? 'unnamed' : plain;
    let name = base;
    for (let number = 2; taken.has(name); number += 1) name = `${base}-${number}`;
    taken.add(name);
    return name;
  };
}
