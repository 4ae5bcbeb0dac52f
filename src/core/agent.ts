// The agent's side of the conversation: gets configurations to the engine, one after the other, asks it for its status, keeps
// systemd's status line true. Must not know sockets, files or HTTP; never decides about a role.
import type { HttpSpec } from '../check/duties.ts';
import type { Plan } from '../config/plan.ts';
import { difference, isEmpty } from '../config/plan.ts';
import type { Log } from '../lib/log.ts';
import { showTime } from '../lib/time.ts';
import { type RouterSpec, routerKey } from '../vrrp/router.ts';
import { between, type Micros, seconds } from '../vrrp/units.ts';
import type { History } from './history.ts';
import type { Hooks } from './hooks.ts';
import { createMemory, type MemoryPorts } from './learned.ts';
import { type Legacy, PROTOCOL, type Refused, type ToAgent, type ToEngine, type Transition } from './messages.ts';
import type { Order, Orders } from './orders.ts';
import {
  aloneWords,
  type Configuration,
  type Confirmation,
  changeSummary,
  type LastReload,
  type Problem,
  problemWords,
  type Reload,
  type ReloadOptions,
  refusalWords,
} from './reload.ts';
import { changeOf, situationOf } from './role-change.ts';
import type { ServiceDesk } from './services.ts';
import type { EngineStatus, RouterStatus, ServicesStatus } from './status.ts';

/** An engine that does not answer for so long has other worries; in ms. */
const STATUS_TIMEOUT = 2_000;
/** A thousand routers take it some time; in ms. */
const APPLY_TIMEOUT = 10_000;
/** The engine waits a little longer for the hooks of a stop. */
const FINISH = seconds(55);

/** What the files say. `report`: every diagnostic for people, warnings too; empty when there are none. */
export type Reading =
  | { readonly plan: Plan; readonly report: string }
  /** `exit`: the status with which a daemon ends that cannot start with it. */
  | { readonly plan: null; readonly report: string; readonly exit: number; readonly problem: Problem };

export interface AgentPorts {
  readonly version: string;
  readonly log: Log;
  /** What was learned, as a text that outlives us. */
  readonly memory: Omit<MemoryPorts, 'log'>;
  readonly services: ServiceDesk;
  readonly hooks: Hooks;
  readonly orders: Orders;
  readonly history: History;
  readonly page: Onlooker;
  send(message: ToEngine): void;
  /** Reads and checks; says nothing. */
  load(): Promise<Reading>;
  /** Shows a report as it is. */
  show(report: string): void;
  /** One line for `systemctl status`. */
  tell(status: string): void;
  /** ms since 1970 */
  wallNow(): number;
  /** Monotonic. */
  now(): Micros;
}

/** Whoever shows all this elsewhere. */
export interface Onlooker {
  /** What the running configuration wants shown, also when nothing changed; null: nothing. */
  configure(http: HttpSpec | null): void;
  moved(transition: Transition): void;
}

export interface Agent {
  received(message: ToAgent): void;
  /** @returns null when the engine does not answer */
  status(): Promise<EngineStatus | null>;
  configuration(): Configuration;
  /** What is known of checks, watchdogs and hooks. */
  services(): ServicesStatus;
  /** Reads the files again and applies what changed; one after the other. */
  reload(options: ReloadOptions): Promise<Reload>;
  /** Puts routers away or forward, or takes that back; `names` empty: all of them. */
  order(names: readonly string[], order: NewOrder | null): Ordering;
  /** Announces what is held here of these routers once more. */
  announce(names: readonly string[]): Ordering;
  /** Keeps the configuration that waits for it; behind a reload that is under way. */
  confirm(): Promise<Confirmation>;
}

/** What is ordered of routers that are still to be named. */
export type NewOrder = Omit<Order, 'router' | 'since'>;

/** Which routers it concerns; or, when one of them is not known, which there are. */
export type Ordering =
  | { readonly outcome: 'done'; readonly routers: readonly string[] }
  | { readonly outcome: 'unknown-router'; readonly router: string; readonly routers: readonly string[] };

/** A plan as far as we know it, and when its files were read. */
interface Running {
  readonly plan: Plan;
  readonly loadedAt: number | null;
}

