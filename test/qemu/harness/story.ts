// A story: guests on a segment of their own, told with tap. Everything is ended and removed after it, whatever happened, and what
// explains a failure is kept. Must not know what the stories are.
import t, { type Test } from 'tap';
import { now } from '../../netns/lab/clock.ts';
import { whyNot } from '../../netns/lab/guard.ts';
import type { Network } from '../../netns/lab/network.ts';
import { type Observer, startObserver } from '../../netns/lab/observer.ts';
import { forgetArtefacts, keepArtefacts, load } from './artefacts.ts';
import { type Client, type ClientOptions, startClient } from './client.ts';
import { BOX_A, BOX_B, VIP } from './config.ts';
import { makeDisk, whyNoGuests } from './image.ts';
import { type Accelerator, accelerator } from './kvm.ts';
import { makeSegment } from './segment.ts';
import { makeVm, type Vm, type VmOptions } from './vm.ts';

export interface Stage {
  readonly network: Network;
  readonly accel: Accelerator;
  readonly client: Client;
  /** Asks everybody who holds the VIP: the client's pages come from one machine, also while two claim it. */
  readonly observer: Observer;
  /** A guest in the socket of that name; off. */
  guest(node: string, options: GuestOptions): Vm;
  disk: typeof makeDisk;
  /** For the artefacts and the output: a fact with a number in it. */
  note(text: string): void;
  /** Throws when any guest is not well. */
  check(): void;
  /** Another client, which ends with the story. */
  startClient(options: ClientOptions): Client;
}

export type GuestOptions = Omit<VmOptions, 'node' | 'folder' | 'accel'>;

export interface StoryOptions {
  readonly sockets?: readonly string[];
  /** Longest time the story may take under TCG on a busy machine, ms. */
  readonly limitMs: number;
  /** What the client asks, beside the VIP; both boxes unless it says otherwise. */
  readonly addresses?: readonly string[];
  /** What else keeps the story from being told; null when nothing does. */
  readonly missing?: string | null;
}

/** Time between two requests of the client, ms. A guest under TCG works 8 ms for one page, and has other things to do. */
const EVERY_MS: Readonly<Record<Accelerator, number>> = { kvm: 10, tcg: 50 };
// The observer's: its word is on who claims the address, not on outages.
const PROBE_MS = 100;
const ASK_MS = 200;

/** Tells one story. Skips, loudly, where there is no laboratory or no image. */
export function story(name: string, options: StoryOptions, tell: (t: Test, stage: Stage) => Promise<void>): Promise<unknown> {
  const why = whyNot() ?? whyNoGuests() ?? options.missing ?? null;
  if (why !== null) {
    process.stderr.write(`SKIPPED ${name}: ${why}\n`);
    return t.test(name, { skip: why }, () => {});
  }
  // Waiting for the turn of another laboratory counts too.
  const whole = options.limitMs + 900_000;
  t.setTimeout(whole);
  return t.test(name, { timeout: whole }, async test => {
    const asked = now();
    const accel = await accelerator();
    const segment = await makeSegment(options.sockets ?? [BOX_A.node, BOX_B.node]);
    test.setTimeout(options.limitMs + (now() - asked) / 1000);
    const { network } = segment;
    const vms: Vm[] = [];
    const notes: string[] = [`${accel}, load average at the start: ${load()}`];
    let client: Client | undefined;
    let observer: Observer | undefined;
    forgetArtefacts(name);
    let failure: unknown;
    try {
      client = startClient(network, { addresses: options.addresses ?? [VIP], everyMs: EVERY_MS[accel] });
      observer = await startObserver(network, { addresses: options.addresses ?? [VIP], intervalMs: PROBE_MS, askMs: ASK_MS });
      const stage: Stage = {
        network,
        accel,
        client,
        observer,
        guest(node, guest) {
          const vm = makeVm({ node: network.node(node), folder: network.folder, accel, ...guest });
          vms.push(vm);
          return vm;
        },
        disk: (folder, ...rest) => makeDisk(folder, ...rest),
        note(text) {
          notes.push(text);
          test.comment(text);
        },
        check() {
          for (const vm of vms) vm.check();
        },
        startClient: wanted => startClient(network, wanted),
      };
      await tell(test, stage);
    } catch (error) {
      failure = error;
      throw error;
    } finally {
      if (failure !== undefined || !test.passing()) {
        const files = [segment.pcap, ...vms.map(vm => `${network.folder}/${vm.name}.serial.log`)];
        if (failure !== undefined) notes.push(String(failure));
        const kept = keepArtefacts(name, { vms, files, clientLog: client?.log() ?? '', notes });
        test.comment(vms.map(vm => `the console of ${vm.name} (${vm.state()}) said last:\n  ${vm.console.tail()}`).join('\n'));
        test.comment(`kept in ${kept}`);
      }
      observer?.stop();
      segment.delete();
    }
  });
}
