// One look at a number in a file: what another program has found out, or the kernel shows below /proc and /sys.
// Must not know what the number counts.
import type { FileProbe, Seen } from '../../../check/probe.ts';
import { limitWords } from '../../../check/words.ts';
import type { Micros } from '../../../vrrp/units.ts';
import { LATE, shared, within } from '../patience.ts';
import { readSmallFile } from '../small-file.ts';

/** A number is shorter; in bytes. */
const MOST = 64;
const NUMBER = /^\s*([+-]?(?:\d+(?:\.\d*)?|\.\d+))\s*$/;

const read = shared((path: string) => readSmallFile(path, MOST));

/** What is in the file is never repeated unless it is a number: it may be the wrong file. */
export async function lookAtFile({ path, minimum, maximum }: FileProbe, timeout: Micros): Promise<Seen> {
  const file = await within(read(path), timeout);
  if (file === LATE) return { trouble: 'timeout', seen: `${path} could not be read within ${limitWords(timeout)}` };
  if (file.kind === 'none') return { trouble: file.trouble, seen: `${path} ${file.why}` };
  const text = NUMBER.exec(file.text)?.[1];
  if (text === undefined) {
    return { trouble: 'unexpected', seen: `${path} ${file.text.trim() === '' ? 'is empty' : 'holds something else than a number'}` };
  }
  const number = Number(text);
  if (minimum !== null && number < minimum) return { trouble: 'unexpected', seen: `${text}, less than ${minimum}`, number };
  if (maximum !== null && number > maximum) return { trouble: 'unexpected', seen: `${text}, more than ${maximum}`, number };
  return { trouble: null, seen: text, number };
}
