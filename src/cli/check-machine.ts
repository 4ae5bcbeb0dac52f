// Looks at the machine that a configuration is to run on, for `check --system`.
// Must not know what of it is in the way (src/install/advice.ts), and changes nothing.
import type { Plan } from '../config/plan.ts';
import { adviceOf, type Surroundings } from '../install/advice.ts';
import { EXECUTABLE_PATH } from '../install/paths.ts';
import { networkDropIns } from '../install/plan.ts';
import type { Host } from '../platform/install-ports.ts';
import { openHost } from '../platform/linux/host.ts';
import { usedBy } from './install-configuration.ts';
import { gather, NO_UNITS, unitsOf } from './install-facts.ts';

/** What an operator is to know about this machine before that plan runs on it, each with its cure.
 *  @param host the machine; of a test, another one */
export async function lookAround(plan: Plan, host: Host = openHost(null)): Promise<readonly string[]> {
  const used = { configured: 'real', warnings: '', ...usedBy(plan) } as const;
  const units = await unitsOf(host, EXECUTABLE_PATH, async () => null).catch(() => NO_UNITS);
  const facts = await gather(host, null, used, units);
  const six = plan.routers.filter(({ family }) => family === 'ipv6').map(router => router.interface);
  const off = await Promise.all(
    [...new Set(six)].map(async name => ((await flag(host, `/proc/sys/net/ipv6/conf/${name}/disable_ipv6`)) === 1 ? [name] : [])),
  );
  const paths = networkDropIns(facts).map(({ path }) => path);
  const there = await Promise.all(paths.map(async path => ((await host.look(path)).kind === 'absent' ? [] : [path])));
  const around: Surroundings = {
    keepalived: units.active.has('keepalived.service'),
    withoutIpv6: off.flat(),
    rtRuntime: await flag(host, '/proc/sys/kernel/sched_rt_runtime_us'),
    networkManager: await managed(host, used.interfaces),
    there: new Set(there.flat()),
  };
  return adviceOf(facts, around);
}

/** In ms. */
const PATIENCE = 10_000;

/** nmcli(1): `eth0:connected`. */
async function managed(host: Host, interfaces: readonly string[]): Promise<readonly string[]> {
  const { status, out } = await host.run(['nmcli', '-t', '-f', 'DEVICE,STATE', 'device'], PATIENCE);
  if (status !== 0) return [];
  const states = new Map(out.split('\n').map(line => [line.slice(0, line.lastIndexOf(':')), line.slice(line.lastIndexOf(':') + 1)]));
  return interfaces.filter(name => !['unmanaged', undefined].includes(states.get(name)));
}

async function flag(host: Host, path: string): Promise<number | null> {
  const text = (await host.read(path))?.trim() ?? '';
  return /^-?\d+$/.test(text) ? Number(text) : null;
}
