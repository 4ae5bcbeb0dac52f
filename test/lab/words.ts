// src/lab/words.ts: what people read, in 80 columns.
import t from 'tap';
import type { Outage } from '../../src/lab/outage.ts';
import {
  announceFault,
  briefly,
  gather,
  marksOf,
  type NodeView,
  nodeTable,
  outageWords,
  paint,
  picture,
  reportLines,
  stateOf,
  suggestions,
  type View,
  waitLines,
  wrap,
} from '../../src/lab/words.ts';

const router = (state: string, more = {}) => ({ name: 'web', family: 'ipv4', state, priority: '200', waits: null, ...more });

function node(name: string, more: Partial<NodeView> = {}): NodeView {
  return { name, addresses: ['10.77.0.11'], page: 'watched', fault: null, routers: [router('backup')], ...more };
}

const outage = (more: Partial<Outage> = {}): Outage => ({
  target: '10.77.0.200',
  before: 'edge-a',
  after: 'edge-b',
  longestMs: 331.4,
  lost: 31,
  lateMs: 0,
  ...more,
});

t.test('the table', async t => {
  const power = { node: 'edge-c', what: 'power', at: 0 } as const;
  t.same(
    nodeTable([node('edge-a', { routers: [router('active')] }), node('edge-b', { routers: null }), node('edge-c', { fault: power })]),
    [
      'node    address     page            state      priority  fault',
      'edge-a  10.77.0.11  nginx, watched  Active     200       -',
      'edge-b  10.77.0.11  nginx, watched  no answer  -         -',
      'edge-c  10.77.0.11  nginx, watched  off        -         no power',
    ],
  );
  const two = [router('active'), router('backup', { family: 'ipv6', priority: '1 of 200' })];
  t.same(nodeTable([node('a', { routers: two, page: 'built-in' }), node('b', { page: 'nginx' })]), [
    'node  address     page           router    state   priority  fault',
    'a     10.77.0.11  built-in page  web/ipv4  Active  200       -',
    '                                 web/ipv6  Backup  1 of 200',
    'b     10.77.0.11  nginx          web/ipv4  Backup  200       -',
  ]);
  t.equal(stateOf(node('a', { fault: { node: 'a', what: 'freeze', at: 0 } })), 'frozen');
  t.equal(stateOf(node('a', { routers: [] })), 'no router');
  const waiting = node('a', {
    routers: [router('initialize', { waits: 'interface hf1 has no carrier: check cable and switch, then look again' })],
  });
  t.same(waitLines([waiting, node('b')]), [
    'a web/ipv4  waits: interface hf1 has no carrier: check cable and switch, then',
    '            look again',
  ]);
  t.same(waitLines([{ ...waiting, fault: { node: 'a', what: 'cable', at: 0 } }]), [], 'the fault says it');
});

t.test('an outage in words', async t => {
  t.equal(outageWords(outage(), 30_000), '331 ms, the longest time between two answers; 31 requests were lost');
  t.equal(outageWords(outage({ lost: 1 }), 30_000), '331 ms, the longest time between two answers; 1 request was lost');
  t.equal(outageWords(outage({ lost: 0, longestMs: 12 }), 30_000), 'none: never more than 12 ms between two answers');
  t.equal(outageWords(outage({ lost: 0, longestMs: 80 }), 30_000), '80 ms, the longest time between two answers; no request was lost');
  t.equal(outageWords(outage({ after: null, lost: 2 }), 30_000), 'nobody answers after 30 s; 2 requests were lost');
  t.match(outageWords(outage({ lateMs: 212 }), 30_000), 'this machine was busy: the client itself stood still for up to 212 ms');
});

