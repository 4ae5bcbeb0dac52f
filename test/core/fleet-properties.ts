// Whatever is reloaded on two machines, and whatever becomes of their services, in whatever order: once it is quiet each wished
// router has one holder unless it is released everywhere, nothing else is held, and an Active router that no plan and no
// service touched has said so all the time. A failure prints its seed; FAST_CHECK_SEED=NUMBER runs it again.
import t from 'tap';
import type { Health } from '../../src/core/messages.ts';
import { type RouterSpec, routerKey } from '../../src/vrrp/router.ts';
import { after, type Micros, micros, millis, priority, seconds, vrid } from '../../src/vrrp/units.ts';
import { type EngineRig, engineRig, type Node } from '../fixtures/engine-rig.ts';
import { released, sickness, weighed, wellness } from '../fixtures/health.ts';
import fc from '../fixtures/property.ts';
import { planFor, prefix, routerSpec } from '../fixtures/virtual-router.ts';

/** Twice the longest down interval at 1 s; leases of 6 s are over by then too. */
const QUIET = seconds(8);
const LIMIT_MS = 10_000;
const RUNS = 150;

/** One that each router keeps, as two of which only one has any do not hear each other, and some that move between them. */
const KEPT = ['192.0.2.210/24', '192.0.2.211/24', '192.0.2.212/24'] as const;
const MOVING = ['192.0.2.200/24', '192.0.2.201/24', '192.0.2.202/24', '192.0.2.203/24'] as const;

/** What a plan says about one router; null: it is not in it. */
interface Wish {
  readonly vrid: number;
  readonly preempt: boolean;
  readonly accept: boolean;
  readonly named: boolean;
}

const HEALTH = {
  well: wellness,
  sick: sickness,
  released,
  lighter: (router: string) => weighed(router, -120),
  heavier: (router: string) => weighed(router, 120),
} satisfies Record<string, (router: string) => Health>;

/** By router. */
type Found = readonly (keyof typeof HEALTH)[];

interface Reload {
  readonly wishes: readonly (Wish | null)[];
  /** To which router each address belongs. */
  readonly owners: readonly number[];
  /** Its priority on the first machine; the other has 100. */
  readonly levels: readonly number[];
  readonly where: 'a' | 'b' | 'both';
  /** What the agents there say of the services along with the plan, and half of the pause later. */
  readonly found: Found;
  readonly later: Found;
  /** Until the next one, in ms. */
  readonly pause: number;
  readonly probation: boolean;
}

const wish: fc.Arbitrary<Wish | null> = fc.option(
  fc.record({ vrid: fc.constantFrom(0, 10), preempt: fc.boolean(), accept: fc.boolean(), named: fc.boolean() }),
  { freq: 4 },
);

const found: fc.Arbitrary<Found> = fc.array(fc.constantFrom('well', 'well', 'sick', 'released', 'lighter', 'heavier'), {
  minLength: 3,
  maxLength: 3,
});

const reload: fc.Arbitrary<Reload> = fc.record({
  wishes: fc.array(wish, { minLength: 3, maxLength: 3 }),
  owners: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 4, maxLength: 4 }),
  levels: fc.array(fc.constantFrom(50, 150), { minLength: 3, maxLength: 3 }),
  where: fc.constantFrom('a', 'b', 'both'),
  found,
  later: found,
  pause: fc.integer({ min: 0, max: 4_000 }),
  probation: fc.boolean(),
});

function planOf({ wishes, owners, levels }: Reload, on: string): readonly RouterSpec[] {
  return wishes.flatMap((wished, index) => {
    if (wished === null) return [];
    return routerSpec({
      name: wished.named ? `named${index}` : `router${index}`,
      vrid: vrid(51 + index + wished.vrid),
      priority: priority(on === 'a' ? (levels[index] ?? 50) : 100),
      preempt: wished.preempt,
      accept: wished.accept,
      tracked: true,
      addresses: [KEPT[index] ?? KEPT[0], ...MOVING.filter((_, address) => owners[address] === index)].map(prefix),
    });
  });
}

function healthOf(plan: readonly RouterSpec[], all: Found): readonly Health[] {
  return plan.map(spec => HEALTH[all[(spec.vrid - 51) % 10] ?? 'well'](routerKey(spec)));
}

/** Every gap between adverts of a router that was Active on that machine, and that no reload touched in between. */
function longestSilence({ sent, timeline }: EngineRig, node: Node, touched: ReadonlyMap<number, readonly Micros[]>): Micros {
  let longest = 0;
  const states = node.transitions;
  for (const [id, instants] of touched) {
    const keys = new Set(states.map(({ router }) => router));
    const times = sent.filter(each => each.from === node.name && each.vrid === id && each.priority !== 0).map(({ at }) => at);
    for (const [index, at] of times.entries()) {
      const next = times[index + 1] ?? timeline.now();
      const disturbed = instants.some(each => each >= at && each <= next);
      // Names change and the VRID does not, so any change of role on this machine excuses: too lenient, and never wrong.
      const changed = states.some(each => keys.has(each.router) && each.at >= at && each.at <= next);
      if (!disturbed && !changed) longest = Math.max(longest, next - at);
    }
  }
  return micros(longest);
}

