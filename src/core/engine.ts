// The set of virtual routers on this machine, and the one turn in which everything happens: drain, decide, sleep.
// Must not know TOML, services, clients or Linux; the agent tells it what to run, ports connect it to the machine.
import { NO_DUTIES } from '../check/duties.ts';
import type { Plan } from '../config/plan.ts';
import { routerKey } from '../vrrp/router.ts';
import { after, between, earliest, type Micros, seconds } from '../vrrp/units.ts';
import { createAnnouncer } from './announcer.ts';
import { createFleet, type Machine } from './fleet.ts';
import { createLatenessMeter } from './lateness.ts';
import type { Health, Learned, Refused } from './messages.ts';
import type { EngineStatus, RouterStatus } from './status.ts';

/** Without word from the agent for so long, nobody knows how the services are. Decision 0012. */
const HEALTH_EXPIRES = seconds(10);

export interface EnginePorts extends Machine {
  /** A plan was not confirmed in time: this one, the one before, runs again. */
  readonly reverted: (plan: Plan) => void;
}

export interface ApplyOptions {
  /** What routers learned in an earlier life of this daemon. */
  readonly learned?: readonly Learned[];
  readonly health?: readonly Health[];
  /** Go back to the plan before unless `confirm` comes within that time; null: never. */
  readonly confirmWithin?: Micros | null;
}

export interface Engine {
  /** Everything that is due: waiting packets first, then interfaces, then timers. */
  turn(): void;
  /** Makes the plan true by the difference to what runs: new routers start, others change in place, what is no longer
   *  wanted leaves in order.
   *  @returns the routers that could not be started; they are tried again */
  apply(plan: Plan, options?: ApplyOptions): readonly Refused[];
  /** The plan on probation stays. @returns false when there is none */
  confirm(): boolean;
  health(all: readonly Health[]): void;
  /** Announces the addresses that are held here, of the routers with these names. */
  announce(names: readonly string[]): void;
  /** Leaves every virtual router in order; `done` is called once, when nothing is held any more. */
  stop(done: () => void): void;
  /** Lets go of everything at once. */
  abandon(): void;
  status(): Pick<EngineStatus, 'now' | 'started' | 'lateness' | 'routers' | 'neighbours' | 'confirmBy'>;
}

export function createEngine({ reverted, ...machine }: EnginePorts): Engine {
  const { clock, network, log } = machine;
  const announcer = createAnnouncer(network);
  const fleet = createFleet({ ...machine, announcer, turn, soon });
  const lateness = createLatenessMeter();
  const started = clock.now();
  let alarm: Micros | null = null;
  let healthAt = started;
  let stopped: (() => void) | null = null;
  let stopping = false;
  let wish: Plan = { routers: [], duties: NO_DUTIES };
  /** What the agent sent along with its last plan. */
  let remembered: readonly Learned[] = [];
  let probation: { readonly before: Plan; readonly until: Micros } | null = null;

  function turn(): void {
    const now = clock.now();
    if (alarm !== null && now >= alarm) lateness.record(between(alarm, now));
    alarm = null;
    fleet.drain();
    fleet.observe();
    fleet.tick();
    expireHealth(now);
    endProbation(now);
    announcer.flush(clock.now());
    fleet.reap();
    if (stopped !== null && fleet.empty()) {
      const done = stopped;
      stopped = null;
      done();
    }
    fleet.sample(now);
    sleep();
  }

  function expireHealth(now: Micros): void {
    if (between(healthAt, now) >= HEALTH_EXPIRES) fleet.forget();
  }

  function endProbation(now: Micros): void {
    if (probation === null || now < probation.until) return;
    const { before } = probation;
    probation = null;
    log.write('warn', 'engine.reverted', {}, 'nobody confirmed the new configuration in time: the one before it runs again');
    enact(before, remembered);
    reverted(before);
  }

  function enact(plan: Plan, learned: readonly Learned[]): readonly Refused[] {
    wish = plan;
    return fleet.change(plan, learned);
  }

  function sleep(): void {
    let next = earliest(earliest(announcer.deadline(), fleet.deadline()), probation?.until ?? null);
    const expires = after(healthAt, HEALTH_EXPIRES);
    if (expires > clock.now() && wish.routers.some(({ tracked }) => tracked)) next = earliest(next, expires);
    alarm = next;
    clock.wakeAt(next);
  }

  /** What the kernel answers comes between turns, and may move a deadline or end a leave. */
  function soon(): void {
    alarm = clock.now();
    clock.wakeAt(alarm);
  }

  return {
    turn,
    apply(plan, { learned = [], health = [], confirmWithin = null } = {}) {
      // What leaves does not begin anew because an agent was in the middle of reading.
      if (stopping) return [];
      const now = clock.now();
      healthAt = now;
      // On probation it is the last confirmed plan that one goes back to.
      const before = probation?.before ?? wish;
      remembered = learned;
      const refused = enact(plan, learned);
      fleet.health(health);
      probation = confirmWithin === null ? null : { before, until: after(now, confirmWithin) };
      turn();
      return refused;
    },
    confirm() {
      const pending = probation !== null;
      probation = null;
      turn();
      return pending;
    },
    announce(names) {
      fleet.announce(names);
      turn();
    },
    health(all) {
      healthAt = clock.now();
      fleet.health(all);
      turn();
    },
    stop(done) {
      stopped = done;
      stopping = true;
      probation = null;
      fleet.stop();
      turn();
    },
    abandon() {
      stopping = true;
      fleet.abandon();
      turn();
    },
    status() {
      fleet.sample(null);
      return {
        now: clock.now(),
        started,
        lateness: lateness.snapshot(),
        routers: inOrder(fleet.status(), wish),
        neighbours: fleet.neighbours(),
        confirmBy: probation?.until ?? null,
      };
    },
  };
}

/** As in the file; what leaves comes last. */
function inOrder(routers: readonly RouterStatus[], { routers: wished }: Plan): readonly RouterStatus[] {
  const places = new Map(wished.map((spec, index) => [routerKey(spec), index]));
  const place = ({ spec }: RouterStatus): number => places.get(routerKey(spec)) ?? wished.length;
  return routers.toSorted((a, b) => place(a) - place(b));
}
