// Tells in lines of text what happened in a world: state changes with their reasons, adverts in runs, who answers.
// Must not know why any of it happened.

import { CLIENT, type Sighting } from '../../../src/platform/fake/lan.ts';
import type { Line } from '../../../src/platform/fake/log.ts';
import { type Address, addressFromBytes } from '../../../src/vrrp/address.ts';
import { decode, VRRP_GROUP } from '../../../src/vrrp/packet.ts';
import { between, type Micros, millis } from '../../../src/vrrp/units.ts';
import type { World } from './world.ts';

/** Gaps that differ by less are one rhythm. */
const SAME = millis(1);
/** So many instants are written out, more are counted. */
const LISTED = 5;

export interface Narrator {
  /** A node logged something. */
  logged(node: string, line: Line): void;
  /** Something that only the script knows. */
  say(node: string, text: string): void;
  /** Everything since the last call, in lines. */
  take(): readonly string[];
}

interface Told {
  readonly at: Micros;
  readonly node: string;
  /** Called when everything is known. */
  text(): string;
}

/** The same thing at several instants. */
interface Run {
  readonly what: string;
  readonly at: Micros[];
  gap: Micros | null;
}

export function createNarrator(world: () => World): Narrator & { attach(): void } {
  let told: Told[] = [];
  let runs = new Map<string, Run>();
  const where = new Map<Address, string>();

  const now = (): Micros => world().timeline.now();

  function tell(node: string, text: () => string): void {
    told.push({ at: now(), node, text });
  }

  /** @param topic of which there is one run at a time
   *  @param rhythmic whether a change of pace is worth a new line */
  function repeat(node: string, topic: string, what: string, rhythmic: boolean, text: (run: Run) => string): void {
    const run = runs.get(topic);
    const last = run?.at.at(-1);
    if (run !== undefined && last !== undefined && run.what === what) {
      const gap = between(last, now());
      if (!rhythmic || run.gap === null || Math.abs(gap - run.gap) < SAME) {
        run.gap = gap;
        run.at.push(now());
        return;
      }
    }
    const fresh: Run = { what, at: [now()], gap: null };
    runs.set(topic, fresh);
    tell(node, () => text(fresh));
  }

  function datagram({ from, bytes }: Sighting): void {
    const source = world().node(from).own[0]?.address ?? VRRP_GROUP.ipv4;
    const sent = decode(bytes, { source, destination: VRRP_GROUP.ipv4 });
    if (sent.kind === 'malformed') throw new Error(`${from} sends ${sent.reason}: ${sent.detail}`);
    const router = several(from) ? ` of VRID ${sent.vrid}` : '';
    const what = `advert ${sent.priority}${router}${sent.checksum === 'rfc5798' ? ' (rfc5798)' : ''}`;
    repeat(from, advertsOf(from, sent.vrid), what, true, run => `${what}${rhythm(run)}`);
  }

  function several(node: string): boolean {
    return world().node(node).routers.length > 1;
  }

  function frame({ from, bytes }: Sighting): void {
    const address = addressFromBytes(bytes, 28, 'ipv4');
    const topic = announcementsOf(from, address);
    // Two frames for each.
    if (runs.get(topic)?.at.at(-1) === now()) return;
    repeat(from, topic, '', false, run => `announces ${address}${instants(run)}`);
  }

  /** What this router repeats from here on is told anew. */
  function cut(node: string, name: string): void {
    for (const { name: each, vrid, addresses } of world().node(node).routers) {
      if (each !== name) continue;
      runs.delete(advertsOf(node, vrid));
      for (const { address } of addresses) runs.delete(announcementsOf(node, address));
    }
  }

  /** After each single thing that happened. */
  function look(): void {
    for (const address of watched()) {
      const text = describe(address);
      if (text === (where.get(address) ?? 'nobody answers')) continue;
      where.set(address, text);
      tell('', () => `${address}: ${text}`);
    }
  }

  function watched(): ReadonlySet<Address> {
    const all = new Set<Address>();
    for (const { routers } of world().nodes.values())
      for (const { addresses } of routers) for (const { address } of addresses) all.add(address);
    return all;
  }

  function describe(address: Address): string {
    const { lan, nodes } = world();
    const here = lan.answering(address, CLIENT);
    const beyond = [...nodes.values()]
      .filter(({ name, machine }) => machine.answersFor(address) && !here.includes(name))
      .map(({ name }) => name);
    const asked = lan.cached(address);
    const answer = here.length === 0 ? 'nobody answers' : `${here.join(' and ')} ${here.length === 1 ? 'answers' : 'answer'}`;
    const elsewhere = beyond.length === 0 ? '' : `; out of reach ${beyond.join(' and ')}`;
    const stale = here.length > 0 && asked !== null && (here.length > 1 || asked !== here[0]) ? `; clients ask ${asked}` : '';
    return `${answer}${stale}${elsewhere}`;
  }

  return {
    attach() {
      const { lan, timeline } = world();
      lan.onDatagram(datagram);
      lan.onFrame(frame);
      timeline.watch(look);
    },
    logged(node, { level, event, fields, message }) {
      const router = several(node) ? `${fields.router} ` : '';
      if (event === 'vrrp.transition') {
        cut(node, String(fields.router));
        tell(node, () => `${router}${fields.from} > ${fields.to} (${fields.reason}): ${message}`);
        return;
      }
      const text = `${level === 'info' ? '' : `${level}: `}${router}${event}: ${message}`;
      repeat(
        node,
        `${node} log ${text}`,
        '',
        false,
        run => `${text}${run.at.length > 1 ? ` (${run.at.length} times until ${clock(run.at.at(-1))})` : ''}`,
      );
    },
    say(node, text) {
      tell(node, () => text);
    },
    take() {
      look();
      const lines = told.map(({ at, node, text }) => `${clock(at).padStart(9)} ${node.padEnd(2)} ${text()}`);
      told = [];
      runs = new Map();
      return lines;
    },
  };
}

function rhythm(run: Run): string {
  if (run.gap === null) return '';
  const every = run.gap >= 999_000 ? `${Number((run.gap / 1_000_000).toPrecision(3))} s` : `${Number((run.gap / 1000).toPrecision(3))} ms`;
  return `, ${run.at.length} times every ${every} until ${clock(run.at.at(-1))}`;
}

function instants(run: Run): string {
  if (run.at.length === 1) return '';
  const others = run.at.slice(1);
  const listed = others.slice(0, LISTED).map(clock).join(', ');
  return others.length <= LISTED
    ? `, again at ${listed}`
    : `, again at ${listed} and ${others.length - LISTED} times until ${clock(run.at.at(-1))}`;
}

/** Seconds since the world began. */
function clock(at: Micros | undefined): string {
  return ((at ?? 0) / 1_000_000).toFixed(3);
}

function advertsOf(node: string, vrid: number): string {
  return `${node} adverts ${vrid}`;
}

function announcementsOf(node: string, address: Address): string {
  return `${node} announcements ${address}`;
}