t.test('random reloads over three routers and two machines', async t => {
  let silences = 0;
  fc.assert(
    fc.property(fc.array(reload, { minLength: 1, maxLength: 8 }), reloads => {
      const rig = engineRig();
      const b = rig.join('b');
      const nodes = [rig, b];
      const plans = new Map(nodes.map(({ name }) => [name, [] as readonly RouterSpec[]]));
      const touched = new Map(nodes.map(({ name }) => [name, new Map<number, Micros[]>()]));
      const known = new Map<string, Found>();
      /** The agents say what they know, as they do every few seconds. */
      const beat = (): void => {
        for (const { name, engine } of nodes) engine.health(healthOf(plans.get(name) ?? [], known.get(name) ?? []));
      };
      rig.timeline.watch(() => {
        for (const { name, engine } of nodes)
          for (const { standing, state, spec } of engine.status().routers)
            if (standing === 'released' && (state === 'backup' || state === 'active'))
              throw new Error(`${name} ${spec.name} is released, and ${state}`);
      });
      for (const each of reloads) {
        for (const node of nodes) {
          if (each.where !== 'both' && each.where !== node.name) continue;
          const plan = planOf(each, node.name);
          note(touched.get(node.name) ?? new Map(), plans.get(node.name) ?? [], plan, rig.timeline.now());
          plans.set(node.name, plan);
          known.set(node.name, each.found);
          node.engine.apply(planFor(...plan), { health: healthOf(plan, each.found), confirmWithin: each.probation ? seconds(100) : null });
        }
        rig.run(millis(each.pause / 2));
        for (const { name } of nodes) if (each.where === 'both' || each.where === name) known.set(name, each.later);
        beat();
        rig.run(millis(each.pause / 2));
      }
      for (const { engine } of nodes) engine.confirm();
      beat();
      rig.run(QUIET);
      settled(nodes, plans);
      for (const node of nodes) {
        const silence = longestSilence(rig, node, touched.get(node.name) ?? new Map());
        if (silence > 0) silences += 1;
        if (silence > 1_500_000) throw new Error(`${node.name} was silent for ${silence} µs`);
      }
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: LIMIT_MS },
  );
  t.ok(silences > 0, 'there were adverts to look at');
});

/** Which VRIDs a reload changes: theirs is the right to say so at another time. */
function note(touched: Map<number, Micros[]>, before: readonly RouterSpec[], next: readonly RouterSpec[], at: Micros): void {
  const said = (routers: readonly RouterSpec[], id: number): string => JSON.stringify(routers.find(spec => spec.vrid === id) ?? null);
  for (const id of new Set([...before, ...next].map(spec => spec.vrid))) {
    const known = touched.get(id) ?? [];
    touched.set(id, said(before, id) === said(next, id) ? known : [...known, at]);
  }
}

/** @throws what is not as wished */
function settled(nodes: readonly Node[], plans: ReadonlyMap<string, readonly RouterSpec[]>): void {
  const wished = new Map<number, string[]>();
  const wanted = new Set<number>();
  for (const { name, engine, machine } of nodes) {
    const plan = plans.get(name) ?? [];
    const { routers } = engine.status();
    const [want, have] = [plan.map(routerKey), routers.map(({ spec }) => routerKey(spec))];
    if (want.join() !== have.join()) throw new Error(`${name} runs ${have.join()} and not ${want.join()}`);
    for (const { spec, state, standing, waiting, addresses } of routers) {
      if (waiting !== null) throw new Error(`${name} ${spec.name}: ${waiting}`);
      // A demoted one offers its role now and then, and serves meanwhile.
      const serves = state === 'active' || state === 'leaving';
      if (standing === 'released' && state !== 'fault') throw new Error(`${name} ${spec.name} is released, and ${state}`);
      if (standing !== 'released') wanted.add(spec.vrid);
      wished.set(spec.vrid, [...(wished.get(spec.vrid) ?? []), ...(serves ? [name] : [])]);
      for (const { address: text } of addresses) {
        const { address } = prefix(text);
        if (machine.holds(address) !== serves) throw new Error(`${name} ${spec.name} is ${state}, ${address}`);
        if (serves && machine.denied(address) === spec.accept) throw new Error(`${name} ${address} accept ${spec.accept}`);
      }
    }
    for (const each of [...KEPT, ...MOVING]) {
      const { address } = prefix(each);
      if (machine.holds(address) && !plan.some(spec => spec.addresses.some(other => other.address === address)))
        throw new Error(`${name} still holds ${address}`);
    }
  }
  for (const [id, active] of wished)
    if (active.length !== (wanted.has(id) ? 1 : 0)) throw new Error(`VRID ${id} is Active on ${active.join(' and ')}`);
}

t.test('an unchanged router says so on its grid through a sequence of reloads of the others', async t => {
  fc.assert(
    fc.property(fc.array(reload, { minLength: 1, maxLength: 8 }), reloads => {
      const rig = engineRig();
      const b = rig.join('b');
      const constant = routerSpec({ name: 'constant', vrid: vrid(99), priority: priority(200), addresses: [prefix('192.0.2.240/24')] });
      rig.engine.apply(planFor(constant));
      b.engine.apply(planFor({ ...constant, priority: priority(100) }));
      rig.run(seconds(5));
      for (const each of reloads) {
        rig.engine.apply(planFor(...planOf(each, 'a'), constant));
        b.engine.apply(planFor({ ...constant, priority: priority(100) }, ...planOf(each, 'b')));
        rig.run(millis(each.pause));
      }
      // The very first one waited for the kernel's word.
      const times = rig.sent.flatMap(({ vrid: id, at }) => (id === 99 ? [at] : [])).slice(1);
      const [first = rig.timeline.now()] = times;
      for (const [index, at] of times.entries()) {
        if (at !== after(first, micros(index * 1_000_000))) throw new Error(`advert ${index} at ${at}, the first at ${first}`);
      }
      if (rig.timeline.now() - (times.at(-1) ?? 0) > 1_000_000) throw new Error('it fell silent');
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: LIMIT_MS },
  );
  t.pass();
});
