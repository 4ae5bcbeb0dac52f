// The little language of the scenarios: one verb to a line, and what each of them does to a world.
// Must not know what is right: what happens is narrated, and compared by the harness.
import type { Engine } from '../../../src/core/engine.ts';
import type { Health } from '../../../src/core/messages.ts';
import { createLoop } from '../../../src/platform/fake/clock.ts';
import { familyOf, formatPrefix, type Prefix } from '../../../src/vrrp/address.ts';
import { authenticate, encode, VRRP_GROUP } from '../../../src/vrrp/packet.ts';
import { type RouterSpec, routerKey } from '../../../src/vrrp/router.ts';
import { after, priority, vrid } from '../../../src/vrrp/units.ts';
import { released, sickness, weighed, wellness } from '../../fixtures/health.ts';
import { ip, prefix, routerSpec } from '../../fixtures/virtual-router.ts';
import { createNarrator } from './narrator.ts';
import { changeRouter, createRouters, duration, readSettings } from './settings.ts';
import { showNeighbour, showPeer } from './status.ts';
import { createWorld, INTERFACE, type World } from './world.ts';

/** Runs the commands of a script.
 *  @param text commands at the line's start; indented lines are narration of an earlier run and are left out
 *  @returns the script with the narration of this run under each command */
export function perform(text: string): string {
  const narrator = createNarrator(() => world);
  const world: World = createWorld(narrator.logged, 1, node => narrator.say(node, 'tells its agent that the plan before runs again'));
  narrator.attach();
  const out: string[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.startsWith(' ')) continue;
    out.push(line);
    const words = line.replace(/#.*/, '').trim().split(/\s+/);
    const [verb, ...args] = words;
    if (verb === undefined || verb === '') continue;
    try {
      act(world, verb, args, (node, said) => narrator.say(node, said));
    } catch (error) {
      throw new Error(`line ${index + 1}: ${line}: ${error instanceof Error ? error.stack : String(error)}`);
    }
    out.push(...narrator.take());
  }
  return out.join('\n');
}

type Verb = (world: World, args: readonly string[], say: (node: string, text: string) => void) => void;

function act(world: World, verb: string, args: readonly string[], say: (node: string, text: string) => void): void {
  const does = VERBS[verb];
  if (does === undefined) throw new Error(`no verb ${verb}`);
  does(world, args, say);
}

