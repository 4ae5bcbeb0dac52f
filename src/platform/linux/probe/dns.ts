// One look at a name server: a question, and the reply to it.
// Must not know what a reply is worth: check/dns.ts.
//
// A reply that is cut off (TC) is not asked for again over TCP: the transport is the administrator's choice, and with EDNS a reply
// is cut off beyond 1232 bytes only. When what is expected is in it, it is good; otherwise the words say what to do.
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { isIP, isIPv6 } from 'node:net';
import { type Answer, type DecodedPacket, decode, encode, RECURSION_DESIRED, streamEncode, TRUNCATED_RESPONSE } from 'dns-packet';
import { type DnsRecord, isDomainName, judgeReply } from '../../../check/dns.ts';
import { lateSeen, networkSeen } from '../../../check/network.ts';
import type { DnsProbe, Seen } from '../../../check/probe.ts';
import { type Micros, micros } from '../../../vrrp/units.ts';
import { codeOf, connectTo } from './connect.ts';
import { type Look, lookWithin } from './within.ts';

/** The largest reply by UDP that no network on the way breaks into pieces; in bytes. RFC 9715 §3.1 */
const UDP_PAYLOAD = 1232;

/** Asks once. */
export function lookAtDns(probe: DnsProbe, timeout: Micros): Promise<Seen> {
  return lookWithin(
    timeout,
    () => lateSeen(timeout, null),
    async look => {
      if (!isDomainName(probe.name)) look.end({ trouble: 'no-such-name', seen: `that cannot be a name: ${probe.name}` });
      else if (isIP(probe.server) === 0) look.end({ trouble: 'no-such-name', seen: `${probe.server} is no address of a name server` });
      else if (probe.transport === 'udp') askByUdp(look, probe, question(probe));
      else await askByTcp(look, probe, question(probe));
    },
  );
}

/** What was asked, and when. */
interface Question {
  readonly packet: Parameters<typeof encode>[0];
  readonly id: number;
  /** µs */
  readonly at: number;
}

function question({ name, record }: DnsProbe): Question {
  const id = randomInt(0x10000);
  return {
    id,
    at: performance.now() * 1000,
    packet: {
      type: 'query',
      id,
      flags: RECURSION_DESIRED,
      questions: [{ type: record, name }],
      additionals: [
        { type: 'OPT', name: '.', udpPayloadSize: UDP_PAYLOAD, extendedRcode: 0, ednsVersion: 0, flags: 0, flag_do: false, options: [] },
      ],
    },
  };
}

/** The socket is connected, so the kernel lets nobody else in, and tells when nobody listens there. */
function askByUdp(look: Look, probe: DnsProbe, asked: Question): void {
  const socket = createSocket(isIPv6(probe.server) ? 'udp6' : 'udp4');
  look.closing(() => socket.close());
  socket.on('error', error => look.end(networkSeen(codeOf(error))));
  socket.on('message', message => {
    // A late reply to a former look, or somebody who guesses: ours may still come.
    if (isFor(message, asked.id)) look.during(() => look.end(judge(probe, asked, message)));
  });
  socket.connect(probe.port, probe.server, () => {
    if (!look.ended) socket.send(encode(asked.packet));
  });
}

async function askByTcp(look: Look, probe: DnsProbe, asked: Question): Promise<void> {
  const socket = await connectTo(look, probe.server, probe.port);
  if ('trouble' in socket) {
    look.end(socket);
    return;
  }
  let bytes: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
    if (bytes.length < 2) return;
    const length = bytes.readUInt16BE(0);
    if (bytes.length < 2 + length) return;
    const message = bytes.subarray(2, 2 + length);
    look.during(() => look.end(isFor(message, asked.id) ? judge(probe, asked, message) : protocolSeen('it answers another question')));
  });
  socket.on('error', error => look.end(networkSeen(codeOf(error))));
  socket.on('end', () => look.end(protocolSeen('the server closed the connection without a reply')));
  socket.write(streamEncode(asked.packet));
}

/** A reply, and with our id. */
function isFor(message: Buffer, id: number): boolean {
  return message.length >= 12 && message.readUInt16BE(0) === id && ((message[2] ?? 0) & 0x80) !== 0;
}

function judge(probe: DnsProbe, asked: Question, message: Buffer): Seen {
  const took = micros(performance.now() * 1000 - asked.at);
  // Where a server stops is its own affair, so the library may not like a message that is cut off.
  const truncated = (message.readUInt16BE(2) & TRUNCATED_RESPONSE) !== 0;
  const packet = read(message);
  if (packet === null) {
    return truncated ? judgeReply(probe, { rcode: 0, truncated, records: [], took }) : protocolSeen('its reply cannot be read');
  }
  const { questions = [], answers = [], flags = 0 } = packet;
  const [about] = questions;
  if (about !== undefined && (about.type !== probe.record || plain(about.name) !== plain(probe.name))) {
    return protocolSeen('it answers another question');
  }
  return judgeReply(probe, { rcode: flags & 0xf, truncated, records: answers.map(recordOf), took });
}

/** @returns null for what is no message, or not all of one */
function read(message: Buffer): DecodedPacket | null {
  try {
    const packet = decode(message);
    // It does not mind an address behind the end.
    return decode.bytes > message.length ? null : packet;
  } catch {
    return null;
  }
}

function recordOf(answer: Answer): DnsRecord {
  return { type: answer.type, text: textOf(answer) };
}

function textOf(answer: Answer): string {
  switch (answer.type) {
    case 'A':
    case 'AAAA':
    case 'CNAME':
    case 'DNAME':
    case 'NS':
    case 'PTR':
      return answer.data;
    case 'MX':
      return `${answer.data.preference} ${answer.data.exchange}`;
    case 'SRV':
      return `${answer.data.priority} ${answer.data.weight} ${answer.data.port} ${answer.data.target}`;
    case 'SOA': {
      const { mname, rname, serial, refresh, retry, expire, minimum } = answer.data;
      return `${mname} ${rname} ${serial} ${refresh} ${retry} ${expire} ${minimum}`;
    }
    case 'TXT':
      return [answer.data].flat().map(String).join('');
    default:
      return '';
  }
}

function plain(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}

function protocolSeen(seen: string): Seen {
  return { trouble: 'protocol', seen };
}
