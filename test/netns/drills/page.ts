// Drill: the page and the metrics of real daemons. A failover is seen at once, a frozen engine never shows Active, nobody gets in who
// should not, and whatever is done to the page, the engine beside it is no later than another one on the same machine.
// Must not know how the page is made.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { now, sleep, until } from '../lab/clock.ts';
import { holdfast } from '../lab/control.ts';
import { start } from '../lab/daemon.ts';
import { drill, type Lab, marginMs } from '../lab/drill.ts';
import { kill } from '../lab/guard.ts';
import { type Holdfast, memoryOf, startHoldfast, writeHoldfast } from '../lab/holdfast.ts';
import type { Node } from '../lab/network.ts';
import type { Asked, Question } from '../lab/page-client.ts';
import { type RouterSettings, VIP, web } from '../lab/router.ts';
import { steadyAdverts } from '../lab/verdict.ts';

const missing = process.env.HOLDFAST_LAB_DAEMON === undefined ? null : 'only holdfast has a page';
const CLIENT = join(import.meta.dirname, '../lab/page-client.ts');
const INTERVAL = 100;
const page = (router: RouterSettings, http = '[http]'): RouterSettings => ({ ...router, duties: http });

/** A client in the namespace of a node, politely. */
const client = (node: Node, ...args: readonly (string | number)[]) =>
  start(node, { name: `page ${args[0]}`, command: ['nice', '-n', '19', process.execPath, CLIENT, ...args.map(String)] });

async function askAll(node: Node, questions: readonly Question[]): Promise<readonly Asked[]> {
  const asking = client(node, 'ask', JSON.stringify(questions));
  await asking.ended(30_000);
  return asking.lines.map(({ text }) => {
    if (!text.startsWith('asked ')) throw new Error(text);
    return JSON.parse(text.slice('asked '.length));
  });
}

async function ask(node: Node, path: string, headers: Readonly<Record<string, string>> = {}): Promise<Asked> {
  const [asked] = await askAll(node, [{ path, headers }]);
  if (asked === undefined) throw new Error('no answer');
  return asked;
}

async function serving(lab: Lab, name: string, router: RouterSettings): Promise<Holdfast> {
  const daemon = startHoldfast(lab.network, lab.node(name), [router]);
  lab.watch(daemon);
  await daemon.says(/page\.serving/, 15_000);
  return daemon;
}

await drill('a failover is in the stream within a second, at both ends', { missing }, async (t, lab) => {
  const a = await serving(lab, 'a', page(web(200)));
  await lab.observer.servesAlone('a', VIP, 15_000);
  await serving(lab, 'b', page(web(100)));
  const views = client(lab.node('b'), 'watch');
  await views.says(/^view answers backup/, 10_000);
  const died = a.signal('SIGKILL');
  const shown = await views.says(/^view answers active/, 5000, died);
  await lab.observer.servesAlone('b', VIP, 5000);
  const { adverts } = await lab.observer.seen(died, now());
  const took = adverts.find(({ node }) => node === 'b')?.at ?? Number.NaN;
  t.comment(`shown ${((shown.at - took) / 1000).toFixed(0)} ms after its first advertisement`);
  t.ok((shown.at - took) / 1000 < 1000, `${((shown.at - took) / 1000).toFixed(0)} ms after its first advertisement`);
  const { body, status } = await ask(lab.node('b'), '/metrics');
  t.equal(status, 200);
  t.match(body, /holdfast_router_state\{router="web",family="ipv4",vrid="51",interface="hf0",state="active"\} 1\n/);
  t.match(body, /holdfast_router_transitions_total\{[^}]*,to="active",reason="active-down-expired"\} 1\n/);
  await serving(lab, 'a', page(web(200)));
  await views.says(/^view answers backup/, 15_000, shown.at);
  t.pass('and back');
});

