// Machines with the real engine on one fake LAN, and what can happen to them. Must not know scripts or narration.

import type { ApplyOptions } from '../../../src/core/engine.ts';
import type { Health, Learned, Refused } from '../../../src/core/messages.ts';
import { createTimeline, type Timeline } from '../../../src/platform/fake/clock.ts';
import { createLan, type Lan } from '../../../src/platform/fake/lan.ts';
import { createLog, type FakeLog, type Line } from '../../../src/platform/fake/log.ts';
import { createMachine, type Machine } from '../../../src/platform/fake/network.ts';
import { familyOf, type Prefix } from '../../../src/vrrp/address.ts';
import type { RouterSpec } from '../../../src/vrrp/router.ts';
import { after, type Micros, millis } from '../../../src/vrrp/units.ts';
import { type Daemon, startDaemon } from '../../fixtures/daemon.ts';
import { planFor } from '../../fixtures/virtual-router.ts';

export const INTERFACE = 'hf0';
/** An interface that comes up speaks over IPv6 only then: duplicate address detection. */
const DETECTION = millis(1500);

export interface Node {
  readonly name: string;
  readonly machine: Machine;
  /** The host's own addresses. */
  own: readonly Prefix[];
  /** What stands in its file; the engine knows it once it is applied. */
  routers: readonly RouterSpec[];
  /** Everything that ever stood there. */
  readonly known: RouterSpec[];
  /** What its agent keeps over restarts, by router. */
  readonly learned: Map<string, Learned>;
  /** What its agent knows of the services, by router. */
  readonly health: Map<string, Health>;
  readonly log: FakeLog;
  process: Daemon | null;
  powered: boolean;
}

export interface World {
  readonly timeline: Timeline;
  readonly lan: Lan;
  readonly nodes: ReadonlyMap<string, Node>;
  addNode(name: string, own: readonly Prefix[], routers: readonly RouterSpec[]): Node;
  node(name: string): Node;
  /** Another file; nobody reads it before `apply` or `start`. */
  write(name: string, routers: readonly RouterSpec[]): void;
  /** The engine runs what stands in the file. @returns what it refused */
  apply(name: string, options?: Pick<ApplyOptions, 'confirmWithin'>): readonly Refused[];
  /** Its agent comes to know how the services are, and tells the engine where that runs. */
  judge(name: string, health: readonly Health[]): void;
  /** Starts the daemon; switches the machine on first where it is off. */
  start(name: string): void;
  /** SIGTERM. @param done is told when the daemon has ended in order */
  stop(name: string, done: () => void): void;
  /** SIGKILL. */
  kill(name: string): void;
  /** The machine is gone, and all that it held. */
  powerOff(name: string): void;
  /** `ip link set up`; the host's own IPv6 addresses, which were lost, come back after duplicate address detection. */
  setUp(name: string, link: string): void;
  /** SIGSTOP, and SIGCONT later. */
  freeze(name: string, duration: Micros): void;
  run(duration: Micros): void;
}

/** @param wrote is called with every line that a node logs
 *  @param reverted is called when a node goes back to an earlier plan */
export function createWorld(
  wrote: (node: string, line: Line) => void = () => {},
  seed = 1,
  reverted: (node: string) => void = () => {},
): World {
  const timeline = createTimeline();
  const lan = createLan(timeline, seed);
  const nodes = new Map<string, Node>();

  function node(name: string): Node {
    const found = nodes.get(name);
    if (found === undefined) throw new Error(`no node ${name}`);
    return found;
  }

  function running(name: string): Daemon {
    const { process } = node(name);
    if (process === null) throw new Error(`${name} does not run`);
    return process;
  }

  function end(of: Node): void {
    of.process?.loop.end();
    of.process = null;
  }

  function links(of: Node): readonly string[] {
    const named = of.known.flatMap(spec => [spec.interface, ...spec.addresses.flatMap(({ interface: on }) => on ?? [])]);
    return [...new Set([INTERFACE, ...named])];
  }

  function powerOn(of: Node): void {
    of.powered = true;
    for (const link of links(of)) of.machine.addLink(link);
    for (const prefix of of.own) of.machine.addAddress(INTERFACE, prefix);
  }

  function write(name: string, routers: readonly RouterSpec[]): void {
    const of = node(name);
    of.routers = routers;
    of.known.push(...routers);
  }

  function apply(name: string, options: Pick<ApplyOptions, 'confirmWithin'> = {}): readonly Refused[] {
    const { learned, health, routers } = node(name);
    return running(name).engine.apply(planFor(...routers), { ...options, learned: [...learned.values()], health: [...health.values()] });
  }

  return {
    timeline,
    lan,
    nodes,
    node,
    write,
    apply,
    addNode(name, own, routers) {
      const machine = createMachine(timeline, name, nodes.size + 1);
      const added: Node = {
        name,
        machine,
        own,
        routers,
        known: [...routers],
        learned: new Map(),
        health: new Map(),
        log: createLog(line => wrote(name, line)),
        process: null,
        powered: false,
      };
      nodes.set(name, added);
      lan.attach(machine);
      powerOn(added);
      return added;
    },
    judge(name, health) {
      const of = node(name);
      for (const each of health) of.health.set(each.router, each);
      of.process?.engine.health(health);
    },
    start(name) {
      const starting = node(name);
      if (starting.process !== null) throw new Error(`${name} runs already`);
      if (!starting.powered) powerOn(starting);
      starting.process = startDaemon(
        timeline,
        lan,
        starting.machine,
        starting.log,
        () => {},
        learned => starting.learned.set(learned.router, learned),
        () => reverted(name),
      );
      apply(name);
    },
    stop(name, done) {
      const stopping = node(name);
      running(name).engine.stop(() => {
        end(stopping);
        done();
      });
    },
    kill: name => {
      running(name);
      end(node(name));
    },
    powerOff(name) {
      const off = node(name);
      end(off);
      off.powered = false;
      for (const link of links(off)) if (off.machine.mac(link) !== null) off.machine.deleteLink(link);
    },
    setUp(name, link) {
      const { machine, own } = node(name);
      machine.setUp(link, true);
      if (link !== INTERFACE) return;
      for (const prefix of own)
        if (familyOf(prefix.address) === 'ipv6' && !machine.holds(prefix.address)) machine.addAddress(link, prefix, null, DETECTION);
    },
    freeze(name, duration) {
      const { loop } = running(name);
      loop.stall();
      timeline.at(after(timeline.now(), duration), () => loop.resume());
    },
    run(duration) {
      timeline.run(after(timeline.now(), duration));
    },
  };
}
