// src/check/orders.ts: what an order makes of a router, beside its checks.
import t from 'tap';
import { type Stand, underOrder } from '../../src/check/orders.ts';

const WELL: Stand = { standing: 'well', adjustment: -20, why: null };
const SICK: Stand = { standing: 'demoted', adjustment: 0, why: 'nginx: refused' };
const OUT: Stand = { standing: 'released', adjustment: 0, why: 'disk: full' };

t.test('drained, it serves only if nobody else can', async t => {
  const drained = (stand: Stand, force = false) => underOrder({ move: 'drain', force }, 'drained', stand, 100);
  t.strictSame(drained(WELL), { standing: 'demoted', adjustment: -20, why: 'drained' });
  t.strictSame(drained(SICK), { standing: 'demoted', adjustment: 0, why: 'drained; nginx: refused' });
  t.strictSame(drained(OUT), { standing: 'released', adjustment: 0, why: 'drained; disk: full' }, 'an order does not bring back');
  t.match(drained(WELL, true), { standing: 'released' }, 'by force it does not serve at all');
  t.match(drained(SICK, true), { standing: 'released' });
});

t.test('promoted, it goes before everybody who does not own the addresses', async t => {
  const promoted = (stand: Stand, force = false) => underOrder({ move: 'promote', force }, 'promoted', stand, 100);
  t.strictSame(promoted(WELL), { standing: 'well', adjustment: 154, why: 'promoted' });
  t.strictSame(promoted(SICK), SICK, 'not while its own checks say no');
  t.strictSame(promoted(SICK, true), { standing: 'well', adjustment: 154, why: 'promoted; nginx: refused' });
  t.match(promoted(OUT, true), { standing: 'well' });
});
