// Tests src/check/hooks.ts: what is told, in keepalived's words too, and that the last thing told is always the last that was true.
// Must not know programs or webhooks.
import t from 'tap';
import type { StateEvent } from '../../src/check/duties.ts';
import {
  announce,
  type Change,
  delivered,
  hookWords,
  isIdle,
  isSuperseded,
  keepalivedArguments,
  keepalivedWord,
  type Listener,
  next,
  type Queue,
  queueOf,
  roleOf,
  type Turn,
  toldRole,
} from '../../src/check/hooks.ts';
import { seconds } from '../../src/vrrp/units.ts';
import fc from '../fixtures/property.ts';

t.test('each state and what it is to hooks', async t => {
  const table: readonly (readonly [Change['to'], reason: string, stopping: boolean, StateEvent | null])[] = [
    ['active', 'active-down-expired', false, 'active'],
    ['active', 'nobody-took-over', false, 'active'],
    ['backup', 'startup', false, 'backup'],
    ['backup', 'retry', false, 'backup'],
    ['backup', 'handed-over', false, 'backup'],
    ['fault', 'address-fault', false, 'fault'],
    ['leaving', 'shutdown', true, null],
    ['leaving', 'demoted', false, null],
    ['leaving', 'no-carrier', false, null],
    ['initialize', 'shutdown', true, 'stop'],
    ['initialize', 'handed-over', true, 'stop'],
    ['initialize', 'nobody-took-over', true, 'stop'],
    ['initialize', 'interface-down', true, 'stop'],
    ['initialize', 'interface-missing', false, 'fault'],
    ['initialize', 'no-carrier', false, 'fault'],
    // The interface of the addresses went while that of the advertisements still spoke.
    ['initialize', 'handed-over', false, 'fault'],
    ['initialize', 'nobody-took-over', false, 'fault'],
    ['initialize', 'address-fault', false, 'fault'],
    ['initialize', 'starting', false, null],
  ];
  for (const [to, reason, stopping, role] of table) t.equal(roleOf({ to, reason, stopping }), role, `${to} ${reason} ${stopping}`);
});

t.test('keepalived’s words in keepalived’s order', async t => {
  t.strictSame(
    (['active', 'backup', 'fault', 'stop'] as const).map(role => keepalivedWord(role)),
    ['MASTER', 'BACKUP', 'FAULT', 'STOP'],
  );
  t.strictSame(keepalivedArguments({ name: 'web', priority: 150 }, 'active'), ['INSTANCE', 'web', 'MASTER', '150']);
});

t.test('a hook in words holds nothing that can be a secret', async t => {
  const timeout = seconds(30);
  const post = (url: string) => hookWords({ do: 'post', url, secret: null, timeout });
  t.equal(hookWords({ do: 'run', run: ['/usr/local/sbin/notify', '--token', 'geheim'], user: null, timeout }), '/usr/local/sbin/notify');
  t.equal(hookWords({ do: 'run', run: [], user: null, timeout }), '');
  t.equal(post('https://hooks.example.com:8443/services/T0/geheim?key=geheim'), 'POST https://hooks.example.com:8443/...');
  t.equal(post('https://geheim:geheim@hooks.example.com/'), 'POST https://hooks.example.com/');
  t.equal(post('https://hooks.example.com/?key=geheim'), 'POST https://hooks.example.com/...');
  t.equal(post('geheim'), 'POST');
});

/** A queue that remembers what came out of it. */
function rig(told: StateEvent | null = null) {
  let queue: Queue<number> = queueOf(told);
  let announced = 0;
  const turns: Turn<number>[] = [];
  const turn = (): Turn<number> | null => {
    const [then, taken] = next(queue);
    queue = then;
    if (taken !== null) turns.push(taken);
    return taken;
  };
  return {
    turns,
    turn,
    told: () => turns.map(({ role, skipped }) => `${role}${skipped === 0 ? '' : ` after ${skipped}`}`),
    announce(role: StateEvent) {
      announced += 1;
      queue = announce(queue, { role, what: announced });
      return turn();
    },
    end(...givenUp: Listener[]) {
      queue = delivered(queue, givenUp);
      return turn();
    },
    get queue() {
      return queue;
    },
  };
}

t.test('one at a time, in order, the specific hook first', async t => {
  const web = rig('fault');
  t.strictSame(web.announce('backup'), { role: 'backup', what: 1, to: ['own', 'change'], skipped: 0 });
  t.equal(web.announce('active'), null, 'waits');
  t.equal(toldRole(web.queue), null, 'nobody knows while one is told');
  t.equal(web.end()?.role, 'active');
  t.equal(web.end(), null);
  t.strictSame(web.told(), ['backup', 'active']);
  t.equal(toldRole(web.queue), 'active');
  t.ok(isIdle(web.queue));
});

