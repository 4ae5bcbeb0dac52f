// Machines with the real engine on one fake LAN, and what can happen to them. Must not know scripts or narration.
import { createTimeline, type Timeline } from '../../../src/platform/fake/clock.ts';
import { createLan, type Lan } from '../../../src/platform/fake/lan.ts';
import { createLog, type FakeLog, type Line } from '../../../src/platform/fake/log.ts';
import { createMachine, type Machine } from '../../../src/platform/fake/network.ts';
import type { Prefix } from '../../../src/vrrp/address.ts';
import type { RouterSpec } from '../../../src/vrrp/router.ts';
import { after, type Micros } from '../../../src/vrrp/units.ts';
import { type Daemon, startDaemon } from '../../fixtures/daemon.ts';

export const INTERFACE = 'hf0';

export interface Node {
  readonly name: string;
  readonly machine: Machine;
  /** The host's own addresses. */
  own: readonly Prefix[];
  routers: readonly RouterSpec[];
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
  /** Starts the daemon; switches the machine on first where it is off. */
  start(name: string): void;
  /** SIGTERM. @param done is told when the daemon has ended in order */
  stop(name: string, done: () => void): void;
  /** SIGKILL. */
  kill(name: string): void;
  /** The machine is gone, and all that it held. */
  powerOff(name: string): void;
  /** SIGSTOP, and SIGCONT later. */
  freeze(name: string, duration: Micros): void;
  run(duration: Micros): void;
}

/** @param wrote is called with every line that a node logs */
export function createWorld(wrote: (node: string, line: Line) => void = () => {}, seed = 1): World {
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

  function powerOn(of: Node): void {
    of.powered = true;
    of.machine.addLink(INTERFACE);
    for (const prefix of of.own) of.machine.addAddress(INTERFACE, prefix);
  }

  return {
    timeline,
    lan,
    nodes,
    node,
    addNode(name, own, routers) {
      const machine = createMachine(timeline, name, nodes.size + 1);
      const added: Node = { name, machine, own, routers, log: createLog(line => wrote(name, line)), process: null, powered: false };
      nodes.set(name, added);
      lan.attach(machine);
      powerOn(added);
      return added;
    },
    start(name) {
      const starting = node(name);
      if (starting.process !== null) throw new Error(`${name} runs already`);
      if (!starting.powered) powerOn(starting);
      starting.process = startDaemon(timeline, lan, starting.machine, starting.log);
      starting.process.engine.apply({ routers: starting.routers });
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
      off.machine.deleteLink(INTERFACE);
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
