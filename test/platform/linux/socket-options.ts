// Structures and the packet filter as bytes: the filter is run here by an interpreter of its own, and shown to the kernel.
// Must not send anything: whether the kernel does with it what we mean is for advert-link.ts to find out.
import t from 'tap';
import { deviceName, ipMreqn, sockaddrLl, vrrpFilter } from '../../../src/platform/linux/socket-options.ts';
import { sysnet } from '../../../src/platform/linux/sysnet.ts';
import { VRRP_GROUP } from '../../../src/vrrp/packet.ts';
import fc from '../../fixtures/property.ts';
import { ip } from '../../fixtures/virtual-router.ts';

const GROUP = VRRP_GROUP.ipv4;

/** Runs classic BPF as Documentation/networking/filter.rst describes it, of which only what the filter uses is known here.
 *  @returns bytes passed, 0 for a packet that is dropped */
function run(program: Uint8Array, packet: Uint8Array): number {
  const code = new DataView(program.buffer, program.byteOffset, program.length);
  const data = new DataView(packet.buffer, packet.byteOffset, packet.length);
  let a = 0;
  let x = 0;
  for (let pc = 0; 8 * pc < program.length; pc++) {
    const k = code.getUint32(8 * pc + 4, true);
    const [jt, jf] = [code.getUint8(8 * pc + 2), code.getUint8(8 * pc + 3)];
    switch (code.getUint16(8 * pc, true)) {
      case 0x20: // A = word at k
        if (k + 4 > packet.length) return 0;
        a = data.getUint32(k);
        break;
      case 0x50: // A = byte at X + k
        if (x + k >= packet.length) return 0;
        a = data.getUint8(x + k);
        break;
      case 0xb1: // X = 4 * (byte at k & 0xf)
        if (k >= packet.length) return 0;
        x = 4 * (data.getUint8(k) & 0xf);
        break;
      case 0x15: // A == k ?
        pc += a === k ? jt : jf;
        break;
      case 0x06:
        return k;
      default:
        throw new Error(`instruction ${pc} is not one that this interpreter knows`);
    }
  }
  throw new Error('ran off the end');
}

/** An IPv4 packet as a raw socket's filter sees it. @param words of IP options */
function packet(destination: string, vrid: number, words = 0): Uint8Array {
  const header = Buffer.alloc(20 + 4 * words);
  header[0] = 0x40 | (5 + words);
  header[9] = 112;
  header.set(destination.split('.').map(Number), 16);
  return Buffer.concat([header, Uint8Array.of(0x31, vrid, 100, 1, 0, 100, 0, 0)]);
}

const all = Array.from({ length: 255 }, (_, i) => i + 1);
const passing = (vrids: readonly number[], destination: string): readonly number[] =>
  [0, ...all].filter(vrid => run(vrrpFilter(GROUP, vrids), packet(destination, vrid)) > 0);

t.test('only the VRIDs that are listened for, and only to the group', async t => {
  for (const vrids of [[], [51], [1, 255], all.slice(0, 128), all.slice(0, 253), all.slice(0, 254), all]) {
    t.same(passing(vrids, GROUP), vrids, `${vrids.length} of them`);
    for (const other of ['224.0.0.19', '224.0.0.1', '192.0.2.10', '0.0.0.0', '255.255.255.255']) {
      t.same(passing(vrids, other), [], `${vrids.length} of them, to ${other}`);
    }
  }
});

t.test('any set of VRIDs, with any IP options', async () => {
  const vrid = fc.integer({ min: 0, max: 255 });
  const some = fc.uniqueArray(fc.integer({ min: 1, max: 255 }), { maxLength: 255 });
  fc.assert(
    fc.property(some, vrid, fc.integer({ min: 0, max: 10 }), fc.boolean(), (vrids, one, words, ours) => {
      const passed = run(vrrpFilter(GROUP, vrids), packet(ours ? GROUP : '192.0.2.1', one, words)) > 0;
      return passed === (ours && vrids.includes(one));
    }),
  );
});

t.test('what passes passes whole, and what is too short to have a VRID does not', async t => {
  t.ok(run(vrrpFilter(GROUP, [51]), packet(GROUP, 51)) >= 0xffff);
  t.equal(run(vrrpFilter(GROUP, [49]), packet(GROUP, 49).subarray(0, 21)), 0);
  t.equal(run(vrrpFilter(GROUP, [49]), packet(GROUP, 49).subarray(0, 12)), 0);
  t.equal(run(vrrpFilter(GROUP, [51]), new Uint8Array(0)), 0);
});

t.test('the kernel takes the program, however many VRIDs there are', async t => {
  const fd = sysnet.socket(2, 2, 0);
  for (const vrids of [[], [51], all.slice(0, 254), all]) t.equal(sysnet.attachFilter(fd, vrrpFilter(GROUP, vrids)), 0, `${vrids.length}`);
  sysnet.close(fd);
});

t.test('structures', async t => {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  t.equal(hex(ipMreqn(GROUP, null, 3)), 'e00000120000000003000000');
  t.equal(hex(ipMreqn(null, ip('192.0.2.10'), 0x01020304)), '00000000c000020a04030201');
  t.equal(hex(sockaddrLl(3)), `1100000003000000${'00'.repeat(12)}`, 'struct sockaddr_ll is 20 bytes long');
  t.equal(hex(deviceName('hf0')), '68663000');
});
