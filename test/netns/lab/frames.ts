// VRRP frames by hand, good ones and bad ones, built from RFC 9568 and not with the product's own code.
// Must not know sockets: see inject.ts.

export interface AdvertSettings {
  readonly source: string;
  readonly vrid: number;
  readonly priority: number;
  readonly intervalMs: number;
  readonly addresses: readonly string[];
}

const GROUP_MAC = [0x01, 0x00, 0x5e, 0x00, 0x00, 0x12];
const GROUP = [224, 0, 0, 18];
const STRANGER = [0x02, 0x00, 0x00, 0x00, 0x00, 0x99];
const ETHERNET = 14;
const IP = 20;

const octets = (address: string) => address.split('.').map(Number);

/** A valid version 3 advertisement with the RFC 9568 checksum, in an Ethernet frame from a stranger's MAC address. */
export function advertFrame(advert: AdvertSettings): Uint8Array {
  const centis = advert.intervalMs / 10;
  const message = [0x31, advert.vrid, advert.priority, advert.addresses.length, centis >> 8, centis & 0xff, 0, 0];
  const vrrp = Uint8Array.from([...message, ...advert.addresses.flatMap(octets)]);
  put16(vrrp, 6, checksum(vrrp));
  const length = IP + vrrp.length;
  const ip = Uint8Array.from([0x45, 0xc0, length >> 8, length & 0xff, 0, 0, 0, 0, 255, 112, 0, 0, ...octets(advert.source), ...GROUP]);
  put16(ip, 10, checksum(ip));
  return Uint8Array.from([...GROUP_MAC, ...STRANGER, 0x08, 0x00, ...ip, ...vrrp]);
}

/** RFC 1071. */
function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i++) sum += i % 2 === 0 ? (bytes[i] ?? 0) << 8 : (bytes[i] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

function put16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8;
  bytes[at + 1] = value & 0xff;
}

/** Whether a receiver of this VRID may take the frame for an advertisement: only then may it act on it. RFC 9568 §7.1.
 *  Both checksum forms count, with and without the pseudo-header. */
function acceptable(frame: Uint8Array, vrid: number): boolean {
  const at = (i: number) => frame[i] ?? 0;
  if (at(12) !== 0x08 || at(13) !== 0x00 || at(14) >> 4 !== 4 || at(ETHERNET + 9) !== 112) return false;
  const header = (at(14) & 0x0f) * 4;
  const total = (at(16) << 8) | at(17);
  if (header < 20 || total > frame.length - ETHERNET || total < header + 8) return false;
  if (checksum(frame.subarray(ETHERNET, ETHERNET + header)) !== 0 || at(ETHERNET + 8) !== 255) return false;
  if ((((at(20) << 8) | at(21)) & 0x3fff) !== 0) return false;
  const vrrp = frame.subarray(ETHERNET + header, ETHERNET + total);
  if (vrrp[0] !== 0x31 || vrrp[1] !== vrid) return false;
  const addresses = frame.subarray(ETHERNET + 12, ETHERNET + 20);
  const pseudo = Uint8Array.from([...addresses, 0, 112, vrrp.length >> 8, vrrp.length & 0xff, ...vrrp]);
  return checksum(vrrp) === 0 || checksum(pseudo) === 0;
}

/** Frames that look like advertisements of this router and are none: mutated, cut, lengthened, and plain noise.
 *  None of them is acceptable; the same seed gives the same frames.
 *  @param seed any whole number */
export function badFrames(count: number, seed: number, like: AdvertSettings): readonly Uint8Array[] {
  const random = mulberry32(seed);
  const below = (n: number) => Math.floor(random() * n);
  const good = advertFrame(like);
  const frames: Uint8Array[] = [];
  while (frames.length < count) {
    const frame = mutated(good, below);
    if (frame.length >= ETHERNET && frame.length <= 1514 && !acceptable(frame, like.vrid)) frames.push(frame);
  }
  return frames;
}

function mutated(good: Uint8Array, below: (n: number) => number): Uint8Array {
  const frame = Uint8Array.from(good);
  const flip = (from: number) => {
    const at = from + below(frame.length - from);
    frame[at] = (frame[at] ?? 0) ^ (1 << below(8));
  };
  const noise = (length: number) => Uint8Array.from({ length }, () => below(256));
  // Checksums made good again send the mutation deeper into the receiver.
  const repair = (bytes: Uint8Array) => {
    put16(bytes, ETHERNET + 10, 0);
    put16(bytes, ETHERNET + 10, checksum(bytes.subarray(ETHERNET, ETHERNET + IP)));
    return bytes;
  };
  const repairBoth = (bytes: Uint8Array) => {
    const vrrp = bytes.subarray(ETHERNET + IP);
    put16(vrrp, 6, 0);
    put16(vrrp, 6, checksum(vrrp));
    return repair(bytes);
  };
  switch (below(8)) {
    case 0: // one bit anywhere behind the MAC addresses
      flip(12);
      return frame;
    case 1: // some bits of the message
      for (let n = 1 + below(4); n > 0; n--) flip(ETHERNET + IP);
      return frame;
    case 2: // a wrong TTL
      frame[ETHERNET + 8] = below(255);
      return repair(frame);
    case 3: {
      // cut short, with a length that says so
      const cut = frame.slice(0, ETHERNET + IP + below(frame.length - ETHERNET - IP));
      put16(cut, ETHERNET + 2, cut.length - ETHERNET);
      return repair(cut);
    }
    case 4: {
      // noise as a message
      const long = Uint8Array.from([...frame.subarray(0, ETHERNET + IP), ...noise(below(1400))]);
      put16(long, ETHERNET + 2, long.length - ETHERNET);
      return repair(long);
    }
    case 5: // another version or type, or another router, with good checksums
      frame[ETHERNET + IP + below(2)] = below(256);
      return repairBoth(frame);
    case 6: // a fragment
      put16(frame, ETHERNET + 6, 0x2000 | below(0x2000));
      return repair(frame);
    default: // noise from the Ethernet type on
      return Uint8Array.from([...frame.subarray(0, 12), ...noise(2 + below(200))]);
  }
}

function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
