// src/lab/usual.ts: what the usual nodes are told is a configuration without a single remark.
import t from 'tap';
import { load } from '../../src/config/load.ts';
import { decode } from '../../src/config/source.ts';
import { nginxText, usualText } from '../../src/lab/usual.ts';

t.test('with nginx and without', async t => {
  for (const nginx of [null, { start: ['/usr/sbin/nginx', '-c', '/run/x.conf'], pidFile: '/run/x.pid' }]) {
    for (const position of [0, 7]) {
      const { plan, diagnostics } = await load([decode('x.toml', Buffer.from(usualText(position, nginx)))], 'edge-a');
      t.same(diagnostics, []);
      t.match(plan?.routers, [{ name: 'web', interface: 'hf0', priority: 200 - 20 * position, tracked: true }]);
      t.equal(plan?.duties.watchdogs.length, nginx === null ? 0 : 1);
    }
  }
  t.match(nginxText('edge-a', '/run/lab'), /pid \/run\/lab\/nginx\.pid;[\s\S]*return 200 "edge-a\\n";/);
});
