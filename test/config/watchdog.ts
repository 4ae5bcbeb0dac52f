// Tests src/config/watchdog.ts: the service, its probe and its test that come out of the settings of a watchdog.
import t from 'tap';
import type { WatchdogSpec } from '../../src/check/duties.ts';
import { entriesOf } from '../../src/config/entry.ts';
import { watchdogOf } from '../../src/config/watchdog.ts';
import { watchdogTable } from '../../src/config/watchdog-schema.ts';
import { soundOf } from '../fixtures/sound.ts';

const PROBE = 'probe = { type = "tcp", port = 80 }';

function spec(...lines: readonly string[]): WatchdogSpec | null {
  const sound = soundOf(['[watchdog.nginx]', ...lines].join('\n'));
  const [entry] = entriesOf(sound, 'here', 'watchdog', watchdogTable);
  return entry === undefined ? null : watchdogOf(entry);
}

t.test('defaults', async t => {
  t.strictSame(spec('unit = "haproxy.service"', PROBE), {
    name: 'nginx',
    service: { by: 'unit', unit: 'haproxy.service' },
    probe: { type: 'tcp', host: '127.0.0.1', port: 80 },
    timing: {
      interval: 1_000_000,
      timeout: 1_000_000,
      rise: 2,
      fall: 2,
      upDelay: 0,
      downDelay: 0,
      start: 'down',
      hold: 30_000_000,
    },
    test: null,
    reviveWithin: 2_000_000,
    handOver: 'if-not-revived',
    startLimit: 5,
    startLimitInterval: 60_000_000,
  });
});

t.test('all settings', async t => {
  const text = [
    'start = ["/usr/sbin/haproxy", "-D"]',
    'pid_file = "/run/haproxy.pid"',
    'user = "haproxy"',
    'probe = { type = "tcp", port = 80, interval = "5s", timeout = "2s", rise = 3, fall = 4, start = "up" }',
    'test = "/usr/local/bin/why"',
    'revive_within = "0s"',
    'hand_over = "never"',
    'start_limit = 1',
    'start_limit_interval = "1h"',
    'hold = "0s"',
  ];
  t.match(spec(...text), {
    service: { by: 'start', run: ['/usr/sbin/haproxy', '-D'], pidFile: '/run/haproxy.pid', user: 'haproxy' },
    timing: { interval: 5_000_000, timeout: 2_000_000, rise: 3, fall: 4, start: 'up', hold: 0 },
    test: ['/usr/local/bin/why'],
    reviveWithin: 0,
    handOver: 'never',
    startLimit: 1,
    startLimitInterval: 3_600_000_000,
  });
  t.match(spec('start = "/usr/sbin/haproxy"', PROBE), { service: { run: ['/usr/sbin/haproxy'], pidFile: null, user: null }, test: null });
});

t.test('nginx is tested by its own means', async t => {
  const tested = (...lines: readonly string[]) => spec(PROBE, ...lines)?.test;
  t.strictSame(tested('unit = "nginx.service"'), ['/usr/sbin/nginx', '-t']);
  t.strictSame(tested('unit = "nginx.service"', 'test = []'), null, 'unless that is not wanted');
  t.strictSame(tested('unit = "nginx.service"', 'test = ["/opt/x", "-t"]'), ['/opt/x', '-t']);
  t.strictSame(tested('unit = "nginx@a.service"'), null);
  t.strictSame(tested('start = "/opt/nginx/sbin/nginx"'), ['/opt/nginx/sbin/nginx', '-t']);
  t.strictSame(tested('start = "/usr/sbin/nginx-proxy"'), null);
  t.strictSame(tested('start = ["/usr/sbin/nginx", "-q", "-c", "/x"]'), ['/usr/sbin/nginx', '-t', '-c', '/x']);
  t.strictSame(
    tested(`start = ["/usr/sbin/nginx", "-c", "/etc/a.conf", "-g", "daemon off;", "-q", "-p/srv", "-e", "stderr", "-s", "reload"]`),
    ['/usr/sbin/nginx', '-t', '-c', '/etc/a.conf', '-g', 'daemon off;', '-p/srv', '-e', 'stderr'],
    'about the same configuration',
  );
});

t.test('nothing where something is missing', async t => {
  t.equal(spec(PROBE), null);
  t.equal(spec('unit = "nginx.service"'), null);
  t.equal(spec('unit = "nginx.service"', 'probe = { type = "tcp" }'), null);
});
