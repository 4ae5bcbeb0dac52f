// Watches the link of a network interface; the kernel tells of each change, and one mirror of its tables serves all that watch.
// Must not know routers, nor how long a change must last until it counts.
import type { InterfaceProbe, Seen } from '../../../check/probe.ts';
import type { Watch } from '../../agent-ports.ts';
import type { Network } from '../../ports.ts';
import { openNetwork } from '../rtnetlink.ts';

/** Until the next attempt to open the mirror; in ms. */
const AGAIN = 1_000;

const watching = new Set<() => void>();
let mirror: Promise<Network> | null = null;

/** Opened with the first watch, and then for as long as this process. */
function openMirror(): Promise<Network> {
  mirror ??= openNetwork(() => {
    for (const look of watching) look();
  });
  return mirror;
}

/** Tells soon what is there, and then whenever that has become something else. */
export function watchInterface({ interface: name }: InterfaceProbe, tell: (seen: Seen) => void): Watch {
  let told = '';
  let closed = false;
  let look = (): void => {};
  let timer: NodeJS.Timeout | undefined;

  function say(seen: Seen): void {
    if (closed || seen.seen === told) return;
    told = seen.seen;
    tell(seen);
  }

  function follow(network: Network): void {
    if (closed) return;
    look = () => say(seenOf(network.link(name)?.unusable, name));
    watching.add(look);
    look();
  }

  function begin(): void {
    openMirror().then(follow, (error: unknown) => {
      mirror = null;
      say({ trouble: 'failed', seen: `interfaces cannot be watched: ${error instanceof Error ? error.message : String(error)}` });
      if (!closed) timer = setTimeout(begin, AGAIN);
    });
  }

  begin();
  return {
    close() {
      closed = true;
      watching.delete(look);
      clearTimeout(timer);
    },
  };
}

type Unusable = 'interface-down' | 'no-carrier' | null | undefined;

/** @param unusable undefined: it does not exist */
function seenOf(unusable: Unusable, name: string): Seen {
  switch (unusable) {
    case undefined:
      return { trouble: 'missing', seen: `there is no interface ${name}` };
    case null:
      return { trouble: null, seen: 'up' };
    case 'interface-down':
      return { trouble: 'down', seen: 'down' };
    case 'no-carrier':
      return { trouble: 'down', seen: 'no carrier' };
  }
}
