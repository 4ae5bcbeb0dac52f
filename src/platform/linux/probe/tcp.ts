// One look at a TCP port: does somebody accept a connection?
// Must not know what is spoken there: nothing is sent.
//
// To an address, by the system calls themselves: a stream of Node's around a connection that says nothing is half of what a look costs.
import { lateSeen, networkSeen } from '../../../check/network.ts';
import type { Seen, TcpProbe } from '../../../check/probe.ts';
import { tookWords } from '../../../check/words.ts';
import { type Address, familyOf, isLinkLocal, parseAddress } from '../../../vrrp/address.ts';
import { type Micros, micros } from '../../../vrrp/units.ts';
import { AF_INET, AF_INET6, SOCK_STREAM, sockaddrInet } from '../socket-options.ts';
import { errnoName, sysnet } from '../sysnet.ts';
import { connectTo } from './connect.ts';
import { type Names, systemNames } from './names.ts';
import { type Look, lookWithin } from './within.ts';

/** Connects, and closes the connection in order. */
export function lookAtTcp({ host, port }: TcpProbe, timeout: Micros, names: Names = systemNames): Promise<Seen> {
  const begin = performance.now();
  const connected = (): Seen => ({ trouble: null, seen: `connected in ${tookWords(micros((performance.now() - begin) * 1000))}` });
  const address = parseAddress(host);
  // Without its interface a link-local address means nothing to the kernel; Node knows how that is written.
  if (address !== null && !isLinkLocal(address)) {
    return lookWithin(
      timeout,
      () => lateSeen(timeout, null),
      look => knock(look, address, port, connected),
    );
  }
  let name: string | null = null;
  return lookWithin(
    timeout,
    () => lateSeen(timeout, name),
    async look => {
      const socket = await connectTo(look, host, port, names, searched => {
        name = searched;
      });
      look.end('trouble' in socket ? socket : connected());
    },
  );
}

function knock(look: Look, address: Address, port: number, connected: () => Seen): void {
  const fd = sysnet.socket(familyOf(address) === 'ipv4' ? AF_INET : AF_INET6, SOCK_STREAM, 0);
  if (fd < 0) {
    look.end(networkSeen(errnoName(fd)));
    return;
  }
  const there = sockaddrInet(address, 0, port);
  look.closing(() => sysnet.close(fd));
  const first = sysnet.connect(fd, there);
  if (first < 0 && errnoName(first) !== 'EINPROGRESS') {
    look.end(networkSeen(errnoName(first)));
    return;
  }
  look.closing(() => sysnet.unwatch(fd));
  const watched = sysnet.watchWritable(fd, () =>
    look.during(() => {
      // The second call tells what came of the first: connect(2).
      const came = sysnet.connect(fd, there);
      if (came < 0 && errnoName(came) !== 'EISCONN') look.end(networkSeen(errnoName(came)));
      // The kernel never takes a port below 1024 for our own end.
      else look.end(port >= 1024 && sysnet.meetsItself(fd) === 1 ? networkSeen('ECONNREFUSED') : connected());
    }),
  );
  if (watched < 0) look.end(networkSeen(errnoName(watched)));
}
