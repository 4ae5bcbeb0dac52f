// Tests src/core/cures.ts: every reason has its evidence, and the line to write where one helps.
import t from 'tap';
import { evidence } from '../../src/core/cures.ts';
import type { RejectReason } from '../../src/vrrp/admit.ts';
import type { RouterSpec } from '../../src/vrrp/router.ts';
import { ip, routerSpec } from '../fixtures/virtual-router.ts';

const SPEC = routerSpec();
const OLD = routerSpec({ version: 2 });
const SIX = routerSpec({ family: 'ipv6' });
const UNICAST = routerSpec({ peers: [{ address: ip('192.0.2.13'), minTtl: 255, maxTtl: 255 }] });

t.test('every reason', async t => {
  const cases: readonly (readonly [RejectReason, RouterSpec, string, string])[] = [
    ['ttl-not-255', SPEC, 'TTL 64', '; it came through a router, or is forged'],
    ['ttl-not-255', UNICAST, 'TTL 64', '; if it comes through routers, give that peer a min_ttl in [vrrp.web]'],
    ['not-multicast', SPEC, 'EVIDENCE', '; it speaks unicast: peers = ["192.0.2.12"] in [vrrp.web], or no unicast peers there'],
    ['not-unicast', UNICAST, 'EVIDENCE', '; it speaks multicast: unicast peers there, or no peers in [vrrp.web]'],
    [
      'wrong-version',
      SPEC,
      'version 2',
      ', ours is 3; to take part: version = 2 in [vrrp.web], or version 3 there (keepalived: vrrp_version 3)',
    ],
    ['wrong-version', OLD, 'version 3', ', ours is 2; to take part: version = 3 in [vrrp.web], or version 2 there'],
    ['wrong-version', SIX, 'version 2', ', which is for IPv4 only; to take part: version 3 there (keepalived: vrrp_version 3)'],
    ['wrong-version', SPEC, 'version 7', ', which is none'],
    ['no-addresses', SPEC, 'count 0', '; it has no virtual addresses: addresses = [] in [vrrp.web], or some there'],
    ['not-a-peer', UNICAST, 'EVIDENCE', '; to take part: add "192.0.2.12" to peers in [vrrp.web]'],
    ['wrong-password', OLD, 'no password', '; set the same password in [vrrp.web] and there (keepalived: auth_type PASS, auth_pass)'],
    [
      'wrong-interval',
      OLD,
      'interval 3 s, 1 s here',
      '; version 2 takes part only at the same interval: set advert_interval in [vrrp.web], or advert_int there',
    ],
    ['own-packet', SPEC, 'from 192.0.2.12', ', which is ours; a loop in the network, or another machine has our address'],
    ['wrong-length', SPEC, '9 bytes', '; damaged on the way, or no VRRP'],
    ['wrong-checksum', SPEC, '0x1234', '; damaged on the way, or no VRRP'],
    ['wrong-type', SPEC, 'type 2', ''],
    ['zero-vrid', SPEC, 'VRID 0', ''],
    ['zero-interval', SPEC, 'interval 0', ''],
    ['unknown-vrid', SPEC, 'VRID 7', ''],
  ];
  for (const [reason, spec, detail, cure] of cases) t.equal(evidence(reason, detail, '192.0.2.12', spec), `${detail}${cure}`, reason);
});
