// What a hook is told of a change, in the three forms that programs and webhooks read: JSON, environment, arguments.
// Must not know who is told, nor in which order.
import { type Change, keepalivedArguments, type Turn } from '../check/hooks.ts';
import { timestamp } from '../lib/timestamp.ts';
import type { HookCall } from '../platform/agent-ports.ts';

/** What hooks are told of a change, beside the change. */
export interface RoleChange extends Change {
  readonly vrid: number;
  readonly interface: string;
  /** With prefix length. */
  readonly addresses: readonly string[];
  /** Whoever holds the role then; null: nobody known. */
  readonly active: { readonly address: string; readonly priority: number; readonly self: boolean } | null;
  /** `reason` in a sentence. */
  readonly why: string | null;
}

/** Schema 1 of the JSON; docs/hooks.md names every field.
 *  @param node the name of this machine
 *  @param at when the change happened, ms since 1970 */
export function hookCall({ role, what, skipped }: Turn<RoleChange>, node: string, at: number): HookCall {
  const { name, family, vrid, interface: on, from, to, reason, why, priority, addresses, active } = what;
  return {
    json: JSON.stringify({
      schema: 1,
      router: name,
      family,
      vrid,
      interface: on,
      event: role,
      state: to,
      previous_state: from,
      reason,
      why,
      priority,
      addresses,
      active,
      at: timestamp(at),
      node,
      skipped,
    }),
    environment: {
      HOLDFAST_ROUTER: name,
      HOLDFAST_FAMILY: family,
      HOLDFAST_EVENT: role,
      HOLDFAST_STATE: to,
      HOLDFAST_PREVIOUS_STATE: from ?? '',
      HOLDFAST_REASON: reason,
      HOLDFAST_PRIORITY: String(priority),
      HOLDFAST_INTERFACE: on,
      HOLDFAST_VRID: String(vrid),
      HOLDFAST_ADDRESSES: addresses.join(' '),
    },
    arguments: keepalivedArguments(what, role),
  };
}
