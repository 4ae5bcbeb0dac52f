// Tests src/keepalived/import.ts, and all of src/keepalived through it, on keepalived.conf files as they are found in the wild,
// mistakes included. The texts in golden/ are what an operator sees: read them as prose. HOLDFAST_GOLDEN=write rewrites them.
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import t from 'tap';
import type { Outcome } from '../../src/keepalived/import.ts';
import { translate } from '../../src/keepalived/import.ts';
import { reportText, summary } from '../../src/keepalived/report.ts';
import { broken, imported } from '../fixtures/keepalived.ts';

const golden = join(import.meta.dirname, 'golden');

/** Scripts that a few of the files name, as the tutorials have them. */
const SCRIPTS: Readonly<Record<string, string>> = {
  '/etc/keepalived/nginx_check.sh':
    '#!/bin/bash\nA=`ps -C nginx --no-header | wc -l`\nif [ $A -eq 0 ]; then\n  systemctl start nginx\n  sleep 2\n' +
    '  if [ `ps -C nginx --no-header | wc -l` -eq 0 ]; then\n    killall keepalived\n  fi\nfi\n',
};

function tell(outcome: Outcome): string {
  return `${reportText(outcome)}${summary(outcome)}\n${outcome.toml === null ? '' : `\n${outcome.toml}`}`;
}

t.test('an operator would be glad', async t => {
  const names = globSync('*.conf', { cwd: golden })
    .map(path => basename(path, '.conf'))
    .sort();
  t.ok(names.length >= 14, 'the samples are there');
  for (const name of names) {
    const text = readFileSync(join(golden, `${name}.conf`), 'utf8');
    const machine = { text: (path: string) => SCRIPTS[path] ?? null, program: () => null };
    const outcome = await translate({ main: { file: `${name}.conf`, text }, open: () => [], machine, id: null, folder: '/etc/holdfast' });
    const expected = join(golden, `${name}.txt`);
    if (process.env.HOLDFAST_GOLDEN === 'write') writeFileSync(expected, tell(outcome));
    t.equal(tell(outcome), readFileSync(expected, 'utf8'), name);
    t.strictSame(await broken(text, await imported(text)), [], `${name}: every line is spoken of, and the result checks`);
  }
});

t.test('shows no password', async t => {
  const text = 'vrrp_instance a {\n interface eth0\n virtual_router_id 1\n authentication {\n auth_type PASS\n auth_pass hushhush\n }\n';
  const outcome = await imported(`${text} virtual_ipaddress {\n 192.0.2.1\n }\n}\n`);
  t.notMatch(JSON.stringify([outcome.findings, outcome.toml]), 'hush');
  t.strictSame(outcome.secrets, [{ router: 'a', path: '/etc/holdfast/a.password', password: 'hushhush' }]);
  for (const twisted of ['auth_pass hushhush {{ x }}', 'auth_type PASS auth_pass hushhush', 'auth_passs hushhush', 'auth_pass "hushhush']) {
    const told = await imported(`${text} ${twisted}\n virtual_ipaddress {\n 192.0.2.1\n }\n}\n`);
    t.notMatch(JSON.stringify([told.findings, told.toml]), 'hush', twisted);
  }
});
