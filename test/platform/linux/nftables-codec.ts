// The transaction that denies addresses, taken apart again: what is in it, in which order, and how large its parts are.
// Must not open sockets: whether a kernel agrees is for nftables.ts to find out.
import t from 'tap';
import {
  attribute,
  attributes,
  formatRequests,
  type Message,
  NLM,
  parseMessages,
  type Request,
  text,
} from '../../../src/platform/linux/netlink-codec.ts';
import { formatDeny, keyOfTable, LIST_TABLES, tableName } from '../../../src/platform/linux/nftables-codec.ts';
import { type Address, addressFromBytes, type Family } from '../../../src/vrrp/address.ts';
import fc from '../../fixtures/property.ts';
import { ip } from '../../fixtures/virtual-router.ts';

/** nf_tables is subsystem 10. */
const NAMES: ReadonlyMap<number, string> = new Map([
  [16, 'begin'],
  [17, 'end'],
  [0xa00, 'add table'],
  [0xa02, 'delete table'],
  [0xa03, 'add chain'],
  [0xa06, 'add rule'],
  [0xa09, 'add set'],
  [0xa0c, 'add elements'],
]);

const messages = (requests: readonly Request[]): readonly Message[] => parseMessages(formatRequests(requests, 1));
const names = (all: readonly Message[]) => all.map(({ type }) => NAMES.get(type));
const data = (message: Message | undefined): Uint8Array => message?.data ?? new Uint8Array();
const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('hex');

/** The addresses in an `add elements`, in their order. */
function elements(message: Message, family: Family): readonly Address[] {
  const list = attributes(message.data, 4).get(3) ?? new Uint8Array();
  const size = family === 'ipv4' ? 4 : 16;
  // element { key { value } }: 12 bytes of heads.
  const found: Address[] = [];
  for (let at = 0; at < list.length; at += 12 + size) found.push(addressFromBytes(list, at + 12, family));
  return found;
}

t.test('the tables that are there: the question, and the keys in the answers', async t => {
  t.equal(LIST_TABLES.type, 0xa01);
  t.strictSame(LIST_TABLES.data.map(hex), ['01000000'], 'those of both families');
  const answer = (data: Uint8Array): Message => ({ type: 0xa00, flags: 0, sequence: 1, data });
  const [, add] = messages(formatDeny('hf0/ipv4/51', 'ipv4', []));
  t.equal(keyOfTable(answer(data(add))), 'hf0/ipv4/51');
  const named = (name: string) => answer(Uint8Array.from(Buffer.concat([Buffer.alloc(4), attribute(1, text(name))])));
  t.equal(keyOfTable(named('filter')), null);
  t.equal(keyOfTable(named('holdfast')), null);
  t.equal(keyOfTable(answer(new Uint8Array(4))), null, 'without a name');
  t.equal(keyOfTable(answer(new Uint8Array(0))), null);
});

t.test('a table is made anew, with what is denied in it', async t => {
  const ipv4 = messages(formatDeny('web/ipv4', 'ipv4', [ip('192.0.2.200')]));
  const steps = ['begin', 'add table', 'delete table', 'add table', 'add set', 'add elements', 'add chain', 'add rule', 'end'];
  t.same(names(ipv4), steps);
  const ipv6 = messages(formatDeny('web/ipv6', 'ipv6', [ip('2001:db8::200')]));
  t.same(names(ipv6), [...steps.slice(0, -1), 'add rule', 'end'], 'and what neighbour discovery needs');
  for (const step of ipv6.slice(1, -1)) {
    t.equal(hex(step.data.subarray(0, 4)), '01000000', 'family inet');
    t.equal(hex(attributes(step.data, 4).get(1)), hex(Buffer.from('holdfast-web/ipv6\0')), 'in our table');
  }
  for (const edge of [ipv6.at(0), ipv6.at(-1)]) t.equal(hex(data(edge)), '0000000a', 'a batch for nf_tables');
});

