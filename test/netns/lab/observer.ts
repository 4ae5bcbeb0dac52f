// Starts the observer, the program that sees who answers for a virtual address, and gives access to what it saw.
// Must not judge: see timeline.ts and verdict.ts.
import { spawn } from 'node:child_process';
import { now, until } from './clock.ts';
import { kill, onExit } from './guard.ts';
import { build } from './native.ts';
import type { Network } from './network.ts';
import type { Answer, Sightings } from './sightings.ts';
import { makeRecording } from './sightings.ts';

export interface Observer {
  /** What was seen in `from <= at < to` (µs), complete: waits until the observer has reported beyond `to`. */
  seen(from: number, to?: number): Promise<Sightings>;
  /** Waits until this node, and no other, has answered at least half of the probes of the address for `steadyMs`. */
  answersFrom(node: string, address: string, boundMs: number, steadyMs?: number): Promise<void>;
  /** Waits until for `steadyMs` only this node has said that it holds the address when everybody was asked. */
  heldBy(node: string, address: string, boundMs: number, steadyMs?: number): Promise<void>;
  /** The same, and only this node has answered the client. */
  servesAlone(node: string, address: string, boundMs: number, steadyMs?: number): Promise<void>;
  /** Waits until nobody has answered for `steadyMs`. */
  silence(address: string, boundMs: number, steadyMs?: number): Promise<void>;
  /** Waits for an advertisement that `wanted` accepts, sent at or after `since`. */
  advert(what: string, boundMs: number, since: number, wanted: (advert: Sightings['adverts'][number]) => boolean): Promise<number>;
  forget(): void;
  stop(): void;
}

export interface ObserverOptions {
  readonly addresses: readonly string[];
  /** Time between two probes of one address. */
  readonly intervalMs?: number;
  /** Time between two questions who holds an address. */
  readonly askMs?: number;
}

const SOURCES = ['observer.c', 'observer-probe.c', 'observer-sniff.c', 'observer-control.c'];

/** Starts the observer of a network and waits until it sends probes.
 *  @param options at most 256 addresses; many of them need longer intervals */
export async function startObserver(network: Network, options: ObserverOptions): Promise<Observer> {
  const { intervalMs = 1, askMs = 5 } = options;
  const program = await build('observer', SOURCES);
  const child = spawn(
    program,
    [
      ...['-s', network.switchNamespace, '-c', network.client.namespace, '-o', network.observer.namespace],
      ...['-A', network.observer.address, '-B', network.observer.address6, '-i', String(intervalMs * 1000), '-a', String(askMs * 1000)],
      ...options.addresses.flatMap(address => ['-v', address]),
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const recording = makeRecording();
  let complaint = '';
  let ended = false;
  child.stdout.setEncoding('latin1').on('data', (text: string) => recording.take(text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  child.on('close', () => {
    ended = true;
  });
  const stop = onExit(() => {
    if (child.pid !== undefined) kill(child.pid, 'SIGKILL');
  });
  const alive = () => {
    if (ended) throw new Error(`the observer ended: ${complaint.trim()}`);
  };
  const reached = (instant: number) =>
    until('the observer to report', 10_000, () => {
      alive();
      return recording.seenUntil() >= instant;
    });
  await until(
    'the first probe',
    5000,
    () => {
      alive();
      return recording.seenUntil() > 0;
    },
    () => complaint,
  );

  const recentAnswers = (address: string, ms: number) => {
    alive();
    return recording.sightings(recording.seenUntil() - ms * 1000).answers.filter(answer => answer.address === address);
  };
  const recentHolders = (address: string, ms: number) => {
    alive();
    return recording.sightings(recording.seenUntil() - ms * 1000).holders.filter(holder => holder.address === address);
  };
  const lastAnswers = (address: string) => {
    const answers = recentAnswers(address, 2000);
    const nodes = [...new Set(answers.slice(-20).map(answer => answer.node))];
    const last = answers.at(-1);
    return last === undefined ? 'nobody for 2 s' : `${nodes.join(', ')}, last ${Math.round((now() - last.at) / 1000)} ms ago`;
  };

  return {
    async seen(from, to = now()) {
      // Frames pass through a queue of their own: what arrived by `to` is printed at most two turns (10 ms) later.
      await reached(to + 30_000);
      return recording.sightings(from, to);
    },
    async answersFrom(node, address, boundMs, steadyMs = 50) {
      await until(
        `${node} to answer for ${address}`,
        boundMs,
        () => isAlone(recentAnswers(address, steadyMs), node, steadyMs / intervalMs / 2),
        () => lastAnswers(address),
      );
    },
    async heldBy(node, address, boundMs, steadyMs = 100) {
      await until(
        `${node} alone to hold ${address}`,
        boundMs,
        () => isAlone(recentHolders(address, steadyMs), node, steadyMs / askMs / 2),
        () => names(recentHolders(address, steadyMs)),
      );
    },
    async servesAlone(node, address, boundMs, steadyMs = 100) {
      await until(
        `${node} alone to serve ${address}`,
        boundMs,
        () =>
          isAlone(recentHolders(address, steadyMs), node, steadyMs / askMs / 2) &&
          isAlone(recentAnswers(address, steadyMs), node, steadyMs / intervalMs / 2),
        () => `held by ${names(recentHolders(address, steadyMs))}, answered by ${lastAnswers(address)}`,
      );
    },
    async silence(address, boundMs, steadyMs = 50) {
      const started = now();
      await until(
        `nobody to answer for ${address}`,
        boundMs,
        () => recording.seenUntil() >= started + steadyMs * 1000 && recentAnswers(address, steadyMs).length === 0,
        () => lastAnswers(address),
      );
    },
    async advert(what, boundMs, since, wanted) {
      return until(
        what,
        boundMs,
        () => {
          alive();
          return recording.sightings(since).adverts.find(wanted)?.at;
        },
        () => {
          const last = recording.sightings(since).adverts.slice(-5);
          return last.map(a => `${a.node} vrid ${a.vrid} priority ${a.priority}`).join('; ') || 'no advertisement at all';
        },
      );
    },
    forget() {
      recording.forget(now());
    },
    stop,
  };
}

function isAlone(answers: readonly Answer[], node: string, enough: number): boolean {
  return answers.length >= enough && answers.every(answer => answer.node === node);
}

function names(answers: readonly Answer[]): string {
  return [...new Set(answers.map(answer => answer.node))].join(', ') || 'nobody';
}
