// Tests src/page/page.ts: what the document has, that no text breaks out of it, and that it asks nobody else for anything.
import t from 'tap';
import { content, door, escaped, event, page, SCRIPT, STYLE } from '../../src/page/page.ts';
import type { RouterView, View } from '../../src/page/view.ts';

const EVIL = `</script><img src=x onerror="alert(1)">'&\u0000\u001b[31m`;
const SAFE = /&lt;\/script&gt;&lt;img src=x onerror=&quot;alert\(1\)&quot;&gt;&#39;&amp;\ufffd\ufffd\[31m/;

function routerView(settings: Partial<RouterView> = {}): RouterView {
  return {
    name: 'web',
    family: 'IPv4',
    light: 'active',
    since: 'since 12:00:00 (5 s)',
    sentence: 'This machine serves',
    notices: [],
    lines: ['VRID 51 on eth0'],
    past: [
      { light: 'backup', from: 0, to: 0.5, text: 'backup' },
      { light: 'active', from: 0.5, to: 1, text: 'active' },
    ],
    span: ['11:50:00', '12:00:00'],
    changes: [{ at: '11:55:00', text: 'active: taking over' }],
    ...settings,
  };
}

function view(settings: Partial<View> = {}): View {
  return {
    node: 'edge-a',
    at: '12:00:00',
    silence: null,
    title: 'Active',
    light: 'active',
    notices: [],
    routers: [routerView()],
    more: null,
    tables: [{ title: 'Checks', head: ['check', 'seen'], rows: [{ tone: 'bad', cells: ['disk', 'full'] }] }],
    foot: ['holdfast 1.2.3'],
    ...settings,
  };
}

t.test('who serves, since when and why, at the first paint', async t => {
  const html = page(view());
  t.match(html, '<title>edge-a: Active</title>');
  t.match(html, '<span class="badge active">Active</span><span class="since">since 12:00:00 (5 s)</span>');
  t.match(html, '<p class="sentence">This machine serves</p>');
  t.match(html, '<li><time>11:55:00</time> active: taking over</li>');
  t.match(html, '<tr class="bad"><td data-head="check">disk</td><td data-head="seen">full</td></tr>');
  t.match(html, '<noscript><meta http-equiv="refresh"', 'and without a script it comes again by itself');
  t.ok(html.includes(content(view())), 'the same as each update');
});

t.test('the strip: one bar for each stretch, the shortest to be seen, none beyond the end', async t => {
  const past = [
    { light: 'backup', from: 0, to: 0.25, text: 'a' },
    { light: 'fault', from: 0.9999, to: 1, text: 'b' },
  ] as const;
  const html = content(view({ routers: [routerView({ past })] }));
  t.match(html, '<rect class="backup" x="0.0" y="0" width="250.0" height="20"><title>a</title></rect>');
  t.match(html, '<rect class="fault" x="997.0" y="0" width="3.0" height="20">');
  t.notMatch(content(view({ routers: [routerView({ past: [] })] })), /<svg/);
});

t.test('a silent engine: said first, and nothing is green', async t => {
  const silent = routerView({ light: 'unknown', past: [], changes: [], sentence: 'Unknown' });
  const html = page(view({ silence: 'The engine has not answered', title: 'unknown', light: 'unknown', routers: [silent] }));
  t.match(html, '<p class="notice error">The engine has not answered</p>');
  t.match(html, '<title>edge-a: unknown</title>');
  t.notMatch(html.replace(STYLE, '').replace(SCRIPT, ''), /Active|"active"| active/);
});

t.test('no text breaks out, wherever it stands', async t => {
  t.match(escaped(EVIL), SAFE);
  const html = page({
    node: EVIL,
    title: EVIL,
    at: EVIL,
    silence: EVIL,
    light: 'active',
    notices: [{ level: 'error', text: EVIL }],
    more: EVIL,
    foot: [EVIL],
    tables: [{ title: EVIL, head: [EVIL], rows: [{ tone: 'plain', cells: [EVIL] }] }],
    routers: [
      routerView({
        name: EVIL,
        family: EVIL,
        since: EVIL,
        sentence: EVIL,
        notices: [{ level: 'warning', text: EVIL }],
        lines: [EVIL],
        past: [{ light: 'active', from: 0, to: 1, text: EVIL }],
        span: [EVIL, EVIL],
        changes: [{ at: EVIL, text: EVIL }],
      }),
    ],
  });
  t.notMatch(html, '<img');
  t.equal(html.split('<script>').length, 2);
  t.equal(html.split('</script>').length, 2);
  t.equal(html.match(/&lt;img/g)?.length, 25, 'all of them are there, as text');
});

t.test('asks nobody else for anything, and styles and scripts nothing in place', async t => {
  for (const html of [page(view()), door(true), door(false)]) {
    t.notMatch(html.replaceAll('http://www.w3.org/2000/svg', ''), /https?:\/\//);
    t.notMatch(html, /<[^>]+\son\w+=|<[^>]+\sstyle=|javascript:|@import|url\(/);
    for (const [, inner] of html.matchAll(/<style>([\s\S]*?)<\/style>/g)) t.equal(inner, STYLE);
    for (const [, inner] of html.matchAll(/<script>([\s\S]*?)<\/script>/g)) t.equal(inner, SCRIPT);
  }
  t.doesNotThrow(() => new Function(SCRIPT), 'the script is one');
});

t.test('a message of the stream is one, whatever it says', async t => {
  t.equal(event('view', 'a\nb'), 'event: view\ndata: a\ndata: b\n\n');
  t.notMatch(event('view', content(view({ node: 'x\r\n\r\nevent: evil' }))), /^event: evil/m);
});

t.test('the door', async t => {
  t.match(door(false), /wants its token/);
  t.match(door(true), /http-equiv="refresh" content="0;url=\.\/"/);
});