t.test('where there is nothing to deny, the table goes', async t => {
  t.same(names(messages(formatDeny('web', 'ipv4', []))), ['begin', 'add table', 'delete table', 'end']);
});

t.test('only the last step is acknowledged, and it is a step of ours', async t => {
  for (const addresses of [[], [ip('192.0.2.200')]]) {
    const all = messages(formatDeny('web', 'ipv4', addresses));
    t.same(
      all.map(({ flags }) => (flags & NLM.ACK) !== 0),
      all.map((_, i) => i === all.length - 2),
    );
  }
});

t.test('the rules, byte by byte', async t => {
  const rules = (family: Family, address: string) =>
    messages(formatDeny('x', family, [ip(address)]))
      .filter(({ type }) => type === 0xa06)
      .map(({ data }) => hex(attributes(data, 4).get(4)));
  const tidy = (text: string): string => text.replaceAll(/\s+/g, '');
  const meta = (key: string) => `2400 0180 0900 0100 6d65746100 000000 1400 0280 0800 0200 ${key} 0800 0100 00000001`;
  const compare = (operation: string, byte: string) =>
    `2c00 0180 0800 0100 636d7000 2000 0280 0800 0100 00000001 0800 0200 ${operation} 0c00 0380 0500 0100 ${byte} 000000`;
  const payload = (base: string, offset: string, length: string) =>
    `3400 0180 0c00 0100 7061796c6f616400 2400 0280 0800 0100 00000001 0800 0200 ${base} 0800 0300 ${offset} 0800 0400 ${length}`;
  const lookup = '2c00 0180 0b00 0100 6c6f6f6b757000 00 1c00 0280 0e00 0100 61646472657373657300 0000 0800 0200 00000001';
  const verdict = (code: string) =>
    `3000 0180 0e00 0100 696d6d65646961746500 0000 1c00 0280 0800 0100 00000000 1000 0280 0c00 0280 0800 0100 ${code}`;
  const nfproto = (family: string) => `${meta('0000000f')} ${compare('00000000', family)}`;
  t.same(rules('ipv4', '192.0.2.200'), [
    tidy(`${nfproto('02')} ${payload('00000001', '00000010', '00000004')} ${lookup} ${verdict('00000000')}`),
  ]);
  t.same(rules('ipv6', '2001:db8::200'), [
    tidy(
      `${nfproto('0a')} ${meta('00000010')} ${compare('00000000', '3a')} ${payload('00000002', '00000000', '00000001')}
       ${compare('00000005', '87')} ${compare('00000003', '88')} ${verdict('00000001')}`,
    ),
    tidy(`${nfproto('0a')} ${payload('00000001', '00000018', '00000010')} ${lookup} ${verdict('00000000')}`),
  ]);
});

t.test('so many addresses that no attribute holds them', async t => {
  for (const family of ['ipv4', 'ipv6'] as const) {
    const all = Array.from({ length: 5000 }, (_, i) =>
      ip(family === 'ipv4' ? `10.0.${i >> 8}.${i & 255}` : `2001:db8::${(i + 1).toString(16)}`),
    );
    const lots = messages(formatDeny('big', family, all)).filter(({ type }) => type === 0xa0c);
    t.ok(lots.length > 1);
    for (const lot of lots) t.ok(lot.data.length < 0x10000);
    t.same(
      lots.flatMap(lot => elements(lot, family)),
      all,
    );
  }
});

t.test('the name of a table tells keys apart', async t => {
  t.equal(tableName('web/ipv4'), 'holdfast-web/ipv4');
  t.equal(tableName('k'.repeat(64)).length, 73, 'the kernel takes 255');
  const key = fc.stringMatching(/^[A-Za-z0-9._/-]{1,64}$/);
  fc.assert(fc.property(key, key, (a, b) => a === b || tableName(a) !== tableName(b)));
});
