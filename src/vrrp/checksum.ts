// The Internet checksum (RFC 1071) and the pseudo-header that some protocols sum along with their message.
// Must not know what it protects: it sees bytes and addresses.
import { type Address, addressBytes } from './address.ts';

/** The plain sum of 16-bit big-endian words; an odd last byte counts as if a zero followed. RFC 1071 §1.
 *  @returns an integer to add other sums to and to `fold` at the end */
export function sumWords(bytes: Uint8Array): number {
  let sum = 0;
  let shift = 8;
  for (const byte of bytes) {
    sum += byte << shift;
    shift ^= 8;
  }
  return sum;
}

/** The sum of the pseudo-header: RFC 8200 §8.1 for IPv6, RFC 5798 §5.2.8 for the same idea over IPv4. Zero fields add
 *  nothing and the words may come in any order, so one formula serves both layouts.
 *  @param protocol of the message, 0..255
 *  @param length of the message, bytes */
export function sumPseudoHeader(source: Address, destination: Address, protocol: number, length: number): number {
  return sumWords(addressBytes(source)) + sumWords(addressBytes(destination)) + protocol + length;
}

/** Brings a sum down to 16 bits by adding the carries back in.
 *  @returns 0..0xffff; 0xffff for a message that contains its own, right checksum */
export function fold(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded % 0x10000) + Math.floor(folded / 0x10000);
  return folded;
}

/** The value for the checksum field of a message that was summed with zero in its place.
 *  @returns 0..0xffff */
export function complement(sum: number): number {
  return fold(sum) ^ 0xffff;
}
