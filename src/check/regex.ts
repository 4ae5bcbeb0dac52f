// Regular expressions from users, as RE2 has them: linear time whatever the text. Pure.
// Must not know what is searched. Apart from everything else, since the library is big and few use one.
//
// Linear is not yet quick: the time is the size of the program times the length of the text, and its tables of states can grow to
// hundreds of MiB. So both are bounded. Measured over 64 KiB of random text, with the worst that we found: `(?s)[ab].{900}[cd]`
// takes 0.9 s and 200 MiB without the bounds, `(?s)[ab].{200}[cd]`, which is let in, 0.07 s and 2 MiB; usual ones below 1 ms.
import { RE2JS, RE2JSException, RE2Set } from 're2js';
import { oneLine } from './words.ts';

/** Characters of an expression; a longer one takes long to be understood. */
const LONGEST = 1_000;
/** Instructions of its program; `programSize` of re2js. */
const MOST_INSTRUCTIONS = 250;
/** For the table of states, as re2js counts; in bytes. */
const MEMORY = 1 << 16;

/** Whether it is found anywhere in a text. */
export type Matcher = (text: string) => boolean;

/** @returns why the expression cannot be taken, in words; null: it can */
export function checkRegex(text: string): string | null {
  const compiled = compileRegex(text);
  return typeof compiled === 'string' ? compiled : null;
}

/** Once for each expression.
 *  @returns what `checkRegex` says where it cannot be taken */
export function compileRegex(text: string): Matcher | string {
  if (text.length > LONGEST) return `it has more than ${LONGEST} characters`;
  try {
    const size = RE2JS.compile(text).programSize();
    if (size > MOST_INSTRUCTIONS) return `it is too big: ${size} steps, ${MOST_INSTRUCTIONS} at most; mind counts like {100}`;
    // The only way to say how much memory may be used. As a set, since it is asked only whether it matches.
    const set = new RE2Set(RE2Set.UNANCHORED, 0, MEMORY);
    set.add(text);
    set.compile();
    return searched => set.match(searched).length > 0;
  } catch (error) {
    if (error instanceof RE2JSException) return oneLine(error.message.replace(/^error parsing regexp: /, ''), 200);
    throw error;
  }
}