t.test('a report, with its reason', async t => {
  const report = { did: 'power edge-a', at: 0, outages: [outage(), outage({ target: '2001:db8::1', before: null, after: null })] };
  t.same(
    reportLines(
      report,
      new Map([['10.77.0.200', 'serving, since 10.77.0.11 (priority 200) fell silent so and so many milliseconds ago']]),
      30_000,
    ),
    [
      '  http://10.77.0.200/',
      '    before   edge-a answered',
      '    now      edge-b answers',
      '    outage   331 ms, the longest time between two answers; 31 requests were lost',
      '    why      serving, since 10.77.0.11 (priority 200) fell silent so and so many',
      '             milliseconds ago',
      '  http://[2001:db8::1]/',
      '    before   nobody answered',
      '    now      nobody answers',
      '    outage   nobody answers after 30 s; 31 requests were lost',
    ],
  );
  t.equal(briefly(report), 'power edge-a: edge-a -> edge-b, 331 ms, 31 lost; still nobody');
  t.equal(briefly({ ...report, outages: [outage({ after: null })] }), 'power edge-a: edge-a -> nobody');
  t.equal(briefly({ ...report, outages: [outage({ after: 'edge-a', lost: 0, longestMs: 9 })] }), 'power edge-a: edge-a, no outage');
});

t.test('faults before they are done', async t => {
  t.match(announceFault('power', 'a', 'watched'), /^a loses its power/);
  t.match(announceFault('cable', 'a', 'watched'), /^the cable of a/);
  t.match(announceFault('freeze', 'a', 'watched'), /^a stands still/);
  t.match(announceFault('nginx', 'a', 'watched'), /^nginx on a is killed/);
  t.match(announceFault('nginx', 'a', 'built-in'), /^the page of a is killed/);
});

const VIEW: View = {
  nodes: [node('edge-a', { routers: [router('active')] }), node('edge-b')],
  targets: [
    { target: { router: 'web', address: '10.77.0.200', intervalMs: 100 }, who: 'edge-a', strip: 'a'.repeat(60) },
    { target: { router: 'web', address: '2001:db8::1', intervalMs: 100 }, who: null, strip: '.'.repeat(60) },
  ],
  last: { did: 'power edge-a', at: 0, outages: [outage(), outage()] },
  lines: Array.from({ length: 12 }, (_, i) => `00:00:0${i % 10} edge-a  ${`line ${i} `.repeat(i % 2 === 0 ? 2 : 16)}`),
  time: '12:03:11',
};

t.test('the picture fits 80 columns and 24 rows, and what is cut off are the oldest lines, whole', async t => {
  for (const [width, rows] of [
    [80, 24],
    [60, 20],
    [200, 60],
  ] as const) {
    const lines = picture(VIEW, width, rows).split('\n');
    t.ok(
      lines.every(line => line.length <= width),
      `${width} columns`,
    );
    t.ok(lines.length < Math.max(rows, 25), `${lines.length} lines`);
    t.match(lines.join('\n'), /line 11/);
  }
  const lines = picture(VIEW).split('\n');
  t.equal(lines[0], `holdfast lab${'12:03:11'.padStart(68)}`);
  t.match(lines.join('\n'), 'client   http://10.77.0.200/ (web): edge-a answers');
  t.match(lines.join('\n'), 'client   http://[2001:db8::1]/ (web): NOBODY answers');
  t.match(lines.join('\n'), 'a edge-a, b edge-b, . nobody');
  const at = lines.findIndex(line => line.startsWith('last'));
  t.match(lines[at + 3], /^00:00:0\d edge-a {2}line/, 'the first of them begins with its time');
  t.match(picture({ ...VIEW, last: null, lines: [] }), 'nothing was broken yet');
});

t.test('colour is only added', async t => {
  const text = picture(VIEW);
  const painted = paint(text);
  t.match(painted, '\x1b[32m\x1b[1mActive\x1b[0m');
  t.match(painted, '\x1b[31mNOBODY answers\x1b[0m');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colour is made of them
  t.equal(painted.replaceAll(/\x1b\[\d+m/g, ''), text);
  t.notMatch(text, '\x1b');
});

t.test('small things', async t => {
  t.same([...marksOf(['edge-a', 'edge-b']).values()], ['a', 'b']);
  t.same([...marksOf(['fw-1', 'gw-1']).values()], ['a', 'b'], 'when last letters do not tell them apart');
  t.same(wrap('one two three', 7), ['one two', 'three']);
  t.same(wrap('', 7), []);
  t.same(
    gather([
      { node: 'a', words: 'x' },
      { node: 'b', words: 'x' },
      { node: 'b', words: 'y' },
    ]),
    ['a, b: x', 'b: y'],
  );
  for (const line of suggestions('edge-a', '/run/holdfast-lab/edge-a/control.sock')) t.ok(line.length <= 80, line);
});
