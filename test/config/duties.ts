// Tests src/config/duties.ts: what one machine has, and the duties of the agent that come out of it.
import t from 'tap';
import type { Duties } from '../../src/check/duties.ts';
import { dutiesOf, machineOf } from '../../src/config/duties.ts';
import { loadText, router } from '../fixtures/diagnose.ts';
import { soundOf } from '../fixtures/sound.ts';

const TEXT = `
${router('web', { track: '["nginx", "gateway", { name = "uplink", on_fail = { weight = -20 } }]', on_active: '"/etc/a.sh"', on_change: '{ post = "https://ops.example/" }' })}
${router('db', { vrid: '52', addresses: '["192.0.2.201/24"]', track: '["gateway"]' })}
[check.gateway]
type = "ping"
target = "192.0.2.1"
[check.uplink]
type = "interface"
interface = "eth1"
up_delay = "5s"
on_fail = "release"
[watchdog.nginx]
unit = "nginx.service"
probe = { type = "http", url = "http://127.0.0.1/" }
on_fail = { weight = 10 }
[node.edge-a.check.gateway]
target = "198.51.100.1"
interval = "2s"
[node.edge-a.watchdog.nginx]
hand_over = "immediately"
[node.edge-a.vrrp.web]
on_backup = "/etc/b.sh"
on_fault = "/etc/f.sh"
on_stop = "/etc/s.sh"
[node.edge-b.check.own]
type = "tcp"
port = 80
[node.edge-b.vrrp.web]
track = ["own", "nginx", "uplink"]
`;

async function duties(node: string): Promise<Duties | undefined> {
  const { plan, diagnostics } = await loadText(TEXT, node);
  t.strictSame(diagnostics, []);
  return plan?.duties;
}

t.test('checks, watchdogs, tracks and hooks', async t => {
  const here = await duties('here');
  t.match(here, {
    checks: [
      { name: 'gateway', probe: { type: 'ping', target: '192.0.2.1' }, timing: { interval: 1_000_000, hold: 30_000_000 } },
      { name: 'uplink', probe: { type: 'interface', interface: 'eth1' }, timing: { upDelay: 5_000_000 } },
    ],
    watchdogs: [{ name: 'nginx', service: { unit: 'nginx.service' }, handOver: 'if-not-revived' }],
  });
  t.strictSame(here?.tracks, [
    { router: 'web', of: 'nginx', consequence: { do: 'weight', weight: 10 } },
    { router: 'web', of: 'gateway', consequence: { do: 'demote' } },
    { router: 'web', of: 'uplink', consequence: { do: 'weight', weight: -20 } },
    { router: 'db', of: 'gateway', consequence: { do: 'demote' } },
  ]);
  t.strictSame(here?.hooks, [
    {
      router: 'web',
      on: {
        active: { do: 'run', run: ['/etc/a.sh'], user: null, timeout: 30_000_000 },
        change: { do: 'post', url: 'https://ops.example/', secret: null, timeout: 300_000_000 },
      },
    },
  ]);
});

t.test('one machine has other settings', async t => {
  const a = await duties('edge-a');
  t.match(a, {
    checks: [{ probe: { target: '198.51.100.1' }, timing: { interval: 2_000_000 } }, {}],
    watchdogs: [{ handOver: 'immediately' }],
  });
  t.strictSame(Object.keys(a?.hooks[0]?.on ?? {}), ['active', 'backup', 'fault', 'stop', 'change']);
  const b = await duties('edge-b');
  t.strictSame(
    b?.checks.map(({ name }) => name),
    ['gateway', 'uplink', 'own'],
  );
  t.strictSame(
    b?.tracks.map(({ router: name, of, consequence }) => `${name} ${of} ${consequence.do}`),
    ['web own demote', 'web nginx weight', 'web uplink release', 'db gateway demote'],
  );
});

t.test('survives the journey as JSON', async t => {
  const { plan } = await loadText(TEXT);
  t.strictSame(JSON.parse(JSON.stringify(plan)), plan);
});

t.test('what is incomplete is left out', async t => {
  const text = '[vrrp.web]\ntrack = ["x", { name = "y", on_fail = "release" }]\n[check.a]\ntype = "tcp"\n[watchdog.b]\n';
  t.strictSame(dutiesOf(machineOf(soundOf(text), 'here')), {
    checks: [],
    watchdogs: [],
    tracks: [{ router: 'web', of: 'y', consequence: { do: 'release' } }],
    hooks: [],
    http: null,
  });
});
