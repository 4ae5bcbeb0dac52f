// What `systemctl show` says, as systemd 252 has said it of real units, and what it comes to.
// Must not know how it was asked: that is test/netns/systemd.
import t from 'tap';
import { deathWords, judgeUnit, parseShow } from '../../../src/platform/linux/unit-facts.ts';

const UP = `Restart=no
MainPID=115
Result=success
ExecMainStartTimestampMonotonic=2639120688
ExecMainExitTimestampMonotonic=0
ExecMainCode=0
ExecMainStatus=0
ExecStartPre={ path=/usr/sbin/nginx ; argv[]=/usr/sbin/nginx -t -q -g daemon on; master_process on; ; ignore_errors=no ; start_time=[n/a] ; stop_time=[n/a] ; pid=113 ; code=exited ; status=0 }
ExecStart={ path=/usr/sbin/nginx ; argv[]=/usr/sbin/nginx -g daemon on; master_process on; ; ignore_errors=no ; start_time=[n/a] ; stop_time=[n/a] ; pid=114 ; code=exited ; status=0 }
ControlGroup=/system.slice/nginx.service
LoadState=loaded
ActiveState=active
SubState=running
Job=
InactiveExitTimestampMonotonic=2639099999
ActiveExitTimestampMonotonic=0`;

/** One unit, like the one above but for these lines. */
function unit(changes: Readonly<Record<string, string>>) {
  const lines = UP.split('\n').map(line => {
    const name = line.slice(0, line.indexOf('='));
    return name in changes ? `${name}=${changes[name]}` : line;
  });
  const [facts] = parseShow(lines.join('\n'));
  if (facts === undefined) throw new Error('nothing was parsed');
  return facts;
}

const KILLED = {
  ActiveState: 'failed',
  SubState: 'failed',
  Result: 'signal',
  MainPID: '0',
  ExecMainCode: '2',
  ExecMainStatus: '9',
  ExecMainExitTimestampMonotonic: '2639323437',
  ActiveExitTimestampMonotonic: '2639328247',
  ControlGroup: '',
};

t.test('what is shown', t => {
  const [facts, ...none] = parseShow(`${UP}\n`);
  t.same(none, []);
  t.same(facts, {
    load: 'loaded',
    active: 'active',
    sub: 'running',
    result: 'success',
    restart: 'no',
    mainPid: 115,
    ordered: false,
    group: '/system.slice/nginx.service',
    end: null,
    mainStarted: 2639120688,
    mainEnded: 0,
    left: 0,
    begun: 2639099999,
    before: null,
    start: null,
  });
  t.equal(parseShow(`${UP}\n\n${UP}\n`).length, 2);
  t.same(parseShow(''), []);
  // A time that was never, and a group that is none.
  t.match(unit({ ControlGroup: '/', ExecMainStartTimestampMonotonic: '18446744073709551615x' }), { group: '', mainStarted: 0 });
  t.end();
});

t.test('how the main process ended, in numbers and in words', t => {
  const end = (code: string, status: string) => unit({ ExecMainCode: code, ExecMainStatus: status }).end;
  t.equal(end('1', '3'), 'exit status 3');
  t.equal(end('exited', '3'), 'exit status 3');
  t.equal(end('2', '9'), 'killed by SIGKILL');
  t.equal(end('killed', '9'), 'killed by SIGKILL');
  t.equal(end('3', '11'), 'killed by SIGSEGV with a core dump');
  t.equal(end('2', '40'), 'killed by signal 40');
  t.equal(end('0', '0'), null);
  t.end();
});

