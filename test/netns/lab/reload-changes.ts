// Configurations for a node with one router that never changes and three that do: by chance, from a seed, some of them
// invalid. Must not know daemons, nor what becomes of a change.
import { configuration } from './holdfast.ts';
import { linkLocal, type RouterSettings, VIP6, web } from './router.ts';

export interface Change {
  /** What was done to the configuration before, for whoever reads a failure. */
  readonly told: string;
  /** The file. */
  readonly text: string;
  /** What is to run with it; null: it is invalid, and what ran goes on. */
  readonly routers: readonly RouterSettings[] | null;
}

/** Address lists by VRID; no address belongs to two, so that no configuration makes a second holder. */
const LISTS: Readonly<Record<number, readonly (readonly string[])[]>> = {
  52: [['10.77.0.201'], ['10.77.0.201', '10.77.0.202'], ['10.77.0.202', '10.77.0.201']],
  53: [['10.77.0.203'], ['10.77.0.203', '10.77.0.204']],
  54: [['10.77.0.205'], ['10.77.0.206', '10.77.0.205'], ['10.77.0.206']],
  55: [['10.77.0.207']],
  61: [
    [linkLocal(61), VIP6],
    [linkLocal(61), VIP6, '2001:db8:77::201'],
  ],
  62: [[linkLocal(62), '2001:db8:77::202']],
};

/** The routers that change: which VRIDs, and which names, each may have. */
const KINDS = [
  { vrids: [52, 53], names: ['mail', 'post'] },
  { vrids: [54, 55], names: ['extra', 'more'] },
  { vrids: [61, 62], names: ['six', 'sixth'] },
] as const;

/** The router that no change touches. */
export const STEADY = web(200);

/** What the other node has of them, all their lives. */
export const OTHER: readonly RouterSettings[] = [
  web(100),
  { ...web(100), name: 'mail', vrid: 52, addresses: ['10.77.0.201'] },
  { ...web(100), name: 'six', vrid: 61, addresses: [linkLocal(61), VIP6] },
];

const PRIORITIES = [50, 150, 200, 254];
const INTERVALS = [100, 120, 200, 500];

type Routers = readonly (RouterSettings | null)[];
type Below = (n: number) => number;

/** The first configuration: all four routers, higher than those of the other node. */
export function first(): Change {
  return written('the first', KINDS.map(born));
}

/** @param seed any whole number; the same seed gives the same changes */
export function randomChanges(count: number, seed: number): readonly Change[] {
  const below = generator(seed);
  const changes: Change[] = [];
  let routers: Routers = KINDS.map(born);
  for (let i = 0; i < count; i++) {
    const [told, next] = changed(routers, below);
    // One of four is invalid; every kind of change may be in an invalid file.
    if (below(4) === 0) changes.push(spoilt(written(told, next), below));
    else {
      routers = next;
      changes.push(written(told, next));
    }
  }
  return changes;
}

function born(kind: (typeof KINDS)[number]): RouterSettings {
  const [vrid] = kind.vrids;
  return { ...web(200), name: kind.names[0], vrid, addresses: pick(LISTS[vrid] ?? [], () => 0) };
}

function changed(routers: Routers, below: Below): readonly [string, Routers] {
  const at = below(KINDS.length);
  const kind = KINDS[at] ?? KINDS[0];
  const router = routers[at] ?? null;
  const put = (next: RouterSettings | null): Routers => routers.map((each, i) => (i === at ? next : each));
  if (router === null) return [`add ${kind.names[0]}`, put({ ...born(kind), priority: pick(PRIORITIES, below) })];
  const { name } = router;
  switch (below(9)) {
    case 0:
      return [`remove ${name}`, put(null)];
    case 1:
      return [`rename ${name}`, put({ ...router, name: name === kind.names[0] ? kind.names[1] : kind.names[0] })];
    case 2: {
      const vrid = router.vrid === kind.vrids[0] ? kind.vrids[1] : kind.vrids[0];
      return [`VRID of ${name}`, put({ ...router, vrid, addresses: pick(LISTS[vrid] ?? [], below) })];
    }
    case 3:
      return [`preempt of ${name}`, put({ ...router, preempt: router.preempt === false })];
    case 4:
      return [`interval of ${name}`, put({ ...router, intervalMs: pick(INTERVALS, below) })];
    case 5:
    case 6:
      return [`priority of ${name}`, put({ ...router, priority: pick(PRIORITIES, below) })];
    case 7:
      return ['nothing', routers];
    default:
      return [`addresses of ${name}`, put({ ...router, addresses: pick(LISTS[router.vrid] ?? [], below) })];
  }
}

function written(told: string, others: Routers): Change & { readonly routers: readonly RouterSettings[] } {
  const routers = [STEADY, ...others.filter(router => router !== null)];
  return { told, text: configuration(routers), routers };
}

function spoilt({ told, text }: Change, below: Below): Change {
  const broken: readonly (readonly [string, string])[] = [
    ['cut off in the middle', text.slice(0, text.lastIndexOf('priority = ') + 'priority = '.length)],
    ['a broken table', `${text}\n[vrrp.broken\n`],
    ['an unknown key', text.replace('priority = ', 'prioritty = 1\npriority = ')],
    ['priority 300', text.replace(/priority = \d+/, 'priority = 300')],
    ['no such address', text.replace('10.77.0.', '10.77.999.')],
    ['VRID 0', text.replace(/vrid = \d+/, 'vrid = 0')],
    ['one VRID twice', `${text}\n[vrrp.again]\ninterface = "hf0"\nvrid = 51\npriority = 10\naddresses = ["10.77.0.250/24"]\n`],
    ['an empty file', ''],
    ['noise', '\u0000\u0007{]"'],
  ];
  const [how, bad] = pick(broken, below);
  return { told: `${told}, but ${how}`, text: bad, routers: null };
}

function pick<T>(list: readonly T[], below: Below): T {
  const item = list[below(list.length)];
  if (item === undefined) throw new Error('nothing to choose from');
  return item;
}

/** mulberry32 */
function generator(seed: number): Below {
  let state = seed >>> 0;
  return n => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296) * n);
  };
}
