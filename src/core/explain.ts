// The sentence that goes with a state change or a note: what happened, why, and what to do about it.
// Must not know where it is shown; holds no state.
import { unreachable } from '../lib/unreachable.ts';
import type { Note, Reason } from '../vrrp/action.ts';
import type { Address } from '../vrrp/address.ts';
import type { Unusable } from '../vrrp/event.ts';
import type { ChecksumForm, RouterSpec } from '../vrrp/router.ts';
import type { Heard, State } from '../vrrp/state.ts';
import type { Micros } from '../vrrp/units.ts';

/** `1.5 s`, `360 ms`, `36.1 ms`: three digits are enough to compare with a configuration. */
export function showDuration(duration: Micros): string {
  const ms = duration / 1000;
  return ms >= 1000 ? `${Number((ms / 1000).toPrecision(3))} s` : `${Number(ms.toPrecision(3))} ms`;
}

export function explainUnusable(reason: Unusable, spec: RouterSpec): string {
  const name = spec.interface;
  switch (reason) {
    case 'interface-missing':
      return `interface ${name} does not exist`;
    case 'interface-down':
      return `interface ${name} is down; ip link set ${name} up`;
    case 'no-carrier':
      return `interface ${name} has no carrier: check cable and switch`;
    case 'no-address':
      return `interface ${name} has no ${spec.family === 'ipv4' ? 'IPv4' : 'IPv6'} address of its own to speak from`;
  }
}

/** @param heard the Active router as last heard, if any
 *  @param silence how long nothing was heard of it, when that is what decided */
export function explain(spec: RouterSpec, to: State['name'], reason: Reason, heard: Heard | null, silence: Micros | null): string {
  const who = heard === null ? 'another router' : `${heard.address} (priority ${heard.priority})`;
  const addresses = spec.addresses.map(({ address }) => address).join(', ');
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
      return `health lost; answering for ${addresses} until another router does`;
    case 'recovered':
      return `health is back before anyone took over; serving ${addresses}`;
    case 'handed-over':
      return `${addresses} handed over to ${who}`;
    case 'nobody-took-over':
      return to === 'active' ? `serving ${addresses} though health is lost: nobody took over` : `stopped; nobody took over ${addresses}`;
    case 'address-fault':
      return `cannot hold ${addresses} on ${spec.interface}; see the lines before`;
    case 'retry':
      return 'trying again after a fault';
    case 'interface-missing':
    case 'interface-down':
    case 'no-carrier':
    case 'no-address':
      return `waiting: ${explainUnusable(reason, spec)}`;
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
export function explainDeafness(from: Address, since: Micros, form: ChecksumForm): string {
  const other = form === 'rfc9568' ? ', or it takes only the checksum of RFC 5798: checksum = "rfc5798"' : '';
  return `${from} has claimed to be Active for ${showDuration(since)} though we answer: it does not hear us. A switch or its firewall drops protocol 112 to 224.0.0.18${other}`;
}
