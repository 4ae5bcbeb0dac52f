// The packet filter as bytes: it is run here by an interpreter of its own, and shown to the kernel.
// Must not send anything: whether the kernel does with it what we mean is for advert-receiver.ts to find out.
import t from 'tap';
import { sysnet } from '../../../src/platform/linux/sysnet.ts';
import { passNothing, vrrpFilter } from '../../../src/platform/linux/vrrp-filter.ts';
import { addressBytes, type Family } from '../../../src/vrrp/address.ts';
import fc from '../../fixtures/property.ts';
import { ip } from '../../fixtures/virtual-router.ts';

/** linux/if_packet.h */
const [HOST, BROADCAST, MULTICAST] = [0, 1, 2];

/** A packet as a raw socket's filter sees it. */
interface Packet {
  /** From where the socket's own view begins: the IP header over IPv4, the message over IPv6. */
  readonly data: Uint8Array;
  /** From the IP header on. */
  readonly network: Uint8Array;
  /** How the frame was addressed. */
  readonly type: number;
}

/** Runs classic BPF as Documentation/networking/filter.rst describes it, of which only what the filter uses is known here.
 *  @returns bytes passed, 0 for a packet that is dropped */
function run(program: Uint8Array, packet: Packet): number {
  const code = new DataView(program.buffer, program.byteOffset, program.length);
  const word = (bytes: Uint8Array, at: number): number | null =>
    at < 0 || at + 4 > bytes.length ? null : new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(at);
  let a = 0;
  let x = 0;
  for (let pc = 0; 8 * pc < program.length; pc++) {
    const k = code.getUint32(8 * pc + 4, true);
    const signed = code.getInt32(8 * pc + 4, true);
    const [jt, jf] = [code.getUint8(8 * pc + 2), code.getUint8(8 * pc + 3)];
    let loaded: number | null = a;
    switch (code.getUint16(8 * pc, true)) {
      case 0x20: // A = word at k, where some k below 0 stand for something else
        if (signed >= 0) loaded = word(packet.data, k);
        else if (signed === -0x1000 + 4) loaded = packet.type;
        else loaded = word(packet.network, signed + 0x100000);
        break;
      case 0x30: // A = byte at k
        loaded = packet.data[k] ?? null;
        break;
      case 0x50: // A = byte at X + k
        loaded = packet.data[x + k] ?? null;
        break;
      case 0xb1: // X = 4 * (byte at k & 0xf)
        if (k >= packet.data.length) loaded = null;
        x = 4 * ((packet.data[k] ?? 0) & 0xf);
        break;
      case 0x15: // A == k ?
        pc += a === k ? jt : jf;
        break;
      case 0x35: // A >= k ?
        pc += a >= k ? jt : jf;
        break;
      case 0x06:
        return k;
      default:
        throw new Error(`instruction ${pc} is not one that this interpreter knows`);
    }
    if (loaded === null) return 0;
    a = loaded;
  }
  throw new Error('ran off the end');
}

/** @param words of IPv4 options, or of extension headers */
function packetTo(destination: string, vrid: number, type = HOST, words = 0): Packet {
  const address = addressBytes(ip(destination));
  const ipv4 = address.length === 4;
  const header = Buffer.alloc((ipv4 ? 20 : 40) + 4 * words);
  if (ipv4) header[0] = 0x40 | (5 + words);
  header.set(address, ipv4 ? 16 : 24);
  const message = Uint8Array.of(0x31, vrid, 100, 1, 0, 100, 0, 0);
  const network = Buffer.concat([header, message]);
  return { data: ipv4 ? network : message, network, type };
}

