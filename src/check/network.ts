// What errors of sockets mean for whoever asks over the network: the trouble, and words for people. Pure.
// Must not know which protocol was to be spoken.
import type { Micros } from '../vrrp/units.ts';
import type { Seen, Trouble } from './probe.ts';
import { limitWords } from './words.ts';

const ERRORS: Readonly<Record<string, readonly [Trouble, string]>> = {
  ECONNREFUSED: ['refused', 'connection refused'],
  ETIMEDOUT: ['timeout', 'no answer, the kernel gave up'],
  EHOSTUNREACH: ['unreachable', 'no route to the host'],
  ENETUNREACH: ['unreachable', 'no route to the network'],
  EHOSTDOWN: ['unreachable', 'the host is down'],
  ENETDOWN: ['unreachable', 'the network is down'],
  ECONNRESET: ['unreachable', 'connection reset'],
  ECONNABORTED: ['unreachable', 'connection reset'],
  EPIPE: ['unreachable', 'connection closed'],
  EMSGSIZE: ['unreachable', 'too big for the way there'],
  // A link-local address that does not say on which interface it lies.
  EINVAL: ['unreachable', 'not reachable without an interface'],
  EADDRNOTAVAIL: ['unreachable', 'no address or port of this machine to ask from'],
  EAFNOSUPPORT: ['unreachable', 'this machine does not speak that family of addresses'],
  EACCES: ['denied', 'forbidden by a rule of a firewall or a route'],
  EPERM: ['denied', 'forbidden by a firewall of this machine'],
  EMFILE: ['failed', 'too many open files in this process'],
  ENFILE: ['failed', 'too many open files on this machine'],
  ENOBUFS: ['failed', 'no memory for sockets'],
  ENOMEM: ['failed', 'no memory for sockets'],
};

/** @param code an errno name, or whatever else an error is called */
export function networkSeen(code: string): Seen {
  const [trouble, seen] = ERRORS[code] ?? ['unreachable', `network error ${code}`];
  return { trouble, seen };
}

/** @param code of a name that did not become addresses, as c-ares has it
 *  @param dotted the name has more than one label */
export function lookupSeen(code: string, name: string, dotted: boolean): Seen {
  switch (code) {
    case 'ENOTFOUND':
    case 'ENODATA': {
      // getaddrinfo(3) would complete it; a check must mean the same on every machine.
      const hint = dotted ? '' : '; write it with its domain, `search` of resolv.conf is not used';
      return { trouble: 'no-such-name', seen: `no such name: ${name}${hint}` };
    }
    case 'ETIMEOUT':
      return { trouble: 'timeout', seen: `no answer from a name server about ${name}` };
    case 'ECONNREFUSED':
      return { trouble: 'no-such-name', seen: `no name server listens; ${name} is not in /etc/hosts` };
    case 'EBADNAME':
      return { trouble: 'no-such-name', seen: `that cannot be a name: ${name}` };
    default:
      return { trouble: 'no-such-name', seen: `the name server cannot tell about ${name}: ${code.replace(/^E/, '')}` };
  }
}

/** Nothing came at all.
 *  @param name that was still being looked up, or null */
export function lateSeen(timeout: Micros, name: string | null): Seen {
  const what = name === null ? 'no answer' : `no answer from a name server about ${name}`;
  return { trouble: 'timeout', seen: `${what} within ${limitWords(timeout)}` };
}
