// src/core/service-words.ts: what an operator reads at three in the morning.
import t from 'tap';
import { unknown } from '../../src/check/health.ts';
import type { WatchdogReport } from '../../src/check/watchdog.ts';
import { explainCheck, explainWatchdog, showEnd, showService, tellingLine } from '../../src/core/service-words.ts';
import { micros, millis, seconds } from '../../src/vrrp/units.ts';
import { GOOD, MUTE, watchdogSpec } from '../fixtures/duties.ts';

const NOW = seconds(1000);
const UNIT = watchdogSpec({ service: { by: 'unit', unit: 'nginx.service' } });

t.test('services', async t => {
  t.equal(showService(UNIT.service), 'nginx.service');
  t.equal(showService(watchdogSpec().service), '/usr/sbin/nginx');
});

t.test('of what a program said, the line that tells most', async t => {
  t.equal(
    tellingLine('nginx: [emerg] unknown directive "lisen" in /etc/nginx/nginx.conf:12\nnginx: configuration file test failed\n'),
    '[emerg] unknown directive "lisen" in /etc/nginx/nginx.conf:12',
  );
  t.equal(
    tellingLine('2026/11/27 18:06:32 [emerg] 16061#16061: unknown directive "lisen" in /x:15\n'),
    '[emerg] unknown directive "lisen" in /x:15',
  );
  t.equal(tellingLine('one\n\ntwo\n\n'), 'two');
  t.equal(tellingLine('\n'), null);
});

t.test('how a program ended', async t => {
  const argv = ['/usr/sbin/nginx', '-t'];
  t.equal(showEnd(argv, { kind: 'exit', status: 0, output: '', took: millis(1) }), null);
  t.equal(showEnd(argv, { kind: 'exit', status: 1, output: 'nginx: [emerg] no\n', took: millis(1) }), 'nginx: [emerg] no');
  t.equal(showEnd(argv, { kind: 'exit', status: 3, output: '', took: millis(1) }), 'nginx: exit status 3');
  t.equal(showEnd(argv, { kind: 'signal', signal: 'SIGSEGV', output: '', took: millis(1) }), 'nginx: killed by SIGSEGV');
  t.equal(showEnd(argv, { kind: 'timeout', output: '', took: seconds(10) }), 'nginx: still running after 10 s');
  t.equal(showEnd(argv, { kind: 'unsafe', message: '/usr/sbin may be changed by alice' }), '/usr/sbin may be changed by alice');
  t.equal(showEnd(argv, { kind: 'system-error', op: 'spawn', code: 'ENOENT', target: '/usr/sbin/nginx' }), 'spawn /usr/sbin/nginx: ENOENT');
  t.equal(showEnd([], { kind: 'exit', status: 3, output: '', took: millis(1) }), ': exit status 3');
});

t.test('watchdogs', async t => {
  const tells = (report: WatchdogReport): string => {
    const [level, event, words] = explainWatchdog(UNIT, report, NOW);
    return `${level} ${event} ${words}`;
  };
  const what = 'nginx (nginx.service)';
  t.equal(tells({ what: 'serving' }), `info watchdog.serving ${what} answers`);
  t.equal(tells({ what: 'died', how: 'killed by SIGKILL' }), `error watchdog.died ${what}: killed by SIGKILL; starting it again`);
  t.equal(
    tells({ what: 'hung', seen: 'no answer within 1 s', since: seconds(998) }),
    `error watchdog.hung ${what} has not answered for 2 s: no answer within 1 s; ending what is left of it and starting it again`,
  );
  t.equal(
    tells({ what: 'sick', seen: 'HTTP 502' }),
    `error watchdog.sick ${what} answers wrongly: HTTP 502; it is alive, so it is not started again`,
  );
  t.equal(
    tells({ what: 'stopped', why: 'stopped by somebody' }),
    `warn watchdog.stopped ${what}: stopped by somebody; left alone until it is started: systemctl start nginx.service`,
  );
  t.equal(tells({ what: 'start-waits', wait: seconds(4) }), `warn watchdog.start-waits ${what}: next start in 4 s`);
  t.equal(tells({ what: 'start-failed', why: 'exit status 1' }), `error watchdog.start-failed ${what} does not start: exit status 1`);
  t.equal(
    tells({ what: 'revived', away: millis(93), handed: false }),
    `info watchdog.revived ${what} answers again after 93 ms, and the addresses stayed`,
  );
  t.equal(
    tells({ what: 'revived', away: seconds(9), handed: true }),
    `info watchdog.revived ${what} answers again after 9 s; its routers rejoin when it goes on answering`,
  );
  t.equal(
    tells({ what: 'handed-over', away: seconds(2) }),
    `error watchdog.handed-over ${what} is not back after 2 s: its routers give the addresses away`,
  );
  t.equal(tells({ what: 'held', until: seconds(1030) }), `warn watchdog.held ${what} answers, and comes and goes: held down for 30 s more`);
  t.equal(tells({ what: 'rejoined' }), `info watchdog.rejoined ${what} is well: its routers rejoin`);
  t.notMatch(explainWatchdog(watchdogSpec(), { what: 'stopped', why: 'x' }, NOW)[2], /systemctl/);
});

t.test('checks', async t => {
  const state = { ...unknown(micros(0)), since: seconds(997), last: { seen: MUTE, began: seconds(999), ended: NOW } };
  const down = { ...state, verdict: 'down' } as const;
  const up = { ...state, verdict: 'up', last: { seen: GOOD, began: NOW, ended: NOW } } as const;
  const track = (consequence: Parameters<typeof explainCheck>[3][number]['consequence']) => ({ router: 'web', of: 'gw', consequence });
  const tells = (...tracks: Parameters<typeof explainCheck>[3]) => explainCheck('gw', up, down, tracks, NOW)?.[2];
  t.equal(tells(), 'gw is down: no answer within 1 s, for 3 s; nothing depends on it');
  t.equal(
    tells(track({ do: 'demote' }), track({ do: 'release' })),
    'gw is down: no answer within 1 s, for 3 s; web: demoted, serves only if nobody else can; web: gives its addresses up',
  );
  t.match(tells(track({ do: 'weight', weight: -20 })), /; web: priority -20$/);
  t.match(tells(track({ do: 'weight', weight: 20 })), /; web: priority without \+20$/);
  t.match(tells(track({ do: 'weight', weight: 'number' })), /; web: priority as the number says$/);
  t.strictSame(explainCheck('gw', down, up, [], NOW), ['info', 'check.up', 'gw is up: HTTP 200 in 1 ms']);
  t.equal(explainCheck('gw', up, up, [], NOW), null);
  t.equal(
    explainCheck('gw', down, { ...down, heldUntil: seconds(1030) }, [], NOW)?.[2],
    'gw is good again (no answer within 1 s), and comes and goes: held down for 30 s more',
  );
});
