// Who is told what when a virtual router changes its role, and in which order: the policy of hooks, as values.
// Must not know how anybody is told, nor what time it is.
import type { Micros } from '../vrrp/units.ts';
import type { Hook, StateEvent } from './duties.ts';

/** The state of a router as the engine has it. */
export type RouterState = 'initialize' | 'backup' | 'active' | 'leaving' | 'fault';

/** A router changed its state. */
export interface Change {
  /** The one name of router and family, `web/ipv4`. */
  readonly router: string;
  /** The operator's name. */
  readonly name: string;
  readonly family: 'ipv4' | 'ipv6';
  /** null: nobody saw the change, only what came of it. */
  readonly from: RouterState | null;
  readonly to: RouterState;
  /** The engine's word for why; `starting`: it has not taken part yet. */
  readonly reason: string;
  /** Somebody wants it to end: the whole daemon, or the router was taken out of the configuration. */
  readonly stopping: boolean;
  /** The engine's instant. */
  readonly at: Micros;
  /** The effective one at that instant, 1..255. */
  readonly priority: number;
}

/** What a state is to hooks. Leaving is no news, as the router serves until the next state; and one that was never seen taking part
 *  has no role to lose. An interface that cannot carry the router is a fault, as in keepalived, whichever way it ended.
 *  @returns null: nothing to tell */
export function roleOf({ to, reason, stopping }: Pick<Change, 'to' | 'reason' | 'stopping'>): StateEvent | null {
  switch (to) {
    case 'active':
    case 'backup':
    case 'fault':
      return to;
    case 'leaving':
      return null;
    case 'initialize':
      if (reason === 'starting') return null;
      return stopping ? 'stop' : 'fault';
  }
}

/** The role in keepalived's words, keepalived.conf(5) `notify`. */
export function keepalivedWord(role: StateEvent): 'MASTER' | 'BACKUP' | 'FAULT' | 'STOP' {
  switch (role) {
    case 'active':
      return 'MASTER';
    case 'backup':
      return 'BACKUP';
    case 'fault':
      return 'FAULT';
    case 'stop':
      return 'STOP';
  }
}

/** The four arguments of a notify script, keepalived.conf(5). */
export function keepalivedArguments({ name, priority }: Pick<Change, 'name' | 'priority'>, role: StateEvent): readonly string[] {
  return ['INSTANCE', name, keepalivedWord(role), String(priority)];
}

/** A hook as log and status show it. Arguments, paths and queries of a URL may be secrets, so they are left out. */
export function hookWords(hook: Hook): string {
  switch (hook.do) {
    case 'run':
      return hook.run[0] ?? '';
    case 'post': {
      if (!URL.canParse(hook.url)) return 'POST';
      const { origin, pathname, search } = new URL(hook.url);
      return `POST ${origin}${pathname === '/' && search === '' ? '/' : '/...'}`;
    }
  }
}

/** A state has two listeners: `own`, the hook of that role (`on_active`), and `change`, the one of every role. */
export type Listener = 'own' | 'change';

const LISTENERS: readonly Listener[] = ['own', 'change'];

/** A role together with whatever is to be said about it. */
export interface News<T> {
  readonly role: StateEvent;
  readonly what: T;
}

/** What is to be told now: to these listeners, one after the other. */
export interface Turn<T> extends News<T> {
  readonly to: readonly Listener[];
  /** So many states came and went since the last one that was told. */
  readonly skipped: number;
}

/** One router's hooks: one state is told at a time, the newest one waits, those in between are skipped. */
export interface Queue<T> {
  /** The last role that each listener knows of; null: none, or nobody can say. */
  readonly told: Readonly<Record<Listener, StateEvent | null>>;
  readonly running: Turn<T> | null;
  readonly waiting: News<T> | null;
  readonly skipped: number;
}

/** @param told the role that both listeners know of */
export function queueOf<T>(told: StateEvent | null): Queue<T> {
  return { told: { own: told, change: told }, running: null, waiting: null, skipped: 0 };
}

/** A state was reached. Nothing comes of it when it is the last one told, or the one that is being told with none behind it. */
export function announce<T>(queue: Queue<T>, news: News<T>): Queue<T> {
  const { running, waiting } = queue;
  if (waiting === null) {
    const known = running === null ? toldRole(queue) : running.role;
    return known === news.role ? queue : { ...queue, waiting: news };
  }
  // Also when that is what is being told right now: it may be given up for what waited, and then nobody knows of it.
  return { ...queue, waiting: news, skipped: queue.skipped + (waiting.role === news.role ? 0 : 1) };
}

/** Takes the next turn off the queue. What came and went while the state before was told, and ended where that one was, is no
 *  news: active, while its hook runs backup, then active again.
 *  @returns the queue with that turn running, or null when there is nothing to tell now */
export function next<T>(queue: Queue<T>): readonly [Queue<T>, Turn<T> | null] {
  const { told, running, waiting, skipped } = queue;
  if (running !== null || waiting === null) return [queue, null];
  const to = LISTENERS.filter(listener => told[listener] !== waiting.role);
  if (to.length === 0) return [{ ...queue, waiting: null }, null];
  const turn = { ...waiting, to, skipped };
  return [{ ...queue, running: turn, waiting: null, skipped: 0 }, turn];
}

/** The running turn is over. A delivery that failed is over too.
 *  @param givenUp who may or may not have heard of it, as nothing was tried again once another state waited */
export function delivered<T>(queue: Queue<T>, givenUp: readonly Listener[]): Queue<T> {
  const { running } = queue;
  if (running === null) return queue;
  const told = { ...queue.told };
  for (const listener of running.to) told[listener] = givenUp.includes(listener) ? null : running.role;
  return { ...queue, told, running: null };
}

/** Another state waits: what is being told is old. */
export function isSuperseded(queue: Queue<unknown>): boolean {
  return queue.running !== null && queue.waiting !== null;
}

export function isIdle(queue: Queue<unknown>): boolean {
  return queue.running === null && queue.waiting === null;
}

/** The role that everybody knows of; null while one is being told, or when nobody can say. It is what is to be remembered. */
export function toldRole({ told, running }: Queue<unknown>): StateEvent | null {
  return running === null && told.own === told.change ? told.own : null;
}
