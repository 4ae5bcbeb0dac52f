// The password of version 2: where it is to be found, what it may be, and how it gets into a plan that was made without it.
// Must not know files: whoever loads a configuration fetches what `secretsOf` names. No text here ever repeats a password.
import type { Place } from './finding.ts';
import type { Plan } from './plan.ts';
import type { Router } from './router.ts';

/** As the operator gives it. `credential`: a file of that name in systemd's $CREDENTIALS_DIRECTORY. */
export type Password =
  | { readonly from: 'text'; readonly text: string }
  | { readonly from: 'file'; readonly path: string }
  | { readonly from: 'credential'; readonly name: string };

/** A password that is not in the configuration itself. */
export interface Secret {
  /** Name of the virtual router that needs it. */
  readonly router: string;
  readonly password: Exclude<Password, { readonly from: 'text' }>;
  /** Where the configuration asks for it. */
  readonly place: Place;
}

/** What the message of version 2 has room for, RFC 2338 §5.3.10. */
const BYTES = 8;

/** What is wrong with a password, as the second half of a sentence. */
export interface PasswordFlaw {
  readonly message: string;
  readonly hint: string;
}

/** Checks a password against what version 2 can carry: 1 to 8 bytes of UTF-8.
 *  @param cut what to do with one that is too long, so that keepalived understands it */
export function passwordFlaw(text: string, cut: string): PasswordFlaw | null {
  if (text === '') return { message: 'is empty', hint: 'without a password, leave `password` out' };
  // The message pads with zeros, so nobody could tell them apart.
  if (text.includes('\0')) return { message: 'contains a NUL character', hint: 'take another one, the same on all machines' };
  return new TextEncoder().encode(text).length <= BYTES ? null : tooLong(cut);
}

function tooLong(cut: string): PasswordFlaw {
  const hint = `there is room for ${BYTES}, and keepalived silently sends the first ${BYTES} of a longer one: ${cut}`;
  return { message: `is longer than ${BYTES} bytes`, hint };
}

/** Reads the content of a password's file; one line end behind it is none of it.
 *  @param bytes the whole file, or the beginning of it as far as 64 bytes
 *  @param cut as above */
export function readPassword(bytes: Uint8Array, cut: string): { readonly password: string } | PasswordFlaw {
  if (bytes.length > BYTES + 2) return tooLong(cut);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return { message: 'is not UTF-8 text', hint: 'take another one, the same on all machines' };
  }
  const password = text.replace(/\r?\n$/, '');
  return passwordFlaw(password, cut) ?? { password };
}

/** The passwords that are still to be fetched for the routers of one machine. */
export function secretsOf(routers: readonly Router[]): readonly Secret[] {
  return routers.flatMap(({ name, settings: { version, password }, placeOf }) =>
    version !== 2 || password === undefined || password.from === 'text'
      ? []
      : [{ router: name, password, place: placeOf(['password', password.from]) }],
  );
}

/** The plan with the passwords that were fetched, by the name of the router. */
export function withPasswords(plan: Plan, passwords: ReadonlyMap<string, string>): Plan {
  return { ...plan, routers: plan.routers.map(spec => ({ ...spec, password: passwords.get(spec.name) ?? spec.password })) };
}
