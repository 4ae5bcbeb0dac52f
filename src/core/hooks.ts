// Tells programs and webhooks which role each virtual router has: runs one queue for each router, and says what came of it.
// Must not know processes, HTTP or the engine: changes come in as values, deliveries go out through a port.
import type { Hook, HookEvent, RouterHooks, StateEvent } from '../check/duties.ts';
import {
  announce,
  delivered,
  hookWords,
  isIdle,
  isSuperseded,
  type Listener,
  next,
  type Queue,
  queueOf,
  roleOf,
  type Turn,
  toldRole,
} from '../check/hooks.ts';
import type { Log } from '../lib/log.ts';
import type { Delivery, HookCall, HookRunner, Timers } from '../platform/agent-ports.ts';
import { after, between, type Micros, micros, seconds } from '../vrrp/units.ts';
import { showDuration } from './explain.ts';
import { hookCall, type RoleChange } from './hook-call.ts';
import type { HookStatus } from './status.ts';

/** A delivery that has not ended so long after its own timeout is not waited for: a program that even SIGKILL does not end. */
const GRACE = seconds(5);

export interface HookPorts {
  readonly runner: HookRunner;
  readonly log: Log;
  readonly timers: Timers;
  /** The name of this machine. */
  readonly node: string;
  /** ms since 1970 */
  wallNow(): number;
  /** To be remembered by whoever outlives us, and given back to `recover`: the role that the hooks of this router know of. null
   *  while they are being told, as nobody can say how far that got when we die in between. */
  delivered(router: string, told: StateEvent | null): void;
}

export interface Hooks {
  /** From now on these. A router that is not planned any more keeps the hooks it had until it has stopped.
   *  @param planned names of all routers of the configuration, with hooks or without */
  configure(hooks: readonly RouterHooks[], planned: readonly string[]): void;
  transition(change: RoleChange): void;
  /** We are new, the engine is not: where a router is, and what its hooks were told last. They are told again when that differs.
   *  @param now `from` is null, unless the engine knows it */
  recover(now: RoleChange, told: StateEvent | null): void;
  history(): readonly HookStatus[];
  /** The daemon stops, and all changes have come in: waits until everything is told. What is left after `within` is logged, and nothing
   *  more begins. */
  finish(within: Micros): Promise<void>;
}

interface Entry {
  readonly name: string;
  last: RoleChange;
  queue: Queue<RoleChange>;
  remembered: StateEvent | null;
  /** Of the delivery that runs. */
  superseded: AbortController | null;
}

interface Call {
  readonly listener: Listener;
  readonly on: HookEvent;
  readonly hook: Hook;
}

