// What the console of a box shows: who it is, where it is reached, what it serves, what is wrong.
// Must not know terminals, nor how anything came to be known.
import { printable } from '../config/diagnostic.ts';

export interface Situation {
  readonly version: string;
  readonly hostname: string;
  /** `a` or `b`; null: not an appliance's disk. */
  readonly slot: string | null;
  readonly interfaces: readonly { readonly name: string; readonly up: boolean; readonly addresses: readonly string[] }[];
  readonly routers: readonly {
    readonly name: string;
    readonly state: string;
    readonly addresses: readonly string[];
    /** Who serves, where it is not this box. */
    readonly servedBy: string | null;
    readonly waiting: string | null;
  }[];
  readonly services: readonly { readonly name: string; readonly up: boolean; readonly words: string }[];
  /** Names of systemd units. */
  readonly failedUnits: readonly string[];
  /** Each one a line or several. */
  readonly problems: readonly string[];
}

/** The lines of the screen, without colour: the same for a serial line and a monitor. */
export function screen(situation: Situation): readonly string[] {
  const { version, hostname, slot, interfaces, routers, services, failedUnits, problems } = situation;
  const rows: (readonly [string, string])[] = [
    ...interfaces.map(({ name, up, addresses }): readonly [string, string] => [
      name,
      addresses.length > 0 ? `${addresses.join('  ')}${up ? '' : '  (no cable)'}` : up ? 'no address yet' : 'no cable',
    ]),
    ...routers.map((router): readonly [string, string] => [router.name, role(router)]),
    ...services.map(({ name, up, words }): readonly [string, string] => [name, up ? 'up' : `DOWN: ${words}`]),
  ];
  if (routers.length === 0) rows.push(['waiting', 'there is no virtual router yet: put a holdfast.toml on the CONFIG partition']);
  const width = Math.max(0, ...rows.map(([name]) => name.length));
  const wrong = [...failedUnits.map(unit => `${unit} has failed`), ...problems].flatMap(problem => problem.trimEnd().split('\n'));
  return [
    `holdfast ${version}  ${hostname}${slot === null ? '' : `  slot ${slot}`}`,
    ...rows.map(([name, what]) => `  ${name.padEnd(width)}  ${what}`),
    ...wrong.map(line => `  ! ${line}`),
  ].map(printable);
}

/** What an interface is reached by when it serves nothing: without the addresses that move, and without link-local ones.
 *  @param virtual addresses of the routers, with their prefix lengths */
export function ownAddresses(
  all: readonly { readonly address: string; readonly cidr: string | null; readonly scopeid?: number }[],
  virtual: ReadonlySet<string>,
): readonly string[] {
  return all.flatMap(({ address, cidr, scopeid = 0 }) => {
    const shown = cidr ?? address;
    return scopeid > 0 || virtual.has(shown) || virtual.has(address) ? [] : [shown];
  });
}

function role({ state, addresses, servedBy, waiting }: Situation['routers'][number]): string {
  const what = addresses.length === 0 ? '' : ` ${addresses.join(' ')}`;
  if (state === 'active') return `ACTIVE, serving${what}`;
  if (state === 'backup') return `backup${servedBy === null ? '' : `, ${servedBy} serves`}${what}`;
  return `${state}${waiting === null ? '' : `: ${waiting}`}`;
}

/** Whether a box does what it is there for, so that the slot it runs may be called good: no unit has failed, every router has a part, every service
 *  answers. Nothing that is only the network's fault counts: a cable that nobody has plugged in yet must not throw a good system away. */
export function isSound({ routers, services, failedUnits }: Pick<Situation, 'routers' | 'services' | 'failedUnits'>): boolean {
  const settled = routers.every(({ state, waiting }) => state === 'active' || state === 'backup' || waiting !== null);
  return settled && failedUnits.length === 0 && services.every(({ up }) => up);
}