await drill('a frozen engine never shows Active; a dead agent ends the stream, and the next one goes on', { missing }, async (t, lab) => {
  const a = await serving(lab, 'a', page(web(200)));
  await lab.observer.servesAlone('a', VIP, 15_000);
  const node = lab.node('a');
  const views = client(node, 'watch');
  await views.says(/^view answers active/, 10_000);
  const pages = client(node, 'poll', 100);
  await pages.says(/answers active/, 10_000);
  const frozen = now();
  kill(a.pid, 'SIGSTOP');
  try {
    const said = await views.says(/^view silent unknown/, 5000, frozen);
    t.ok((said.at - frozen) / 1000 < 2500, `said after ${((said.at - frozen) / 1000).toFixed(0)} ms`);
    const { body } = await ask(node, '/metrics');
    t.match(body, /\nholdfast_up 0\n/);
    t.notMatch(body, /holdfast_router/);
    await sleep(2500);
    const late = [...views.lines, ...pages.lines].filter(({ at, text }) => at > frozen + 500_000 && /\bactive\b/.test(text));
    t.strictSame(late, [], 'half a second later nobody was shown Active');
    t.ok(pages.lines.filter(({ at }) => at > frozen).length > 3, 'though many asked');
  } finally {
    kill(a.pid, 'SIGCONT');
  }
  await views.says(/^view answers active/, 5000, now());
  const agent = await until('an agent', 5000, () => a.agent());
  const killed = now();
  kill(agent, 'SIGKILL');
  await views.says(/^ended/, 2000, killed);
  await pages.says(/answers active/, 15_000, killed + 200_000);
  lab.judge(steadyAdverts(await lab.window(killed), 51, 'a', INTERVAL, marginMs(INTERVAL)), 'while the agent dies');
});

await drill('nobody gets in who should not', { missing }, async (t, lab) => {
  const a = await serving(lab, 'a', page(web(200)));
  const node = lab.node('a');
  const methods = ['POST', 'PUT', 'DELETE', 'OPTIONS'];
  const hosts = ['evil.example', 'evil.example:9112', '10.77.0.1:9112'];
  const paths = ['/../../etc/passwd', '/%2e%2e/%2e%2e/etc/passwd', '//metrics', '/metrics/../metrics', '/v1/reload', '/index.html'];
  const answers = await askAll(node, [
    ...methods.map(method => ({ path: '/', method })),
    ...hosts.map(host => ({ path: '/', headers: { host } })),
    ...paths.map(path => ({ path })),
    { path: '/', headers: { host: 'localhost:1' } },
  ]);
  t.strictSame(
    answers.map(({ status }) => status),
    [...methods.map(() => 405), ...hosts.map(() => 421), ...paths.map(() => 404), 200],
  );
  for (const { headers } of answers)
    t.match(headers, { 'x-content-type-options': 'nosniff', 'content-security-policy': /^default-src 'none'/ });

  const token = 'correct-horse-battery';
  const file = join(lab.network.folder, 'token');
  writeHoldfast(lab.network, node, [page(web(200), `[http]\nlisten = "0.0.0.0:9112"\ntoken = { file = "${file}" }`)]);
  t.equal((await holdfast(a.socket, 'reload')).code, 0);
  await a.says(/page\.failed.*its token: .* does not exist; still served at 127\.0\.0\.1:9112/, 5000);
  t.match((await holdfast(a.socket, 'status')).out, /^ERROR: the page at 0\.0\.0\.0:9112: its token/, 'and status says so');
  t.match(await ask(node, '/'), { status: 200 }, 'the page before goes on');
  const written = now();
  writeFileSync(file, `${token}\n`, { mode: 0o600 });
  await a.says(/page\.serving/, 15_000, written);
  const [bare, wrong, right, once] = await askAll(node, [
    { path: '/' },
    { path: '/metrics', headers: { authorization: `Bearer ${token}x` } },
    { path: '/metrics', headers: { authorization: `Bearer ${token}` } },
    { path: `/?token=${token}` },
  ]);
  t.match(
    [bare, wrong, right, once],
    [{ status: 401 }, { status: 401, headers: { 'www-authenticate': 'Bearer' } }, { status: 200 }, { status: 200 }],
  );
  const [cookie = ''] = once?.headers['set-cookie'] ?? [];
  t.match(cookie, /HttpOnly; SameSite=Strict/);
  t.match(await ask(node, '/', { cookie: cookie.split(';')[0] ?? '' }), { status: 200 });
  t.notMatch(a.lines.map(({ text }) => text).join('\n'), token);
});

