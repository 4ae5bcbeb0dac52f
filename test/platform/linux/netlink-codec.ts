// Netlink messages and attributes: made, taken apart, cut off, and what no kernel would send.
// Must not know what they are about: see the codecs of the protocols.
import t from 'tap';
import {
  attribute,
  attributes,
  formatRequests,
  type Message,
  NLM,
  nest,
  numbers,
  parseMessages,
  text,
} from '../../../src/platform/linux/netlink-codec.ts';
import fc from '../../fixtures/property.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const plain = ({ type, flags, sequence, data }: Message) => [type, flags, sequence, [...data]];

t.test('a request is the header and what follows it', async t => {
  t.equal(
    hex(formatRequests([{ type: 22, flags: NLM.DUMP, data: [new Uint8Array(6), Uint8Array.of(1, 2)] }], 0x01020304)),
    '18000000 1600 0103 04030201 00000000 0000000000000102'.replaceAll(' ', ''),
  );
});

t.test('several requests share a datagram and a sequence number', async t => {
  const bytes = formatRequests(
    [
      { type: 99, flags: 0, data: [Uint8Array.of(1, 2, 3), Uint8Array.of(4, 5)] },
      { type: 98, flags: NLM.ACK, data: [] },
    ],
    7,
  );
  t.equal(bytes.length, 16 + 8 + 16, 'padded to 4 bytes');
  t.same(parseMessages(bytes).map(plain), [
    [99, NLM.REQUEST, 7, [1, 2, 3, 4, 5]],
    [98, NLM.REQUEST | NLM.ACK, 7, []],
  ]);
});

t.test('a datagram is split into its messages', async t => {
  const both = formatRequests(
    [
      { type: 20, flags: 0, data: [new Uint8Array(60)] },
      { type: 17, flags: 0, data: [new Uint8Array(60)] },
    ],
    1,
  );
  const types = (bytes: Uint8Array) => parseMessages(bytes).map(({ type }) => type);
  t.same(types(both), [20, 17]);
  t.same(types(both.subarray(0, -1)), [20], 'half a message is none');
  t.same(types(both.subarray(0, 76 + 15)), [20], 'nor is half a header');
  t.same(types(new Uint8Array(32)), [], 'nor a length that would stand still');
});

t.test('attributes: padded, nested, and found again', async t => {
  t.equal(hex(attribute(3, text('hf0'))), '0800030068663000');
  t.equal(hex(attribute(3, text('web0'))), '090003007765623000000000', 'its length is without the padding');
  t.equal(hex(numbers(1, 0xffffffff)), '01000000ffffffff');
  const inner = [attribute(1, Uint8Array.of(9)), attribute(2, numbers(5))];
  const bytes = Buffer.concat([new Uint8Array(8), attribute(7, numbers(1)), nest(6, ...inner)]);
  t.equal(hex(bytes.subarray(16)), `14000680${inner.map(hex).join('')}`);
  const found = attributes(bytes, 8);
  t.same([...found.keys()], [7, 6], 'the mark of a nest is not part of its type');
  const within = attributes(found.get(6) ?? new Uint8Array(), 0);
  t.same([...(within.get(1) ?? [])], [9]);
  t.same([...(within.get(2) ?? [])], [5, 0, 0, 0]);
  t.same([...attributes(bytes.subarray(0, -1), 8).keys()], [7], 'one that is cut off is not there');
  t.same([...attributes(new Uint8Array(8), 0).keys()], [], 'nor a length that would stand still');
});

t.test('what is made can be read, whatever it is', async () => {
  const bytes = fc.uint8Array({ maxLength: 40 });
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(0xffff), bytes), { maxLength: 5 }), fc.nat(), (all, sequence) => {
      const found = parseMessages(
        formatRequests(
          all.map(([type, data]) => ({ type, flags: 0, data: [data] })),
          sequence,
        ),
      );
      const wanted = all.map(([type, data]) => [type, NLM.REQUEST, sequence, [...data]]);
      if (JSON.stringify(found.map(plain)) !== JSON.stringify(wanted)) throw new Error('something else came back');
    }),
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), data => void attributes(data, 0)));
});
