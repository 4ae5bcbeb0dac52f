// The VRRP sockets of one interface in one family: one that receives, one that samples what is not ours, and those that send.
// Must not know what the messages mean, nor whether they are any good.
import { VRRP_GROUP } from '../../vrrp/packet.ts';
import { micros } from '../../vrrp/units.ts';
import type { AdvertLinks } from '../ports.ts';
import { openListener, openSampler } from './advert-receiver.ts';
import { openMulticastIpv4 } from './advert-sender-ipv4.ts';
import { openMulticastIpv6 } from './advert-sender-ipv6.ts';
import { createUnicastSender } from './advert-sender-unicast.ts';
import { createReachability } from './reachability.ts';
import { sysnet } from './sysnet.ts';

export const advertLinks: AdvertLinks = {
  open(link, family, events) {
    const listener = openListener(link, family, events.ready);
    if ('kind' in listener) return listener;
    let closed = false;
    const told = createReachability(
      link.name,
      {
        failed(error, destination) {
          if (!closed) events.failed(error, destination);
        },
        reached(destination) {
          if (!closed) events.reached(destination);
        },
      },
      () => micros(sysnet.now()),
    );
    const multicast = family === 'ipv4' ? openMulticastIpv4(link, told) : openMulticastIpv6(link, told);
    if ('kind' in multicast) {
      listener.close();
      return multicast;
    }
    const unicast = createUnicastSender(link, multicast.choose, told);
    const opened = openSampler(link, family);
    // A router runs without knowing its neighbourhood.
    const sampler = 'kind' in opened ? null : opened;
    return {
      receive: listener.next,
      overhear: () => sampler?.next() ?? null,
      send(message, source, destination) {
        if (destination === VRRP_GROUP[family]) multicast.send(message, source);
        else unicast.send(message, source, destination);
      },
      listenFor(vrids) {
        listener.listenFor(vrids);
        sampler?.listenFor(vrids);
      },
      close() {
        closed = true;
        listener.close();
        sampler?.close();
        unicast.close();
        multicast.close();
      },
    };
  },
};
