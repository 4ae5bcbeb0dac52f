// One look at a TCP port: does somebody accept a connection?
// Must not know what is spoken there: nothing is sent.
import { lateSeen } from '../../../check/network.ts';
import type { Seen, TcpProbe } from '../../../check/probe.ts';
import { tookWords } from '../../../check/words.ts';
import { type Micros, micros } from '../../../vrrp/units.ts';
import { connectTo } from './connect.ts';
import { type Names, systemNames } from './names.ts';
import { lookWithin } from './within.ts';

/** Connects, and closes the connection in order. */
export function lookAtTcp({ host, port }: TcpProbe, timeout: Micros, names: Names = systemNames): Promise<Seen> {
  const begin = performance.now();
  let name: string | null = null;
  return lookWithin(
    timeout,
    () => lateSeen(timeout, name),
    async look => {
      const socket = await connectTo(look, host, port, names, searched => {
        name = searched;
      });
      if ('trouble' in socket) look.end(socket);
      else look.end({ trouble: null, seen: `connected in ${tookWords(micros((performance.now() - begin) * 1000))}` });
    },
  );
}
