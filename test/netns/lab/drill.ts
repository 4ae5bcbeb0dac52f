// A drill: one story in a laboratory of its own, told with tap. Everything is torn down after it, whatever happened.
// Must not know what the stories are.
import t, { type Test } from 'tap';
import { now } from './clock.ts';
import type { Daemon } from './daemon.ts';
import { whyNot } from './guard.ts';
import { makeNetwork, type Network, type Node } from './network.ts';
import { type Observer, startObserver } from './observer.ts';
import { type Product, productMissing, startProduct } from './product.ts';
import { type RouterSettings, VIP } from './router.ts';
import type { Verdict, Window } from './verdict.ts';

export interface Lab {
  readonly network: Network;
  readonly observer: Observer;
  node(name: string): Node;
  /** Starts the daemon under test; it is stopped with the drill. */
  start(node: string, ...routers: RouterSettings[]): Product;
  /** Takes a daemon that was started otherwise into the care of the drill: its last words are told when something is wrong. */
  watch(daemon: Daemon): void;
  /** Starts a daemon with one router and waits until it is Active and answers. */
  active(node: string, router: RouterSettings): Promise<Product>;
  /** Starts a daemon with one router and waits until it is Backup. */
  backup(node: string, router: RouterSettings): Promise<Product>;
  /** What was seen from `from` until `to` (µs), for a verdict. */
  window(from: number, to?: number): Promise<Window>;
  /** The verdict as a test point, with what was seen when it is bad. */
  judge(verdict: Verdict, story?: string): void;
}

export interface DrillOptions {
  readonly nodes?: readonly string[];
  readonly addresses?: readonly string[];
  /** Time between two probes of one address, and between two questions who holds it, ms; 1 and 5 unless it says otherwise. */
  readonly probeMs?: number;
  readonly askMs?: number;
  /** Longest time the story may take, ms. */
  readonly limitMs?: number;
  /** What else keeps the story from being told; null when nothing does. */
  readonly missing?: string | null;
}

// An executable of this size is read from a cold disk, with the other core busy.
const STARTING = 15_000;

/** How late anything may be for no fault of the protocol, beyond what the control saw. Scales with the interval. */
export function marginMs(intervalMs: number): number {
  return 15 + intervalMs / 20;
}

/** What a moving address may cost when both nodes live: the client's stack has to take in the announcement. */
export const HANDOVER_MS = 20;

/** Tells one story. Skips, loudly, where there is no laboratory or nothing to test. */
export function drill(name: string, options: DrillOptions, story: (t: Test, lab: Lab) => Promise<void>): Promise<unknown> {
  const why = whyNot() ?? productMissing() ?? options.missing ?? null;
  if (why !== null) {
    process.stderr.write(`SKIPPED ${name}: ${why}\n`);
    return t.test(name, { skip: why }, () => {});
  }
  // Waiting for the turn of another laboratory counts too.
  t.setTimeout(900_000);
  return t.test(name, { timeout: 900_000 }, async test => {
    const asked = now();
    const network = await makeNetwork(options.nodes ?? ['a', 'b']);
    test.setTimeout((options.limitMs ?? 60_000) + (now() - asked) / 1000);
    const daemons: Daemon[] = [];
    let observer: Observer | undefined;
    try {
      observer = await startObserver(network, {
        addresses: options.addresses ?? [VIP],
        intervalMs: options.probeMs ?? 1,
        askMs: options.askMs ?? 5,
      });
      await story(test, makeLab(test, network, observer, daemons));
    } catch (error) {
      // tap takes note of it only later.
      test.comment(daemons.map(lastWords).join('\n'));
      throw error;
    } finally {
      observer?.stop();
      if (!test.passing()) test.comment(daemons.map(lastWords).join('\n'));
      network.delete();
    }
  });
}

function lastWords(daemon: Daemon): string {
  const started = daemon.lines[0]?.at ?? 0;
  const lines = daemon.lines.slice(-25).map(line => `  ${((line.at - started) / 1000).toFixed(0)} ms ${line.text}`);
  return [`${daemon.name} said last:`, ...lines].join('\n');
}

function makeLab(test: Test, network: Network, observer: Observer, daemons: Daemon[]): Lab {
  const lab: Lab = {
    network,
    observer,
    node: name => network.node(name),
    start(name, ...routers) {
      const daemon = startProduct(network, network.node(name), routers);
      daemons.push(daemon);
      return daemon;
    },
    watch: daemon => {
      daemons.push(daemon);
    },
    async active(name, router) {
      const daemon = lab.start(name, router);
      await daemon.entered(router.name, 'active', STARTING);
      const [address] = router.addresses;
      if (address !== undefined) await observer.answersFrom(name, address, 5000, 100);
      return daemon;
    },
    async backup(name, router) {
      const daemon = lab.start(name, router);
      await daemon.entered(router.name, 'backup', STARTING);
      return daemon;
    },
    async window(from, to = now()) {
      return { seen: await observer.seen(from, to), from, to };
    },
    judge(verdict, told) {
      test.ok(verdict.ok, told === undefined ? verdict.text : `${told}: ${verdict.text}`, verdict.ok ? {} : { seen: verdict.seen });
    },
  };
  return lab;
}