t.test('what it comes to', t => {
  const state = (changes: Readonly<Record<string, string>>) => judgeUnit('nginx.service', unit(changes));
  const dead = (how: string) => ({ name: 'dead', how });
  t.same(state({}), { name: 'running', pid: 115 });
  t.same(state({ ActiveState: 'reloading', Job: '17' }), { name: 'running', pid: 115 });
  t.same(state({ ActiveState: 'activating', SubState: 'start' }), { name: 'changing' });
  t.same(state({ ...KILLED, ActiveState: 'activating', SubState: 'auto-restart' }), dead('killed by SIGKILL'));
  t.same(state({ ...KILLED, ActiveState: 'activating', SubState: 'auto-restart-queued' }), dead('killed by SIGKILL'));
  t.same(state({ ActiveState: 'deactivating', Job: '17' }), { name: 'changing' }, 'ordered');
  t.same(state({ ActiveState: 'deactivating' }), { name: 'changing' }, 'on its way');
  t.same(state({ ...KILLED, ActiveState: 'deactivating' }), dead('killed by SIGKILL'), 'systemd clears what is left');
  t.same(state({ ActiveState: 'deactivating', MainPID: '0', ExecMainCode: '1' }), { name: 'stopped' }, 'it went by itself');
  t.same(state(KILLED), dead('killed by SIGKILL'));
  t.same(state({ ActiveState: 'inactive', MainPID: '0' }), { name: 'stopped' });
  t.same(state({ ...KILLED, ActiveState: 'inactive' }), dead('killed by SIGKILL'));
  t.same(state({ ActiveState: 'inactive', LoadState: 'not-found' }), { name: 'missing', why: 'systemd does not know nginx.service' });
  t.match(state({ ActiveState: 'inactive', LoadState: 'masked' }), { name: 'missing', why: /is masked: systemctl unmask/ });
  t.match(state({ ActiveState: 'inactive', LoadState: 'bad-setting' }), { name: 'missing', why: /cannot read nginx\.service/ });
  t.same(state({ LoadState: 'not-found' }), { name: 'running', pid: 115 }, 'its file was removed while it runs');
  t.end();
});

t.test('told to stop, it ended in its own way: that is no death', t => {
  const state = (changes: Readonly<Record<string, string>>) => judgeUnit('java.service', unit({ ...KILLED, ...changes })).name;
  const told = { ActiveExitTimestampMonotonic: '2639323000' };
  t.equal(state({ ...told, Result: 'exit-code', ExecMainCode: '1', ExecMainStatus: '143' }), 'stopped');
  t.equal(state({ ...told, Result: 'timeout' }), 'stopped', 'it did not want to');
  t.equal(state({ ...told, Result: 'watchdog' }), 'dead', 'nobody told it');
  t.equal(state({ ...told, Result: 'oom-kill' }), 'dead');
  t.equal(state({ ActiveExitTimestampMonotonic: '2639000000' }), 'dead', 'it was told in an earlier life');
  t.end();
});

t.test('why it is gone', t => {
  const why = (changes: Readonly<Record<string, string>>) => deathWords(unit({ ...KILLED, ...changes }));
  const failed = (path: string, status: string, ignored = 'no') =>
    `{ path=${path} ; argv[]=${path} -t ; ignore_errors=${ignored} ; start_time=[x] ; stop_time=[x] ; pid=1 ; code=exited ; status=${status} }`;
  t.equal(why({}), 'killed by SIGKILL');
  t.equal(why({ Result: 'oom-kill' }), 'out of memory');
  t.equal(why({ Result: 'timeout' }), 'a time limit of its unit ran out');
  t.equal(why({ Result: 'watchdog' }), 'its systemd watchdog ran out');
  t.equal(why({ Result: 'start-limit-hit' }), 'started too often for systemd');
  t.match(why({ Result: 'protocol' }), /Type=, PIDFile=/);
  t.match(why({ Result: 'exec-condition' }), /condition/);
  const before = { Result: 'exit-code', ExecStartPre: failed('/usr/sbin/nginx', '1/FAILURE') };
  t.equal(why(before), '/usr/sbin/nginx: exit status 1');
  t.equal(why({ ...before, ExecStartPre: failed('/usr/sbin/nginx', '1/FAILURE', 'yes') }), 'killed by SIGKILL', 'which did not matter');
  t.equal(why({ Result: 'exit-code', ExecMainCode: '0', ExecStart: failed('/usr/sbin/nginx', '1') }), '/usr/sbin/nginx: exit status 1');
  t.equal(why({ Result: 'resources', ExecMainCode: '0' }), 'systemd lacks what it needs for its start');
  t.equal(why({ Result: 'success', ExecMainCode: '1', ExecMainStatus: '0' }), 'exit status 0');
  t.equal(why({ Result: '', ExecMainCode: '0' }), 'gone');
  t.equal(why({ Result: 'new-word', ExecMainCode: '0' }), 'new-word');
  t.end();
});
