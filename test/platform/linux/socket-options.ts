// Structures as bytes, by value. Must not send anything: whether the kernel does with them what we mean is for
// advert-link.ts and its neighbours to find out.
import t from 'tap';
import { deviceName, ipMreqn, ipv6Mreq, networkOrder, sockaddrInet, sockaddrLl } from '../../../src/platform/linux/socket-options.ts';
import { VRRP_GROUP } from '../../../src/vrrp/packet.ts';
import { ip } from '../../fixtures/virtual-router.ts';

t.test('structures', async t => {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  t.equal(hex(ipMreqn(VRRP_GROUP.ipv4, null, 3)), 'e00000120000000003000000');
  t.equal(hex(ipMreqn(null, ip('192.0.2.10'), 0x01020304)), '00000000c000020a04030201');
  t.equal(hex(sockaddrLl(3)), `1100000003000000${'00'.repeat(12)}`, 'struct sockaddr_ll is 20 bytes long');
  t.equal(hex(deviceName('hf0')), '68663000');
  t.equal(hex(ipv6Mreq(VRRP_GROUP.ipv6, 3)), `ff02${'00'.repeat(13)}1203000000`);
  t.equal(hex(networkOrder(0x01020304)), '01020304');
  t.equal(hex(sockaddrInet(ip('192.0.2.10'), 3)), `02000000c000020a${'00'.repeat(8)}`);
  t.equal(hex(sockaddrInet(ip('fe80::10'), 3)), `0a00000000000000fe80${'00'.repeat(13)}1003000000`);
});
