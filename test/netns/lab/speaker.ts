// Any VRRP daemon behind one face, for drills in which different ones meet. With HOLDFAST_LAB_DAEMON=keepalived keepalived
// stands in for holdfast too: so the laboratory is tried without it. Must not know drills, nor judge: the observer does.
import { until } from './clock.ts';
import type { Daemon } from './daemon.ts';
import { configureFrr, frrMissing, showFrr, startFrr } from './frr.ts';
import { missing, startHoldfast, writeHoldfast } from './holdfast.ts';
import { instanceName, startKeepalived, writeKeepalived } from './keepalived.ts';
import type { Network, Node } from './network.ts';
import { familyOf, type RouterSettings } from './router.ts';

export type Kind = 'holdfast' | 'keepalived' | 'frr';

export interface Speaker {
  readonly kind: Kind;
  readonly daemon: Daemon;
  /** Ends it in order.
   *  @returns the instant just before
   *  @throws Error when it has not ended after 10 s */
  stop(): Promise<number>;
  /** Gives it other settings while it runs.
   *  @returns the instant just before */
  reload(routers: readonly RouterSettings[]): Promise<number>;
}

const STAND_IN = process.env.HOLDFAST_LAB_DAEMON === 'keepalived';
// An executable of this size is read from a cold disk, with the other core busy.
const STARTING = 15_000;
const REAL_TIME = ['chrt', '--rr', '40'];

/** Why a daemon of this kind cannot be started here, or null. */
export function kindMissing(kind: Kind): string | null {
  if (kind === 'frr') return frrMissing();
  return kind === 'holdfast' && !STAND_IN ? missing() : null;
}

/** Starts a daemon and waits until it takes part with each router, in whatever state. The others get the real-time priority that
 *  holdfast takes by itself: what is measured is the protocol, not who comes first on a busy machine. */
export async function startSpeaker(kind: Kind, network: Network, node: Node, routers: readonly RouterSettings[]): Promise<Speaker> {
  const actual = kind === 'holdfast' && STAND_IN ? 'keepalived' : kind;
  const daemon = await started(actual, network, node, routers);
  return {
    kind,
    daemon,
    async stop() {
      const at = daemon.signal('SIGTERM');
      await daemon.ended(10_000);
      return at;
    },
    async reload(changed) {
      if (actual === 'holdfast') writeHoldfast(network, node, changed);
      else if (actual === 'keepalived') writeKeepalived(network, node, changed);
      const at = daemon.signal(actual === 'frr' ? 'SIGCONT' : 'SIGHUP');
      if (actual === 'frr') await configureFrr(network, node, changed);
      return at;
    },
  };
}

async function started(kind: Kind, network: Network, node: Node, routers: readonly RouterSettings[]): Promise<Daemon> {
  if (kind === 'frr') {
    const daemon = await startFrr(network, node, routers, REAL_TIME);
    let shown = '';
    await until(
      'FRR to take part',
      STARTING,
      async () => {
        shown = await showFrr(network, node).catch(String);
        return routers.every(router => shown.includes(`${router.vrid}`)) && /(Backup|Master)/.test(shown) && !takesNoPart(shown, routers);
      },
      () => shown,
    );
    return daemon;
  }
  const daemon = kind === 'holdfast' ? startHoldfast(network, node, routers) : startKeepalived(network, node, routers, REAL_TIME);
  for (const router of routers) {
    for (const family of new Set(router.addresses.map(familyOf))) {
      const said =
        kind === 'holdfast'
          ? `router=${router.name}\\b.*(family=${family}|/${family})?.*to=(backup|active)`
          : `\\(${instanceName(router, family)}\\) Entering (BACKUP|MASTER)`;
      await daemon.says(new RegExp(said), STARTING);
    }
  }
  return daemon;
}

/** Both families are always shown; one without addresses stays in Initialize. */
function takesNoPart(shown: string, routers: readonly RouterSettings[]): boolean {
  const families = new Set(routers.flatMap(router => router.addresses.map(familyOf)));
  return [...families].some(family => new RegExp(`Status \\(v${family === 'ipv4' ? 4 : 6}\\)\\s+Initialize`).test(shown));
}
