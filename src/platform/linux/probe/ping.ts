// One look at a host by ICMP echo: does it answer, or does somebody on the way say why not?
// Must not know sockets (echo-socket.ts) or bytes (echo.ts).
import { networkSeen } from '../../../check/network.ts';
import type { PingProbe, Seen } from '../../../check/probe.ts';
import { limitWords, tookWords } from '../../../check/words.ts';
import { type Address, familyOf, isLinkLocal, parseAddress } from '../../../vrrp/address.ts';
import { type Micros, micros } from '../../../vrrp/units.ts';
import { errnoName, sysnet } from '../sysnet.ts';
import { exchange } from './echo-socket.ts';
import { type Look, lookWithin } from './within.ts';

/** Asks once. */
export function lookAtPing({ target, interface: device }: PingProbe, timeout: Micros): Promise<Seen> {
  return lookWithin(
    timeout,
    () => ({ trouble: 'timeout', seen: `no answer within ${limitWords(timeout)}` }),
    look => {
      const address = parseAddress(target);
      if (address === null) look.end({ trouble: 'no-such-name', seen: `${target} is no address` });
      else if (isLinkLocal(address) && familyOf(address) === 'ipv6' && device === null) {
        look.end({ trouble: 'unreachable', seen: `${target} is link-local, so an interface must be given` });
      } else ask(look, address, device);
    },
  );
}

function ask(look: Look, target: Address, device: string | null): void {
  const asked = sysnet.now();
  const sent = exchange(target, device, {
    heard: (echoed, source) =>
      look.end(
        echoed.kind === 'reply'
          ? { trouble: null, seen: `answer in ${tookWords(micros(sysnet.now() - asked))}` }
          : { trouble: 'unreachable', seen: `${source} ${echoed.why}` },
      ),
    failed: error => look.end(networkSeen(errnoName(error))),
  });
  if ('forget' in sent) {
    look.closing(sent.forget);
    return;
  }
  const code = errnoName(sent.error);
  if (sent.at === 'device' && code === 'ENODEV') look.end({ trouble: 'missing', seen: `no interface ${device}` });
  else look.end(sent.at === 'send' ? networkSeen(code) : openSeen(code));
}

function openSeen(code: string): Seen {
  if (code !== 'EPERM' && code !== 'EACCES') return networkSeen(code);
  return { trouble: 'denied', seen: 'this process may not send pings: it needs CAP_NET_RAW' };
}