const GROUP: Readonly<Record<Family, string>> = { ipv4: '224.0.0.18', ipv6: 'ff02::12' };
const OURS: Readonly<Record<Family, readonly string[]>> = {
  ipv4: ['192.0.2.10', '1.2.3.4', '223.255.255.255', '10.0.0.18'],
  ipv6: ['2001:db8::10', 'fe80::10', 'fe80::12', '::12', 'feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
};
const OTHER_GROUPS: Readonly<Record<Family, readonly string[]>> = {
  ipv4: ['224.0.0.1', '224.0.0.19', '239.255.255.255', '255.255.255.255', '224.0.0.0'],
  ipv6: ['ff02::1', 'ff02::13', 'ff01::12', 'ff02:1::12', 'ff02::1:0:0:12', 'ff02::1:0:12', 'ff02::1:ff00:12', 'ff00::12'],
};
const FAMILIES: readonly Family[] = ['ipv4', 'ipv6'];
const all = Array.from({ length: 255 }, (_, i) => i + 1);
const SETS = [[], [51], [1, 255], all.slice(0, 128), all.slice(0, 253), all.slice(0, 254), all];

function passing(family: Family, which: 'these' | 'others', vrids: readonly number[], destination: string, type = HOST): readonly number[] {
  const program = vrrpFilter(family, which, vrids);
  return [0, ...all].filter(vrid => run(program, packetTo(destination, vrid, type)) > 0);
}

for (const family of FAMILIES) {
  t.test(`${family}: only the VRIDs that are listened for, or only the others; to the group or to us`, async t => {
    for (const vrids of SETS) {
      const others = [0, ...all].filter(vrid => !vrids.includes(vrid));
      for (const destination of [GROUP[family], ...OURS[family]]) {
        t.same(passing(family, 'these', vrids, destination), vrids, `${vrids.length} of them, to ${destination}`);
        t.same(passing(family, 'others', vrids, destination), others, `all but ${vrids.length} of them, to ${destination}`);
      }
      for (const destination of OTHER_GROUPS[family]) {
        t.same(passing(family, 'these', vrids, destination), [], `${vrids.length} of them, to ${destination}`);
        t.same(passing(family, 'others', vrids, destination), [], `all but ${vrids.length} of them, to ${destination}`);
      }
    }
  });

  t.test(`${family}: any set of VRIDs, with any options or extension headers`, async () => {
    const vrid = fc.integer({ min: 0, max: 255 });
    const some = fc.uniqueArray(fc.integer({ min: 1, max: 255 }), { maxLength: 255 });
    const where = fc.constantFrom(GROUP[family], ...OURS[family], ...OTHER_GROUPS[family]);
    fc.assert(
      fc.property(some, vrid, fc.integer({ min: 0, max: 10 }), where, (vrids, one, words, destination) => {
        const packet = packetTo(destination, one, HOST, words);
        const passed = (which: 'these' | 'others'): boolean => run(vrrpFilter(family, which, vrids), packet) > 0;
        const toUs = !OTHER_GROUPS[family].includes(destination);
        return passed('these') === (toUs && vrids.includes(one)) && passed('others') === (toUs && !vrids.includes(one));
      }),
    );
  });

  t.test(`${family}: what passes passes whole, and what is too short to have a VRID does not`, async t => {
    const packet = packetTo(GROUP[family], 49);
    for (const which of ['these', 'others'] as const) {
      const program = vrrpFilter(family, which, which === 'these' ? [49] : []);
      t.ok(run(program, packet) >= 0xffff);
      for (const length of [1, 0]) {
        const cut = packet.network.length - 8 + length;
        const [data, network] = [packet.data.subarray(0, packet.data.length - 8 + length), packet.network.subarray(0, cut)];
        t.equal(run(program, { ...packet, data, network }), 0);
      }
      t.equal(run(program, { data: new Uint8Array(0), network: new Uint8Array(0), type: HOST }), 0);
    }
  });

  t.test(`${family}: the kernel takes the program, however many VRIDs there are`, async t => {
    const fd = sysnet.socket(2, 2, 0);
    for (const vrids of SETS) {
      for (const which of ['these', 'others'] as const)
        t.equal(sysnet.attachFilter(fd, vrrpFilter(family, which, vrids)), 0, `${vrids.length}`);
    }
    sysnet.close(fd);
  });
}

t.test('over IPv4, an address of ours in a frame for everybody is a broadcast address', async t => {
  for (const type of [BROADCAST, MULTICAST]) {
    t.same(passing('ipv4', 'these', [51], '192.0.2.255', type), []);
    t.same(passing('ipv4', 'others', [], '192.0.2.255', type), []);
    t.same(passing('ipv4', 'these', [51], GROUP.ipv4, type), [51], 'the group comes in any frame');
  }
});

t.test('nothing is nothing', async t => {
  for (const family of FAMILIES) t.equal(run(passNothing, packetTo(GROUP[family], 51)), 0);
  const fd = sysnet.socket(2, 2, 0);
  t.equal(sysnet.attachFilter(fd, passNothing), 0);
  sysnet.close(fd);
});
