// Story: slot b is to be booted, and there is no system in it. The box has to come up on slot a by itself.
// Must not know how the boot loader counts: its words on the console say what it chose.
import { join } from 'node:path';
import { now } from '../netns/lab/clock.ts';
import { BOX_A } from './harness/config.ts';
import { answersItself, makeBox, readyMs } from './harness/pair.ts';
import { setSlots } from './harness/slots.ts';
import { story } from './harness/story.ts';

const SAYS = /holdfast: slot (\w), try (\d) of 3/;

await story('slot rollback', { limitMs: 600_000, sockets: ['a'] }, async (t, stage) => {
  const a = await makeBox(stage, BOX_A);
  // As an update that was cut off would leave it: the kernel of the new slot is there, its root is not.
  await setSlots(join(stage.network.folder, 'a.img'), { ORDER: 'b a', b_OK: '1', b_TRY: '0' }, { kernelOf: 'b' });
  const on = await a.start();
  await answersItself(stage, BOX_A, 2 * readyMs(stage));
  const tries = a.console.lines().flatMap(({ text }) => {
    const [, slot, count] = SAYS.exec(text) ?? [];
    return slot === undefined ? [] : [`${slot}${count}`];
  });
  t.strictSame(tries, ['b1', 'b2', 'b3', 'a1'], 'slot b three times, then slot a');
  stage.note(`slot rollback: ${((now() - on) / 1_000_000).toFixed(1)} s from power-on to the page of slot a`);
  stage.check();
});
