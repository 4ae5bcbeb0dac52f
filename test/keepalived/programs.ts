// Tests src/keepalived/programs.ts: what scripts are for.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: so shells have it.
import t from 'tap';
import { type Purpose, purposeOf } from '../../src/keepalived/programs.ts';

function asked(command: string, scripts: Readonly<Record<string, string>> = {}): Purpose | null {
  return purposeOf(command, { text: path => scripts[path] ?? null, program: name => (name === 'curl' ? '/usr/bin/curl' : null) });
}

const named = (name: string): Purpose => ({ asks: 'process', name });
const active = (unit: string): Purpose => ({ asks: 'unit', unit });
const run = (...words: readonly string[]): Purpose => ({ asks: 'program', run: words, changes: [] });

t.test('process checks', async t => {
  for (const command of [
    'killall -0 nginx',
    '/usr/bin/killall -0 nginx',
    'killall -q -0 nginx',
    'pidof nginx',
    '/bin/pidof -s /usr/sbin/nginx',
    'pgrep nginx',
    'pgrep -x nginx',
    '/usr/bin/pkill -0 nginx',
    'pkill -0 -x nginx',
    "/bin/sh -c 'killall -0 nginx'",
    '"killall" "-0" "nginx"',
  ])
    t.strictSame(asked(command), named('nginx'), command);
  t.strictSame(asked('kill -0 `cat /run/nginx.pid`'), { asks: 'pid-file', path: '/run/nginx.pid' });
  t.strictSame(asked('/bin/kill -0 $(cat /run/nginx.pid)'), { asks: 'pid-file', path: '/run/nginx.pid' });
});

t.test('what only looks like one stays a program', async t => {
  for (const command of [
    'killall nginx',
    'killall -0 nginx haproxy',
    'pkill nginx',
    'pgrep -f "nginx: master"',
    'pidof -x check.sh',
    'pgrep -u root nginx',
    'killall -9 nginx',
  ])
    t.equal(asked(command)?.asks, 'program', command);
});

t.test('units and ports', async t => {
  t.strictSame(asked('systemctl is-active --quiet nginx'), active('nginx.service'));
  t.strictSame(asked('/usr/bin/systemctl status nginx.service'), active('nginx.service'));
  t.strictSame(asked('service haproxy status'), active('haproxy.service'));
  t.equal(asked('systemctl restart nginx')?.asks, 'program');
  t.strictSame(asked('</dev/tcp/127.0.0.1/80'), { asks: 'tcp', host: '127.0.0.1', port: 80 });
  t.strictSame(asked(`/bin/bash -c '</dev/tcp/127.0.0.1/80'`), { asks: 'tcp', host: '127.0.0.1', port: 80 });
  t.strictSame(asked('nc -z localhost 3306'), { asks: 'tcp', host: 'localhost', port: 3306 });
  t.equal(asked('nc -zu localhost 53')?.asks, 'program');
  t.equal(asked('nc -z localhost 99999')?.asks, 'program');
});

const TUTORIAL = '#!/bin/bash\nif [ "$(ps -ef | grep "nginx: master process" | grep -v grep)" == "" ]; then\n  killall keepalived\nfi\n';
const OWN =
  '#!/bin/sh\n# nginx\ncounter=$(ps -C nginx --no-heading|wc -l)\nif [ "${counter}" = "0" ]; then\n  /usr/local/nginx/sbin/nginx\n  sleep 2\n  service keepalived stop\nfi';
const CURL = 'curl -fs http://127.0.0.1:8080/health || systemctl restart nginx || systemctl stop keepalived';

t.test('the nginx script of the tutorials becomes a watchdog', async t => {
  t.strictSame(asked('/etc/keepalived/chk.sh', { '/etc/keepalived/chk.sh': TUTORIAL }), {
    asks: 'nginx',
    start: null,
    url: 'http://127.0.0.1/',
  });
  t.strictSame(asked('/bin/bash /x/chk.sh', { '/x/chk.sh': OWN }), {
    asks: 'nginx',
    start: '/usr/local/nginx/sbin/nginx',
    url: 'http://127.0.0.1/',
  });
  t.strictSame(asked(`/bin/sh -c '${CURL}'`), { asks: 'nginx', start: null, url: 'http://127.0.0.1:8080/health' });
  for (const other of [
    '#!/bin/sh\npidof nginx\n',
    '#!/bin/sh\n# systemctl restart nginx\ncurl http://127.0.0.1/\n',
    '#!/bin/sh\nsystemctl restart haproxy\n',
  ])
    t.equal(asked('/x/chk.sh', { '/x/chk.sh': other })?.asks, 'program', other);
});

t.test('anything else is run as it is', async t => {
  t.strictSame(asked('/usr/local/bin/check "a b" c\\ d'), run('/usr/local/bin/check', 'a b', 'c d'));
  t.strictSame(asked('curl -s http://127.0.0.1/'), {
    asks: 'program',
    run: ['/usr/bin/curl', '-s', 'http://127.0.0.1/'],
    changes: ['programs have their full path here'],
  });
  t.strictSame(asked("/bin/sh -c 'test -f /run/x && exit 1'"), run('/bin/sh', '-c', 'test -f /run/x && exit 1'));
  t.match(asked('test -f /run/x && exit 1'), { run: ['/bin/sh', '-c', 'test -f /run/x && exit 1'] });
  t.match(asked('[[ -f /run/x ]] || exit 0'), { run: ['/bin/bash', '-c', '[[ -f /run/x ]] || exit 0'] });
  t.equal(asked("/bin/x 'y"), null);
  t.equal(asked('  '), null);
});
