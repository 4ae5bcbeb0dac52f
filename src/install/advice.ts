// What is in the way of holdfast on a machine, for `check --system`: each with the command that mends it.
// Must not know how a machine is looked at, nor what an install would do about it by itself.
import type { Facts } from './facts.ts';
import { networkNotes } from './notes.ts';
import { networkDropIns } from './plan.ts';

/** What only matters to a configuration that is to run, beside what an install looks at. */
export interface Surroundings {
  /** keepalived is active here. */
  readonly keepalived: boolean;
  /** Interfaces of routers with IPv6 on which the kernel has it switched off. */
  readonly withoutIpv6: readonly string[];
  /** kernel.sched_rt_runtime_us; null: it cannot be read. */
  readonly rtRuntime: number | null;
  /** NetworkManager is active and manages these interfaces: it takes foreign addresses off when a connection is brought up again. */
  readonly networkManager: readonly string[];
  /** Paths of drop-ins that are there already. */
  readonly there: ReadonlySet<string>;
}

export function adviceOf(facts: Facts, around: Surroundings): readonly string[] {
  return [
    ...(facts.firewalld?.zones ?? []).flatMap(({ name, permanent, now }) => [
      ...(now ? [] : [`firewalld drops VRRP in zone ${name}: firewall-cmd --zone=${name} --add-protocol=vrrp`]),
      ...(permanent
        ? []
        : [`firewalld will drop VRRP in zone ${name} after its next start: firewall-cmd --permanent --zone=${name} --add-protocol=vrrp`]),
    ]),
    ...networkNotes(facts),
    ...networkDropIns(facts)
      .filter(({ path }) => facts.addresses && !around.there.has(path))
      .map(
        ({ path, text }) =>
          `systemd-networkd takes the virtual addresses off when it starts again: holdfast install, which writes ${path} (${keyOf(text)})`,
      ),
    ...(facts.addresses ? around.networkManager : []).map(
      name =>
        `NetworkManager manages ${name}, and takes foreign addresses off when it brings that up again; holdfast puts them back at once, and counts it`,
    ),
    ...around.withoutIpv6.map(name => `IPv6 is switched off on ${name}: sysctl -w net.ipv6.conf.${name}.disable_ipv6=0`),
    ...(around.rtRuntime === 0 ? ['the kernel gives nobody real time: sysctl -w kernel.sched_rt_runtime_us=950000'] : []),
    ...(around.keepalived
      ? ['keepalived runs here: where it has the same VRID on the same interface, both would answer: systemctl disable --now keepalived']
      : []),
    ...(facts.selinux === 'enforcing'
      ? ['SELinux enforces, and has no policy for holdfast: what it denies is told by ausearch -m avc -c holdfast']
      : []),
  ];
}

/** The setting of a drop-in, without its section and comments. */
function keyOf(text: string): string {
  return /^\w+=\S*$/m.exec(text)?.[0] ?? '';
}
