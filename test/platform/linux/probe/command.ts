// What is seen when a command ends in any of the ways that there are.
// Must not know how it is run: program.ts.
import t from 'tap';
import { lookAtCommand } from '../../../../src/platform/linux/probe/command.ts';
import { millis, seconds } from '../../../../src/vrrp/units.ts';
import { makeShelf, needsRoot } from '../fixtures/programs.ts';

const look = (run: readonly string[], timeout = seconds(60), user: string | null = null) =>
  lookAtCommand({ type: 'command', run, user }, timeout);
const sh = (script: string) => look(['/bin/sh', '-c', script]);

t.test('exit status', needsRoot, async t => {
  t.same(await sh('echo fine; exit 0'), { trouble: null, seen: 'exit status 0', number: 0 });
  t.same(await sh('exit 2'), { trouble: 'failed', seen: 'exit status 2', number: 2 });
  t.same(await sh('echo one; echo "  two  " >&2; echo; echo " "; exit 255'), {
    trouble: 'failed',
    seen: 'exit status 255: two',
    number: 255,
  });
});

t.test('what it said last, as it may be printed', needsRoot, async t => {
  const said = async (script: string) => (await sh(`${script}; exit 1`)).seen;
  t.equal(await said(`printf 'a\\033[31mred\\007\\tb\\r\\n'`), 'exit status 1: a [31mred b');
  t.equal(await said(`printf '\\342\\200\\256x'`), 'exit status 1: x', 'nor from right to left');
  t.equal(await said(`for i in $(seq 300); do printf ü; done`), `exit status 1: ${'ü'.repeat(200)}…`);
  t.match(await said(`printf '\\377\\376'`), /^exit status 1: /, 'no UTF-8');
});

t.test('everything else', needsRoot, async t => {
  const { put, path, at } = makeShelf(t);
  t.same(await sh('kill -SEGV $$'), { trouble: 'failed', seen: 'killed by SIGSEGV' });
  t.same(await look(['/bin/sh', '-c', 'echo waiting; exec sleep 60'], millis(500)), {
    trouble: 'timeout',
    seen: 'still running after 500 ms, killed: waiting',
  });
  t.same(await look([path('nothing')]), {
    trouble: 'missing',
    seen: `${path('nothing')}, or the interpreter of its first line, does not exist`,
  });
  t.match(await look([put('text', 'echo\n')]), { trouble: 'failed', seen: /is no program: begin a script with #!/ });
  t.match(await look([put('private', '#!/bin/sh\n', 0o700)], seconds(60), 'nobody'), {
    trouble: 'denied',
    seen: /may not be run by its user/,
  });
  t.same(await look(['/bin/true'], seconds(60), 'nobody-there'), { trouble: 'missing', seen: 'there is no account nobody-there' });
  t.same(await look([at]), { trouble: 'unsafe', seen: `${at} is a directory, not a program` });
  t.match(await look([put('open', '#!/bin/sh\n', 0o777)]), {
    trouble: 'unsafe',
    seen: /is writable for everybody \(mode 0777\): chmod o-w /,
  });
});