const VERBS: Readonly<Record<string, Verb>> = {
  node: (world, [name = '', ...words]) => {
    const settings = readSettings(words);
    const routers = createRouters(routerSpec(), settings);
    world.addNode(name, settings.own ?? hostAddresses(world.nodes.size + 11, routers), routers);
  },
  // What stands in a node's file: read by `reload`, or when it starts.
  router: (world, [name = '', router = '', ...words]) => {
    world.write(name, [...world.node(name).routers, ...createRouters(routerSpec({ name: router }), readSettings(words))]);
  },
  remove: (world, [name = '', router = '']) => {
    const { routers } = world.node(name);
    world.write(
      name,
      routers.filter(spec => spec.name !== router && routerKey(spec) !== router),
    );
  },
  edit: (world, [place = '', ...words]) => edit(world, place, words),
  reload: (world, [name = '', , within], say) => {
    const refused = world.apply(name, { confirmWithin: within === undefined ? null : duration(within) });
    for (const { router, reason } of refused) say(name, `does not start ${router}: ${reason}`);
  },
  confirm: (world, [name = ''], say) => say(name, engine(world, name).confirm() ? 'the plan stays' : 'there is nothing to confirm'),
  // Both at once.
  set: (world, [place = '', ...words]) => {
    const name = edit(world, place, words);
    if (world.node(name).process !== null) world.apply(name);
  },

  start: (world, names) => {
    for (const name of names) world.start(name);
  },
  stop: (world, names, say) => {
    for (const name of names) world.stop(name, () => say(name, 'ends in order'));
  },
  abandon: (world, [name = '']) => engine(world, name).abandon(),
  kill: (world, [name = '']) => world.kill(name),
  'power-off': (world, [name = '']) => world.powerOff(name),
  freeze: (world, [name = '', time = '', ...often]) => repeatedly(world, often, () => world.freeze(name, duration(time))),
  run: (world, [time = '']) => world.run(duration(time)),

  cut: ({ lan }, [name = '']) => lan.partition([[], [name]]),
  partition: ({ lan }, words) => lan.partition(groups(words)),
  deafen: ({ lan }, [deaf = '', to = '']) => lan.deafen(to, deaf),
  lose: ({ lan }, [share = '']) => lan.lose(Number.parseFloat(share) / 100),
  'lose-next': ({ lan }, [from = '', count = '']) => lan.loseNext(from, Number(count)),
  heal: ({ lan }) => lan.heal(),

  unplug: (world, [name = '', on = INTERFACE]) => world.node(name).machine.setCarrier(on, false),
  plug: (world, [name = '', on = INTERFACE]) => world.node(name).machine.setCarrier(on, true),
  down: (world, [name = '', on = INTERFACE]) => world.node(name).machine.setUp(on, false),
  up: (world, [name = '', on = INTERFACE]) => world.setUp(name, on),
  'delete-interface': (world, [name = '', on = INTERFACE]) => world.node(name).machine.deleteLink(on),
  'create-interface': (world, [name = '', on = INTERFACE]) => {
    const { machine, own } = world.node(name);
    machine.addLink(on);
    if (on === INTERFACE) for (const address of own) machine.addAddress(INTERFACE, address);
  },
  'add-address': (world, [name = '', address = '', on = INTERFACE]) => world.node(name).machine.addAddress(on, prefix(address)),
  'delete-address': (world, [name = '', address = '', ...often]) =>
    repeatedly(world, often, () => world.node(name).machine.deleteAddress(INTERFACE, ip(address))),
  refuse: (world, [name = '', code = '', times = 'Infinity']) =>
    world.node(name).machine.refuse({ op: 'put', code, address: null, times: Number(times) }),
  'refuse-filter': (world, [name = '', code = '', times = 'Infinity']) =>
    world.node(name).machine.refuse({ op: 'deny', code, address: null, times: Number(times) }),
  allow: (world, [name = '']) => world.node(name).machine.allow(),
  /** `claim NODE hf0/ipv4/51 for 5s`: another daemon of that machine has this place. */
  claim: (world, [name = '', place = '', , time = '']) => {
    const other = createLoop(world.timeline);
    world.node(name).machine.claims(other).claim(place);
    world.timeline.at(after(world.timeline.now(), duration(time)), () => other.end());
  },
  addresses: (world, [name = '', on = INTERFACE], say) => {
    const held = world.node(name).machine.addresses(on);
    const shown = held.map(
      each =>
        formatPrefix(each) +
        (each.label === null ? '' : ` as ${each.label}`) +
        (each.validFor === null ? '' : ` for ${each.validFor} s`) +
        (each.tentative ? ' (tentative)' : ''),
    );
    say(name, shown.length === 0 ? 'has none' : `has ${shown.join(', ')}`);
  },

  // What its agent finds; before the start it is what comes with the plan.
  sick: (world, names) => health(world, names, sickness),
  well: (world, names) => health(world, names, wellness),
  released: (world, names) => health(world, names, released),
  weighed: (world, [name = '', sum = '']) => health(world, [name], router => weighed(router, Number(sum))),
  advert,

  neighbours: (world, [name = ''], say) => {
    const { neighbours } = engine(world, name).status();
    if (neighbours.length === 0) say(name, 'hears nobody');
    for (const neighbour of neighbours) say(name, showNeighbour(neighbour));
  },
  peers: (world, [name = ''], say) => {
    for (const { spec, peers } of engine(world, name).status().routers)
      for (const each of peers) say(name, `${spec.name}: ${showPeer(each)}`);
  },
  learned: (world, [name = ''], say) => {
    const { learned } = world.node(name);
    if (learned.size === 0) say(name, 'has learned nothing');
    for (const { router, checksums } of learned.values()) say(name, `has learned for ${router}: ${checksums.join(', ')}`);
  },
  forget: (world, [name = '']) => world.node(name).learned.clear(),
  status: (world, [name = ''], say) => {
    for (const { spec, state, reason, waiting, priority: level, active, conflict, addresses } of engine(world, name).status().routers) {
      const who = active === null ? 'nobody known' : active.self ? 'itself' : `${active.address} (priority ${active.priority})`;
      const held = addresses.filter(each => each.held).map(each => each.address);
      const parts = [
        `${routerKey(spec)} ${state} (${reason}), priority ${level.effective}, active: ${who}`,
        held.length === 0 ? 'holds nothing' : `holds ${held.join(' ')}`,
        ...(waiting === null ? [] : [`waiting: ${waiting}`]),
        ...(conflict === null ? [] : [`conflict: ${conflict.what} ${conflict.address}`]),
      ];
      say(name, parts.join('; '));
    }
  },
};

