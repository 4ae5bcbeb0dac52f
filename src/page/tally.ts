// How often each virtual router went where, and why: counters for the metrics.
// Must not know what the words mean. The engine does not count them: it has no use for it.

export interface Count {
  readonly to: string;
  readonly reason: string;
  readonly count: number;
}

export interface Tally {
  /** @param router `web/ipv4` */
  of(router: string): readonly Count[];
}

export interface Tallier extends Tally {
  count(transition: { readonly router: string; readonly to: string; readonly reason: string }): void;
}

export function createTally(): Tallier {
  const routers = new Map<string, Map<string, Count>>();
  return {
    count({ router, to, reason }) {
      const counts = routers.get(router) ?? new Map<string, Count>();
      routers.set(router, counts);
      const key = `${to} ${reason}`;
      counts.set(key, { to, reason, count: (counts.get(key)?.count ?? 0) + 1 });
    },
    of: router => [...(routers.get(router)?.values() ?? [])],
  };
}
