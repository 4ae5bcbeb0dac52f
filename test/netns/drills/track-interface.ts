// Drill: track_interface = false, as over a crossover cable: without a carrier the router goes on, as it is the peer that is gone.
// Must not know how carriers are watched.
import { now, sleep } from '../lab/clock.ts';
import { drill } from '../lab/drill.ts';
import { addressesOf, pullCable, putCableBack } from '../lab/faults.ts';
import { VIP, web } from '../lab/router.ts';
import { exactlyOneHolder } from '../lab/verdict.ts';

const INTERVAL = 100;
const missing = process.env.HOLDFAST_LAB_DAEMON === undefined ? null : 'keepalived has a word of its own for it';

await drill('without a carrier, track_interface = false', { missing }, async (t, lab) => {
  const a = lab.start('a', { ...web(200), more: 'track_interface = false' });
  await a.entered('web', 'active', 15_000);
  const b = lab.start('b', { ...web(100), more: 'track_interface = false' });
  await b.entered('web', 'backup', 15_000);
  const pulled = now();
  await pullCable(lab.network, lab.node('b'));
  await b.entered('web', 'active', 5000, pulled);
  t.ok((await addressesOf(lab.node('b'))).includes(`${VIP}/24`), 'who hears nothing any more takes over, without a carrier');
  await sleep(1000);
  const back = now();
  await putCableBack(lab.network, lab.node('b'));
  await b.entered('web', 'backup', 5000, back);
  await sleep(5 * INTERVAL);
  lab.judge(exactlyOneHolder(await lab.window(now() - 400_000), VIP, 'a'), 'and gives way when the peer is back');
});