export function createHooks(ports: HookPorts): Hooks {
  const { runner, log, timers } = ports;
  /** By `routerKey`. */
  const entries = new Map<string, Entry>();
  const records = new Map<string, HookStatus>();
  let hooks = new Map<string, RouterHooks['on']>();
  let planned: ReadonlySet<string> = new Set();
  let closed = false;
  let settled: () => void = () => {};

  function entryOf(change: RoleChange, told: StateEvent | null): Entry {
    const known = entries.get(change.router);
    if (known !== undefined) {
      known.last = change;
      return known;
    }
    const entry: Entry = { name: change.name, last: change, queue: queueOf(told), remembered: told, superseded: null };
    entries.set(change.router, entry);
    return entry;
  }

  function take(entry: Entry, change: RoleChange): void {
    const role = roleOf(change);
    if (role === null) return;
    entry.queue = announce(entry.queue, { role, what: change });
    if (isSuperseded(entry.queue)) entry.superseded?.abort();
    pump(entry);
  }

  /** Begins what is due, and passes over what nobody wants to hear. */
  function pump(entry: Entry): void {
    while (!closed) {
      const [queue, turn] = next(entry.queue);
      entry.queue = queue;
      if (turn === null) break;
      const calls = callsOf(entry, turn);
      if (calls.length > 0) {
        void tell(entry, turn, calls);
        return;
      }
      entry.queue = delivered(queue, []);
    }
    remember(entry);
    forgetIfGone(entry);
    settled();
  }

  function callsOf({ name }: Entry, { role, to }: Turn<RoleChange>): readonly Call[] {
    const on = hooks.get(name) ?? {};
    return to.flatMap(listener => {
      const key = listener === 'own' ? role : 'change';
      const hook = on[key];
      return hook === undefined ? [] : [{ listener, on: key, hook }];
    });
  }

  async function tell(entry: Entry, turn: Turn<RoleChange>, calls: readonly Call[]): Promise<void> {
    const superseded = new AbortController();
    entry.superseded = superseded;
    remember(entry);
    const call = hookCall(turn, ports.node, ports.wallNow() - between(turn.what.at, timers.now()) / 1000);
    const givenUp: Listener[] = [];
    for (const { listener, on, hook } of calls) {
      const ok = await deliver(turn, on, hook, call, superseded.signal);
      // A program has run, whatever came of it. A webhook that was not tried again may have told nobody.
      if (!ok && hook.do === 'post' && superseded.signal.aborted) givenUp.push(listener);
    }
    entry.queue = delivered(entry.queue, givenUp);
    pump(entry);
  }

  async function deliver(
    { role, what }: Turn<RoleChange>,
    on: HookEvent,
    hook: Hook,
    call: HookCall,
    superseded: AbortSignal,
  ): Promise<boolean> {
    const { router, name, family } = what;
    const at = ports.wallNow();
    const begun = timers.now();
    const { ok, seen } = await inTime(hook, call, superseded);
    const took = between(begun, timers.now());
    const words = hookWords(hook);
    records.set(`${router} ${on}`, { router, on, event: role, hook: words, ok, seen, at, took });
    log.write(
      ok ? 'info' : 'error',
      ok ? 'hook.done' : 'hook.failed',
      { router: name, family, event: role, hook: `on_${on}`, took_ms: Math.round(took / 1000) },
      `${words}: ${seen}`,
    );
    return ok;
  }

  function inTime(hook: Hook, call: HookCall, superseded: AbortSignal): Promise<Delivery> {
    return new Promise(resolve => {
      const limit = micros(hook.timeout + GRACE);
      const forget = timers.schedule(after(timers.now(), limit), () =>
        resolve({ ok: false, seen: `not ended after ${showDuration(limit)}, and not waited for any longer` }),
      );
      runner.deliver(hook, call, superseded).then(
        delivery => {
          forget();
          resolve(delivery);
        },
        // Our own bug, which must not take the agent with it.
        error => {
          forget();
          resolve({ ok: false, seen: String(error) });
        },
      );
    });
  }

  function remember(entry: Entry): void {
    const told = toldRole(entry.queue);
    if (told === entry.remembered) return;
    entry.remembered = told;
    ports.delivered(entry.last.router, told);
  }

  /** The engine says nothing when a router ends that takes no part just then. */
  function stopQuiet(entry: Entry): void {
    if (entry.last.to !== 'initialize' || roleOf(entry.last) !== 'fault') return;
    entry.last = { ...entry.last, from: 'initialize', reason: 'shutdown', why: 'stopped', stopping: true, at: timers.now() };
    take(entry, entry.last);
  }

  /** It is not planned any more, has stopped, and that was told. */
  function forgetIfGone({ name, last, queue }: Entry): void {
    if (planned.has(name) || last.to !== 'initialize' || !isIdle(queue)) return;
    entries.delete(last.router);
    for (const [key, { router }] of records) if (router === last.router) records.delete(key);
    if ([...entries.values()].every(other => other.name !== name)) hooks.delete(name);
  }

  function allTold(): boolean {
    return [...entries.values()].every(({ queue }) => isIdle(queue));
  }

  return {
    configure(list, names) {
      const before = hooks;
      planned = new Set(names);
      hooks = new Map(list.map(({ router, on }) => [router, on]));
      const known = [...entries.values()];
      for (const { name } of known) {
        const on = before.get(name);
        if (!planned.has(name) && on !== undefined) hooks.set(name, on);
      }
      for (const [key, { router, on }] of records) {
        const name = entries.get(router)?.name;
        if (name === undefined || hooks.get(name)?.[on] === undefined) records.delete(key);
      }
      for (const entry of known) {
        if (planned.has(entry.name)) continue;
        stopQuiet(entry);
        forgetIfGone(entry);
      }
    },
    transition(change) {
      take(entryOf(change, null), change);
    },
    recover(now, told) {
      take(entryOf(now, told), now);
    },
    history: () => [...records.values()],
    async finish(within) {
      for (const entry of [...entries.values()]) stopQuiet(entry);
      if (allTold()) return;
      await new Promise<void>(resolve => {
        const forget = timers.schedule(after(timers.now(), within), () => {
          closed = true;
          for (const { last, queue } of entries.values()) sayLeft(last, queue);
          resolve();
        });
        settled = () => {
          if (!allTold()) return;
          forget();
          resolve();
        };
      });

      function sayLeft({ name, family }: RoleChange, { running, waiting }: Queue<RoleChange>): void {
        if (running === null) return;
        const rest = waiting === null ? '' : `; ${waiting.role} was not told`;
        const message = `still telling ${running.role} after ${showDuration(within)}, not waiting for it${rest}`;
        log.write('warn', 'hook.unfinished', { router: name, family, event: running.role }, message);
      }
    },
  };
}
