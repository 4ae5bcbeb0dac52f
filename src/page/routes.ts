// What is answered to whom: the door of the page. Pure; it looks at a request and says what belongs into the answer.
// Must not know sockets, nor what the page says. Read only: nothing that can be asked changes anything.

/** A request as far as it matters here. */
export interface Question {
  readonly method: string;
  /** As it came: nothing is decoded, so nothing can hide in it. */
  readonly target: string;
  readonly host: string | null;
  readonly authorization: string | null;
  readonly cookie: string | null;
}

/** Knows the token without showing it; compares in constant time. */
export interface Guard {
  knows(token: string): boolean;
  /** What a browser keeps in the place of the token; another one with another token, also its name. */
  readonly cookie: { readonly name: string; readonly value: string };
  knowsCookie(value: string): boolean;
}

export interface Gate {
  /** Only this machine gets here. */
  readonly loopback: boolean;
  /** null: everybody who gets here may look. */
  readonly guard: Guard | null;
}

export type Route =
  | { readonly to: 'page' | 'metrics' | 'events' }
  | { readonly to: 'door'; readonly known: boolean; readonly status: number; readonly headers: Headers }
  | { readonly to: 'words'; readonly status: number; readonly headers: Headers; readonly text: string };

type Headers = Readonly<Record<string, string>>;

const PAGES: Readonly<Record<string, 'page' | 'metrics' | 'events'>> = { '/': 'page', '/metrics': 'metrics', '/events': 'events' };
/** In s. */
const REMEMBER = 30 * 24 * 3600;

export function route(question: Question, gate: Gate): Route {
  const { method, target, host } = question;
  if (method !== 'GET' && method !== 'HEAD') return words(405, 'this page is for reading: GET or HEAD', { allow: 'GET, HEAD' });
  // A name that a stranger's page made point here (DNS rebinding) is still in the request.
  if (gate.loopback && !isOurs(host)) return words(421, 'this address answers to localhost, 127.0.0.1 and [::1] only');
  const [path = '', ...rest] = target.split('?');
  const query = rest.join('?');
  const { guard } = gate;
  if (guard !== null) {
    const token = path === '/' ? new URLSearchParams(query).get('token') : null;
    if (token !== null && guard.knows(token)) return admitted(guard);
    if (!isKnown(question, guard)) return stopped(path);
  }
  const to = Object.hasOwn(PAGES, path) ? PAGES[path] : undefined;
  return to === undefined ? words(404, 'there is /, /metrics and /events') : { to };
}

function words(status: number, text: string, headers: Headers = {}): Route {
  return { to: 'words', status, headers, text: `${text}\n` };
}

/** @param host with or without a port, which says nothing: tunnels have others */
function isOurs(host: string | null): boolean {
  return host !== null && /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i.test(host);
}

function isKnown({ authorization, cookie }: Question, guard: Guard): boolean {
  const [, bearer] = /^bearer +(\S+)$/i.exec(authorization ?? '') ?? [];
  if (bearer !== undefined && guard.knows(bearer)) return true;
  return (cookie ?? '').split(/; */).some(pair => {
    const [name, ...value] = pair.split('=');
    return name === guard.cookie.name && guard.knowsCookie(value.join('='));
  });
}

/** Not a redirect: with `SameSite=Strict` one that began elsewhere would arrive without the cookie. */
function admitted({ cookie: { name, value } }: Guard): Route {
  const headers = { 'set-cookie': `${name}=${value}; Max-Age=${REMEMBER}; HttpOnly; SameSite=Strict` };
  return { to: 'door', known: true, status: 200, headers };
}

function stopped(path: string): Route {
  const headers = { 'www-authenticate': 'Bearer' };
  if (path === '/') return { to: 'door', known: false, status: 401, headers };
  return words(401, 'this wants the token of the page: Authorization: Bearer TOKEN', headers);
}

/** For every answer. @param hashes of the style and the script, `sha256-...` */
export function safeHeaders(hashes: { readonly style: string; readonly script: string }): Headers {
  return {
    'content-security-policy':
      `default-src 'none'; style-src '${hashes.style}'; script-src '${hashes.script}'; connect-src 'self'; img-src data:; ` +
      "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': 'same-origin',
    'x-frame-options': 'DENY',
  };
}
