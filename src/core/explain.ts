// The sentence that goes with a state change or a note: what happened, why, and what to do about it.
// Must not know where it is shown; holds no state.
import { unreachable } from '../lib/unreachable.ts';
import type { SystemError } from '../platform/ports.ts';
import type { Note, Reason } from '../vrrp/action.ts';
import { type Address, isLinkLocal } from '../vrrp/address.ts';
import type { AddressDifference, RejectReason } from '../vrrp/admit.ts';
import type { Unusable } from '../vrrp/event.ts';
import { VRRP_GROUP } from '../vrrp/packet.ts';
import type { ChecksumForm, RouterSpec, VirtualAddress } from '../vrrp/router.ts';
import type { Heard, State } from '../vrrp/state.ts';
import { leaveWait } from '../vrrp/timers.ts';
import { type Micros, micros } from '../vrrp/units.ts';
import { evidence } from './cures.ts';

/** `1.5 s`, `360 ms`, `36.1 ms`: three digits are enough to compare with a configuration. */
export function showDuration(duration: Micros): string {
  const ms = duration / 1000;
  return ms >= 1000 ? `${Number((ms / 1000).toPrecision(3))} s` : `${Number(ms.toPrecision(3))} ms`;
}

/** @param name the interface that is to blame */
export function explainUnusable(reason: Unusable, spec: RouterSpec, name: string): string {
  switch (reason) {
    case 'interface-missing':
      return `interface ${name} does not exist`;
    case 'interface-down':
      return `interface ${name} is down; ip link set ${name} up`;
    case 'no-carrier':
      return `interface ${name} has no carrier: check cable and switch`;
    case 'no-address': {
      if (spec.source !== null) return `interface ${name} does not have the address ${spec.source} (source)`;
      if (spec.family === 'ipv4') return `interface ${name} has no IPv4 address of its own to speak from`;
      if (spec.peers.every(peer => isLinkLocal(peer.address)))
        return `interface ${name} has no usable IPv6 link-local address of its own; sysctl net.ipv6.conf.${name}.disable_ipv6, ip -6 address show dev ${name}`;
      return `interface ${name} has no usable IPv6 address of its own that peers beyond the link can answer`;
    }
  }
}

/** More than so many are counted: a line is to be read. */
const MOST_LISTED = 4;

