// src/api/orders.ts: what an order may say.
import t from 'tap';
import { readOrderQuery } from '../../src/api/orders.ts';

t.test('what makes sense', async t => {
  t.strictSame(readOrderQuery('drain', ''), { routers: [], forMs: null, keep: false, force: false });
  t.strictSame(readOrderQuery('drain', 'router=web&for_ms=3600000&router=mail&keep=true&force=false'), {
    routers: ['web', 'mail'],
    forMs: 3_600_000,
    keep: true,
    force: false,
  });
  t.match(readOrderQuery('promote', 'force=true'), { force: true });
  t.match(readOrderQuery('resume', 'router=a%20b'), { routers: ['a b'] });
});

t.test('what does not', async t => {
  t.equal(readOrderQuery('resume', 'keep=true'), 'resume has no parameter "keep"');
  t.equal(readOrderQuery('drain', 'x=1'), 'drain has no parameter "x"');
  t.equal(readOrderQuery('drain', 'keep=true&keep=true'), 'keep is given twice');
  t.equal(readOrderQuery('drain', 'keep=yes'), 'keep must be true or false');
  for (const text of ['', '999', '31536000001', '1.5e3', '-1', '9999999999999'])
    t.match(readOrderQuery('drain', `for_ms=${text}`), /^for_ms must be a whole number from 1000 to/, text);
});
