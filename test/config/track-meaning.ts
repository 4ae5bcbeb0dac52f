// Tests src/config/track-meaning.ts: names across the tables of one machine and of all, through whole texts.
import t from 'tap';
import { diagnose, loadText, router, said } from '../fixtures/diagnose.ts';

const PING = '[check.gateway]\ntype = "ping"\ntarget = "192.0.2.1"\n';
const FILE = '[check.load]\ntype = "file"\npath = "/x"\nmaximum = 9\n';
const NGINX = '[watchdog.nginx]\nunit = "nginx.service"\nprobe = { type = "tcp", port = 80 }\n';
const web = (track: string, more: Readonly<Record<string, string>> = {}) => router('web', { track, ...more });

t.test('what is tracked is there', async t => {
  t.strictSame(await said(web('["gateway", "nginx", { name = "load" }]') + PING + FILE + NGINX), []);
  t.strictSame(await said(web('["gatway", "gateway"]') + PING), [
    'unknown-check: there is no check or watchdog `gatway` (did you mean "gateway"?)',
  ]);
  t.strictSame(await said(web('["ngnix", "nginx"]') + NGINX), [
    'unknown-check: there is no check or watchdog `ngnix` (did you mean "nginx"?)',
  ]);
  t.strictSame(await said(web('["uplink"]')), [
    'unknown-check: there is no check or watchdog `uplink` (it needs a table of its own: `[check.uplink]` or `[watchdog.uplink]`)',
  ]);
});

t.test('nothing is suggested among more names than people write', async t => {
  const names = Array.from({ length: 400 }, (_, index) => `c${index}`);
  const checks = names.map(name => `[check.${name}]\ntype = "tcp"\nport = 80\n`).join('');
  const found = await said(web(JSON.stringify([...names, 'c40o'])) + checks);
  t.match(found, [/^unknown-check: there is no check or watchdog `c40o` \(it needs a table of its own/]);
  t.match(await said(web('["c40o"]') + checks), [/\(did you mean "c40"\?\)$/, ...names.map(() => /^check-unused/)]);
});

t.test('what is broken is there', async t => {
  for (const broken of [
    '[[check.x]]\n',
    '[watchdog]\nx = 1\n',
    '[chek.x]\ntype = "ping"\n',
    '[node.here]\ncheck = { x = 1 }\n',
    '[node.here.watchdog]\nx = 1\n',
    '[check.x\n',
  ])
    t.equal((await said(web('["x"]') + broken)).length, 1, broken);
});

t.test('tracked twice', async t => {
  const [only, ...others] = (await loadText(web('["gateway", { name = "gateway", on_fail = "release" }]') + PING)).diagnostics;
  t.match(only, {
    code: 'tracked-twice',
    message: '`gateway` is tracked twice',
    span: { line: 5, column: 21 },
    related: [{ message: 'first tracked at', span: { line: 5, column: 10 } }],
  });
  t.strictSame(others, []);
});

t.test('checks and watchdogs share their names', async t => {
  const [only, ...others] = (await loadText(`${web('["nginx"]')}${NGINX}[check.nginx]\ntype = "tcp"\nport = 80\n`)).diagnostics;
  t.match(only, {
    code: 'name-clash',
    span: { line: 6, column: 2 },
    related: [{ message: 'the check is at', span: { line: 9, column: 2 } }],
  });
  t.strictSame(others, []);
  const apart = `${web('["nginx"]')}[node.here.watchdog.nginx]\nunit = "nginx.service"\nprobe = { type = "tcp", port = 80 }\n[node.there.check.nginx]\ntype = "tcp"\nport = 80\n`;
  t.strictSame(await said(apart), [], 'on one machine this, on another one that');
  t.match(await said(`${apart}[node.other]\n`), [/^unknown-check: .* \(node `other`\)/]);
});

t.test('a weight does nothing to an owner', async t => {
  const weight = 'on_fail = { weight = -20 }\n';
  const message =
    'setting-without-effect: the weight of `gateway` has no effect at priority 255, which no weight changes (write { name = "gateway", on_fail = "demote" })';
  t.strictSame(await said(web('["gateway"]', { priority: '255' }) + PING + weight), [message]);
  t.strictSame(await said(web('[{ name = "gateway", on_fail = { weight = 2 } }]', { priority: '255' }) + PING), [message]);
  t.strictSame(await said(web('[{ name = "gateway", on_fail = "demote" }]', { priority: '255' }) + PING + weight), []);
  t.strictSame(await said(web('["gateway"]', { priority: '254' }) + PING + weight), []);
  t.match(await said(web('["gatway"]', { priority: '255' }) + PING.replaceAll('gateway', 'gatewayy')), [/^unknown-check/, /^check-unused/]);
});

t.test('only some checks read a number', async t => {
  const number = '{ weight = "number" }';
  t.strictSame(await said(web(`[{ name = "load", on_fail = ${number} }]`) + FILE), []);
  t.strictSame(await said(`${web('["x"]')}[check.x]\ntype = "command"\nrun = "/x"\non_fail = ${number}\n`), []);
  t.strictSame(await diagnose(`${web('["gateway"]')}${PING}on_fail = ${number}\n`), [
    'bad-choice 9:11 `gateway` reads no number that could be a weight: checks of type "file" and "command" do',
  ]);
  t.match(await diagnose(web(`[{ name = "nginx", on_fail = ${number} }]`) + NGINX), [/^bad-choice 5:38 `nginx` reads no number/]);
  t.equal(
    (await said(`${web(`[{ name = "x", on_fail = ${number} }]`)}[check.x]\ntype = "x"\n`)).length,
    1,
    'the type is wrong, and nothing else is said',
  );
  t.equal((await said(`${web(`[{ name = "x", on_fail = ${number} }]`)}[watchdog.x]\nunit = "x.service"\nprobe = 7\n`)).length, 1);
});

t.test('what is there is tracked, by some machine', async t => {
  t.strictSame(await said(router('web') + PING), [
    'check-unused: no virtual router tracks check `gateway`, so nothing follows from it (where a virtual router depends on it, write `track = ["gateway"]` there)',
  ]);
  t.match((await loadText(router('web') + NGINX)).diagnostics, [
    {
      code: 'watchdog-untracked',
      severity: 'note',
      message: 'no virtual router tracks watchdog `nginx`: it starts the service again, and hands nothing over',
      span: { line: 5, column: 2 },
    },
  ]);
  t.strictSame(await said(`${router('web')}${NGINX}hand_over = "never"\n`), [], 'that is what it is for');
  const elsewhere = `${router('web')}${PING}[node.there.vrrp.web]\ntrack = ["gateway"]\n`;
  t.strictSame(await said(elsewhere), [], 'on another machine');
  t.strictSame(await diagnose(`${router('web')}[node.there.check.gateway]\ntype = "ping"\ntarget = "192.0.2.1"\n`), [
    'check-unused 5:2 no virtual router tracks check `gateway`, so nothing follows from it',
  ]);
  t.equal((await said(`${router('web')}${PING}[node.there.check.gateway]\ninterval = "5s"\n`)).length, 1, 'said once');
  t.equal((await said(web('["gateway", 7]') + PING)).length, 1, 'not where it may be tracked');
});