export function createAgent(ports: AgentPorts): Agent {
  const { log, send, services, hooks, orders } = ports;
  const waiting = new Map<number, (status: EngineStatus | null) => void>();
  const roles = new Map<string, Transition['to']>();
  const memory = createMemory({ log, ...ports.memory });
  /** Plans that the engine has not answered yet, by their id. */
  const sent = new Map<number, { readonly running: Running; settle(refused: readonly Refused[]): void }>();
  let asked = 0;
  let running: Running | null = null;
  /** What runs again when nobody confirms. */
  let before: Running | null = null;
  let lastReload: LastReload | null = null;
  let hangupWaits = false;
  /** Nothing is loaded before the engine has greeted us and runs something. */
  let greeted: () => void = () => {};
  let last: Promise<unknown> = new Promise<void>(resolve => {
    greeted = resolve;
  });

  async function greet(theirs: Legacy | null, protocol: number): Promise<void> {
    send({ type: 'hello', protocol: PROTOCOL, version: ports.version });
    if (protocol !== PROTOCOL) {
      // Cannot happen while the engine starts us from its own executable.
      log.write(
        'error',
        'agent.protocol',
        { engine: protocol, agent: PROTOCOL },
        'engine and agent are of different builds; restart holdfast',
      );
      return;
    }
    await memory.recall();
    await orders.recall(theirs === null);
    // Nobody waits for the past.
    void ports.history.recall();
    if (theirs !== null) {
      running = { plan: theirs.plan, loadedAt: null };
      memory.adopt(theirs.plan);
      services.configure(theirs.plan, { type: 'restart', health: theirs.health });
      tellOthers(theirs.plan);
      const status = await refresh();
      for (const router of status?.routers ?? []) recover(router, theirs);
      return;
    }
    const reading = await ports.load();
    // Everything at once, as `check` shows it: this is where the operator looks when the daemon does not start.
    ports.show(reading.report);
    if (reading.plan === null) send({ type: 'refuse', exit: reading.exit });
    else await install(reading.plan, null, () => {});
  }

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = last.then(work);
    last = result.catch(() => {});
    return result;
  }

  function ask(): Promise<EngineStatus | null> {
    asked += 1;
    const id = asked;
    return new Promise(resolve => {
      const timer = setTimeout(settle, STATUS_TIMEOUT, null);
      function settle(status: EngineStatus | null): void {
        clearTimeout(timer);
        waiting.delete(id);
        resolve(status);
      }
      waiting.set(id, settle);
      send({ type: 'status', id });
    });
  }

  /** @param late what is to be said when the answer comes after all
   *  @returns the routers that do not run, or null when the engine does not answer; what it answers later counts all the same */
  function install(
    plan: Plan,
    confirmWithin: ReloadOptions['confirmWithin'],
    late: (refused: readonly Refused[]) => void,
  ): Promise<readonly Refused[] | null> {
    return new Promise(resolve => {
      let settle = (refused: readonly Refused[]): void => {
        clearTimeout(timer);
        resolve(refused);
      };
      const timer = setTimeout(() => {
        settle = late;
        resolve(null);
      }, APPLY_TIMEOUT);
      asked += 1;
      services.configure(plan, { type: running === null ? 'start' : 'reload' });
      tellOthers(plan);
      sent.set(asked, { running: { plan, loadedAt: ports.wallNow() }, settle: refused => settle(refused) });
      send({ type: 'plan', id: asked, plan, learned: memory.known(plan), health: services.health(), confirmWithin });
    });
  }

  async function reload({ dryRun, confirmWithin }: ReloadOptions): Promise<Reload> {
    // The engine knows best what runs and what is on probation: it may have gone on while an agent died.
    const status = await ask();
    if (status === null || running === null) return silent(dryRun);
    if (status.confirmBy !== null) {
      const left = between(status.now, status.confirmBy);
      const until = showTime(ports.wallNow() + left / 1000, ports.wallNow());
      if (!dryRun) {
        const message = `not reloaded: the reload before waits until ${until} for its confirmation; holdfast confirm`;
        log.write('warn', 'agent.reload-busy', {}, message);
        // True for as long as it is the last one, also when the one before is confirmed.
        done('busy', 'the files were not read, as the reload before was not confirmed yet');
      }
      return { outcome: 'busy', left };
    }
    const reading = await ports.load();
    if (!dryRun) ports.show(reading.report);
    if (reading.plan === null) {
      if (!dryRun) failed(reading.problem);
      return { outcome: 'invalid', problem: reading.problem, report: reading.report };
    }
    const change = difference(running.plan, reading.plan);
    const { report } = reading;
    if (isEmpty(change)) {
      if (dryRun) return { outcome: 'unchanged', difference: change, report };
      log.write('info', 'agent.reload-unchanged', { routers: change.unchanged.length }, 'reloaded: the configuration is the one that runs');
      // A secret may be another one, though it is where it was.
      ports.page.configure(reading.plan.duties.http);
      done('unchanged', null);
      return { outcome: 'unchanged', difference: change, report };
    }
    if (dryRun) return { outcome: 'planned', difference: change, report };
    const tellApplied = (): void => {
      const counts = { added: change.added.length, removed: change.removed.length, changed: change.changed.length };
      log.write('info', 'agent.reloaded', counts, `reloaded: ${changeSummary(change)}${probation(confirmWithin)}`);
      const alone = aloneWords(change);
      if (alone !== null) log.write('warn', 'agent.reload-alone', {}, alone);
    };
    let unanswered: LastReload | null = null;
    const refused = await install(reading.plan, confirmWithin, late => {
      tellApplied();
      // A reload that came after it has the last word.
      if (lastReload === unanswered) done('applied', refusals(late));
    });
    if (refused === null) {
      const result = silent(dryRun);
      unanswered = lastReload;
      return result;
    }
    tellApplied();
    done('applied', refusals(refused));
    return { outcome: 'applied', difference: change, refused, confirmWithin, report };
  }

  function refusals(refused: readonly Refused[]): string | null {
    return refused.length === 0 ? null : refused.map(refusalWords).join('; ');
  }

  function probation(confirmWithin: ReloadOptions['confirmWithin']): string {
    if (confirmWithin === null) return '';
    const now = ports.wallNow();
    return `; goes back at ${showTime(now + confirmWithin / 1000, now)} unless confirmed: holdfast confirm`;
  }

  function failed(problem: Problem): void {
    const message = `not reloaded, nothing was changed: ${problemWords(problem)}`;
    log.write('error', 'agent.reload-failed', { errors: problem.errors }, message);
    done('invalid', problemWords(problem));
  }

  function silent(dryRun: boolean): Reload {
    if (!dryRun) {
      const message = 'not reloaded as far as we know: the engine does not answer';
      log.write('error', 'agent.reload-silent', {}, message);
      done('silent', message);
    }
    return { outcome: 'silent' };
  }

  function done(outcome: LastReload['outcome'], problem: string | null): void {
    lastReload = { at: ports.wallNow(), outcome, problem };
    tell();
  }

  /** SIGHUP: one that has not begun reads the files late enough for those that come meanwhile. */
  async function hangup(): Promise<void> {
    if (hangupWaits) return;
    hangupWaits = true;
    await inTurn(async () => {
      hangupWaits = false;
      let outcome: Reload['outcome'] | null = null;
      try {
        ({ outcome } = await reload({ dryRun: false, confirmWithin: null }));
      } finally {
        // A plan that the engine got is its answer.
        if (outcome !== 'applied') send({ type: 'keep' });
      }
    });
  }

  /** Both families of a name are ordered together. */
  function named(names: readonly string[], act: (routers: readonly string[]) => readonly string[]): Ordering {
    const all = [...new Set(running?.plan.routers.map(({ name }) => name))];
    const strange = names.find(name => !all.includes(name));
    if (strange !== undefined) return { outcome: 'unknown-router', router: strange, routers: all };
    return { outcome: 'done', routers: act(names.length === 0 ? all : [...new Set(names)]) };
  }

  async function confirm(): Promise<Confirmation> {
    const status = await ask();
    if (status === null) return 'silent';
    if (status.confirmBy === null) return 'nothing-to-confirm';
    const probed = running;
    send({ type: 'confirm' });
    const now = await ask();
    if (now === null || now.confirmBy !== null) return 'silent';
    // The time ran out while we spoke.
    if (running !== probed) return 'nothing-to-confirm';
    log.write('info', 'agent.confirmed', {}, 'the reload is confirmed and stays');
    return 'confirmed';
  }

  function reverted(plan: Plan): void {
    const from = running;
    running = { plan, loadedAt: before?.loadedAt ?? null };
    memory.adopt(plan);
    services.configure(plan, { type: 'reload' });
    tellOthers(plan);
    // That it happened is the engine's word; this is what it meant.
    if (from !== null) log.write('info', 'agent.reverted', {}, `taken back: ${changeSummary(difference(from.plan, plan))}`);
    done('reverted', 'nobody confirmed in time, so the files say something else than what runs');
    void refresh();
  }

  /** Roles from the engine itself: routers that wait have made no transition, and a new agent has heard of none. */
  async function refresh(): Promise<EngineStatus | null> {
    const status = await ask();
    if (status === null) return null;
    roles.clear();
    for (const { spec, state } of status.routers) roles.set(routerKey(spec), state);
    tell();
    return status;
  }

  function tellOthers({ duties, routers }: Plan): void {
    hooks.configure(
      duties.hooks,
      routers.map(({ name }) => name),
    );
    ports.page.configure(duties.http);
  }

  function specOf(router: string): RouterSpec | undefined {
    return [...[...sent.values()].map(plan => plan.running), running, before]
      .flatMap(each => each?.plan.routers ?? [])
      .find(spec => routerKey(spec) === router);
  }

  /** What the agent before us did not live to tell. */
  function recover(router: RouterStatus, { told }: Legacy): void {
    const key = routerKey(router.spec);
    const spec = specOf(key);
    if (spec !== undefined) hooks.recover(situationOf(spec, router), told[key] ?? null);
  }

  function moved(transition: Transition): void {
    roles.set(transition.router, transition.to);
    ports.page.moved(transition);
    tell();
    const spec = specOf(transition.router);
    if (spec !== undefined) hooks.transition(changeOf(spec, transition));
  }

  function tell(): void {
    const parts = [...roles].map(([router, role]) => `${router} ${role}`);
    ports.tell(`${trouble()}${parts.length === 0 ? 'no virtual router' : parts.join(', ')}`);
  }

  function trouble(): string {
    if (lastReload === null || lastReload.problem === null) return '';
    const at = running?.loadedAt ?? null;
    const since = at === null ? 'the configuration before' : `the configuration of ${showTime(at, ports.wallNow())}`;
    if (lastReload.outcome === 'invalid') return `reload failed: ${lastReload.problem}; still running ${since}; `;
    if (lastReload.outcome === 'reverted') return `reload went back: nobody confirmed; running ${since} again; `;
    return `reload: ${lastReload.problem}; `;
  }

  return {
    received(message) {
      switch (message.type) {
        case 'hello':
          void greet(message.running, message.protocol).finally(greeted);
          return;
        case 'reload':
          void hangup();
          return;
        case 'applied': {
          const plan = sent.get(message.id);
          // One that was sent before and never answered will not be.
          for (const id of sent.keys()) if (id <= message.id) sent.delete(id);
          if (plan !== undefined) {
            before = running;
            running = plan.running;
            memory.adopt(plan.running.plan);
            plan.settle(message.refused);
          }
          void refresh();
          return;
        }
        case 'reverted':
          reverted(message.plan);
          return;
        case 'logged':
          // Both processes have the same monotonic clock.
          ports.history.record({ ...message.line, at: ports.wallNow() - (ports.now() - message.at) / 1000 });
          return;
        case 'learned':
          memory.learn(message.learned);
          return;
        case 'transition':
          moved(message.transition);
          return;
        case 'finish':
          void hooks.finish(FINISH).then(() => send({ type: 'finished' }));
          return;
        case 'status':
          waiting.get(message.id)?.(message.status);
          return;
      }
    },
    status: ask,
    services: () => ({ ...services.status(), hooks: hooks.history() }),
    configuration: () => ({ loadedAt: running?.loadedAt ?? null, lastReload }),
    reload: options => inTurn(() => reload(options)),
    order: (names, order) =>
      named(names, routers => {
        if (order === null) return orders.takeBack(routers);
        orders.give(routers, order);
        return routers;
      }),
    announce: names =>
      named(names, routers => {
        send({ type: 'announce', routers });
        return routers;
      }),
    confirm: () => inTurn(confirm),
  };
}