t.test('only the newest waits, with what is newest about it', async t => {
  const web = rig();
  web.announce('backup');
  t.notOk(isSuperseded(web.queue));
  web.announce('active');
  t.ok(isSuperseded(web.queue));
  web.announce('fault');
  web.announce('fault');
  web.announce('backup');
  web.announce('stop');
  web.announce('stop');
  t.notOk(isIdle(web.queue));
  t.match(web.end(), { role: 'stop', what: 7, skipped: 3 });
  web.announce('backup');
  t.match(web.end(), { role: 'backup', skipped: 0 });
});

t.test('a state that was told already is not told again', async t => {
  const web = rig('backup');
  t.equal(web.announce('backup'), null);
  t.ok(isIdle(web.queue));
  web.announce('active');
  web.announce('active');
  t.notOk(isSuperseded(web.queue), 'nor is it old because it was reached twice');
  web.end();
  t.strictSame(web.told(), ['active']);
});

t.test('there and back again while a hook runs is no news', async t => {
  const web = rig('backup');
  web.announce('active');
  web.announce('backup');
  web.announce('active');
  t.equal(web.end(), null);
  t.ok(isIdle(web.queue));
  t.equal(toldRole(web.queue), 'active');
  web.announce('fault');
  t.strictSame(web.told(), ['active', 'fault after 1'], 'but the next one knows of it');
});

t.test('what was given up for a newer state is told again when it is the last one after all', async t => {
  const web = rig('backup');
  web.announce('active');
  web.announce('backup');
  web.announce('active');
  t.match(web.end('own', 'change'), { role: 'active', to: ['own', 'change'], what: 3 });
  web.announce('backup');
  web.announce('active');
  t.match(web.end('change'), { role: 'active', to: ['change'] }, 'only who may not have heard of it');
  t.equal(web.end(), null);
  t.equal(toldRole(web.queue), 'active');
  web.announce('backup');
  web.announce('active');
  t.match(web.end('own', 'change'), { role: 'active', to: ['own', 'change'] });
  web.end('own');
  t.equal(toldRole(web.queue), null, 'one of the two knows it for sure');
  t.match(web.announce('active'), { role: 'active', to: ['own'] });
});

t.test('an end without a beginning changes nothing', async t => {
  const queue = queueOf<number>('backup');
  t.equal(delivered(queue, ['own']), queue);
  t.strictSame(next(queue), [queue, null]);
});

t.test('whatever happens, the last that was told is the last that was announced, and never the same twice', async () => {
  const role = fc.constantFrom<StateEvent>('active', 'backup', 'fault', 'stop');
  const happening = fc.oneof(
    { weight: 3, arbitrary: fc.record({ do: fc.constant('announce' as const), role }) },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('end' as const), givenUp: fc.subarray<Listener>(['own', 'change']) }),
    },
  );
  fc.assert(
    fc.property(fc.option(role), fc.array(happening, { maxLength: 60 }), (known, happenings) => {
      const web = rig(known);
      /** What each listener knows for sure. */
      const heard: Record<Listener, StateEvent | null> = { own: known, change: known };
      let last = known;
      let open: Turn<number> | null = null;
      const begin = (turn: Turn<number> | null): void => {
        if (turn === null) return;
        if (open !== null) throw new Error('two at once');
        open = turn;
        for (const listener of turn.to) if (heard[listener] === turn.role) throw new Error(`${listener} hears ${turn.role} twice`);
      };
      const end = (givenUp: readonly Listener[]): void => {
        for (const listener of open?.to ?? []) heard[listener] = givenUp.includes(listener) ? null : (open?.role ?? null);
        open = null;
        begin(web.end(...givenUp));
      };
      for (const each of happenings) {
        if (each.do === 'announce') {
          last = each.role;
          begin(web.announce(each.role));
          // What was given up is given up only because something waits.
        } else end(isSuperseded(web.queue) ? each.givenUp : []);
      }
      while (!isIdle(web.queue)) end([]);
      if (heard.own !== last || heard.change !== last) throw new Error(`${heard.own} and ${heard.change}, not ${last}`);
      if (toldRole(web.queue) !== last) throw new Error(`remembers ${toldRole(web.queue)}, not ${last}`);
    }),
    { numRuns: 2000 },
  );
});
