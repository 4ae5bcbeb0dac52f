// The set of virtual routers on this machine, and the one turn in which everything happens: drain, decide, sleep.
// Must not know TOML, services, clients or Linux; the agent tells it what to run, ports connect it to the machine.
import type { Log } from '../lib/log.ts';
import type { AdvertLink, AdvertLinks, Claim, Claims, Clock, Link, Network, SystemError } from '../platform/ports.ts';
import type { Address } from '../vrrp/address.ts';
import { peekVrid } from '../vrrp/admit.ts';
import { type Plan, type RouterSpec, routerKey } from '../vrrp/router.ts';
import { after, between, earliest, type Micros, seconds } from '../vrrp/units.ts';
import { createAnnouncer } from './announcer.ts';
import { createInstance, type Instance } from './instance.ts';
import { footing } from './interface.ts';
import { createLatenessMeter } from './lateness.ts';
import type { Health, Refused, Transition } from './messages.ts';
import type { EngineStatus } from './status.ts';

/** Without word from the agent for so long, nobody knows how the services are. Decision 0012. */
const HEALTH_EXPIRES = seconds(10);
/** How soon sockets that could not be opened are tried again. */
const REOPEN = seconds(1);

export interface EnginePorts {
  readonly clock: Clock;
  readonly network: Network;
  readonly adverts: AdvertLinks;
  readonly claims: Claims;
  readonly log: Log;
  readonly transition: (change: Transition) => void;
}

export interface Engine {
  /** Everything that is due: waiting packets first, then interfaces, then timers. */
  turn(): void;
  /** Starts what is new in the plan and changes what runs; nothing is taken away before reload comes.
   *  @returns the routers that could not be started */
  apply(plan: Plan): readonly Refused[];
  health(all: readonly Health[]): void;
  /** Leaves every virtual router in order; `done` is called once, when nothing is held any more. */
  stop(done: () => void): void;
  /** Lets go of everything at once. */
  abandon(): void;
  status(): Pick<EngineStatus, 'now' | 'started' | 'lateness' | 'routers'>;
}

interface Port {
  readonly key: string;
  readonly interface: string;
  readonly family: RouterSpec['family'];
  index: number | null;
  socket: AdvertLink | null;
  /** Sockets could not be opened: try again then. */
  retryAt: Micros | null;
  /** What the routers were last told about the interface; null: tell them again. */
  observed: { readonly link: Link | undefined } | null;
  readonly routers: Map<number, Instance>;
}

