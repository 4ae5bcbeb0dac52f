// The little language of the scenarios: one verb to a line, and what each of them does to a world.
// Must not know what is right: what happens is narrated, and compared by the harness.
import type { Engine } from '../../../src/core/engine.ts';
import { formatPrefix, type Prefix, parseAddress } from '../../../src/vrrp/address.ts';
import { encode, VRRP_GROUP } from '../../../src/vrrp/packet.ts';
import { type RouterSpec, routerKey } from '../../../src/vrrp/router.ts';
import { autoLease } from '../../../src/vrrp/timers.ts';
import { after, type Micros, micros, priority, seconds, vrid } from '../../../src/vrrp/units.ts';
import { ip, prefix, routerSpec } from '../../fixtures/virtual-router.ts';
import { createNarrator } from './narrator.ts';
import { createWorld, INTERFACE, type World } from './world.ts';

/** Runs the commands of a script.
 *  @param text commands at the line's start; indented lines are narration of an earlier run and are left out
 *  @returns the script with the narration of this run under each command */
export function perform(text: string): string {
  const narrator = createNarrator(() => world);
  const world: World = createWorld(narrator.logged);
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
    const { spec, own } = settings(routerSpec(), words);
    world.addNode(name, own ?? [prefix(`192.0.2.${world.nodes.size + 11}/24`)], [spec]);
  },
  router: (world, [name = '', router = '', ...words]) => {
    const node = world.node(name);
    node.routers = [...node.routers, settings(routerSpec({ name: router }), words).spec];
  },
  set: (world, [name = '', ...words]) => {
    const node = world.node(name);
    node.routers = node.routers.map(spec => settings(spec, words).spec);
    node.process?.engine.apply({ routers: node.routers });
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

  unplug: (world, [name = '']) => world.node(name).machine.setCarrier(INTERFACE, false),
  plug: (world, [name = '']) => world.node(name).machine.setCarrier(INTERFACE, true),
  down: (world, [name = '']) => world.node(name).machine.setUp(INTERFACE, false),
  up: (world, [name = '']) => world.node(name).machine.setUp(INTERFACE, true),
  'delete-interface': (world, [name = '']) => world.node(name).machine.deleteLink(INTERFACE),
  'create-interface': (world, [name = '']) => {
    const { machine, own } = world.node(name);
    machine.addLink(INTERFACE);
    for (const address of own) machine.addAddress(INTERFACE, address);
  },
  'add-address': (world, [name = '', address = '']) => world.node(name).machine.addAddress(INTERFACE, prefix(address)),
  'delete-address': (world, [name = '', address = '', ...often]) =>
    repeatedly(world, often, () => world.node(name).machine.deleteAddress(INTERFACE, ip(address))),
  refuse: (world, [name = '', code = '', times = 'Infinity']) =>
    world.node(name).machine.refuse({ op: 'put', code, address: null, times: Number(times) }),
  allow: (world, [name = '']) => world.node(name).machine.allow(),
  addresses: (world, [name = ''], say) => {
    const held = world.node(name).machine.addresses(INTERFACE);
    say(name, `has ${held.map(each => formatPrefix(each) + (each.validFor === null ? '' : ` for ${each.validFor} s`)).join(', ')}`);
  },

  sick: (world, names) => health(world, names, true),
  well: (world, names) => health(world, names, false),
  advert,
};

function groups(words: readonly string[]): string[][] {
  return words
    .join(' ')
    .split('|')
    .map(group => group.trim().split(/\s+/));
}

function health(world: World, names: readonly string[], demoted: boolean): void {
  for (const name of names) {
    const all = world.node(name).routers.map(spec => ({ router: routerKey(spec), demoted }));
    engine(world, name).health(all);
  }
}

function engine(world: World, name: string): Engine {
  const running = world.node(name).process;
  if (running === null) throw new Error(`${name} does not run`);
  return running.engine;
}

/** `word value` pairs. */
function settings(base: RouterSpec, words: readonly string[]): { readonly spec: RouterSpec; readonly own: readonly Prefix[] | null } {
  let spec = base;
  let own: Prefix[] | null = null;
  let virtual: Prefix[] = [];
  for (let at = 0; at < words.length; at += 2) {
    const value = words[at + 1] ?? '';
    switch (words[at]) {
      case 'priority':
        spec = { ...spec, priority: priority(Number(value)) };
        break;
      case 'vrid':
        spec = { ...spec, vrid: vrid(Number(value)) };
        break;
      case 'interval':
        spec = { ...spec, advertInterval: duration(value), lease: autoLease(duration(value)) };
        break;
      case 'preempt':
        spec = { ...spec, preempt: value !== 'no' };
        break;
      case 'delay':
        spec = { ...spec, preemptDelay: duration(value) };
        break;
      case 'lease':
        spec = { ...spec, lease: value === 'off' ? null : duration(value) };
        break;
      case 'vip':
        virtual = [...virtual, prefix(value)];
        spec = { ...spec, addresses: virtual };
        break;
      case 'own':
        own = [...(own ?? []), ...(value === 'none' ? [] : [prefix(value)])];
        break;
      default:
        throw new Error(`no setting ${words[at]}`);
    }
  }
  return { spec, own };
}

/** Once, or as often as the words `every D for D` say. */
function repeatedly(world: World, [, every, , until]: readonly string[], work: () => void): void {
  const { timeline } = world;
  work();
  if (every === undefined || until === undefined) return;
  const ends = after(timeline.now(), duration(until));
  for (let at = after(timeline.now(), duration(every)); at <= ends; at = after(at, duration(every))) timeline.at(at, work);
}

/** `advert FROM priority N [interval D] [vrid N] [ttl N] [checksum rfc5798] [times N]`: what somebody else sends. */
function advert(world: World, [from = '', ...words]: readonly string[]): void {
  const value = new Map(words.flatMap((word, at) => (at % 2 === 0 ? [[word, words[at + 1] ?? ''] as const] : [])));
  const claimed = Number(value.get('priority') ?? 100);
  const [spec] = [...world.nodes.values()].flatMap(({ routers }) => routers);
  if (spec === undefined || parseAddress(from) === null) throw new Error('advert FROM');
  const source = ip(from);
  const message = encode(
    {
      kind: 'advertisement',
      version: 3,
      vrid: vrid(Number(value.get('vrid') ?? spec.vrid)),
      priority: claimed === 0 ? 0 : priority(claimed),
      interval: duration(value.get('interval') ?? '1s'),
      addresses: spec.addresses.map(({ address }) => address),
      checksum: value.get('checksum') === 'rfc5798' ? 'rfc5798' : 'rfc9568',
    },
    source,
    VRRP_GROUP.ipv4,
  );
  const reception = { source, destination: VRRP_GROUP.ipv4, ttl: Number(value.get('ttl') ?? 255) };
  for (let time = Number(value.get('times') ?? 1); time > 0; time -= 1) world.lan.inject(INTERFACE, message, reception);
}

/** `5s`, `1.5s`, `300ms`. */
function duration(text: string): Micros {
  const [, number, unit] = /^([\d.]+)(s|ms)$/.exec(text) ?? [];
  if (number === undefined) throw new Error(`${text} is no duration`);
  return unit === 's' ? seconds(Number(number)) : micros(Number(number) * 1000);
}
