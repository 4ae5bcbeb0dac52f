// The token of the page: known by its digest, compared in constant time, and in browsers replaced by something made of it.
// Must not know where the token is from, nor who shows one.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

export interface WebGuard {
  knows(token: string): boolean;
  readonly cookie: { readonly name: string; readonly value: string };
  knowsCookie(value: string): boolean;
}

export function createGuard(token: string): WebGuard {
  const made = (what: string): string => createHmac('sha256', token).update(what).digest('hex');
  // Cookies are not kept apart by ports: each holdfast behind one name has a name of its own.
  const cookie = { name: `holdfast-${made('holdfast page name').slice(0, 8)}`, value: made('holdfast page') };
  return { knows: shown => same(shown, token), cookie, knowsCookie: shown => same(shown, cookie.value) };
}

/** Digests have one length, whatever is shown. */
function same(one: string, other: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}

/** As Content-Security-Policy names a style or a script. CSP Level 3 §2.3.1. */
export function sourceHash(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