export function createEngine({ clock, network, adverts, claims, log, transition }: EnginePorts): Engine {
  const instances = new Map<string, Instance>();
  const held = new Map<string, Claim>();
  const ports = new Map<string, Port>();
  const announcer = createAnnouncer();
  const lateness = createLatenessMeter();
  const started = clock.now();
  let alarm: Micros | null = null;
  let healthAt = started;
  let stopped: (() => void) | null = null;

  function turn(): void {
    const now = clock.now();
    if (alarm !== null && now >= alarm) lateness.record(between(alarm, now));
    alarm = null;
    for (const port of ports.values()) drain(port);
    for (const port of ports.values()) {
      reopen(port);
      observe(port);
    }
    for (const instance of instances.values()) {
      const at = clock.now();
      const due = instance.deadline();
      if (due !== null && at >= due) instance.tick(at);
    }
    expireHealth(now);
    announcer.flush(clock.now());
    reap();
    sleep();
  }

  /** Packets before timers: what waits in the socket was there before the timer ran out. Decision 0009. */
  function drain(port: Port): void {
    if (port.socket === null) return;
    for (let packet = port.socket.receive(); packet !== null; packet = port.socket.receive()) {
      const vrid = peekVrid(packet.message);
      const instance = vrid === null ? undefined : port.routers.get(vrid);
      instance?.receive(packet.message, packet.reception, clock.now());
    }
  }

  /** Sockets belong to one life of an interface: a new index means new sockets. */
  function reopen(port: Port): void {
    const link = network.link(port.interface);
    if (port.index !== null && link?.index !== port.index) close(port);
    if (link === undefined) {
      // Nothing to try again before it is back; an alarm in the past would never let the engine sleep.
      port.retryAt = null;
      return;
    }
    if (port.socket !== null) return;
    const now = clock.now();
    if (port.retryAt !== null && now < port.retryAt) return;
    const failed = (error: SystemError): void =>
      log.write(
        'warn',
        'vrrp.send-failed',
        { interface: port.interface, code: error.code },
        `advertisements cannot leave ${port.interface}: ${error.code}`,
      );
    const socket = adverts.open(link, port.family, turn, failed);
    if ('kind' in socket) {
      port.retryAt = after(now, REOPEN);
      log.write(
        'error',
        'vrrp.socket-failed',
        { interface: port.interface, code: socket.code },
        `${socket.op} on ${socket.target}: ${socket.code}; trying again`,
      );
      return;
    }
    port.retryAt = null;
    port.socket = socket;
    port.index = link.index;
    socket.listenFor([...port.routers.keys()]);
    network.protect(link, error => {
      if (error === null) return;
      const message = `promote_secondaries could not be set on ${port.interface}: addresses are added as /32 there`;
      log.write('warn', 'address.unprotected', { interface: port.interface, code: error.code }, message);
    });
  }

  function close(port: Port): void {
    if (port.socket !== null) {
      announcer.drop(port.socket);
      port.socket.close();
    }
    port.socket = null;
    port.index = null;
  }

  /** Links keep their identity until something about them changes, so a turn without news costs nothing here. */
  function observe(port: Port): void {
    const link = port.socket === null ? undefined : network.link(port.interface);
    if (port.observed !== null && port.observed.link === link) return;
    port.observed = { link };
    const virtual = new Set<Address>();
    for (const { spec } of port.routers.values()) for (const { address } of spec.addresses) virtual.add(address);
    for (const instance of port.routers.values()) {
      instance.observe(footing(instance.spec, link, virtual, instance.primary), clock.now());
    }
  }

  function expireHealth(now: Micros): void {
    if (between(healthAt, now) < HEALTH_EXPIRES) return;
    for (const instance of instances.values()) if (instance.spec.tracked) instance.setDemoted(true, now);
  }

  /** A router that was told to leave is forgotten once it has. */
  function reap(): void {
    if (stopped === null) return;
    for (const instance of instances.values()) if (instance.state.name !== 'initialize') return;
    const done = stopped;
    stopped = null;
    for (const key of [...instances.keys()]) forget(key);
    done();
  }

  function forget(key: string): void {
    const instance = instances.get(key);
    if (instance === undefined) return;
    instances.delete(key);
    held.get(key)?.release();
    held.delete(key);
    const port = ports.get(portKey(instance.spec));
    port?.routers.delete(instance.spec.vrid);
    if (port === undefined) return;
    if (port.routers.size > 0) port.socket?.listenFor([...port.routers.keys()]);
    else {
      close(port);
      ports.delete(port.key);
    }
  }

  function sleep(): void {
    let next = announcer.deadline();
    for (const instance of instances.values()) next = earliest(next, instance.deadline());
    for (const port of ports.values()) next = earliest(next, port.retryAt);
    const expires = after(healthAt, HEALTH_EXPIRES);
    if (expires > clock.now() && [...instances.values()].some(({ spec }) => spec.tracked)) next = earliest(next, expires);
    alarm = next;
    clock.wakeAt(next);
  }

  /** What the kernel answers comes between turns, and may move a deadline or end a leave. */
  function soon(): void {
    alarm = clock.now();
    clock.wakeAt(alarm);
  }

  function start(spec: RouterSpec): Refused | null {
    const key = routerKey(spec);
    const claim = claims.claim(`${spec.interface}/${spec.family}/${spec.vrid}`);
    if ('kind' in claim) {
      log.write(
        'error',
        'vrrp.refused',
        { router: spec.name, interface: spec.interface, vrid: spec.vrid },
        `another daemon in this network namespace runs VRID ${spec.vrid} on ${spec.interface}; stop it or choose another VRID`,
      );
      return { router: spec.name, reason: 'already-running' };
    }
    held.set(key, claim);
    const port = ports.get(portKey(spec)) ?? newPort(spec);
    const instance = createInstance(spec, { network, announcer, log, socket: () => port.socket, now: () => clock.now(), transition, soon });
    instances.set(key, instance);
    port.routers.set(spec.vrid, instance);
    port.observed = null;
    port.socket?.listenFor([...port.routers.keys()]);
    return null;
  }

  function newPort(spec: RouterSpec): Port {
    const port: Port = {
      key: portKey(spec),
      interface: spec.interface,
      family: spec.family,
      index: null,
      socket: null,
      retryAt: null,
      observed: null,
      routers: new Map(),
    };
    ports.set(port.key, port);
    return port;
  }

  return {
    turn,
    apply(plan) {
      const refused: Refused[] = [];
      const now = clock.now();
      for (const spec of plan.routers) {
        const running = instances.get(routerKey(spec));
        if (running === undefined) {
          const refusal = start(spec);
          if (refusal !== null) refused.push(refusal);
        } else if (JSON.stringify(running.spec) !== JSON.stringify(spec)) {
          running.reconfigure(spec, now);
          const port = ports.get(portKey(spec));
          if (port !== undefined) port.observed = null;
        }
      }
      healthAt = now;
      turn();
      return refused;
    },
    health(all) {
      const now = clock.now();
      healthAt = now;
      for (const { router, demoted } of all) instances.get(router)?.setDemoted(demoted, now);
      turn();
    },
    stop(done) {
      const now = clock.now();
      stopped = done;
      for (const instance of instances.values()) instance.stop(now);
      turn();
    },
    abandon() {
      const now = clock.now();
      for (const instance of instances.values()) instance.abandon(now);
      turn();
    },
    status() {
      return {
        now: clock.now(),
        started,
        lateness: lateness.snapshot(),
        routers: [...instances.values()].map(instance => instance.status()),
      };
    },
  };
}

function portKey(spec: RouterSpec): string {
  return `${spec.interface}/${spec.family}`;
}
