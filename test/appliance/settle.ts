// src/appliance/settle.ts: what is in force after what was dropped, part by part.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { type Files, type Settled, settle } from '../../src/appliance/settle.ts';

const image = join(import.meta.dirname, '../../image/rootfs-overlay/usr/share/appliance');
const ours = ['holdfast.toml', 'nginx.toml', 'network/80-dhcp.network', 'nginx/nginx.conf', 'nginx/conf.d/default.conf'];
const defaults: Files = new Map(ours.map(path => [path, readFileSync(join(image, path))]));
const machineId = 'abcdef0123456789abcdef0123456789\n';

const ROUTER = '[vrrp.web]\ninterface = "ens3"\nvrid = 51\naddresses = ["10.77.0.200/24"]\n';
const WATCHED = `${ROUTER}track = ["web"]\n[watchdog.web]\nunit = "nginx.service"\nprobe = { type = "tcp", port = 80 }\n`;

function files(texts: Readonly<Record<string, string>>): Files {
  return new Map(Object.entries(texts).map(([path, text]) => [path, Buffer.from(text)]));
}

/** nginx refuses what has the word `broken` in it. */
async function nginx(all: Files): Promise<string | null> {
  return [...all.values()].some(bytes => Buffer.from(bytes).includes('broken')) ? 'unknown directive "broken" in x.conf:1' : null;
}

function drop(texts: Readonly<Record<string, string>>, kept: Files = new Map()): Promise<Settled> {
  return settle({ drop: files(texts), kept, defaults, machineId }, nginx);
}

function content({ active }: Settled, path: string): string | null {
  const bytes = active.get(path);
  return bytes === undefined ? null : Buffer.from(bytes).toString();
}

const refusals = ({ refused }: Settled): readonly string[] => refused.map(({ words, instead }) => `${words.split('\n', 1)} => ${instead}`);

t.test('nothing on CONFIG: DHCP, the page, and nginx looked after', async t => {
  const settled = await drop({});
  t.strictSame(settled.refused, []);
  t.strictSame([...settled.active.keys()].sort(), [
    'holdfast.d/appliance-nginx.toml',
    'holdfast.toml',
    'hostname',
    'network/80-dhcp.network',
    'nginx/conf.d/default.conf',
    'nginx/nginx.conf',
  ]);
  t.equal(settled.hostname, 'holdfast-abcdef');
  t.equal(settled.kept.size, 0);
});

t.test('all of it', async t => {
  const texts = {
    hostname: 'BOX-A\r\n',
    'network.toml': '[interface.ens3]\naddresses = ["10.77.0.11/24"]\n',
    'network/20-more.network': '[Match]\r\nName=ens4\r\n',
    'nginx/conf.d/site.conf': 'server { listen 80; }',
    'nginx/html/index.html': '<p>hello',
    authorized_keys: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ me\n',
    'holdfast.toml': WATCHED,
    'holdfast.d/mail.toml': ROUTER.replace('web', 'mail').replace('51', '52').replace('200', '201'),
    'README.txt': 'ours',
  };
  const settled = await drop(texts);
  t.strictSame(settled.refused, []);
  t.equal(content(settled, 'hostname'), 'box-a\n');
  t.match(content(settled, 'network/10-ens3.network'), /Address=10\.77\.0\.11\/24/);
  t.equal(content(settled, 'network/20-more.network'), '[Match]\nName=ens4\n');
  t.equal(content(settled, 'nginx/conf.d/default.conf'), null, 'with a site of theirs, ours is not there');
  t.match(content(settled, 'nginx/nginx.conf'), /include conf\.d/);
  t.equal(content(settled, 'holdfast.d/appliance-nginx.toml'), null, 'they look after nginx themselves');
  const { 'README.txt': _, ...parts } = texts;
  t.strictSame([...settled.kept.keys()].sort(), Object.keys(parts).sort());
});

t.test('pages alone leave our site in place; a file without a watchdog for nginx gets ours', async t => {
  const settled = await drop({ 'nginx/html/index.html': 'hello', 'holdfast.toml': ROUTER });
  t.ok(content(settled, 'nginx/conf.d/default.conf'));
  t.match(content(settled, 'holdfast.d/appliance-nginx.toml'), /unit = "nginx\.service"/);
});

t.test('each part by itself: what is bad stays out, what is good goes in', async t => {
  const good = await drop({ hostname: 'box-a', 'holdfast.toml': ROUTER, 'nginx/conf.d/a.conf': 'good' });
  const settled = await drop(
    { hostname: 'no name', 'holdfast.toml': `${ROUTER}x`, 'nginx/conf.d/a.conf': 'broken', 'network.toml': '[interface.ens3]\n' },
    good.kept,
  );
  t.strictSame(refusals(settled), [
    'hostname: "no name" is no host name; letters, digits and hyphens, at most 64 => the last good hostname is in force',
    'nginx refuses its configuration: => the last good nginx configuration is in force',
    'error[syntax]: expected `=` after `x` => the last good holdfast.toml is in force',
  ]);
  t.equal(settled.hostname, 'box-a');
  t.equal(content(settled, 'holdfast.toml'), ROUTER);
  t.equal(content(settled, 'nginx/conf.d/a.conf'), 'good');
  t.match(content(settled, 'network/10-ens3.network'), /DHCP=yes/);
  t.strictSame([...settled.kept.keys()].sort(), ['holdfast.toml', 'hostname', 'network.toml', 'nginx/conf.d/a.conf']);
});

t.test('without a good one before, the box does without', async t => {
  const settled = await drop({
    'holdfast.toml': 'x',
    'nginx/conf.d/a.conf': 'broken',
    'network.toml': '[',
    authorized_keys: 'x',
    hostname: '',
  });
  t.equal(settled.refused.length, 5);
  for (const { instead } of settled.refused) t.match(instead, /no good .* before: the box does without/);
  t.ok(content(settled, 'nginx/conf.d/default.conf'));
  t.equal(content(settled, 'authorized_keys'), null, 'nobody can log in');
  t.match(content(settled, 'holdfast.d/appliance-nginx.toml'), /watchdog/);
  t.equal(settled.kept.size, 0);
});

t.test('what was removed from CONFIG is gone, also from what is kept', async t => {
  const before = await drop({ 'holdfast.toml': ROUTER, authorized_keys: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ me\n' });
  const settled = await drop({}, before.kept);
  t.strictSame(settled.refused, []);
  t.equal(content(settled, 'authorized_keys'), null);
  t.equal(settled.kept.size, 0);
});

t.test('tables for each machine: the dropped host name decides', async t => {
  const text = `${ROUTER.replace('interface = "ens3"\n', '')}[node.box-a.vrrp.web]\ninterface = "ens3"\n`;
  t.strictSame((await drop({ hostname: 'box-a', 'holdfast.toml': text })).refused, []);
  t.match(refusals(await drop({ hostname: 'box-b', 'holdfast.toml': text })), [/missing-key/]);
});

t.test('names from a laptop: capitals, and files that nobody reads', async t => {
  const settled = await drop({
    HOSTNAME: 'box-a',
    'NGINX/html/index.html': 'x',
    'holdfast.toml.txt': '',
    'backup/old.toml': '',
    'System Volume Information/x': '',
    '._x': '',
  });
  t.equal(settled.hostname, 'box-a');
  t.equal(content(settled, 'nginx/html/index.html'), 'x');
  t.strictSame([...refusals(settled)].sort(), [
    'backup: this box knows no such file => it is not used',
    'holdfast.toml.txt: this box knows no such file; if you meant holdfast.toml, rename it => it is not used',
  ]);
});
