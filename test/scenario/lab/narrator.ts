// Tells in lines of text what happened in a world: state changes with their reasons, adverts in runs, who answers.
// Must not know why any of it happened.

import { CLIENT, type DatagramSighting, type Sighting } from '../../../src/platform/fake/lan.ts';
import type { Line } from '../../../src/platform/fake/log.ts';
import { type Address, addressFromBytes, type Family, familyOf } from '../../../src/vrrp/address.ts';
import { type Advertisement, decode, VRRP_GROUP } from '../../../src/vrrp/packet.ts';
import type { ChecksumForm } from '../../../src/vrrp/router.ts';
import { between, type Micros, millis } from '../../../src/vrrp/units.ts';
import { INTERFACE, type World } from './world.ts';

const FAMILY: Readonly<Record<Family, string>> = { ipv4: 'IPv4', ipv6: 'IPv6' };
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
  /** An advertisement: those that differ only in where they went and in which form are told in one line. */
  readonly advert?: Advert;
}

interface Advert {
  readonly label: string;
  /** null: the group. */
  readonly to: Address | null;
  readonly form: ChecksumForm;
  readonly run: Run;
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
   *  @param rhythmic whether a change of pace is worth a new line
   *  @returns the run where it begins; null: it went on */
  function repeat(topic: string, what: string, rhythmic: boolean): Run | null {
    const run = runs.get(topic);
    const last = run?.at.at(-1);
    if (run !== undefined && last !== undefined && run.what === what) {
      const gap = between(last, now());
      if (!rhythmic || run.gap === null || Math.abs(gap - run.gap) < SAME) {
        run.gap = gap;
        run.at.push(now());
        return null;
      }
    }
    const fresh: Run = { what, at: [now()], gap: null };
    runs.set(topic, fresh);
    return fresh;
  }

  function datagram({ from, bytes, source, destination }: DatagramSighting): void {
    const sent = decode(bytes, { source, destination });
    if (sent.kind === 'malformed') throw new Error(`${from} sends ${sent.reason}: ${sent.detail}`);
    const to = destination === VRRP_GROUP[familyOf(source)] ? null : destination;
    const label = describeAdvert(from, sent, familyOf(source));
    const form = sent.checksum;
    const run = repeat(`${advertsOf(from, sent.vrid, familyOf(source))} ${to} ${form}`, label, true);
    if (run !== null) told.push({ at: now(), node: from, text: () => '', advert: { label, to, form, run } });
  }

  function describeAdvert(from: string, { version, vrid, priority, authentication }: Advertisement, family: Family): string {
    const { known } = world().node(from);
    const router = new Set(known.map(spec => spec.vrid)).size > 1 ? ` of VRID ${vrid}` : '';
    const over = new Set(known.map(spec => spec.family)).size > 1 ? ` over ${FAMILY[family]}` : '';
    const old = version === 2 ? `, version 2${authentication?.type === 1 ? ' with password' : ''}` : '';
    return `advert ${priority}${router}${over}${old}`;
  }

  /** How a router is called in the lines of a node; nothing where there is no other. */
  function nameOf(node: string, name: unknown, family: unknown): string {
    const { known } = world().node(node);
    const names = new Set(known.map(spec => spec.name)).size > 1;
    const families = new Set(known.filter(spec => spec.name === name).map(spec => spec.family)).size > 1;
    if (typeof name !== 'string' || !(names || families)) return '';
    return families ? `${name}/${family} ` : `${name} `;
  }

  function frame({ from, interface: on, bytes }: Sighting): void {
    // ARP's sender, or the target of a neighbour advertisement.
    const address = bytes[12] === 0x08 ? addressFromBytes(bytes, 28, 'ipv4') : addressFromBytes(bytes, 62, 'ipv6');
    const topic = announcementsOf(from, address);
    // ARP says it twice.
    if (runs.get(topic)?.at.at(-1) === now()) return;
    const run = repeat(topic, on, false);
    if (run !== null) tell(from, () => `announces ${address}${on === INTERFACE ? '' : ` on ${on}`}${instants(run)}`);
  }

  /** What this router repeats from here on is told anew. */
  function cut(node: string, name: unknown, family: unknown): void {
    for (const spec of world().node(node).known) {
      if (spec.name !== name || spec.family !== family) continue;
      const adverts = advertsOf(node, spec.vrid, spec.family);
      for (const topic of [...runs.keys()]) if (topic.startsWith(`${adverts} `)) runs.delete(topic);
      for (const { address } of spec.addresses) runs.delete(announcementsOf(node, address));
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
    for (const { known } of world().nodes.values())
      for (const { addresses } of known) for (const { address } of addresses) all.add(address);
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
    const mute = here.filter(name => nodes.get(name)?.machine.denied(address));
    const filtered = mute.length === 0 ? '' : `; no packet to it is accepted by ${mute.join(' and ')}`;
    return `${answer}${stale}${filtered}${elsewhere}`;
  }

  return {
    attach() {
      const { lan, timeline } = world();
      lan.onDatagram(datagram);
      lan.onFrame(frame);
      timeline.watch(look);
    },
    logged(node, { level, event, fields, message }) {
      const router = nameOf(node, fields.router, fields.family);
      if (event === 'vrrp.transition') {
        cut(node, fields.router, fields.family);
        tell(node, () => `${router}${fields.from} > ${fields.to} (${fields.reason}): ${message}`);
        return;
      }
      const text = `${level === 'info' ? '' : `${level}: `}${router}${event}: ${message}`;
      const run = repeat(`${node} log ${text}`, '', false);
      if (run !== null) {
        tell(node, () => `${text}${run.at.length > 1 ? ` (${run.at.length} times until ${clock(run.at.at(-1))})` : ''}`);
      }
    },
    say(node, text) {
      tell(node, () => text);
    },
    take() {
      look();
      const lines = merge(told).map(({ at, node, text }) => `${clock(at).padStart(9)} ${node.padEnd(2)} ${text()}`);
      told = [];
      runs = new Map();
      return lines;
    },
  };
}

/** One line for what went to several peers, or in both forms, at the same instants. */
function merge(told: readonly Told[]): readonly Told[] {
  const lines: { readonly first: Told; readonly adverts: Advert[] }[] = [];
  for (const each of told) {
    const { advert } = each;
    const same = lines.findLast(
      ({ first, adverts: [other] }) =>
        first.at === each.at &&
        first.node === each.node &&
        other?.label === advert?.label &&
        advert !== undefined &&
        other?.run.at.join() === advert.run.at.join(),
    );
    if (same === undefined || advert === undefined) lines.push({ first: each, adverts: advert === undefined ? [] : [advert] });
    else same.adverts.push(advert);
  }
  return lines.map(({ first, adverts }) => (adverts.length === 0 ? first : { ...first, text: () => describeAdverts(adverts) }));
}

function describeAdverts(adverts: readonly Advert[]): string {
  const [first] = adverts;
  if (first === undefined) return '';
  const peers = [...new Set(adverts.flatMap(({ to }) => to ?? []))];
  const forms = new Set(adverts.map(({ form }) => form));
  const to = peers.length === 0 ? '' : ` to ${peers.join(' and ')}`;
  const form = forms.size > 1 ? ' (both checksums)' : first.form === 'rfc5798' ? ' (rfc5798)' : '';
  return `${first.label}${to}${form}${rhythm(first.run)}`;
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

function advertsOf(node: string, vrid: number, family: Family): string {
  return `${node} adverts ${family} ${vrid}`;
}

function announcementsOf(node: string, address: Address): string {
  return `${node} announcements ${address}`;
}