/** IPv6 where a router of it speaks it. */
function hostAddresses(number: number, routers: readonly RouterSpec[]): readonly Prefix[] {
  const six = routers.some(({ family }) => family === 'ipv6') ? [prefix(`fe80::${number}/64`), prefix(`2001:db8::${number}/64`)] : [];
  return [prefix(`192.0.2.${number}/24`), ...six];
}

/** @param place `NODE`, `NODE/ROUTER` or `NODE/ROUTER/FAMILY`. @returns the node's name */
function edit(world: World, place: string, words: readonly string[]): string {
  const [name = '', router, family] = place.split('/');
  const settings = readSettings(words);
  world.write(
    name,
    world.node(name).routers.map(spec => {
      const meant = (router === undefined || spec.name === router) && (family === undefined || spec.family === family);
      return meant ? changeRouter(spec, settings) : spec;
    }),
  );
  return name;
}

function groups(words: readonly string[]): string[][] {
  return words
    .join(' ')
    .split('|')
    .map(group => group.trim().split(/\s+/));
}

function health(world: World, names: readonly string[], of: (router: string) => Health): void {
  for (const name of names)
    world.judge(
      name,
      world.node(name).routers.map(spec => of(routerKey(spec))),
    );
}

function engine(world: World, name: string): Engine {
  const running = world.node(name).process;
  if (running === null) throw new Error(`${name} does not run`);
  return running.engine;
}

/** Once, or as often as the words `every D for D` say. */
function repeatedly(world: World, [, every, , until]: readonly string[], work: () => void): void {
  const { timeline } = world;
  work();
  if (every === undefined || until === undefined) return;
  const ends = after(timeline.now(), duration(until));
  for (let at = after(timeline.now(), duration(every)); at <= ends; at = after(at, duration(every))) timeline.at(at, work);
}

/** `advert FROM [to ADDR] priority N [interval D] [vrid N] [ttl N] [version 2] [password X] [checksum rfc5798] [vip none]
 *  [times N] [every D for D]`: what somebody else sends. */
function advert(world: World, [from = '', ...words]: readonly string[]): void {
  const value = new Map(words.flatMap((word, at) => (at % 2 === 0 ? [[word, words[at + 1] ?? ''] as const] : [])));
  const claimed = Number(value.get('priority') ?? 100);
  const source = ip(from);
  const family = familyOf(source);
  const [spec] = [...world.nodes.values()].flatMap(({ routers }) => routers).filter(each => each.family === family);
  if (spec === undefined) throw new Error(`nobody speaks ${family}`);
  const to = value.get('to');
  const destination = to === undefined ? VRRP_GROUP[family] : ip(to);
  const version = value.get('version') === '2' ? 2 : 3;
  const message = encode(
    {
      kind: 'advertisement',
      version,
      vrid: vrid(Number(value.get('vrid') ?? spec.vrid)),
      priority: claimed === 0 ? 0 : priority(claimed),
      interval: duration(value.get('interval') ?? '1s'),
      addresses: value.get('vip') === 'none' ? [] : spec.addresses.map(({ address }) => address),
      checksum: value.get('checksum') === 'rfc5798' ? 'rfc5798' : 'rfc9568',
      authentication: version === 2 ? authenticate(value.get('password') ?? null) : null,
    },
    source,
    destination,
  );
  const reception = { source, destination, ttl: Number(value.get('ttl') ?? 255) };
  const every = value.get('every');
  repeatedly(world, every === undefined ? [] : ['every', every, 'for', value.get('for') ?? '0s'], () => {
    for (let time = Number(value.get('times') ?? 1); time > 0; time -= 1) world.lan.inject(INTERFACE, message, reception);
  });
}
