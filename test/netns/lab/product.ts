// The daemon under test behind one face, so that every drill can be pointed at keepalived, which must fail the ones that
// holdfast exists for: HOLDFAST_LAB_DAEMON=keepalived.
// Must not know drills.
import type { Daemon } from './daemon.ts';
import type { Holdfast } from './holdfast.ts';
import { missing, startHoldfast } from './holdfast.ts';
import { startKeepalived } from './keepalived.ts';
import type { Network, Node } from './network.ts';
import type { RouterSettings } from './router.ts';

export type State = 'backup' | 'active';

export interface Product extends Daemon {
  /** Waits until a router says that it entered a state, at or after `since`. */
  entered(router: string, state: State, boundMs: number, since?: number): Promise<void>;
  /** null when it is not holdfast. */
  readonly holdfast: Holdfast | null;
}

const KEEPALIVED = process.env.HOLDFAST_LAB_DAEMON === 'keepalived';
const KEEPALIVED_SAYS: Record<State, string> = { backup: 'BACKUP', active: 'MASTER' };

/** Why there is nothing to test, or null. */
export function productMissing(): string | null {
  return KEEPALIVED ? null : missing();
}

/** Starts the daemon under test on a node with these routers. */
export function startProduct(network: Network, node: Node, routers: readonly RouterSettings[]): Product {
  if (KEEPALIVED) {
    const daemon = startKeepalived(network, node, routers);
    return {
      ...daemon,
      holdfast: null,
      async entered(router, state, boundMs, since) {
        await daemon.says(new RegExp(`\\(${router}\\) Entering ${KEEPALIVED_SAYS[state]} STATE`), boundMs, since);
      },
    };
  }
  const holdfast = startHoldfast(network, node, routers);
  return {
    ...holdfast,
    holdfast,
    async entered(router, state, boundMs, since) {
      await holdfast.says(new RegExp(`vrrp\\.transition .*router=${router} .*to=${state}\\b`), boundMs, since);
    },
  };
}
