// `[http]` as one machine has it, what is wrong with it as a whole, and what it comes to.
// Must not know single values, nor what is served.
import type { HttpSpec } from '../check/duties.ts';
import { isLoopback } from '../vrrp/address.ts';
import { isBroken, type Sound } from './entry.ts';
import type { PlacedFinding } from './finding.ts';
import { type HttpSettings, httpTable, showEndpoint } from './http-schema.ts';
import { type Path, tableAt, valueAt } from './tree.ts';

export interface Http {
  /** Defaults filled in. */
  readonly settings: HttpSettings;
  readonly findings: readonly PlacedFinding[];
}

/** The common table with the machine's own over it. @returns null where there is none: then nothing is served */
export function httpOf({ forest, broken, gaps }: Sound, node: string): Http | null {
  const places: readonly [Path, Path] = [['http'], ['node', node, 'http']];
  const [base, over] = places;
  if (places.every(path => valueAt(forest.tree, path) === undefined)) return null;
  const own = tableAt(forest.tree, over);
  const settings = httpTable.parse(Object.assign(Object.create(null), tableAt(forest.tree, base), own));
  const excused = gaps || places.some(path => isBroken(broken, [...path, 'token']));
  if (isLoopback(settings.listen.address) || settings.token !== undefined || excused) return { settings, findings: [] };
  const path: Path = [...(Object.hasOwn(own, 'listen') ? over : base), 'listen'];
  const finding: PlacedFinding = {
    code: 'token-missing',
    severity: 'error',
    message: `everybody who reaches ${showEndpoint(settings.listen)} could look at the page: it needs a \`token\``,
    place: { source: forest.sourceOf(path), path, at: 'value' },
    hint: 'write `token = { file = "/etc/holdfast/token" }`, made by `openssl rand -hex 16`; or `listen = "127.0.0.1:9112"`',
  };
  return { settings, findings: [finding] };
}

/** What the agent is to serve. */
export function httpSpecOf(http: Http | null): HttpSpec | null {
  return http === null ? null : { listen: http.settings.listen, token: http.settings.token ?? null };
}
