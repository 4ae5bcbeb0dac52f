// src/lab/state.ts: what is remembered between two commands.
import t from 'tap';
import { formatState, isFault, type LabState, parseState } from '../../src/lab/state.ts';
import { layOut } from '../../src/lab/topology.ts';
import { usualWish } from '../../src/lab/usual.ts';

t.test('there and back', async t => {
  const state: LabState = {
    schema: 1,
    phase: 'making',
    wish: '2 nodes',
    topology: layOut([usualWish('a'), usualWish('b')]),
    pages: { a: 'watched' },
    processes: [{ pid: 7, started: 9, on: 'a', what: 'holdfast' }],
    faults: [{ node: 'a', what: 'power', at: 1 }],
    last: null,
    notes: [],
  };
  t.same(parseState(formatState(state)), state);
  for (const text of ['', '{', 'null', '7', '{"schema":2,"topology":{}}', '{"schema":1}']) t.equal(parseState(text), null, text);
});

t.test('what can be broken', async t => {
  for (const word of ['cable', 'power', 'freeze', 'nginx']) t.ok(isFault(word));
  for (const word of ['disk', '', undefined, 'constructor']) t.notOk(isFault(word));
});