function listAddresses({ addresses, name }: RouterSpec): string {
  if (addresses.length === 0) return name;
  const listed = addresses.slice(0, MOST_LISTED).map(({ address }) => address);
  const more = addresses.length - listed.length;
  return listed.join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** Nobody takes over: two waits, decision 0005. */
function longestLeave({ advertInterval, version }: RouterSpec): Micros {
  return micros(2 * leaveWait(advertInterval, version));
}

/** @param spec with the priority that elections use
 *  @param heard the Active router as last heard, if any
 *  @param silence how long nothing was heard of it, when that is what decided
 *  @param blamed the interface that is not usable, when that is the reason
 *  @param ill what is wrong with the services, when that is the reason */
export function explain(
  spec: RouterSpec,
  to: State['name'],
  reason: Reason,
  {
    heard,
    silence,
    blamed,
    ill,
  }: { readonly heard: Heard | null; readonly silence: Micros | null; readonly blamed: string; readonly ill: string | null },
): string {
  const who = heard === null ? 'another router' : `${heard.address} (priority ${heard.priority})`;
  const addresses = listAddresses(spec);
  switch (reason) {
    case 'startup':
      return 'taking part; listening for an Active router';
    case 'address-owner':
      return `serving ${addresses}: this router owns them (priority 255)`;
    case 'active-down-expired':
      if (heard === null)
        return `serving ${addresses}: no Active router was heard${silence === null ? '' : ` for ${showDuration(silence)}`}`;
      return `serving ${addresses}: ${who} fell silent${silence === null ? '' : ` ${showDuration(silence)} ago`}`;
    case 'priority-zero':
      return `serving ${addresses}: ${who} resigned`;
    case 'preempt':
      return `serving ${addresses}: priority ${spec.priority} is higher than that of ${who}`;
    case 'higher-priority':
      return `giving ${addresses} to ${who}: higher priority`;
    case 'tie-break-lost':
      return `giving ${addresses} to ${who}: same priority, higher address`;
    case 'shutdown':
      return to === 'leaving' ? `leaving; answering for ${addresses} until another router does` : 'stopped';
    case 'demoted':
      return `${ill ?? 'health lost'}; answering for ${addresses} until another router does`;
    case 'released':
      if (to === 'leaving')
        return `${ill ?? 'health lost'}; answering for ${addresses} until another router does, for ${showDuration(longestLeave(spec))} at most`;
      return `${ill ?? 'health lost'}; not taking part until that is well again`;
    case 'restored':
      return ill === null ? 'health is back; taking part again' : `taking part again, though ${ill}`;
    case 'recovered':
      return `all is well again before anyone took over; serving ${addresses}`;
    case 'handed-over':
      return `${addresses} handed over to ${who}`;
    case 'nobody-took-over':
      if (to === 'active') return `serving ${addresses} as nobody took over, though ${ill ?? 'health is lost'}`;
      return `${to === 'fault' ? (ill ?? 'health lost') : 'stopped'}; nobody took over ${addresses}`;
    case 'address-fault':
      return `cannot hold ${addresses} on ${spec.interface}; see the lines before`;
    case 'retry':
      return 'trying again after a fault';
    case 'interface-missing':
    case 'interface-down':
    case 'no-carrier':
    case 'no-address':
      if (to === 'leaving') return `${explainUnusable(reason, spec, blamed)}; answering for ${addresses} until another router does`;
      return `waiting: ${explainUnusable(reason, spec, blamed)}`;
    default:
      return unreachable(reason);
  }
}

/** The event name and sentence of a note. */
export function explainNote(note: Note, spec: RouterSpec): readonly [event: string, message: string] {
  switch (note.what) {
    case 'second-active':
      return ['vrrp.second-active', `${note.from} (priority ${note.priority}) claims to be Active too; answered and announced again`];
    case 'second-owner':
      return [
        'vrrp.second-owner',
        `${note.from} also claims to own the addresses (priority 255); give one of the two a priority below 255`,
      ];
    case 'interval-differs':
      return [
        'vrrp.interval-differs',
        `${note.from} advertises every ${showDuration(note.interval)}, configured here is ${showDuration(spec.advertInterval)}; following it. Set both the same`,
      ];
    case 'woke-late':
      return ['vrrp.woke-late', `this machine stood still and woke ${showDuration(note.late)} late; waiting once more before taking over`];
  }
}

/** Why a peer may go on claiming to be Active though we answer each time. Design 4.7. */
export function explainDeafness(from: Address, since: Micros, spec: RouterSpec, forms: readonly ChecksumForm[]): string {
  if (spec.addresses.length === 0)
    return `${from} has claimed to be Active for ${showDuration(since)} though we answer: ours has no virtual addresses, so only a router that has none either listens to it`;
  const claims = `${from} has claimed to be Active for ${showDuration(since)} though we answer: it does not hear us`;
  const way =
    spec.peers.length > 0
      ? `Its list of peers lacks this machine, or a firewall drops protocol 112`
      : `A switch or its firewall drops protocol 112 to ${VRRP_GROUP[spec.family]}`;
  const old = spec.version === 3 && spec.family === 'ipv4' && !forms.includes('rfc5798');
  return `${claims}. ${way}${old ? ', or it takes only the checksum of RFC 5798: checksum = "rfc5798"' : ''}`;
}

/** Why an advertisement was ignored, and what to write where so that it is not.
 *  @param detail the evidence, as the receive checks give it */
export function explainRejection(reason: RejectReason, detail: string, from: Address, spec: RouterSpec): string {
  return `advertisement from ${from} ignored: ${evidence(reason, detail, from, spec)}`;
}

/** What the kernel says to an address, and what can be meant by it. */
export function explainRefusal({ op, target, code }: SystemError, { addresses }: RouterSpec): string {
  const scoped = code === 'EINVAL' && addresses.some(({ scope }) => scope !== undefined);
  return `${op} ${target}: ${code}${scoped ? '; Linux wants one scope for all addresses of a network: write /32, or leave `scope` out' : ''}`;
}

/** An address that was there before us. */
export function explainForeign({ address, length }: VirtualAddress, on: string): string {
  return `${address} is on ${on} already and not ours: this machine answers for it in every role; ip address del ${address}/${length} dev ${on}`;
}

/** The event name and sentence for addresses that are gone. @param what which ones, from where
 *  @param adopted they were of a former life, and we are Backup */
export function explainLoss(what: string, lapsed: boolean, adopted: boolean): readonly [event: string, message: string] {
  const then = adopted ? 'letting go of the others' : 'putting it back';
  return lapsed
    ? ['address.lapsed', `${what}: its lease ended while this machine stood still; ${then}`]
    : ['address.lost', `${what}: somebody else took it off; ${then}`];
}

/** What a peer's address list has more and less than ours. RFC 9568 §7.1 */
export function explainDifference({ missing, extra, more: others }: AddressDifference, from: Address): string {
  const without = missing.length > 0 ? [`without ${missing.join(', ')}`] : [];
  const more = extra.length > 0 ? [`with ${extra.join(', ')}`] : [];
  const rest = others > 0 ? ` (and ${others} more)` : '';
  return `${from} advertises another address list: ${[...without, ...more].join(' and ')}${rest}; make them the same: keepalived ignores whoever has another one, and then both serve`;
}

/** Decision 0025. */
export function explainShorterList({ addresses }: RouterSpec, from: Address): string {
  const derived = addresses.flatMap(({ address, derived: ours }) => (ours === true ? [address] : []));
  return `${from} advertises no link-local address: ours leaves ${derived.join(', ')} out for it, as keepalived wants its own list`;
}

/** errno of sending, in words of the network. icmp(7), ip(7) */
export function explainTrouble(code: string): string {
  switch (code) {
    case 'ENOPROTOOPT':
    case 'ECONNREFUSED':
    // Over IPv6: "unrecognized next header".
    case 'EPROTO':
      return 'that machine answers, but no VRRP daemon runs on it';
    case 'EHOSTUNREACH':
    case 'EHOSTDOWN':
      return 'no machine answers at that address';
    case 'ENETUNREACH':
      return 'there is no route to it: ip route get';
    case 'EACCES':
    case 'EPERM':
      return 'a firewall of this machine or on the way forbids it';
    default:
      return code;
  }
}