await drill('whatever is done to the page, the engine is no later than one beside it', { missing, limitMs: 120_000 }, async (t, lab) => {
  const a = await serving(lab, 'a', page(web(200)));
  const b = await serving(lab, 'b', page({ ...web(200), name: 'mail', vrid: 52, addresses: ['10.77.0.201'] }));
  await lab.observer.servesAlone('a', VIP, 15_000);
  const node = lab.node('a');
  const agent = await until('an agent', 5000, () => a.agent());
  await ask(node, '/');
  const before = { a: await latenessOf(a), b: await latenessOf(b), memory: memoryOf(agent).anonymous };
  const began = now();

  const idle = client(node, 'idle', 10_000, 8_000);
  const seen = JSON.parse((await idle.says(/^idle /, 40_000)).text.slice('idle '.length));
  t.comment(`10,000 idle connections: ${JSON.stringify(seen)}`);
  t.equal(seen.opened, 10_000);
  t.ok(seen.left <= 80, `${seen.left} are left`);
  t.ok(
    seen.answered > 10 && seen.answered > 3 * seen.refused,
    `${seen.answered} questions were answered meanwhile, ${seen.refused} were not`,
  );

  const large = JSON.parse((await client(node, 'large', 100 << 20).says(/^large /, 20_000)).text.slice('large '.length));
  t.comment(`a request of 100 MiB: ${JSON.stringify(large)}`);
  t.ok(large.sent < 20 << 20, 'it was cut off');

  const slow = client(node, 'slow', 40);
  const good = client(node, 'poll', 200);
  await sleep(3000);
  t.ok(good.lines.filter(({ text }) => /answers active/.test(text)).length > 5, 'with 40 who never read, the page is there');
  await slow.stop();
  await good.stop();

  const memory = memoryOf(agent).anonymous - before.memory;
  t.comment(`the agent has ${memory} KiB more`);
  t.ok(memory < 48 * 1024, `${memory} KiB`);
  lab.judge(steadyAdverts(await lab.window(began), 51, 'a', INTERVAL, marginMs(INTERVAL)));
  const late = { a: slower(before.a, await latenessOf(a)), b: slower(before.b, await latenessOf(b)) };
  t.comment(`wakes later than 5 ms: attacked ${late.a.late} of ${late.a.wakes}, beside it ${late.b.late} of ${late.b.wakes}`);
  t.ok(late.a.share <= late.b.share + 0.02, `attacked ${late.a.share.toFixed(4)}, beside it ${late.b.share.toFixed(4)}`);
});

interface Lateness {
  readonly wakes: number;
  readonly late: number;
}

/** How often the engine was later than 5 ms. */
async function latenessOf(daemon: Holdfast): Promise<Lateness> {
  const { lateness } = JSON.parse((await holdfast(daemon.socket, 'status', '--json')).out);
  const late = lateness.histogram
    .filter(({ up_to_us }: { readonly up_to_us: number | null }) => up_to_us === null || up_to_us > 5000)
    .reduce((sum: number, { count }: { readonly count: number }) => sum + count, 0);
  return { wakes: lateness.wakes, late };
}

function slower(from: Lateness, to: Lateness): Lateness & { readonly share: number } {
  const [wakes, late] = [to.wakes - from.wakes, to.late - from.late];
  return { wakes, late, share: late / wakes };
}
